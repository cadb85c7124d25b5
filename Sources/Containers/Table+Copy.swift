// SPDX-License-Identifier: Apache-2.0
import Bytes

// A second table with the same entries.
//
// *Idea*. All tables of a store have the same hash, so a copy may have the same shape: every segment is copied with its
// buckets, one entry after the other into the same slot under the same tag. No key is hashed or looked for, no segment
// ever splits, and the entries of a bucket come to lie side by side.

extension Table {
    /// A table with the shape, the entries and the deadlines of this one. No lane wants it, and no key holds it.
    /// - Parameter duplicate: makes the copy of an entry, deadline bit and all.
    public func copy(_ store: Store, _ duplicate: (Address) -> Address) -> Table {
        let new = Table.bare(store, keyOffset: keyOffset)
        if depth > 0 { new.openDirectory(depth, store, segments: 0) }
        forEachNamed { segment, first, run in
            let copied = new.copySegment(segment, store, duplicate)
            new.name(copied, from: first, count: run, store)
            if new.depth > 0 { new.count(segmentsOfDepth: Int(copied.u8(SegmentField.depth)), by: 1) }
        }
        new.prepareSuccessor(store)
        let own = ownBytes()
        new.addBytes(bytes - own.main - own.deadlines)
        assert(new.count == count, "a copy with other entries")
        assert(new.volatileCount == volatileCount, "a copy with other deadlines")
        return new
    }

    /// Copies a segment of another table, and all below it.
    private func copySegment(_ old: Address, _ store: Store, _ duplicate: (Address) -> Address) -> Address {
        let new = newSegment(
            store, depth: Int(old.u8(SegmentField.depth)), buckets: Int(old.u16(SegmentField.buckets)))
        new.setU16(SegmentField.count, old.u16(SegmentField.count))
        new.setU8(SegmentField.level, old.u8(SegmentField.level))
        root.setU64(RootField.count, root.u64(RootField.count) &+ UInt64(old.u16(SegmentField.count)))
        copyDeadlines(of: old, to: new, store)
        for bucket in 0..<Int(old.u16(SegmentField.buckets)) {
            Table.warm(old, bucket, then: .null, isFirst: bucket == 0)
            let (from, to) = (Table.line(old, bucket), Table.line(new, bucket))
            for position in 0..<8 {
                let word = from.u64(position &* 8)
                if word == 0 { break }
                let entry = duplicate(Address(bits: UInt(word & Table.pointerMask)))
                to.setU64(position &* 8, UInt64(entry.bits) | word & ~Table.pointerMask)
            }
        }
        renamePairs(of: old, in: new)
        for place in Table.childPlaces(old) {
            new.setAddress(place - old, copySegment(place.address(0), store, duplicate))
            new.setU8(SegmentField.children, new.u8(SegmentField.children) &+ 1)
        }
        return new
    }

    /// Copies the deadlines of a segment; pairs still name the old entries.
    private func copyDeadlines(of old: Address, to new: Address, _ store: Store) {
        let volatile = old.u16(SegmentField.volatile)
        guard volatile > 0 else { return }
        if old.u8(SegmentField.dense) != 0 {
            copyDense(of: old, to: new, store)
        } else {
            let list = store.heap.allocate(Int(volatile) * 16)
            list.copy(from: old.address(SegmentField.deadlines), count: Int(volatile) * 16)
            new.setAddress(SegmentField.deadlines, list)
            new.setU16(SegmentField.pairRoom, volatile)
            addBytes(Int(volatile) * 16)
        }
        new.setU16(SegmentField.volatile, volatile)
        root.setU64(RootField.volatile, root.u64(RootField.volatile) &+ UInt64(volatile))
        settleInList(new)
        new.setI64(SegmentField.earliest, old.i64(SegmentField.earliest))
        store.wheel.schedule(new)
    }

    /// Lets the copied pairs of a segment name the copied entries.
    private func renamePairs(of old: Address, in new: Address) {
        guard new.u16(SegmentField.volatile) > 0, new.u8(SegmentField.dense) == 0 else { return }
        for bucket in 0..<Int(old.u16(SegmentField.buckets)) {
            let (from, to) = (Table.line(old, bucket), Table.line(new, bucket))
            for position in 0..<8 where from.u64(position &* 8) != 0 {
                let entry = Address(bits: UInt(from.u64(position &* 8) & Table.pointerMask))
                guard entry.u8(keyOffset) & 128 != 0 else { continue }
                let copied = Address(bits: UInt(to.u64(position &* 8) & Table.pointerMask))
                Table.renamePair(new, entry, copied)
            }
        }
    }
}
