// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// Tables whose hashes an attacker chose: he would need the key for it, and still could neither end the server nor
/// make it forget anything.
@Suite struct TableFloodTests {
    /// A number that has nothing to do with an id's neighbours.
    private static func mixed(_ id: Int) -> UInt64 {
        var random = SeededRandom(seed: UInt64(id)); return random.next()
    }

    enum Attack: CaseIterable {
        /// The upper 48 bits are equal.
        case equalTags
        /// All 64 bits are equal.
        case equalHashes
        /// The first 9 bits are equal: what is left when all else was deleted in the order of a scan.
        case onePart
        /// Half of the keys are as they come.
        case amongOthers
        /// Many small clusters, each of equal hashes.
        case clusters

        func hash(_ id: Int) -> UInt64 {
            let mixed = TableFloodTests.mixed(id)
            switch self {
            case .equalTags: return 0x9A5C_0FF1_CE11 << 16 | mixed >> 48
            case .equalHashes: return 0x9A5C_0FF1_CE11_BABE
            case .onePart: return 0x1A5 << 55 | mixed >> 9
            case .amongOthers: return id % 2 == 0 ? mixed : 0x9A5C_0FF1_CE11 << 16 | mixed >> 48
            case .clusters: return TableFloodTests.mixed(id % 40)
            }
        }
    }

    /// Everything that tables do, with invariants, against a model; deadlines, scans and cuts meanwhile.
    @Test(arguments: Attack.allCases) func model(_ attack: Attack) {
        let pair = TablePair(seed: packedSeed()) { attack.hash($0) }
        let few = attack == .equalHashes || attack == .clusters
        for step in 0..<(few ? 12_000 : 30_000) {
            let phase = step / 3000 % 4
            var weights = TablePair.Weights(
                insert: phase < 2 ? 40 : 5, remove: phase < 2 ? 4 : 30, advance: 0, cut: step / 2000 % 2)
            if step / 1500 % 3 == 0 { weights.setDeadline = 25 }
            if phase == 3 { weights.advance = 1 }
            pair.step(weights, space: few ? 2500 : 6000)
            if step % 250 == 0 { pair.check() }
        }
        #expect(pair.cutsFinished > 0)
        pair.finish()
    }

    /// The same with directories that are carried in very small slices, and hardly any pointers for each segment.
    @Test(arguments: Attack.allCases) func modelOfTightDirectories(_ attack: Attack) {
        let pace = DirectoryPace(atOnce: 2, slice: 3, runMax: 4, pointersPerSegment: 2)
        let pair = TablePair(seed: packedSeed(), pace: pace) { attack.hash($0) }
        let few = attack == .equalHashes || attack == .clusters
        for step in 0..<(few ? 8000 : 30_000) {
            let grows = step / 5000 % 2 == 0
            let weights = TablePair.Weights(
                insert: grows ? 40 : 3, remove: grows ? 3 : 40, setDeadline: step / 1500 % 3 == 0 ? 20 : 2,
                advance: step / 2500 % 2, cut: step / 4000 % 2)
            pair.step(weights, space: few ? 2500 : 8000)
            if step % 250 == 0 { pair.check() }
        }
        pair.finish()
    }

    /// A hundred thousand entries whose hashes agree in their first 48 bits.
    @Test func aHundredThousandWithEqualPrefixes() throws {
        let count = 100_000
        let pair = TablePair(seed: packedSeed()) { Attack.equalTags.hash($0) }
        for id in 0..<count { pair.insert(id) }
        pair.check()
        let own = pair.table.ownBytes()
        #expect(own.main + own.deadlines < count * 24, "memory grows with the entries")
        #expect(1 << pair.table.depth <= pair.store.pace.pointersPerSegment * pair.table.segmentCount)

        var seen: Set<UInt> = []
        var cursor: UInt64 = 0
        var calls = 0
        repeat {
            cursor = pair.table.scan(cursor, count: 10, pair.store) { seen.insert($0.bits) }
            #expect(cursor < 1 << 53)
            calls += 1
        } while cursor != 0 && calls < count
        #expect(seen.count == count)

        pair.openCut()
        for id in stride(from: 0, to: count, by: 3) { pair.remove(id) }
        pair.walkCuts(max: 5000)
        for id in count..<(count + 1000) { pair.insert(id) }
        pair.finishCuts()
        pair.check()
        for id in 0..<(count + 1000) where id >= count || id % 3 != 0 { pair.remove(id) }
        #expect(pair.count == 0)
        pair.check()
        #expect(pair.table.segmentCount < 20, "overflow goes with its entries")
        pair.finish()
    }

    /// The path to an entry stays short however many share a part of the hash.
    @Test func overflowIsATree() {
        let pair = TablePair(seed: packedSeed()) { Attack.equalTags.hash($0) }
        for id in 0..<20_000 { pair.insert(id) }
        let levels = (0..<pair.table.segmentCount).map { pair.table.segmentAt($0).u8(SegmentField.level) }
        #expect(levels.max()! <= 4)
        #expect(levels.max()! >= 2)
        pair.finish()
    }

    /// When the directory may grow again a segment parts and takes its overflow back.
    @Test func overflowGoesWhenTheDirectoryGrows() {
        // Ids below 1500 share ten bits; the others are spread.
        let pair = TablePair(seed: packedSeed()) { id in
            id < 1500 ? 0x155 << 54 | Self.mixed(id) >> 10 : Self.mixed(id)
        }
        for id in 0..<1400 { pair.insert(id) }
        func levels() -> [UInt8] {
            (0..<pair.table.segmentCount).map { pair.table.segmentAt($0).u8(SegmentField.level) }
        }
        #expect(levels().contains { $0 > 0 })
        pair.check()
        for id in 1500..<60_000 { pair.insert(id) }
        // The next entry in the crowded part makes it split.
        for id in 1400..<1500 { pair.insert(id) }
        pair.check()
        #expect(!levels().contains { $0 > 0 })
        pair.finish()
    }

    /// What has overflowed is given back when a cut that was open meanwhile has ended.
    @Test func tidyingTakesOverflowBack() throws {
        let pair = TablePair(seed: packedSeed()) { Attack.equalTags.hash($0) }
        for id in 0..<5000 { pair.insert(id) }
        pair.openCut()
        for id in 20..<5000 { pair.remove(id) }
        #expect(pair.table.segmentCount > 12)
        pair.finishCuts()
        var position: UInt64 = 0
        repeat { position = pair.table.tidy(from: position, max: 4, pair.store) } while position != 0
        pair.check()
        #expect(pair.table.segmentCount == 1 && pair.table.depth == 0)
        pair.finish()
    }

    /// A pass over a table with overflow moves everything, in steps of one segment.
    @Test func defragmentingReachesOverflow() {
        let pair = TablePair(seed: packedSeed()) { Attack.equalTags.hash($0) }
        for id in 0..<8000 { pair.insert(id) }
        for id in stride(from: 0, to: 8000, by: 40) { pair.setDeadline(id, pair.nowMs + 500) }
        let before = pair.store.heap.usedBytes
        pair.store.heap.isShaken = true
        let mover = Mover(pair.store.heap)
        var seen = 0
        var position: UInt64? = 0
        while let next = position {
            var inStep = 0
            position = pair.table.defragment(from: next, pair.store, mover) { _ in inStep += 1 }
            #expect(inStep <= 448)
            seen += inStep
        }
        pair.store.heap.isShaken = false
        // The directory and the list of segments may be larger than what lies in slabs.
        #expect(seen == 8000 && mover.misses <= 2)
        #expect(pair.store.heap.usedBytes == before)
        pair.check()
        pair.advance(by: 600)
        #expect(pair.count == 7800)
        pair.finish()
    }

    /// Random picks and samples know overflow segments like all others.
    @Test func picksReachOverflow() {
        let pair = TablePair(seed: packedSeed()) { Attack.equalTags.hash($0) }
        for id in 0..<3000 { pair.insert(id) }
        var picked: Set<UInt> = []
        var sampled: Set<UInt> = []
        for _ in 0..<120_000 {
            picked.insert(pair.table.random(&pair.random).bits)
            pair.table.sample(&pair.random) { sampled.insert($0.bits) }
        }
        #expect(picked.count == 3000 && sampled.count == 3000)
        for id in 0..<3000 {
            let hash = Attack.equalTags.hash(id)
            let slot = pair.table.find(hash: hash, pair.store)
            #expect(
                !slot.isNone && Table.hash(Table.key(slot.entry + pair.table.keyOffset), pair.store) == hash)
        }
        pair.finish()
    }
}
