// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// Directories that grow and shrink a slice at a time.
@Suite struct TableDirectoryTests {
    private static let pace = DirectoryPace(atOnce: 8, slice: 4, runMax: 16)

    /// No change writes more pointers than a slice and a run, twice over; growing to tens of thousands and back.
    @Test func noStepIsLong() {
        let pair = TablePair(seed: packedSeed(), pace: Self.pace)
        let grow = TablePair.Weights(insert: 60, remove: 1, replace: 2, find: 2, advance: 0)
        for step in 0..<60_000 {
            pair.step(grow, space: 1 << 20)
            if step % 5000 == 0 { pair.check() }
        }
        pair.check()
        #expect(pair.table.depth >= 6)
        #expect(pair.mostPointersWritten > 0 && pair.mostPointersWritten <= 64)
        let depth = pair.table.depth
        let shrink = TablePair.Weights(insert: 1, remove: 60, replace: 2, find: 2, advance: 0)
        var step = 0
        while pair.count > 10 {
            pair.step(shrink, space: 1 << 20)
            step += 1
            if step % 5000 == 0 { pair.check() }
        }
        #expect(pair.table.depth < depth - 2, "directories halve when keys go")
        #expect(pair.mostPointersWritten <= 64)
        pair.finish()
    }

    /// All the while: scans, cuts and deadlines.
    @Test func model() {
        let pair = TablePair(seed: packedSeed(), pace: DirectoryPace(atOnce: 2, slice: 1, runMax: 4))
        for step in 0..<60_000 {
            let grows = step / 10_000 % 2 == 0
            let weights = TablePair.Weights(
                insert: grows ? 40 : 3, remove: grows ? 3 : 40, setDeadline: step / 3000 % 3 == 0 ? 20 : 2,
                advance: 0, cut: step / 5000 % 2)
            pair.step(weights, space: 20_000)
            if step % 300 == 0 { pair.check() }
        }
        #expect(pair.cutsFinished > 0)
        pair.finish()
    }

    /// A successor is ready before it is needed: keys as they come get no overflow segments.
    @Test func nothingOverflowsMeanwhile() {
        let pair = TablePair(seed: packedSeed(), pace: DirectoryPace(atOnce: 8, slice: 4, runMax: 64))
        for id in 0..<60_000 {
            pair.insert(id)
            guard id % 200 == 0 else { continue }
            for i in 0..<pair.table.segmentCount {
                #expect(pair.table.segmentAt(i).u8(SegmentField.level) == 0)
            }
        }
        pair.finish()
    }

    /// A run of pointers stays short even where one part of hash space grows alone: its neighbours part, empty as they
    /// are.
    @Test func runsStayShort() {
        let pace = DirectoryPace(atOnce: 8, slice: 4, runMax: 16, pointersPerSegment: 64)
        let pair = TablePair(seed: packedSeed(), pace: pace) { id in
            var random = SeededRandom(seed: UInt64(id))
            return random.next() >> 4
        }
        for id in 0..<30_000 { pair.insert(id) }
        pair.check()
        #expect(pair.table.depth >= 9)
        for i in 0..<pair.table.segmentCount where pair.table.segmentAt(i).u8(SegmentField.level) == 0 {
            #expect(pair.table.run(pair.table.segmentAt(i)) <= 16)
        }
        #expect(pair.mostPointersWritten <= 100)
        pair.finish()
    }

    /// The list of segments grows and shrinks by pages: what it names does not change.
    @Test func theListHasPages() {
        let pair = TablePair(seed: packedSeed())
        var segments: [Address] = []
        func check() {
            #expect(pair.table.segmentCount == segments.count + 1)
            for (i, segment) in segments.enumerated() { #expect(pair.table.segmentAt(i + 1) == segment) }
        }
        let startBytes = pair.store.heap.usedBytes
        let tableBytes = pair.table.bytes
        for count in 1...2100 {
            segments.append(pair.table.newSegment(pair.store, depth: 0, buckets: 1))
            if count < 40 || count % 512 < 3 || count % 512 > 509 { check() }
        }
        check()
        while let last = segments.popLast() {
            pair.table.freeSegment(last, pair.store)
            if segments.count < 40 || segments.count % 512 < 3 || segments.count % 512 > 509 { check() }
        }
        #expect(pair.store.heap.usedBytes == startBytes && pair.table.bytes == tableBytes)
        pair.finish()
    }
}
