// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

/// Lists beside plain arrays: random commands, with cuts under way meanwhile.
@Suite struct ListModelTests {
    @Test(arguments: [
        ("list-max-listpack-size 8", "list-compress-depth 0"),
        ("list-max-listpack-size 5", "list-compress-depth 1"),
        ("list-max-listpack-size -1", "list-compress-depth 2"),
        ("list-max-listpack-size -2", "list-compress-depth 0"),
    ])
    func randomCommands(_ size: String, _ depth: String) {
        let seed: UInt64 = 20_261_128
        print("seed of ListModelTests.randomCommands: \(seed), \(size), \(depth)")
        let player = ListPlayer(seed: seed, withTwin: size.hasSuffix("8"), [size, depth])
        var encodings = Set<String>()
        for step in 0..<25_000 {
            if let fault = player.step() {
                Issue.record("step \(step): \(fault)")
                return
            }
            guard step % 250 == 0 else { continue }
            for key in ListPlayer.keys where !player.lists[key, default: []].isEmpty {
                encodings.insert(String(player.rig.run("OBJECT", "ENCODING", key).split(separator: " ")[1]))
            }
            player.rig.engine.keys.checkInvariants()
        }
        #expect(encodings == ["listpack", "quicklist"] && player.cutsFinished > 20)
        player.rig.compareNow()
        #expect(player.rig.mismatch == nil)
        let keys = player.rig.engine.keys
        while keys.hasOpenCut { keys.walkCuts(max: 1000) }
        player.rig.run("FLUSHALL")
        while keys.reclaimer.slice(keys, max: 1000) {}
        keys.checkInvariants()
    }
}

/// Plays with lists and knows what must come of it.
private final class ListPlayer {
    static let keys = ["a", "b", "c", "d"]

    private struct OpenCut {
        let keeper: ElementKeeper
        let expected: [String: [String]]
    }

    let rig: Rig
    var lists: [String: [String]] = [:]
    private(set) var cutsFinished = 0
    private var random: SeededRandom
    private var cuts: [OpenCut] = []
    private var isFull = false

    init(seed: UInt64, withTwin: Bool, _ lines: [String]) {
        random = SeededRandom(seed: seed)
        rig = Rig(seed: seed, withTwin: withTwin, lines: lines)
        rig.comparesEvery = 100
    }

    private func element() -> String {
        switch random.below(60) {
        case 0: String(repeating: "z", count: random.below(12_000))
        case 1: String(repeating: "block ", count: 2800 + random.below(100)).replacing(" ", with: "-")
        case 2..<10: String(repeating: "w", count: random.below(120))
        case 10: "none"
        case 11..<30: String(random.below(30))
        default: "e\(random.below(12))"
        }
    }

    private func place(_ count: Int) -> Int {
        random.below(8) == 0 ? random.below(40) - 20 : count == 0 ? 0 : random.below(2 * count) - count
    }

    func step() -> String? {
        if random.below(6) == 0 { return goOnWithCuts() }
        let key = ListPlayer.keys[random.below(4)]
        let list = lists[key, default: []]
        if list.count > 1500 { isFull = true } else if list.count < 20 { isFull = false }
        let fault =
            switch random.below(isFull ? 14 : 10) {
            case 0..<4: push(key)
            case 4: pop(key)
            case 5: change(key)
            case 6: insert(key)
            case 7: move(key, ListPlayer.keys[random.below(4)])
            case 8: read(key)
            case 9: random.below(3) == 0 ? removeEqual(key) : pop(key)
            case 10: trim(key)
            case 11: removeEqual(key)
            default: pop(key)
            }
        if let fault { return fault }
        _ = rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 50)
        let shown = rig.run("LLEN", key)
        return shown == ":\(lists[key, default: []].count)" ? nil : "LLEN \(key) is \(shown)"
    }

    private func expect(_ words: [String], _ wanted: String) -> String? {
        let reply = rig.run(words)
        return reply == wanted ? nil : "\(words.joined(separator: " ").prefix(200)): \(reply.prefix(200))"
    }

    private func bulk(_ text: String) -> String { "$\(text.utf8.count) \(text)" }
    private func array(_ texts: some Collection<String>) -> String {
        (["*\(texts.count)"] + texts.map(bulk)).joined(separator: " ")
    }

    private func push(_ key: String) -> String? {
        let count = random.below(20) == 0 ? 1 + random.below(300) : 1 + random.below(4)
        let added = (0..<count).map { _ in element() }
        let isLeft = random.below(2) == 0
        lists[key, default: []].insert(
            contentsOf: isLeft ? added.reversed() : added, at: isLeft ? 0 : lists[key, default: []].count)
        return expect([isLeft ? "LPUSH" : "RPUSH", key] + added, ":\(lists[key, default: []].count)")
    }

    private func pop(_ key: String) -> String? {
        let isLeft = random.below(2) == 0
        let name = isLeft ? "LPOP" : "RPOP"
        var list = lists[key, default: []]
        defer { lists[key] = list }
        if random.below(2) == 0 {
            guard !list.isEmpty else { return expect([name, key], "$-1") }
            return expect([name, key], bulk(isLeft ? list.removeFirst() : list.removeLast()))
        }
        let count = random.below(random.below(6) == 0 ? 500 : 6)
        guard !list.isEmpty else { return expect([name, key, "\(count)"], "*-1") }
        let popped = isLeft ? Array(list.prefix(count)) : list.suffix(count).reversed()
        if isLeft { list.removeFirst(popped.count) } else { list.removeLast(popped.count) }
        return expect([name, key, "\(count)"], array(popped))
    }

    private func change(_ key: String) -> String? {
        let list = lists[key, default: []]
        let (at, text) = (place(list.count), element())
        if list.isEmpty { return expect(["LSET", key, "\(at)", text], "-ERR no such key") }
        let index = at < 0 ? at + list.count : at
        guard list.indices.contains(index) else {
            return expect(["LSET", key, "\(at)", text], "-ERR index out of range")
        }
        lists[key]?[index] = text
        return expect(["LSET", key, "\(at)", text], "+OK")
    }

    private func insert(_ key: String) -> String? {
        let list = lists[key, default: []]
        let (pivot, text) = (element(), element())
        let isBehind = random.below(2) == 0
        let words = ["LINSERT", key, isBehind ? "AFTER" : "BEFORE", pivot, text]
        guard let index = list.firstIndex(of: pivot) else {
            return expect(words, list.isEmpty ? ":0" : ":-1")
        }
        lists[key]?.insert(text, at: isBehind ? index + 1 : index)
        return expect(words, ":\(list.count + 1)")
    }

    private func move(_ from: String, _ to: String) -> String? {
        let (takesLeft, givesLeft) = (random.below(2) == 0, random.below(2) == 0)
        let words = ["LMOVE", from, to, takesLeft ? "LEFT" : "RIGHT", givesLeft ? "LEFT" : "RIGHT"]
        guard !lists[from, default: []].isEmpty else { return expect(words, "$-1") }
        let moved = takesLeft ? lists[from]!.removeFirst() : lists[from]!.removeLast()
        lists[to, default: []].insert(moved, at: givesLeft ? 0 : lists[to, default: []].count)
        return expect(words, bulk(moved))
    }

    private func trim(_ key: String) -> String? {
        let list = lists[key, default: []]
        let (start, stop) = (place(list.count), place(list.count))
        let kept = part(of: list, start, stop)
        lists[key] = Array(kept)
        return expect(["LTRIM", key, "\(start)", "\(stop)"], "+OK")
    }

    private func part(of list: [String], _ start: Int, _ stop: Int) -> ArraySlice<String> {
        let first = max(0, start < 0 ? start + list.count : start)
        let last = min(list.count - 1, stop < 0 ? stop + list.count : stop)
        return first > last ? [] : list[first...last]
    }

    private func removeEqual(_ key: String) -> String? {
        var list = lists[key, default: []]
        let (text, count) = (element(), random.below(12) - 6)
        var removed = 0
        var indices = Array(list.indices)
        if count < 0 { indices.reverse() }
        let hits = indices.filter { list[$0] == text }.prefix(count == 0 ? .max : abs(count))
        for index in hits.sorted(by: >) {
            list.remove(at: index)
            removed += 1
        }
        lists[key] = list
        return expect(["LREM", key, "\(count)", text], ":\(removed)")
    }

    private func read(_ key: String) -> String? {
        let list = lists[key, default: []]
        let (start, stop) = (place(list.count), place(list.count))
        let index = start < 0 ? start + list.count : start
        let single = list.indices.contains(index) ? bulk(list[index]) : "$-1"
        if let fault = expect(["LINDEX", key, "\(start)"], single) { return fault }
        let text = element()
        let first = list.firstIndex(of: text).map { ":\($0)" } ?? "$-1"
        if let fault = expect(["LPOS", key, text], first) { return fault }
        let last = list.lastIndex(of: text).map { ":\($0)" } ?? "$-1"
        if let fault = expect(["LPOS", key, text, "RANK", "-1"], last) { return fault }
        return expect(["LRANGE", key, "\(start)", "\(stop)"], array(part(of: list, start, stop)))
    }

    private func goOnWithCuts() -> String? {
        let keys = rig.engine.keys
        if cuts.count < 2, random.below(4) == 0 {
            let keeper = ElementKeeper()
            guard keys.cut(keeper) != nil else { return "no lane is left" }
            cuts.append(OpenCut(keeper: keeper, expected: lists.filter { !$0.value.isEmpty }))
        } else if keys.hasOpenCut, !keys.walkCuts(max: 1 + random.below(40)) {
            for cut in cuts where cut.keeper.elements != cut.expected { return "a cut saw other lists" }
            cutsFinished += cuts.count
            cuts = []
        } else if random.below(10) == 0 {
            keys.beginDefragmentation()
            for _ in 0..<20 where keys.defragmentStep() {}
        }
        return nil
    }
}
