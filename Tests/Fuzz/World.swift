// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Messaging
import EngineRig
import Keyspace
import RESP

/// One engine with its twin, some sessions, open cuts, and time that passes in jumps.
final class World {
    private(set) var fault: String?
    private let rig: Rig
    private let journal: Journal
    private var generator: Generator
    private var random: SeededRandom
    private var sessionNumbers: [Int] = [0, 1, 2]
    private var nextSession = 3
    private var cuts: [(lane: Int, sink: CutCheck)] = []
    private var keys: Keyspace { rig.engine.keys }

    init(seed: UInt64, _ journal: Journal) {
        random = SeededRandom(seed: seed)
        self.journal = journal
        rig = Rig(seed: random.next()) {
            $0.databases = 3
            // Strings of half a gigabyte would only slow everything down.
            $0.bulkBytesMax = 1 << 20
            $0.limits.setListpackEntries = 24
            $0.limits.setIntsetEntries = 48
            $0.limits.hashListpackEntries = 24
            $0.limits.listListpackSize = 12
            $0.limits.listCompressDepth = 1
            $0.limits.zsetListpackEntries = 24
        }
        rig.comparesEvery = 50
        // Half of the worlds look ahead, as large databases are treated.
        if random.below(2) == 0 { rig.engine.keys.warmedCountMin = 0 }
        generator = Generator(seed: random.next(), rig.engine.table)
    }

    func step(_ number: Int) {
        switch random.below(40) {
        case 0: pass(number)
        case 1:
            journalled(number, "reclaim") {
                _ = keys.reclaimer.slice(keys, max: 1 + random.below(100))
                rig.engine.tracking.slice(rig.engine, max: 2000)
            }
        case 2...4: goOnWithCuts(number)
        case 5 where random.below(10) == 0: check(number)
        default: feed(number)
        }
        if let mismatch = rig.mismatch { fault = mismatch }
        for cut in cuts where cut.sink.fault != nil { fault = cut.sink.fault }
    }

    private func journalled(_ number: Int, _ what: String, _ body: () -> Void) {
        journal.note("\(number) \(what)", [])
        body()
    }

    // MARK: Input

    private func feed(_ number: Int) {
        generator.nowMs = keys.nowMs
        if random.below(6) == 0 { return feedTogether(number) }
        let place = random.below(sessionNumbers.count)
        let name = "s\(sessionNumbers[place])"
        let bytes = generator.input()
        journal.note("\(number) \(name)", bytes)
        if random.below(5) == 0 {
            var at = 0
            while at < bytes.count {
                let step = min(bytes.count - at, 1 + random.below(1 << random.below(14)))
                _ = rig.feed(as: name, Array(bytes[at..<(at + step)]))
                at += step
            }
        } else {
            _ = rig.feed(as: name, bytes)
        }
        attend(to: place, number)
    }

    /// Several sessions have sent something when the loop wakes up.
    private func feedTogether(_ number: Int) {
        let inputs = (0..<(2 + random.below(5))).map { _ in
            let name = "s\(sessionNumbers[random.below(sessionNumbers.count)])"
            let bytes = generator.input()
            journal.note("\(number) \(name), together", bytes)
            return (name: name, bytes: bytes)
        }
        _ = rig.feedTogether(inputs)
        for place in sessionNumbers.indices { attend(to: place, number) }
    }

    /// Takes what a session was told, and replaces it when it is to be closed.
    private func attend(to place: Int, _ number: Int) {
        let name = "s\(sessionNumbers[place])"
        let session = rig.session(name)
        // A subscriber of the old protocol may do so little that nothing else would ever be tried.
        if session.isSubscriber, !session.isRESP3, random.below(4) == 0 {
            journal.note("\(number) \(name)", Array("RESET\r\n".utf8))
            _ = rig.feed(as: name, Array("RESET\r\n".utf8))
        }
        for number in sessionNumbers { rig.pushes(as: "s\(number)") }
        // Who has waited and was served goes on with what it has sent meanwhile.
        if random.below(2) == 0 { _ = rig.resumeHeld() }
        // Who is to be closed goes, and another comes. A torn command may wait for ever, so it goes as well.
        if session.isClosing || (session.queryBufferBytes > 0 && random.below(10) == 0)
            || (session.isHeld && random.below(20) == 0) || random.below(500) == 0
        {
            rig.leave(name)
            sessionNumbers[place] = nextSession
            nextSession += 1
        }
    }

    private func pass(_ number: Int) {
        let ms = Int64(random.below(random.below(8) == 0 ? 100_000 : 300))
        journal.note("\(number) advance \(ms)", [])
        if random.below(2) == 0 { return rig.advance(ms: ms) }
        // The background comes too late: commands meet dead keys.
        keys.nowMs += ms
    }

    // MARK: Cuts

    private func goOnWithCuts(_ number: Int) {
        if cuts.count < 2, random.below(8) == 0 {
            journal.note("\(number) cut", [])
            let sink = CutCheck(keys)
            if let lane = keys.cut(sink) { cuts.append((lane, sink)) }
            return
        }
        let max = 1 + random.below(60)
        journal.note("\(number) walk \(max)", [])
        walk(max)
    }

    private func walk(_ max: Int) {
        let more = keys.walkCuts(max: max)
        guard !more else { return }
        for cut in cuts { cut.sink.judge() }
        fault = fault ?? cuts.compactMap(\.sink.fault).first
        cuts.removeAll()
    }

    // MARK: Checks

    private func check(_ number: Int) {
        journal.note("\(number) check", [])
        keys.checkInvariants()
        rig.engine.checkInvariants()
        rig.compareNow()
    }

    /// Brings everything to an end: the store must be as small as it was at the start.
    func finish() {
        check(0)
        while !cuts.isEmpty, fault == nil { walk(1000) }
        journal.note("flush", [])
        for database in 0..<keys.databaseCount { keys.flush(database) }
        while keys.reclaimer.slice(keys, max: 1000) {}
        for number in sessionNumbers { rig.leave("s\(number)") }
        while rig.engine.tracking.hasWork { rig.engine.tracking.slice(rig.engine, max: 2000) }
        rig.engine.checkInvariants()
        let counts = (0..<keys.databaseCount).map { keys.count(of: $0) }
        if counts.contains(where: { $0 != 0 }) { fault = "keys are left after a flush: \(counts)" }
        if keys.heap.usedBytes > 4 << 20 { fault = "\(keys.heap.usedBytes) bytes are left after a flush" }
        keys.checkInvariants()
    }
}
