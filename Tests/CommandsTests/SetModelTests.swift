// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

/// Sets against a naive model: random commands on keys of different sizes and encodings.
@Suite struct SetModelTests {
    private static let keyCount = 6

    /// The universe of members of a key: small and large ranges of integers, short words, words with a long one.
    private static func member(_ key: Int, _ random: inout SeededRandom) -> String {
        switch key {
        case 0: return String(random.below(40))
        case 1: return String(random.below(1200) - 600)
        case 2: return random.below(20) == 0 ? "w\(random.below(9))" : String(random.below(160))
        case 3: return "m\(random.below(300))"
        case 4: return "big\(random.below(6000))"
        default:
            let n = random.below(60)
            return n == 59 ? String(repeating: "long", count: 20) : "x\(n)"
        }
    }

    @Test func randomCommands() {
        let seed: UInt64 = 20_240_117
        print("seed of SetModelTests.randomCommands: \(seed)")
        var random = SeededRandom(seed: seed)
        let rig = Rig(seed: seed, withTwin: false)
        var model = Array(repeating: Set<String>(), count: SetModelTests.keyCount)
        var encodings = Set<String>()
        for step in 0..<100_000 {
            let key = random.below(SetModelTests.keyCount)
            let operation = random.below(100)
            let ok = SetModelTests.step(operation, key, rig, &model, &random)
            #expect(ok, "step \(step), operation \(operation), key \(key)")
            guard ok else { return }
            if step % 500 == 0 {
                for k in 0..<SetModelTests.keyCount where !model[k].isEmpty {
                    encodings.insert(rig.encoding("k\(k)"))
                }
                for k in 0..<SetModelTests.keyCount {
                    #expect(Set(members(rig.run("SMEMBERS", "k\(k)"))) == model[k], "step \(step)")
                }
                rig.engine.keys.checkInvariants()
            }
        }
        #expect(encodings == ["intset", "listpack", "hashtable"])
    }

    private static func step(
        _ operation: Int, _ key: Int, _ rig: Rig, _ model: inout [Set<String>],
        _ random: inout SeededRandom
    ) -> Bool {
        let name = "k\(key)"
        switch operation {
        case 0..<45:
            let words = (0...random.below(operation == 44 ? 200 : 6)).map { _ in member(key, &random) }
            let before = model[key].count
            model[key].formUnion(words)
            return rig.run(["SADD", name] + words) == ":\(model[key].count - before)"
        case 45..<70:
            let words = (0...random.below(4)).map { _ in member(key, &random) }
            let before = model[key].count
            model[key].subtract(words)
            return rig.run(["SREM", name] + words) == ":\(before - model[key].count)"
        case 70..<76:
            let word = member(key, &random)
            return rig.run("SISMEMBER", name, word) == (model[key].contains(word) ? ":1" : ":0")
        case 76..<80:
            return rig.run("SCARD", name) == ":\(model[key].count)"
        case 80..<84:
            return pop(1, rig.run("SPOP", name), &model[key])
        case 84:
            // Mostly a part, sometimes all or nearly all.
            let count = random.below(3) == 0 ? model[key].count - random.below(3) : random.below(30)
            return count < 0 || pop(count, rig.run("SPOP", name, String(count)), &model[key])
        case 85..<88:
            let count = random.below(model[key].count + 3)
            let picked = members(rig.run("SRANDMEMBER", name, String(count)))
            return picked.count == min(count, model[key].count) && Set(picked).count == picked.count
                && model[key].isSuperset(of: picked)
        case 88..<90:
            let picked = members(rig.run("SRANDMEMBER", name, "-9"))
            return picked.count == (model[key].isEmpty ? 0 : 9) && model[key].isSuperset(of: picked)
        default:
            return combine(operation, key, rig, &model, &random)
        }
    }

    private static func pop(_ count: Int, _ reply: String, _ set: inout Set<String>) -> Bool {
        let popped = reply == "$-1" ? [] : members(reply)
        guard popped.count == min(count, set.count), set.isSuperset(of: popped) else { return false }
        set.subtract(popped)
        return true
    }

    private static func combine(
        _ operation: Int, _ key: Int, _ rig: Rig, _ model: inout [Set<String>],
        _ random: inout SeededRandom
    ) -> Bool {
        let others = (0...random.below(4)).map { _ in random.below(keyCount) }
        let names = others.map { "k\($0)" }
        let united = others.reduce(into: Set<String>()) { $0.formUnion(model[$1]) }
        let common = others.reduce(model[others[0]]) { $0.intersection(model[$1]) }
        let different = others.dropFirst().reduce(model[others[0]]) { $0.subtracting(model[$1]) }
        switch operation {
        case 90: return members(rig.run(["SUNION"] + names)) == united.sorted()
        case 91: return members(rig.run(["SINTER"] + names)) == common.sorted()
        case 92: return members(rig.run(["SDIFF"] + names)) == different.sorted()
        case 93: return rig.run(["SINTERCARD", "\(names.count)"] + names) == ":\(common.count)"
        case 94:
            let limit = random.below(20) + 1
            return rig.run(["SINTERCARD", "\(names.count)"] + names + ["LIMIT", "\(limit)"])
                == ":\(min(limit, common.count))"
        case 95..<98:
            let word = model[key].randomElement(using: &random) ?? "none"
            let moves = model[key].remove(word) != nil
            if moves { model[others[0]].insert(word) }
            return rig.run("SMOVE", "k\(key)", names[0], word) == (moves ? ":1" : ":0")
        default:
            // Storing is rare, or the large sets would soon flow into the small ones.
            guard random.below(10) == 0 else { return true }
            let (name, result) = [
                ("SINTERSTORE", common), ("SDIFFSTORE", different), ("SUNIONSTORE", united),
            ][random.below(3)]
            model[key] = result
            return rig.run([name, "k\(key)"] + names) == ":\(result.count)"
        }
    }

    /// Chi-square of how often each of `cells` was hit, against even odds.
    static func chiSquare(_ hits: [String: Int], cells: Int) -> Double {
        let expected = Double(hits.values.reduce(0, +)) / Double(cells)
        let missing = Double(cells - hits.count) * expected
        return hits.values.reduce(missing) {
            $0 + (Double($1) - expected) * (Double($1) - expected) / expected
        }
    }

    @Test(arguments: [
        ("intset", 50, ""), ("listpack", 100, "m"), ("hashtable", 600, "m"), ("hashtable", 2000, "m"),
    ])
    func picksAreUniform(_ encoding: String, _ size: Int, _ prefix: String) {
        let seed: UInt64 = 4711
        print("seed of SetModelTests.picksAreUniform: \(seed)")
        let rig = Rig(seed: seed, withTwin: false)
        let all = (0..<size).map { "\(prefix)\($0)" }
        rig.run(["SADD", "s"] + all)
        #expect(rig.encoding("s") == encoding)
        var single: [String: Int] = [:]
        var repeated: [String: Int] = [:]
        var distinct: [String: Int] = [:]
        var popped: [String: Int] = [:]
        let rounds = size * 2
        for round in 0..<rounds {
            for word in members(rig.run("SRANDMEMBER", "s")) { single[word, default: 0] += 1 }
            for word in members(rig.run("SRANDMEMBER", "s", "-10")) { repeated[word, default: 0] += 1 }
            // Few, half and nearly all, so that every way of choosing is taken.
            let count = [3, size / 2, size - 2][round % 3]
            if round % (size / 40 + 1) == 0 {
                for word in members(rig.run("SRANDMEMBER", "s", "\(count)")) {
                    distinct[word, default: 0] += 1
                }
            }
            let gone = members(rig.run("SPOP", "s", "\(round % 2 == 0 ? 1 : 7)"))
            for word in gone { popped[word, default: 0] += 1 }
            rig.run(["SADD", "s"] + gone)
        }
        // The mean of chi-square is the number of cells, its deviation the root of twice that.
        let cells = Double(size)
        let bound = cells + 8 * (2 * cells).squareRoot()
        #expect(SetModelTests.chiSquare(single, cells: size) < bound)
        #expect(SetModelTests.chiSquare(repeated, cells: size) < bound)
        #expect(SetModelTests.chiSquare(distinct, cells: size) < bound)
        #expect(SetModelTests.chiSquare(popped, cells: size) < bound)
    }

    @Test(arguments: [600, 2000]) func survivorsAreUniform(_ size: Int) {
        let seed: UInt64 = 99
        print("seed of SetModelTests.survivorsAreUniform: \(seed)")
        let rig = Rig(seed: seed, withTwin: false)
        let all = (0..<size).map { "m\($0)" }
        var kept: [String: Int] = [:]
        let keep = size / 20
        for _ in 0..<100 {
            rig.run(["SADD", "s"] + all)
            #expect(members(rig.run("SPOP", "s", "\(size - keep)")).count == size - keep)
            let survivors = members(rig.run("SMEMBERS", "s"))
            #expect(survivors.count == keep)
            for word in survivors { kept[word, default: 0] += 1 }
        }
        let cells = Double(size)
        #expect(SetModelTests.chiSquare(kept, cells: size) < cells + 8 * (2 * cells).squareRoot())
        rig.engine.keys.checkInvariants()
    }

    @Test func cutsSeeSetsAsTheyWere() {
        let seed: UInt64 = 31
        print("seed of SetModelTests.cutsSeeSetsAsTheyWere: \(seed)")
        var random = SeededRandom(seed: seed)
        for round in 0..<12 {
            let rig = Rig(seed: seed &+ UInt64(round), withTwin: false)
            rig.run(["SADD", "a"] + (0..<3000).map { "a\($0)" })
            rig.run(["SADD", "b"] + (0..<2000).map { "b\($0)" })
            rig.run(["SADD", "c"] + (0..<100).map { "\($0)" })
            let names = ["a", "b", "c"]
            let before = names.map { members(rig.run("SMEMBERS", $0)) }
            let keeper = ElementKeeper()
            #expect(rig.engine.keys.cut(keeper) != nil)
            var more = true
            while more {
                for _ in 0..<3 {
                    let name = names[random.below(3)]
                    switch random.below(6) {
                    case 0: rig.run("SPOP", name, String(random.below(400)))
                    case 1: rig.run("SPOP", name, String(random.below(3000)))
                    case 2: rig.run("SUNIONSTORE", names[random.below(3)], name, names[random.below(3)])
                    case 3: rig.run("SMOVE", name, names[random.below(3)], "a\(random.below(3000))")
                    case 4: rig.run("SADD", name, "new\(random.below(1000))")
                    default: rig.run("SPOP", name)
                    }
                }
                more = rig.engine.keys.walkCuts(max: 200)
                _ = rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 100)
            }
            for (i, name) in names.enumerated() {
                #expect(keeper.elements[name]?.sorted() == before[i], "round \(round), \(name)")
            }
            while rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 1000) {}
            rig.engine.keys.checkInvariants()
        }
    }

    @Test func poppedMembersArePropagatedInChunks() {
        let rig = Rig()
        rig.run(["SADD", "s"] + (0..<5000).map { "m\($0)" })
        let tap = Tap(rig)
        rig.run("SPOP", "s", "3000")
        let commands = tap.commands
        #expect(commands.map { $0.split(separator: " ").count } == [1026, 1026, 954])
        #expect(commands.allSatisfy { $0.hasPrefix("SREM s ") })
        rig.run("SPOP", "s", "1")
        #expect(tap.commands.map { $0.prefix(8) } == ["SREM s m"])
        rig.run("SPOP", "s")
        #expect(tap.commands.map { $0.prefix(8) } == ["SREM s m"])
        rig.run("SPOP", "s", "5000")
        #expect(tap.commands == ["DEL s"])
        #expect(tap.events == ["spop s", "spop s", "spop s", "spop s", "del s"])
        rig.run("SRANDMEMBER", "s", "3")
        rig.run("SPOP", "s", "3")
        #expect(tap.commands == [])
        #expect(rig.mismatch == nil)
    }
}
