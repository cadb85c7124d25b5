// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

@Suite struct TableModelTests {
    /// Invariants after every step, on tables of a few buckets.
    @Test(arguments: [4, 12, 40, 150]) func smallTables(space: Int) {
        let pair = TablePair(seed: packedSeed())
        for step in 0..<12_000 {
            // Every so often deadlines become frequent, or removals do.
            var weights = TablePair.Weights(advance: step / 500 % 2, cut: 1)
            if step / 1000 % 3 == 1 { weights.setDeadline = 30 }
            if step / 700 % 4 == 3 { weights.remove = 30 }
            pair.step(weights, space: space)
            pair.check()
        }
        pair.finish()
    }

    /// A few segments with splits and merges all the time.
    @Test func splitsAndMerges() {
        let pair = TablePair(seed: packedSeed())
        for step in 0..<40_000 {
            let grows = step / 4000 % 2 == 0
            let weights = TablePair.Weights(
                insert: grows ? 30 : 3, remove: grows ? 3 : 30, setDeadline: step / 3000 % 3 == 0 ? 20 : 2,
                advance: 0, cut: step / 5000 % 2)
            pair.step(weights, space: 4000)
            if step % 100 == 0 { pair.check() }
        }
        pair.finish()
    }

    /// Grows to tens of thousands, then shrinks to nothing: directories double and halve.
    @Test func growsAndShrinks() {
        let pair = TablePair(seed: packedSeed())
        let grow = TablePair.Weights(insert: 60, remove: 1, replace: 2, find: 2, advance: 0)
        for step in 0..<60_000 {
            pair.step(grow, space: 1 << 20)
            if step % 10_000 == 0 { pair.check() }
        }
        #expect(pair.count > 30_000)
        let depth = pair.table.depth
        #expect(depth >= 6)
        pair.check()
        let shrink = TablePair.Weights(insert: 1, remove: 60, replace: 2, find: 2, advance: 0)
        var step = 0
        while pair.count > 10 {
            pair.step(shrink, space: 1 << 20)
            step += 1
            if step % 10_000 == 0 { pair.check() }
        }
        #expect(pair.table.depth < depth, "directories halve when keys go")
        #expect(pair.table.segmentCount < 8, "siblings merge when keys go")
        pair.finish()
    }

    /// Deadlines on all, then on none, then on all again and due at once.
    @Test func massDeadlines() {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<8000 { pair.insert(id) }
        for round in 0..<3 {
            for id in 0..<8000 {
                pair.setDeadline(id, pair.nowMs + 10 + Int64(pair.random.below(100_000)))
                if id % 2000 == 0 { pair.check() }
            }
            pair.check()
            #expect(pair.table.volatileCount == 8000)
            guard round < 2 else { break }
            for id in 0..<8000 {
                pair.setDeadline(id, Table.noDeadline)
                if id % 2000 == 0 { pair.check() }
            }
            pair.check()
            #expect(pair.store.wheel.firstDue.isNull)
        }
        for _ in 0..<40 {
            pair.advance(by: 2600)
            pair.check()
        }
        #expect(pair.count == 0)
        pair.finish()
    }

    /// A random pick is near uniform: no member of a settled table is forgotten.
    @Test func randomPicksReachAll() {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<1500 { pair.insert(id) }
        var picked: Set<UInt> = []
        for _ in 0..<60_000 { picked.insert(pair.table.random(&pair.random).bits) }
        #expect(picked.count == 1500)
        pair.finish()
    }

    /// A cut forbids merging, so that mass deletions leave thousands of empty segments: the few entries that are left
    /// are still picked, and each of them.
    @Test func randomPicksAmongEmptySegments() throws {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<40_000 { pair.insert(id) }
        let lane = try #require(pair.store.openLane())
        pair.table.lanes |= 1 << UInt8(lane)
        for id in 3..<40_000 { pair.remove(id) }
        #expect(pair.table.segmentCount > 50)
        var picked: Set<UInt> = []
        for _ in 0..<2000 { picked.insert(pair.table.random(&pair.random).bits) }
        #expect(picked.count == 3)
        pair.table.lanes = 0
        pair.store.closeLane(lane)
        pair.finish()
    }
}
