// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

@Suite struct TreeModelTests {
    /// Invariants after every step, on trees of a few leaves.
    @Test(arguments: [3, 20, 90, 400]) func smallTrees(space: Int) {
        let pair = TreePair(seed: packedSeed())
        for step in 0..<8000 {
            var weights = TreePair.Weights(cut: step / 900 % 2 * 3)
            if step / 700 % 4 == 3 { weights.remove = 60 }
            pair.step(weights, space: space)
            pair.check()
        }
        pair.finish()
    }

    /// A hundred thousand steps on thousands of members, growing and shrinking, with cuts half of the time.
    @Test func growsAndShrinks() {
        let pair = TreePair(seed: packedSeed())
        for step in 0..<100_000 {
            let grows = step / 20_000 % 2 == 0
            let weights = TreePair.Weights(
                insert: grows ? 60 : 4, remove: grows ? 3 : 40, walk: 1, removeRange: grows ? 0 : 1,
                defragment: step % 1000 == 0 ? 5 : 0, cut: step / 5000 % 2 * 2)
            pair.step(weights, space: 1 << 20)
            if step % 2500 == 0 { pair.check() }
        }
        #expect(pair.cutsFinished > 1)
        pair.finish()
    }

    /// All scores equal, as sets that are kept for their bytes' order have them.
    @Test func equalScores() {
        let pair = TreePair(seed: packedSeed(), score: { _ in 0 })
        for step in 0..<20_000 {
            pair.step(TreePair.Weights(cut: step / 3000 % 2), space: 3000)
            if step % 200 == 0 { pair.check() }
        }
        pair.finish()
    }

    /// What comes in order leaves full leaves behind, whichever way it comes.
    @Test(arguments: [true, false]) func fullLeaves(ascends: Bool) {
        let pair = TreePair(seed: packedSeed())
        for id in 1...20_000 { pair.insert(id, Double(ascends ? id : -id)) }
        pair.check()
        #expect(pair.tree.bytes < 20_000 * 9)
        pair.finish()
    }

    /// Appending compares nothing, and ranges of any size go.
    @Test func appendsAndRemovesRanges() {
        let pair = TreePair(seed: packedSeed())
        for id in 1...30_000 { pair.append(id, Double(id / 3 * 3) + Double(id) / 65_536) }
        pair.check()
        pair.removeRange(10_000..<20_000)
        pair.check()
        pair.removeRange(0..<1)
        pair.removeRange(pair.count - 1..<pair.count)
        pair.removeRange(5..<pair.count - 5)
        pair.check()
        #expect(pair.count == 10)
        pair.removeRange(0..<10)
        pair.check()
        #expect(pair.count == 0)
        for id in 1...100 { pair.insert(id, 1) }
        pair.finish()
    }

    /// Scores that grow far away from where a leaf began, and clusters of close ones among them.
    @Test func clusteredScores() {
        let pair = TreePair(
            seed: packedSeed(),
            score: { random in
                let cluster = Double(random.below(6)) * 1e15
                return cluster + Double(random.below(1000)) / (random.below(2) == 0 ? 1 : 4096)
            })
        for step in 0..<30_000 {
            pair.step(TreePair.Weights(cut: step / 4000 % 2), space: 1 << 18)
            if step % 500 == 0 { pair.check() }
        }
        pair.finish()
    }
}
