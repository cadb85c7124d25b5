// SPDX-License-Identifier: Apache-2.0
import Bytes

// What becomes of a full segment that may not split.
//
// *Idea*. It gets overflow segments below it, in a tree: each has up to four, chosen by two further bits of the hash,
// beginning with the last. They are segments like all others, in the list of segments and on the wheel, so random
// picks, samples, deadlines and the books know no difference; whoever goes by hash position follows the bits down. The
// tags of an overflow segment are the last 16 bits of the hash: what the entries share are the first. So a hundred
// thousand keys that agree in 48 bits lie four levels deep, and only keys with the same hash in all 64 make a chain.
//
// A segment that the directory names and that has overflow keeps few entries itself: those it had went below, because
// their tags may be all the same. It splits as soon as the directory lets it, while what lies below is not too much for
// one step, and takes everything back when little is left. All that moves entries waits while a cut holds the table,
// because it would mix units; a scan shows a segment and all below it in one step.
//
// *Invariants*. An entry lies on the path of its hash. No overflow segment without a way from the directory.

extension Table {
    private static let childMax = 4
    /// The depth of overflow segments: their tags are the last bits of the hash.
    static let overflowDepth = 48
    /// No more entries than this are moved for the sake of a split.
    private static let splitMax = 2048
    /// No more entries than this are kept without overflow segments once there are some.
    private static let collapseMax = 288

    /// Where a segment keeps its child for a hash.
    private static func child(_ segment: Address, _ hash: UInt64) -> Int {
        let level = UInt64(segment.u8(SegmentField.level))
        return SegmentField.child0 + Int(hash >> (2 &* level & 63) & 3) * 8
    }

    /// The overflow segment right below for a hash, or null.
    static func below(_ segment: Address, _ hash: UInt64) -> Address {
        segment.u8(SegmentField.children) == 0 ? .null : segment.address(child(segment, hash))
    }

    /// Whether entries may change their units: no cut holds the table.
    func mayMove(_ store: Store) -> Bool { store.openLanes == 0 || lanes == 0 }

    // MARK: Looking up

    @usableFromInline @inline(never) func findBelow(
        _ segment: Address, _ hash: UInt64, _ key: ByteView
    ) -> Slot {
        let keyOffset = self.keyOffset
        return Table.seekBelow(segment, hash) { Table.keyMatches($0 + keyOffset, key) }
    }

    /// The place of an entry somewhere below a segment.
    static func seekBelow(_ segment: Address, _ hash: UInt64, _ matches: (Address) -> Bool) -> Slot {
        var at = below(segment, hash)
        while !at.isNull {
            let slot = seek(at, tag(hash, at), matches)
            if !slot.isNone { return slot }
            at = below(at, hash)
        }
        return .none
    }

    /// The place of an entry in one segment.
    static func seek(_ segment: Address, _ tag: UInt16, _ matches: (Address) -> Bool) -> Slot {
        let buckets = Int(segment.u16(SegmentField.buckets))
        var bucket = home(tag, segment)
        for _ in 0..<buckets {
            let line = line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position &* 8)
                if word == 0 { return .none }
                if UInt16(word >> 48) == tag, matches(Address(bits: UInt(word & pointerMask))) {
                    return Slot(
                        segment: segment, line: line, position: UInt32(position), bucket: UInt32(bucket))
                }
            }
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
        }
        return .none
    }

    // MARK: Everything below

    /// Visits the segments below one, those nearer to it first, as long as the visitor wants more. A visitor may free
    /// what it is shown.
    static func forEachBelow(_ segment: Address, _ visit: (Address) -> Bool) {
        guard segment.u8(SegmentField.children) != 0 else { return }
        var waiting = children(segment)
        while let next = waiting.popLast() {
            waiting += children(next)
            if !visit(next) { return }
        }
    }

    static func children(_ segment: Address) -> [Address] { childPlaces(segment).map { $0.address(0) } }

    /// The places in a segment that name its children.
    static func childPlaces(_ segment: Address) -> [Address] {
        guard segment.u8(SegmentField.children) != 0 else { return [] }
        return (0..<childMax).map { segment + (SegmentField.child0 + $0 * 8) }.filter {
            !$0.address(0).isNull
        }
    }

    /// Whether a segment and all below it have no more than so many entries.
    private static func holds(_ segment: Address, atMost max: Int) -> Bool {
        var total = Int(segment.u16(SegmentField.count))
        forEachBelow(segment) {
            total += Int($0.u16(SegmentField.count))
            return total <= max
        }
        return total <= max
    }

    /// Takes everything below a segment out and frees it.
    private func takeBelow(_ segment: Address, _ store: Store) -> [Moving] {
        var taken: [Moving] = []
        Table.forEachBelow(segment) { below in
            gather(below, &taken, pairs: true)
            freeSegment(below, store)
            return true
        }
        for i in 0..<Table.childMax { segment.setAddress(SegmentField.child0 + i * 8, .null) }
        segment.setU8(SegmentField.children, 0)
        return taken
    }

    // MARK: Growing

    /// A segment with room for one more entry of this hash, below one that is full.
    func roomBelow(_ segment: Address, _ hash: UInt64, _ store: Store) -> Address {
        assert(Int(segment.u8(SegmentField.level)) == 0)
        if segment.u16(SegmentField.buckets) > 1, mayMove(store) {
            pushDown(segment, hash, store)
            return room(for: hash, store)
        }
        var at = segment
        while true {
            let next = Table.below(at, hash)
            if next.isNull { return makeChild(at, hash, store) }
            if Table.hasRoom(next) { return next }
            if grow(next, store) { return next }
            at = next
        }
    }

    private func makeChild(_ parent: Address, _ hash: UInt64, _ store: Store) -> Address {
        let child = newSegment(store, depth: Table.overflowDepth, buckets: 1)
        child.setU8(SegmentField.level, parent.u8(SegmentField.level) &+ 1)
        parent.setAddress(Table.child(parent, hash), child)
        parent.setU8(SegmentField.children, parent.u8(SegmentField.children) + 1)
        // Nothing that comes to lie here belongs to a cut that is open.
        for lane in 0..<Store.laneCount where lanes >> UInt8(lane) & 1 != 0 {
            child.setU32(SegmentField.epoch0 + lane * 4, store.epoch(lane))
            child.setU64(SegmentField.saved0 + lane * 8, UInt64.max)
        }
        return child
    }

    /// Moves what a segment holds to overflow segments.
    private func pushDown(_ segment: Address, _ hash: UInt64, _ store: Store) {
        var items: [Moving] = []
        gather(segment, &items, pairs: true)
        rebuild(segment, [], store)
        if Table.below(segment, hash).isNull { _ = makeChild(segment, hash, store) }
        for item in items { reenter(item, store) }
    }

    /// Puts an entry that was taken out in its place anew, with its deadline.
    private func reenter(_ item: Moving, _ store: Store) {
        let entry = Address(bits: UInt(item.word & Table.pointerMask))
        let hash = Table.hash(Table.key(entry + keyOffset), store)
        let segment = room(for: hash, store)
        let slot = enter(entry, hash, segment)
        guard item.deadline != Table.noDeadline else { return }
        // It is still counted as one with a deadline.
        entry.setU8(keyOffset, entry.u8(keyOffset) & 127)
        root.setU64(RootField.volatile, root.u64(RootField.volatile) &- 1)
        setDeadline(slot, item.deadline, store)
    }

    /// Whether what lies below a segment does not keep it from splitting.
    func maySplit(_ segment: Address, _ store: Store) -> Bool {
        segment.u8(SegmentField.children) == 0
            || mayMove(store) && Table.holds(segment, atMost: Table.splitMax)
    }

    /// Splits a full segment, with all that lies below it.
    /// - Returns: false when it may not split.
    func split(_ segment: Address, _ hash: UInt64, _ store: Store) -> Bool {
        guard maySplit(segment, store) else { return false }
        if Int(segment.u8(SegmentField.depth)) == depth, !deepen(store) { return false }
        let taken = takeBelow(segment, store)
        splitNamed(segment, hash, store)
        for item in taken { reenter(item, store) }
        return true
    }

    // MARK: Shrinking

    /// Gives back what the path of a hash no longer needs.
    func trim(_ segment: Address, _ hash: UInt64, _ store: Store) {
        var at = segment
        while at.u8(SegmentField.children) != 0 {
            if mayMove(store), Table.holds(at, atMost: Table.collapseMax) { return collapse(at, store) }
            let next = Table.below(at, hash)
            if next.isNull { return }
            if next.u16(SegmentField.count) == 0, next.u8(SegmentField.children) == 0 {
                at.setAddress(Table.child(at, hash), .null)
                at.setU8(SegmentField.children, at.u8(SegmentField.children) - 1)
                freeSegment(next, store)
                // What is above it may be empty now.
                at = segment
            } else {
                at = next
            }
        }
    }

    /// Gives back what is not needed anywhere below a segment.
    func trimAll(_ segment: Address, _ store: Store) {
        guard mayMove(store) else { return }
        var waiting = [segment]
        while let next = waiting.popLast() {
            if next.u8(SegmentField.children) == 0 { continue }
            if Table.holds(next, atMost: Table.collapseMax) {
                collapse(next, store)
            } else {
                waiting += Table.children(next)
            }
        }
    }

    /// Takes everything back that lies below a segment.
    private func collapse(_ segment: Address, _ store: Store) {
        var items: [Moving] = []
        gather(segment, &items, pairs: true)
        items += takeBelow(segment, store)
        for i in items.indices {
            let entry = Address(bits: UInt(items[i].word & Table.pointerMask))
            let tag = Table.tag(Table.hash(Table.key(entry + keyOffset), store), segment)
            items[i].word = items[i].word & Table.pointerMask | UInt64(tag) << 48
        }
        rebuild(segment, items, store)
    }
}
