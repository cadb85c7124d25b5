// SPDX-License-Identifier: Apache-2.0
import Bytes

// Units of cuts: what a cut saves as a whole before anything in it changes.
//
// A unit is the 1,024 tags that share their top 6 bits: growing leaves units alone, a split halves them.

extension Table {
    func inheritSaved(_ low: Address, _ high: Address) {
        for lane in 0..<Store.laneCount {
            let epoch = low.u32(SegmentField.epoch0 + lane * 4)
            let parent = low.u64(SegmentField.saved0 + lane * 8)
            var halves: (UInt64, UInt64) = (0, 0)
            for unit in 0..<64 {
                if parent >> UInt64(unit / 2) & 1 != 0 { halves.0 |= 1 << UInt64(unit) }
                if parent >> UInt64(32 + unit / 2) & 1 != 0 { halves.1 |= 1 << UInt64(unit) }
            }
            low.setU64(SegmentField.saved0 + lane * 8, halves.0)
            high.setU64(SegmentField.saved0 + lane * 8, halves.1)
            high.setU32(SegmentField.epoch0 + lane * 4, epoch)
        }
    }

    /// The bitmap of units already handed to the cut on `lane`.
    static func saved(_ segment: Address, _ lane: Int, _ store: Store) -> UInt64 {
        segment.u32(SegmentField.epoch0 + lane * 4) == store.epoch(lane)
            ? segment.u64(SegmentField.saved0 + lane * 8) : 0
    }

    static func markSaved(_ unit: Int, of segment: Address, lane: Int, _ store: Store) {
        let bits = saved(segment, lane, store) | 1 << UInt64(unit)
        segment.setU32(SegmentField.epoch0 + lane * 4, store.epoch(lane))
        segment.setU64(SegmentField.saved0 + lane * 8, bits)
    }

    /// Visits the entries that share a unit with `hash`, be it in the segment that the directory names or below, unless
    /// the cut on `lane` has them already; the unit counts as saved from then on. Every change to an entry of a marked
    /// table is preceded by this.
    public func preserve(unitOf hash: UInt64, lane: Int, _ store: Store, _ visit: (Slot) -> Void) {
        var segment = segment(hash)
        while !segment.isNull {
            let unit = Int(Table.tag(hash, segment) >> 10)
            if Table.saved(segment, lane, store) >> UInt64(unit) & 1 == 0 {
                saveUnit(unit, of: segment, lane: lane, store, visit)
            }
            segment = Table.below(segment, hash)
        }
    }

    private func saveUnit(
        _ unit: Int, of segment: Address, lane: Int, _ store: Store, _ visit: (Slot) -> Void
    ) {
        Table.markSaved(unit, of: segment, lane: lane, store)
        let buckets = Int(segment.u16(SegmentField.buckets))
        var bucket = Table.home(UInt16(unit << 10), segment)
        var inside = Table.home(UInt16(unit << 10 | 1023), segment) - bucket + 1
        for _ in 0..<buckets {
            let line = Table.line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position &* 8)
                if word == 0 { break }
                if Int(word >> 58) == unit {
                    visit(
                        Slot(segment: segment, line: line, position: UInt32(position), bucket: UInt32(bucket))
                    )
                }
            }
            inside -= 1
            if inside <= 0, !Table.isFull(line) { return }
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
        }
    }

    /// Saves unsaved units below a segment until about `max` entries were visited.
    /// - Returns: whether none is left.
    private func walkBelow(
        _ segment: Address, _ lane: Int, _ store: Store, _ seen: inout Int, max: Int, _ visit: (Slot) -> Void
    ) -> Bool {
        var count = seen
        var isComplete = true
        Table.forEachBelow(segment) { below in
            var unit = (~Table.saved(below, lane, store)).trailingZeroBitCount
            while unit < 64 {
                if count >= max {
                    isComplete = false
                    return false
                }
                saveUnit(unit, of: below, lane: lane, store) { slot in
                    visit(slot)
                    count += 1
                }
                count += 1
                unit = (~Table.saved(below, lane, store)).trailingZeroBitCount
            }
            return true
        }
        seen = count
        return isComplete
    }

    /// The walker's step: saves unsaved units from hash position `position` on until about `max` entries were visited.
    /// - Returns: the position to go on from, or nil when the walk is complete.
    public func walkUnits(
        from position: UInt64, _ lane: Int, _ store: Store, max: Int, _ visit: (Slot) -> Void
    ) -> UInt64? {
        var at = position
        var seen = 0
        while seen < max {
            let segment = segment(at)
            let depth = UInt64(segment.u8(SegmentField.depth))
            var unit = Int((at << depth) >> 58)
            var isFirst = true
            while unit < 64, seen < max {
                // A unit has less than a bucket to itself.
                let home = Table.home(UInt16(unit << 10), segment)
                Table.warm(segment, home, then: .null, isFirst: isFirst)
                isFirst = false
                if Table.saved(segment, lane, store) >> UInt64(unit) & 1 == 0 {
                    saveUnit(unit, of: segment, lane: lane, store) { slot in
                        visit(slot)
                        seen += 1
                    }
                }
                seen += 1
                unit += 1
            }
            let prefix = depth == 0 ? 0 : at >> (64 - depth)
            if unit == 64, segment.u8(SegmentField.children) != 0 {
                // The last unit is saved already: it stands for what lies below.
                if !walkBelow(segment, lane, store, &seen, max: max, visit) { unit = 63 }
            }
            if unit < 64 {
                at = (depth == 0 ? 0 : prefix << (64 - depth)) | UInt64(unit) << (58 - depth)
            } else if depth == 0 || prefix + 1 == 1 << depth {
                return nil
            } else {
                at = (prefix + 1) << (64 - depth)
            }
        }
        return at
    }
}
