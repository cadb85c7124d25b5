// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

/// Trees of positions, what they take, and what the entries of a tree of scores are made of.
@Suite struct TreeKindTests {
    private static let scores: [Double] = [
        0, -0.0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 8_388_607, 8_388_608,
        -8_388_608, -8_388_609, 2_147_483_647, 2_147_483_648, -2_147_483_648, -2_147_483_649,
        549_755_813_887, 549_755_813_888, 140_737_488_355_327, 140_737_488_355_328, -140_737_488_355_328,
        9_007_199_254_740_992, 0.5, 0.1, -0.1, 1.0 / 3, .pi, 1e300, -1e300, .infinity, -.infinity,
        .greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .ulpOfOne,
    ]

    /// Every score comes back bit for bit, whatever the length of its member, and orders as it should.
    @Test func scoresComeBack() {
        let heap = Heap()
        for length in [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 126, 127, 128, 300, 70_000] {
            let member = [UInt8](repeating: 0xFF, count: length)
            for score in TreeKindTests.scores {
                var entry = member.withView { ScoredMember.make($0, score, heap) }
                #expect(ScoredMember.score(entry).bitPattern == score.bitPattern)
                for other in TreeKindTests.scores {
                    entry = ScoredMember.rewrite(entry, other, heap)
                    #expect(ScoredMember.score(entry).bitPattern == other.bitPattern)
                    #expect(ScoredMember.member(entry).count == length)
                    let (left, right) = (ScoredMember.order(score), ScoredMember.order(other))
                    #expect((left < right) == (score < other) && (left == right) == (score == other))
                }
                #expect(ScoredMember.member(entry).array == member)
                ScoredMember.free(entry, heap)
            }
        }
        #expect(heap.usedBytes == 0)
    }

    @Test func membersTakeWhatTheyShould() {
        let heap = Heap()
        func bytes(_ length: Int, _ score: Double) -> Int {
            let member = [UInt8](repeating: 97, count: length)
            let entry = member.withView { ScoredMember.make($0, score, heap) }
            defer { ScoredMember.free(entry, heap) }
            return ScoredMember.bytes(entry)
        }
        #expect(bytes(16, 2_147_483_647) == 22)
        #expect(bytes(16, 1_700_000_000_000) == 24)
        #expect(bytes(16, 0) == 18)
        #expect(bytes(16, 0.1) == 26)
        #expect(bytes(0, 0) == 8)
    }

    // MARK: Positions

    /// Entries of random weights, put anywhere, against an array of their weights.
    @Test func positions() {
        var random = SeededRandom(seed: packedSeed())
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let startBytes = store.heap.usedBytes
        let tree = Tree.create(.position, store)
        var model: [(entry: UInt, weight: Int)] = []
        func offset(_ index: Int) -> Int { model[0..<index].reduce(0) { $0 + $1.weight } }
        for step in 0..<12_000 {
            let index = random.below(model.count + 1)
            let grows = random.below(step / 3000 % 2 == 0 ? 3 : 5) < 2
            if grows || index == model.count {
                let weight = random.below(5) == 0 ? 65_535 : 1 + random.below(50)
                let place = random.below(3) == 0 ? (random.below(2) == 0 ? 0 : model.count) : index
                tree.insert(Address(bits: UInt(step * 8 + 8)), weight: weight, at: offset(place), store)
                model.insert((UInt(step * 8 + 8), weight), at: place)
            } else if random.below(3) == 0 {
                let weight = 1 + random.below(65_535)
                tree.setWeight(weight, at: offset(index))
                model[index].weight = weight
            } else {
                tree.remove(at: offset(index), store)
                model.remove(at: index)
            }
            if !model.isEmpty {
                let probe = random.below(model.count)
                let inside = random.below(model[probe].weight)
                let found = tree.find(rank: offset(probe) + inside)
                #expect(found?.cursor.entry.bits == model[probe].entry && found?.left == inside)
                #expect(found?.cursor.weight == model[probe].weight)
            }
            if step % 50 == 0 {
                tree.checkInvariants(store)
                #expect(tree.weight == offset(model.count) && tree.count == model.count)
            }
        }
        #expect(tree.drain(max: .max, store) { _ in })
        tree.destroy(store)
        #expect(store.heap.usedBytes == startBytes)
    }

    // MARK: Size

    /// A million members of 16 bytes with scores in random order: what they take in all, their table included.
    @Test func aMillionMembers() {
        var random = SeededRandom(seed: packedSeed())
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let startBytes = store.heap.usedBytes
        let tree = Tree.create(.score, store)
        let members = Table.create(store, keyOffset: 0)
        let count = 1_000_000
        for number in 0..<count {
            let text = Array("member:\(100_000_000 + number)".utf8)
            let score = Double(random.below(1 << 31))
            let entry = text.withView { ScoredMember.make($0, score, store.heap) }
            tree.insert(entry, store)
            text.withView { _ = members.insert(entry, Table.hash($0, store), store) }
        }
        let used = store.heap.usedBytes - startBytes
        let parts = [tree.bytes, members.bytes, used].map { Double($0) / Double(count) }
        print("bytes per member: tree \(parts[0]), table \(parts[1]), with the entry \(parts[2])")
        tree.checkInvariants(store)
        #expect(used < count * 46)
        while !tree.drain(max: 1000, store, { ScoredMember.free($0.entry, store.heap) }) {}
        tree.destroy(store)
        while !members.drain(max: 1000, store, { _ in }) {}
        members.destroy(store)
        #expect(store.heap.usedBytes == startBytes)
    }
}
