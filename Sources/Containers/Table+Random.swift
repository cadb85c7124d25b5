// SPDX-License-Identifier: Apache-2.0
import Bytes

// Random picks of single entries.

extension Table {
    /// An entry picked uniformly: a segment, then a slot, over again when the slot is empty. Where nearly
    /// all are empty the pick favours entries behind gaps. Null in an empty table.
    public func random(_ random: inout SeededRandom) -> Address {
        let slot = randomSlot(&random)
        return slot.isNone ? .null : slot.entry
    }

    /// Like `random`, but the place.
    public func randomSlot(_ random: inout SeededRandom) -> Slot {
        guard count > 0 else { return .none }
        let segments = segmentCount
        let slots = segments == 1 ? Int(segmentAt(0).u16(SegmentField.buckets)) * 8 : Table.chunksMax * 64
        for _ in 0..<Table.randomTriesMax {
            let segment = segmentAt(segments == 1 ? 0 : random.below(segments))
            let pick = random.below(slots)
            let bucket = pick >> 3
            guard bucket < Int(segment.u16(SegmentField.buckets)) else { continue }
            let line = Table.line(segment, bucket)
            if line.u64((pick & 7) * 8) != 0 {
                return Slot(segment: segment, line: line, position: UInt32(pick & 7), bucket: UInt32(bucket))
            }
        }
        return slotBehind(random.below(segments), &random)
    }

    /// So many misses mean that nearly all segments are empty, as after mass deletions while a cut forbids merging.
    static let randomTriesMax = 256

    /// Any entry of the first segment with entries from a place in the list on, around its end.
    private func slotBehind(_ index: Int, _ random: inout SeededRandom) -> Slot {
        var at = index
        while true {
            let segment = segmentAt(at)
            let count = Int(segment.u16(SegmentField.count))
            if count > 0 { return slot(random.below(count), inSegment: segment) }
            at = at + 1 == segmentCount ? 0 : at + 1
        }
    }

    private func slot(_ index: Int, inSegment segment: Address) -> Slot {
        var left = index
        var bucket = 0
        while true {
            let line = Table.line(segment, bucket)
            for position in 0..<8 where line.u64(position &* 8) != 0 {
                if left == 0 {
                    return Slot(
                        segment: segment, line: line, position: UInt32(position), bucket: UInt32(bucket))
                }
                left -= 1
            }
            bucket += 1
        }
    }
}
