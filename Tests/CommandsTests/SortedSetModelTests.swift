// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

/// Sorted sets against a naive model: random commands on keys of different sizes, with cuts under way.
@Suite struct SortedSetModelTests {
    private struct Item: Equatable {
        let member: String
        let score: Double
    }

    /// A key's members in their order.
    private struct Model {
        var scores: [String: Double] = [:]

        var sorted: [Item] {
            scores.map { Item(member: $0.key, score: $0.value) }.sorted {
                $0.score != $1.score ? $0.score < $1.score : $0.member < $1.member
            }
        }
    }

    private static let keyCount = 5

    private static func member(_ key: Int, _ random: inout SeededRandom) -> String {
        switch key {
        case 0: String(random.below(40))
        case 1: "m\(random.below(300))"
        case 2: random.below(60) == 0 ? String(repeating: "long", count: 20) : "w\(random.below(90))"
        default: "big\(random.below(4000))"
        }
    }

    private static func score(_ random: inout SeededRandom) -> Double {
        switch random.below(6) {
        case 0:
            [-.infinity, .infinity, 0, 1e300, .leastNonzeroMagnitude, 9_007_199_254_740_992][random.below(6)]
        case 1, 2: Double(random.below(12) - 6)
        case 3: Double(random.below(100_000)) / 8
        default: Double(random.below(1 << 40)) / 1e6 - 1e5
        }
    }

    /// What a cut hands over, beside what there was when it was opened.
    private final class Keeper: CutSink {
        let owed: [String: [Item]]
        private(set) var shown: [String: [Item]] = [:]
        private var key = ""

        init(_ models: [Model]) {
            var owed: [String: [Item]] = [:]
            for (index, model) in models.enumerated() where !model.scores.isEmpty {
                owed["k\(index)"] = model.sorted
            }
            self.owed = owed
        }

        func key(_ head: CutKey, packed: ByteView) {
            beginKey(head)
            head.forEachElement(of: packed) { element($0) }
        }
        func beginKey(_ head: CutKey) {
            key = ByteString(head.key).description
            shown[key] = []
        }
        func element(_ element: ValueElement) {
            let member = element.bytes.withText { ByteString($0).description }
            shown[key]?.append(Item(member: member, score: element.score ?? .nan))
        }
        func endKey() {}

        var isRight: Bool {
            shown.mapValues { items in items.sorted { $0.member < $1.member } }
                == owed.mapValues { items in items.sorted { $0.member < $1.member } }
        }
    }

    @Test(arguments: [11 as UInt64, 12]) func randomCommands(seed: UInt64) {
        print("seed of SortedSetModelTests.randomCommands: \(seed)")
        var random = SeededRandom(seed: seed)
        let rig = Rig(seed: seed, withTwin: false) { $0.limits.zsetListpackEntries = 60 }
        let keys = rig.engine.keys
        var models = Array(repeating: Model(), count: SortedSetModelTests.keyCount)
        var keeper: Keeper?
        var cuts = 0
        var encodings = Set<String>()
        for step in 0..<50_000 {
            let key = random.below(SortedSetModelTests.keyCount)
            let operation = random.below(100)
            let ok = SortedSetModelTests.step(operation, key, rig, &models, &random)
            #expect(ok, "step \(step), operation \(operation), key \(key)")
            guard ok else { return }
            if keeper == nil, random.below(300) == 0 {
                keeper = Keeper(models)
                if let keeper { #expect(keys.cut(keeper) != nil) }
            } else if let open = keeper, random.below(4) == 0, !keys.walkCuts(max: 1 + random.below(150)) {
                #expect(open.isRight, "a cut that ended in step \(step)")
                keeper = nil
                cuts += 1
            }
            if random.below(20) == 0 { _ = keys.reclaimer.slice(keys, max: 200) }
            if step % 500 == 0 {
                for k in 0..<SortedSetModelTests.keyCount where !models[k].scores.isEmpty {
                    encodings.insert(rig.encodingName("k\(k)"))
                    #expect(items(rig.run("ZRANGE", "k\(k)", "0", "-1", "WITHSCORES")) == models[k].sorted)
                }
                keys.checkInvariants()
                if random.below(4) == 0 { SortedSetModelTests.defragment(keys) }
            }
        }
        #expect(encodings == ["listpack", "skiplist"] && cuts > 20)
    }

    /// A pass in which everything lies badly.
    private static func defragment(_ keys: Keyspace) {
        keys.heap.isShaken = true
        keys.beginDefragmentation()
        while keys.defragmentStep() {}
        keys.heap.isShaken = false
        keys.checkInvariants()
    }

    // MARK: Steps

    private static func step(
        _ operation: Int, _ key: Int, _ rig: Rig, _ models: inout [Model], _ random: inout SeededRandom
    ) -> Bool {
        let name = "k\(key)"
        switch operation {
        case 0..<40: return add(key, rig, &models[key], operation == 39 ? 150 : 5, &random)
        case 40..<50:
            let words = (0...random.below(4)).map { _ in member(key, &random) }
            let before = models[key].scores.count
            for word in words { models[key].scores[word] = nil }
            return rig.run(["ZREM", name] + words) == ":\(before - models[key].scores.count)"
        case 50..<58:
            let word = member(key, &random)
            let step = Double(random.below(100) - 50) / 4
            let sum = (models[key].scores[word] ?? 0) + step
            models[key].scores[word] = sum
            return number(rig.run("ZINCRBY", name, "\(step)", word)) == sum
        case 58..<64:
            let word = member(key, &random)
            let rank = models[key].sorted.firstIndex { $0.member == word }
            return rig.run("ZRANK", name, word) == (rank.map { ":\($0)" } ?? "$-1")
        case 64..<70: return ranges(name, rig, models[key].sorted, &random)
        case 70..<76: return pop(name, rig, &models[key], &random)
        case 76..<80: return removeRange(name, rig, &models[key], &random)
        case 80..<88: return combine(operation, key, rig, &models, &random)
        case 88:
            let other = random.below(keyCount)
            guard other != key else { return true }
            let copies = !models[key].scores.isEmpty
            if copies { models[other] = models[key] }
            return rig.run("COPY", name, "k\(other)", "REPLACE") == (copies ? ":1" : ":0")
        case 89 where random.below(10) == 0:
            models[key] = Model()
            rig.run("DEL", name)
            return true
        default:
            let count = random.below(models[key].scores.count + 3)
            let picked = items(rig.run("ZRANDMEMBER", name, "\(count)", "WITHSCORES"))
            let scores = models[key].scores
            return picked.count == min(count, scores.count) && Set(picked.map(\.member)).count == picked.count
                && picked.allSatisfy { scores[$0.member] == $0.score }
        }
    }

    private static func add(
        _ key: Int, _ rig: Rig, _ model: inout Model, _ most: Int, _ random: inout SeededRandom
    ) -> Bool {
        var words: [String] = []
        let before = model.scores.count
        for _ in 0...random.below(most) {
            let (word, score) = (member(key, &random), score(&random))
            words += ["\(score)", word]
            // 0 for -0 or the other way is no change.
            if model.scores[word] != score { model.scores[word] = score }
        }
        return rig.run(["ZADD", "k\(key)"] + words) == ":\(model.scores.count - before)"
    }

    private static func ranges(
        _ name: String, _ rig: Rig, _ sorted: [Item], _ random: inout SeededRandom
    ) -> Bool {
        let (one, other) = (score(&random), score(&random))
        let (low, high) = (min(one, other), max(one, other))
        let within = sorted.filter { $0.score > low && $0.score <= high }
        let (offset, count) = (random.below(5), random.below(20))
        let wanted = Array(within.reversed().dropFirst(offset).prefix(count))
        let reply = rig.run(
            "ZRANGE", name, "\(high)", "(\(low)", "BYSCORE", "REV", "LIMIT", "\(offset)", "\(count)",
            "WITHSCORES")
        let start = random.below(sorted.count + 2)
        let byRank = items(rig.run("ZRANGE", name, "\(start)", "\(start + 20)", "WITHSCORES"))
        return items(reply) == wanted && rig.run("ZCOUNT", name, "(\(low)", "\(high)") == ":\(within.count)"
            && byRank == Array(sorted.dropFirst(start).prefix(21))
    }

    private static func pop(
        _ name: String, _ rig: Rig, _ model: inout Model, _ random: inout SeededRandom
    ) -> Bool {
        let count = random.below(20) == 0 ? random.below(model.scores.count + 2) : random.below(4)
        let fromEnd = random.below(2) == 0
        let sorted = model.sorted
        let wanted = Array(
            fromEnd ? sorted.reversed()[..<min(count, sorted.count)] : sorted.prefix(count)[...])
        for item in wanted { model.scores[item.member] = nil }
        return items(rig.run(fromEnd ? "ZPOPMAX" : "ZPOPMIN", name, "\(count)")) == wanted
    }

    private static func removeRange(
        _ name: String, _ rig: Rig, _ model: inout Model, _ random: inout SeededRandom
    ) -> Bool {
        let sorted = model.sorted
        let start = random.below(sorted.count + 1)
        let count = random.below(random.below(10) == 0 ? sorted.count + 1 : 8)
        let gone = sorted.dropFirst(start).prefix(count)
        for item in gone { model.scores[item.member] = nil }
        if count == 0 { return true }
        return rig.run("ZREMRANGEBYRANK", name, "\(start)", "\(start + count - 1)") == ":\(gone.count)"
    }

    private static func combine(
        _ operation: Int, _ key: Int, _ rig: Rig, _ models: inout [Model], _ random: inout SeededRandom
    ) -> Bool {
        let others = (0...random.below(2)).map { _ in random.below(keyCount) }
        let names = others.map { "k\($0)" }
        var result = models[others[0]].scores
        for other in others.dropFirst() {
            let scores = models[other].scores
            switch operation % 3 {
            case 0: result.merge(scores) { Swift.max($0, $1) }
            case 1:
                result = result.filter { scores[$0.key] != nil }.reduce(into: [:]) {
                    $0[$1.key] = Swift.max($1.value, scores[$1.key] ?? 0)
                }
            default: result = result.filter { scores[$0.key] == nil }
            }
        }
        let command = ["ZUNION", "ZINTER", "ZDIFF"][operation % 3]
        let aggregate = operation % 3 == 2 ? [] : ["AGGREGATE", "MAX"]
        if random.below(8) == 0 {
            models[key].scores = result
            let words = [command + "STORE", "k\(key)", "\(names.count)"] + names + aggregate
            return rig.run(words) == ":\(result.count)"
        }
        let reply = rig.run([command, "\(names.count)"] + names + aggregate + ["WITHSCORES"])
        return items(reply) == Model(scores: result).sorted
    }

    // MARK: Replies

    private static func number(_ reply: String) -> Double? {
        reply.split(separator: " ").last.flatMap { Double($0) }
    }

    private func items(_ reply: String) -> [Item] { SortedSetModelTests.items(reply) }

    /// Members and scores of a flat reply.
    private static func items(_ reply: String) -> [Item] {
        let words = reply.split(separator: " ")
        var items: [Item] = []
        for at in stride(from: 1, to: words.count - 3, by: 4) {
            items.append(Item(member: String(words[at + 1]), score: Double(words[at + 3]) ?? .nan))
        }
        return items
    }

    // MARK: Chance

    @Test(arguments: [("listpack", 100), ("skiplist", 600), ("skiplist", 2000)])
    func picksAreUniform(_ encoding: String, _ size: Int) {
        let seed: UInt64 = 815
        print("seed of SortedSetModelTests.picksAreUniform: \(seed)")
        let rig = Rig(seed: seed, withTwin: false)
        rig.run(["ZADD", "z"] + (0..<size).flatMap { ["\($0 % 50)", "m\($0)"] })
        #expect(rig.encodingName("z") == encoding)
        var single: [String: Int] = [:]
        var repeated: [String: Int] = [:]
        var distinct: [String: Int] = [:]
        for round in 0..<(size * 2) {
            for word in members(rig.run("ZRANDMEMBER", "z")) { single[word, default: 0] += 1 }
            for word in members(rig.run("ZRANDMEMBER", "z", "-10")) { repeated[word, default: 0] += 1 }
            // Few, half and nearly all, so that every way of choosing is taken.
            let count = [3, size / 2, size - 2][round % 3]
            guard round % (size / 40 + 1) == 0 else { continue }
            for word in members(rig.run("ZRANDMEMBER", "z", "\(count)")) { distinct[word, default: 0] += 1 }
        }
        // The mean of chi-square is the number of cells, its deviation the root of twice that.
        let cells = Double(size)
        let bound = cells + 8 * (2 * cells).squareRoot()
        for hits in [single, repeated, distinct] {
            #expect(SetModelTests.chiSquare(hits, cells: size) < bound)
        }
    }
}
