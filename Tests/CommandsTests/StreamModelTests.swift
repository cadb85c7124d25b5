// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Containers
@testable import Engine
@testable import Keyspace

/// Streams with groups beside a plain model: random commands, with cuts under way meanwhile.
@Suite struct StreamModelTests {
    @Test(arguments: [4, 100]) func randomCommands(_ nodeEntries: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of StreamModelTests.randomCommands: \(seed), \(nodeEntries)")
        let player = StreamPlayer(seed: seed, ["stream-node-max-entries \(nodeEntries)"])
        for step in 0..<12_000 {
            if let fault = player.step() {
                Issue.record("seed \(seed), step \(step): \(fault)")
                return
            }
            if step % 40 == 0 { player.rig.engine.keys.checkInvariants() }
        }
        player.rig.compareNow()
        #expect(player.cutsFinished > 20 && player.rig.mismatch == nil)
        player.finish()
    }
}

/// Plays with streams and knows what must come of it.
private final class StreamPlayer {
    private static let keys = ["a", "b", "c"]
    private static let consumers = ["x", "y", "z"]

    private struct OpenCut {
        let lane: Int
        let keeper: StreamKeeper
        let expected: [String: PlainStream]
    }

    let rig: Rig
    private var streams: [String: PlainStream] = [:]
    private(set) var cutsFinished = 0
    private var random: SeededRandom
    private var cuts: [OpenCut] = []
    private var key = ""

    init(seed: UInt64, _ lines: [String]) {
        random = SeededRandom(seed: seed)
        rig = Rig(seed: seed, lines: lines)
        rig.comparesEvery = 200
    }

    private var stream: PlainStream {
        get { streams[key] ?? PlainStream() }
        set { streams[key] = newValue }
    }
    private func anyGroup() -> String { ["g", "h"][random.below(2)] }
    private func anyConsumer() -> String { StreamPlayer.consumers[random.below(3)] }
    private func anyID() -> Int { random.below(max(1, stream.last + 2)) }

    func step() -> String? {
        if random.below(5) == 0 { return goOnWithCuts() }
        key = StreamPlayer.keys[random.below(3)]
        _ = rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 20)
        switch random.below(streams[key, default: .init()].entries.count > 400 ? 30 : 24) {
        case 0..<7: return add()
        case 7: return delete()
        case 8..<11: return read()
        case 11..<13: return deliver()
        case 13: return acknowledge()
        case 14: return claim()
        case 15: return claimOld()
        case 16: return makeGroup()
        case 17: return random.below(4) == 0 ? removeGroup() : summary()
        case 18: return removeConsumer()
        case 19: return random.below(12) == 0 ? removeAll() : rename()
        case 20: return copy()
        case 21..<23: return setGroup()
        default: return trim()
        }
    }

    private func expect(_ words: [String], _ wanted: String) -> String? {
        let reply = rig.run(words)
        return reply == wanted
            ? nil
            : "\(words.joined(separator: " ").prefix(200)): \(reply.prefix(300)), not \(wanted.prefix(300))"
    }

    private func bulk(_ text: String) -> String { "$\(text.utf8.count) \(text)" }
    private func entry(_ id: Int) -> String {
        "*2 \(bulk("\(id)-0")) *2 $1 \(id % 5 == 0 ? "f" : "g") \(bulk("\(id)"))"
    }
    private func array(_ texts: some Collection<String>) -> String {
        (["*\(texts.count)"] + texts).joined(separator: " ")
    }

    // MARK: Entries

    private func add() -> String? {
        for _ in 0..<(random.below(10) == 0 ? 60 : 1 + random.below(3)) {
            let id = stream.last + 1 + random.below(3)
            stream.entries.append(id)
            stream.last = id
            if let fault = expect(["XADD", key, "\(id)", id % 5 == 0 ? "f" : "g", "\(id)"], bulk("\(id)-0")) {
                return fault
            }
        }
        return nil
    }

    private func delete() -> String? {
        guard streams[key] != nil else { return expect(["XDEL", key, "1"], ":0") }
        let ids = (0...random.below(8)).map { _ in anyID() }
        let gone = Set(ids).intersection(stream.entries)
        stream.entries.removeAll { gone.contains($0) }
        return expect(["XDEL", key] + ids.map { "\($0)" }, ":\(gone.count)")
    }

    private func trim() -> String? {
        guard streams[key] != nil else { return nil }
        let before = stream.entries.count
        if random.below(2) == 0 {
            let left = random.below(before + 2)
            stream.entries = stream.entries.suffix(left)
            return expect(["XTRIM", key, "MAXLEN", "\(left)"], ":\(before - stream.entries.count)")
        }
        let from = anyID()
        stream.entries.removeAll { $0 < from }
        return expect(["XTRIM", key, "MINID", "\(from)"], ":\(before - stream.entries.count)")
    }

    private func read() -> String? {
        guard streams[key] != nil else { return expect(["XLEN", key], ":0") }
        let (one, other, count) = (anyID(), anyID(), 1 + random.below(40))
        let found = stream.entries.filter { $0 >= min(one, other) && $0 <= max(one, other) }
        let (from, to) = ("\(min(one, other))", "\(max(one, other))")
        if random.below(2) == 0 {
            return expect(
                ["XRANGE", key, from, to, "COUNT", "\(count)"], array(found.prefix(count).map(entry)))
        }
        return expect(
            ["XREVRANGE", key, to, from, "COUNT", "\(count)"],
            array(found.reversed().prefix(count).map(entry)))
    }

    // MARK: Groups

    private func makeGroup() -> String? {
        let (name, last) = (anyGroup(), random.below(2) == 0 ? 0 : anyID())
        let words = ["XGROUP", "CREATE", key, name, "\(last)", "MKSTREAM"]
        if stream.groups[name] != nil {
            return expect(words, "-BUSYGROUP Consumer Group name already exists")
        }
        stream.groups[name] = .init(last: last)
        return expect(words, "+OK")
    }

    private func setGroup() -> String? {
        let (name, last) = (anyGroup(), anyID())
        guard stream.groups[name] != nil else { return makeGroup() }
        stream.groups[name]?.last = last
        return expect(["XGROUP", "SETID", key, name, "\(last)"], "+OK")
    }

    private func removeGroup() -> String? {
        let name = anyGroup()
        guard streams[key] != nil else { return nil }
        return expect(
            ["XGROUP", "DESTROY", key, name], stream.groups.removeValue(forKey: name) == nil ? ":0" : ":1")
    }

    private func removeConsumer() -> String? {
        let (name, consumer) = (anyGroup(), anyConsumer())
        guard var group = stream.groups[name] else { return nil }
        let own = group.pending.filter { $0.value.consumer == consumer }
        for id in own.keys { group.pending[id] = nil }
        group.consumers.remove(consumer)
        stream.groups[name] = group
        return expect(["XGROUP", "DELCONSUMER", key, name, consumer], ":\(own.count)")
    }

    private func summary() -> String? {
        let name = anyGroup()
        guard let group = stream.groups[name] else { return nil }
        let ids = group.pending.keys.sorted()
        guard let first = ids.first, let last = ids.last else {
            return expect(["XPENDING", key, name], "*4 :0 $-1 $-1 *-1")
        }
        let owners = StreamPlayer.consumers.compactMap { consumer -> String? in
            let count = group.pending.values.filter { $0.consumer == consumer }.count
            return count == 0 ? nil : "*2 \(bulk(consumer)) \(bulk("\(count)"))"
        }
        return expect(
            ["XPENDING", key, name],
            "*4 :\(ids.count) \(bulk("\(first)-0")) \(bulk("\(last)-0")) \(array(owners))")
    }

    private func deliver() -> String? {
        let (name, consumer, count) = (anyGroup(), anyConsumer(), 1 + random.below(30))
        guard var group = stream.groups[name] else { return makeGroup() }
        group.consumers.insert(consumer)
        var words = ["XREADGROUP", "GROUP", name, consumer, "COUNT", "\(count)"]
        if random.below(4) == 0 {
            let from = anyID()
            let own = group.pending.filter { $0.value.consumer == consumer && $0.key > from }.keys.sorted()
                .prefix(count)
            let shown = own.map { stream.entries.contains($0) ? entry($0) : "*2 \(bulk("\($0)-0")) *-1" }
            for id in own where stream.entries.contains(id) { group.pending[id]?.deliveries += 1 }
            stream.groups[name] = group
            return expect(words + ["STREAMS", key, "\(from)"], "*1 *2 \(bulk(key)) \(array(shown))")
        }
        let isAcknowledged = random.below(6) == 0
        if isAcknowledged { words.append("NOACK") }
        let new = stream.entries.filter { $0 > group.last }.prefix(count)
        if let last = new.last { group.last = last }
        if !isAcknowledged { for id in new { group.pending[id] = .init(consumer: consumer, deliveries: 1) } }
        stream.groups[name] = group
        return expect(
            words + ["STREAMS", key, ">"],
            new.isEmpty ? "*-1" : "*1 *2 \(bulk(key)) \(array(new.map(entry)))")
    }

    private func acknowledge() -> String? {
        let name = anyGroup()
        guard var group = stream.groups[name] else { return nil }
        let ids = (0...random.below(20)).map { _ in anyID() }
        let gone = Set(ids).intersection(group.pending.keys)
        for id in gone { group.pending[id] = nil }
        stream.groups[name] = group
        return expect(["XACK", key, name] + ids.map { "\($0)" }, ":\(gone.count)")
    }

    private func claim() -> String? {
        let (name, consumer, isForced) = (anyGroup(), anyConsumer(), random.below(2) == 0)
        guard var group = stream.groups[name] else { return nil }
        group.consumers.insert(consumer)
        let ids = (0...random.below(6)).map { _ in anyID() }
        var shown: [String] = []
        for id in ids {
            guard stream.entries.contains(id) else {
                group.pending[id] = nil
                continue
            }
            guard isForced || group.pending[id] != nil else { continue }
            group.pending[id] = .init(
                consumer: consumer, deliveries: (group.pending[id]?.deliveries ?? 1) + 1)
            shown.append(entry(id))
        }
        stream.groups[name] = group
        return expect(
            ["XCLAIM", key, name, consumer, "0"] + ids.map { "\($0)" } + (isForced ? ["FORCE"] : []),
            array(shown))
    }

    private func claimOld() -> String? {
        let (name, consumer, from, count) = (anyGroup(), anyConsumer(), anyID(), 1 + random.below(10))
        guard var group = stream.groups[name] else { return nil }
        group.consumers.insert(consumer)
        let all = group.pending.keys.filter { $0 >= from }.sorted()
        let ids = all.prefix(count)
        let next = all.count > count ? all[count] : 0
        var (taken, gone): ([String], [String]) = ([], [])
        for id in ids {
            if stream.entries.contains(id) {
                taken.append(bulk("\(id)-0"))
                group.pending[id]?.consumer = consumer
            } else {
                gone.append(bulk("\(id)-0"))
                group.pending[id] = nil
            }
        }
        stream.groups[name] = group
        return expect(
            ["XAUTOCLAIM", key, name, consumer, "0", "\(from)", "COUNT", "\(count)", "JUSTID"],
            "*3 \(bulk("\(next)-0")) \(array(taken)) \(array(gone))")
    }

    // MARK: Keys

    private func removeAll() -> String? {
        expect(["DEL", key], streams.removeValue(forKey: key) == nil ? ":0" : ":1")
    }

    private func rename() -> String? {
        let other = StreamPlayer.keys[random.below(3)]
        guard other != key, let moved = streams.removeValue(forKey: key) else { return nil }
        streams[other] = moved
        return expect(["RENAME", key, other], "+OK")
    }

    private func copy() -> String? {
        let other = StreamPlayer.keys[random.below(3)]
        guard other != key, random.below(6) == 0, let copied = streams[key] else { return nil }
        streams[other] = copied
        return expect(["COPY", key, other, "REPLACE"], ":1")
    }

    // MARK: Cuts

    private func goOnWithCuts() -> String? {
        let keys = rig.engine.keys
        if cuts.count < 2, random.below(12) == 0 {
            let keeper = StreamKeeper()
            guard let lane = keys.cut(keeper) else { return "no lane for a cut" }
            cuts.append(OpenCut(lane: lane, keeper: keeper, expected: streams))
        }
        if !cuts.isEmpty, random.below(60) == 0 {
            keys.abandonCut(cuts.removeFirst().lane)
        }
        _ = keys.walkCuts(max: 1 + random.below(random.below(4) == 0 ? 400 : 12))
        if random.below(50) == 0 {
            keys.heap.isShaken = true
            keys.beginDefragmentation()
            while keys.defragmentStep() {}
            keys.heap.isShaken = false
        }
        while let index = cuts.firstIndex(where: { keys.cuts[$0.lane] == nil }) {
            let cut = cuts.remove(at: index)
            cutsFinished += 1
            if let fault = cut.keeper.fault { return fault }
            for (key, wanted) in cut.expected where cut.keeper.streams[key] != wanted {
                return
                    "the cut's \(key) differs: \(String(describing: cut.keeper.streams[key])), not \(wanted)"
            }
            if cut.keeper.streams.count != cut.expected.count { return "the cut has other keys" }
        }
        return nil
    }

    func finish() {
        let keys = rig.engine.keys
        while keys.hasOpenCut { keys.walkCuts(max: 1000) }
        rig.run("FLUSHALL")
        while keys.reclaimer.slice(keys, max: 1000) {}
        keys.checkInvariants()
    }
}
