// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

/// Hashes against a naive model, and what cannot be said by examples: fair picks, complete walks.
@Suite struct HashModelTests {
    @Test(arguments: [20_240_211, 5, 77] as [UInt64]) func randomCommands(_ seed: UInt64) {
        print("seed of HashModelTests.randomCommands: \(seed)")
        var player = HashPlayer(seed: seed, withTwin: seed == 5)
        var encodings = Set<String>()
        for step in 0..<30_000 {
            if let fault = player.step() {
                Issue.record("step \(step): \(fault)")
                return
            }
            guard step % 300 == 0 else { continue }
            for key in HashPlayer.keys {
                let all = player.model.hashes[key] ?? [:]
                #expect(player.rig.run("HLEN", key) == ":\(all.count)", "step \(step), \(key)")
                if !all.isEmpty { encodings.insert(player.rig.encodingName(key)) }
            }
            player.rig.engine.keys.checkInvariants()
        }
        player.rig.compareNow()
        #expect(player.rig.mismatch == nil)
        #expect(encodings == ["listpack", "listpackex", "hashtable"])
        player.rig.run("FLUSHALL")
        while player.rig.engine.keys.reclaimer.slice(player.rig.engine.keys, max: 1000) {}
        player.rig.engine.keys.checkInvariants()
    }

    /// Every live field is as likely as any other, wherever dead ones lie between.
    @Test(arguments: [(50, 0), (300, 250), (600, 0), (2000, 1500), (2000, 20)])
    func picksAreUniform(_ size: Int, _ dead: Int) {
        let seed: UInt64 = 4711
        print("seed of HashModelTests.picksAreUniform: \(seed)")
        let rig = HashModelTests.hash(size, dead, seed)
        var single: [String: Int] = [:]
        var repeated: [String: Int] = [:]
        var distinct: [String: Int] = [:]
        let live = size - dead
        let rounds = live * 2
        for round in 0..<rounds {
            for word in members(rig.run("HRANDFIELD", "h")) { single[word, default: 0] += 1 }
            for word in members(rig.run("HRANDFIELD", "h", "-10")) { repeated[word, default: 0] += 1 }
            // Few, half and nearly all, so that every way of choosing is taken.
            let count = [3, live / 2, live - 2][round % 3]
            guard round % (live / 40 + 1) == 0 else { continue }
            let picked = members(rig.run("HRANDFIELD", "h", "\(count)"))
            #expect(picked.count == count && Set(picked).count == count)
            for word in picked { distinct[word, default: 0] += 1 }
        }
        #expect(rig.run("HLEN", "h") == ":\(size)", "the dead did not stay")
        // The mean of chi-square is the number of cells, its deviation the root of twice that.
        let cells = Double(live)
        let bound = cells + 8 * (2 * cells).squareRoot()
        for hits in [single, repeated, distinct] {
            #expect(hits.keys.allSatisfy { $0.hasPrefix("live") })
            #expect(SetModelTests.chiSquare(hits, cells: live) < bound)
        }
    }

    /// A hash with so many dead fields, which stay because expiry is paused.
    private static func hash(_ size: Int, _ dead: Int, _ seed: UInt64) -> Rig {
        let rig = Rig(seed: seed, withTwin: false)
        // In no order that would keep the dead together.
        for i in 0..<size {
            let isDead = i * dead / size != (i + 1) * dead / size
            if isDead {
                rig.run("HSETEX", "h", "PX", "5", "FIELDS", "1", "dead\(i)", "v")
            } else {
                rig.run("HSET", "h", "live\(i)", "v")
            }
        }
        rig.run(as: "other", "CLIENT", "PAUSE", "9999999", "WRITE")
        rig.advance(ms: 10)
        return rig
    }

    /// What is there throughout is visited, while other fields come and go in masses and the table grows and shrinks.
    @Test(arguments: [1, 10, 100]) func walksMissNothingThatStays(_ count: Int) {
        let seed: UInt64 = 12
        print("seed of HashModelTests.walksMissNothingThatStays: \(seed)")
        var random = SeededRandom(seed: seed)
        for round in 0..<6 {
            let rig = Rig(seed: seed &+ UInt64(round), withTwin: false)
            let staying = (0..<400).map { "stay\($0)" }
            rig.run(["HSET", "h"] + staying.flatMap { [$0, "v"] })
            // Even rounds begin large and shrink, odd ones begin small and grow.
            if round % 2 == 0 { rig.run(["HSET", "h"] + (0..<8000).flatMap { ["come\($0)", "v"] }) }
            var seen = Set<String>()
            var cursor = "0"
            var (calls, at) = (0, 0)
            repeat {
                let words = rig.run("HSCAN", "h", cursor, "COUNT", "\(count)", "NOVALUES").split(
                    separator: " ")
                cursor = String(words[2])
                for word in words.dropFirst(4) where word.hasPrefix("stay") { seen.insert(String(word)) }
                calls += 1
                let more = (0..<random.below(60)).map { "come\(at + $0)" }
                at += more.count
                guard !more.isEmpty else { continue }
                switch round % 3 {
                case 0: rig.run(["HDEL", "h"] + more)
                case 1: rig.run(["HSET", "h"] + more.flatMap { [$0, "v"] })
                default:
                    rig.run(
                        ["HSETEX", "h", "PX", "40", "FIELDS", "\(more.count)"] + more.flatMap { [$0, "v"] })
                    rig.advance(ms: 7)
                }
                #expect(calls < 20_000)
            } while cursor != "0" && calls < 20_000
            #expect(seen.count == staying.count, "round \(round)")
            rig.engine.keys.checkInvariants()
        }
    }

    @Test func aWalkOverAFixedHashVisitsEachFieldOnce() {
        let rig = Rig(withTwin: false)
        let names = (0..<5000).map { "f\($0)" }
        rig.run(["HSET", "h"] + names.flatMap { [$0, "value:\($0)"] })
        for options in [[], ["COUNT", "1"], ["COUNT", "1000"]] {
            let (fields, visits) = rig.scanFields("h", options)
            #expect(fields.count == 5000 && fields["f77"] == "value:f77")
            #expect(visits.values.allSatisfy { $0 == 1 })
        }
        let some = rig.scanFields("h", ["MATCH", "f12?", "COUNT", "100"]).fields
        #expect(some.keys.sorted() == (0..<10).map { "f12\($0)" })
        #expect(rig.scanFields("h", ["MATCH", "nothing*"]).fields.isEmpty)
        #expect(rig.scanFields("h", ["MATCH", "*"]).fields.count == 5000)
        rig.run("HSET", "p", "1", "a", "13", "b", "2", "c")
        #expect(
            rig.run("HSCAN", "p", "0", "MATCH", "1*", "NOVALUES", "COUNT", "1") == "*2 $1 0 *2 $1 1 $2 13")
        #expect(rig.run("HSCAN", "p", "18446744073709551615") == "*2 $1 0 *6 $1 1 $1 a $2 13 $1 b $1 2 $1 c")
        // Large values leave from their blocks.
        let big = String(repeating: "x", count: 40_000)
        rig.run("HSET", "b", "big", big)
        #expect(rig.run("HSCAN", "b", "0") == "*2 $1 0 *2 $3 big $40000 \(big)")
    }
}
