// SPDX-License-Identifier: Apache-2.0
import Bytes

// Taking a table apart that nobody reads any more.

extension Table {
    /// Removes and visits up to `max` entries in no useful order, segment by segment, without shifting or merging.
    /// - Returns: true when the table is empty.
    public func drain(max: Int, _ store: Store, _ visit: (Address) -> Void) -> Bool {
        assert(max >= 0, "fewer than no entries")
        var left = max
        while left > 0, count > 0 {
            let segment = segmentAt(segmentCount - 1)
            let taken = Table.drain(segment, max: left, visit)
            root.setU64(RootField.count, root.u64(RootField.count) - UInt64(taken))
            left -= taken
            if segment.u16(SegmentField.count) == 0 {
                if segmentCount == 1 { break }
                freeSegment(segment, store)
            }
        }
        return count == 0
    }

    /// Empties buckets of a segment from the last one on, and remembers how many are empty: a slice may end anywhere.
    /// - Returns: how many entries it visited.
    private static func drain(_ segment: Address, max: Int, _ visit: (Address) -> Void) -> Int {
        let buckets = Int(segment.u16(SegmentField.buckets))
        let count = Int(segment.u16(SegmentField.count))
        var bucket = buckets - 1 - Int(segment.u16(SegmentField.drained))
        assert(count == 0 || bucket >= 0, "entries in buckets that were emptied")
        var left = min(max, count)
        for ahead in 0..<lead { warmToFree(segment, bucket - ahead) }
        while bucket >= 0, left > 0 {
            warmToFree(segment, bucket - lead)
            let line = line(segment, bucket)
            var position = 7
            while position >= 0, left > 0 {
                let word = line.u64(position &* 8)
                if word != 0 {
                    visit(Address(bits: UInt(word & pointerMask)))
                    line.setU64(position &* 8, 0)
                    left -= 1
                }
                position -= 1
            }
            if line.u64(0) == 0 { bucket -= 1 }
        }
        let taken = min(max, count) - left
        segment.setU16(SegmentField.count, UInt16(count - taken))
        segment.setU16(SegmentField.drained, UInt16(buckets - 1 - bucket))
        return taken
    }

    /// Starts loading the entries of a bucket and what the heap reads to free them.
    @inline(__always) private static func warmToFree(_ segment: Address, _ bucket: Int) {
        guard bucket >= 0 else { return }
        let line = line(segment, bucket)
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { break }
            let entry = Address(bits: UInt(word & pointerMask))
            entry.prefetch()
            Heap.page(of: entry).prefetch()
        }
        if bucket >= lead { Table.line(segment, bucket - lead).prefetch() }
    }

    /// Frees the table's own memory. Entries must have been visited and freed by the caller.
    public func destroy(_ store: Store) {
        while segmentCount > 0 { freeSegment(segmentAt(segmentCount - 1), store) }
        destroyDirectory(store)
        store.heap.free(root, RootField.size)
    }
}
