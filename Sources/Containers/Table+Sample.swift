// SPDX-License-Identifier: Apache-2.0
import Bytes

// Samples for eviction.
//
// *Idea*. A bucket is one cache line with up to eight entries, so a sample is a whole bucket: the entries of one are
// loaded together, which costs little more than one of them. Every entry lies in exactly one bucket, so each is as
// likely as any other to be in a sample.
//
// Entries with a deadline are found through the list of segments, whose front part names those that have any:
// one volatile key among a million is met at once. A segment is chosen uniformly, so it is accepted in proportion to
// its volatile entries; then a group of them is taken.

extension Table {
    /// How many entries with a deadline one sample shows at most where they are kept as pairs.
    static let pairGroup = 8
    private static let sampleTriesMax = 64

    /// Visits the entries of a bucket picked uniformly. Some samples of a sparse table are empty.
    public func sample(_ random: inout SeededRandom, _ visit: (Address) -> Void) {
        guard count > 0 else { return }
        let segments = segmentCount
        let bucketsMax = segments == 1 ? Int(segmentAt(0).u16(SegmentField.buckets)) : Table.chunksMax * 8
        for _ in 0..<Table.sampleTriesMax {
            let segment = segmentAt(segments == 1 ? 0 : random.below(segments))
            let bucket = random.below(bucketsMax)
            guard bucket < Int(segment.u16(SegmentField.buckets)) else { continue }
            let line = Table.line(segment, bucket)
            guard line.u64(0) != 0 else { continue }
            return Table.visitLine(line, visit)
        }
        // Nearly all segments are empty.
        let slot = randomSlot(&random)
        if !slot.isNone { visit(slot.entry) }
    }

    private static func visitLine(_ line: Address, _ visit: (Address) -> Void) {
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { break }
            Address(bits: UInt(word & pointerMask)).prefetch()
        }
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { return }
            visit(Address(bits: UInt(word & pointerMask)))
        }
    }

    /// Visits a few entries that have a deadline, each as likely as any other, with their deadlines.
    public func sampleVolatile(_ random: inout SeededRandom, _ visit: (Address, Int64) -> Void) {
        let segments = volatileSegments
        guard segments > 0 else { return }
        // How many a segment hardly ever exceeds: all segments are alike, because hashes are.
        let likelyMax = min(448, max(Table.pairGroup, volatileCount / segments * 4 + 16))
        for attempt in 0... {
            let segment = segmentAt(random.below(segments))
            let volatile = Int(segment.u16(SegmentField.volatile))
            let isDense = segment.u8(SegmentField.dense) != 0
            let share = isDense ? Int(segment.u16(SegmentField.buckets)) : max(volatile, Table.pairGroup)
            let whole = isDense ? Table.chunksMax * 8 : likelyMax
            if attempt < Table.sampleTriesMax, random.below(whole) >= share { continue }
            if isDense {
                let lines = (448 + likelyMax - 1) / likelyMax
                if Table.visitDense(segment, &random, lines: lines, visit) > 0 { return }
            } else {
                return Table.visitPairs(segment, random.below(volatile), visit)
            }
        }
    }

    private static func visitPairs(_ segment: Address, _ first: Int, _ visit: (Address, Int64) -> Void) {
        let list = segment.address(SegmentField.deadlines)
        let volatile = Int(segment.u16(SegmentField.volatile))
        let count = min(volatile, pairGroup)
        for step in 0..<count { list.address((first + step) % volatile * 16).prefetch() }
        for step in 0..<count {
            let index = (first + step) % volatile
            visit(list.address(index * 16), list.i64(index * 16 + 8))
        }
    }

    /// Visits what has a deadline in so many buckets side by side, from any one on.
    /// - Returns: how many entries it visited.
    private static func visitDense(
        _ segment: Address, _ random: inout SeededRandom, lines: Int, _ visit: (Address, Int64) -> Void
    ) -> Int {
        let buckets = Int(segment.u16(SegmentField.buckets))
        let first = random.below(buckets)
        var seen = 0
        for step in 0..<min(lines, buckets) {
            _ = visitVolatile(segment, (first + step) % buckets) { entry, deadline in
                visit(entry, deadline)
                seen += 1
                return true
            }
        }
        return seen
    }

    /// The place of an entry by its hash alone: a pool of candidates need not keep their keys. `Slot.none` when there
    /// is none.
    public func find(hash: UInt64, _ store: Store) -> Slot {
        let segment = segment(hash)
        func matches(_ entry: Address) -> Bool { Table.hash(Table.key(entry + keyOffset), store) == hash }
        let slot = Table.seek(segment, Table.tag(hash, segment), matches)
        return slot.isNone ? Table.seekBelow(segment, hash, matches) : slot
    }
}
