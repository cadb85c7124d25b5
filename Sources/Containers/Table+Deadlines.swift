// SPDX-License-Identifier: Apache-2.0
import Bytes

// Deadlines of entries, kept by segment: sparse pairs while few entries have one, an array beside the slots otherwise.

extension Table {
    /// The deadline of the slot's entry in ms, or `noDeadline`.
    @inlinable @inline(__always) public func deadline(_ slot: Slot) -> Int64 {
        slot.entry.u8(keyOffset) & 128 == 0 ? Table.noDeadline : keptDeadline(slot)
    }

    @usableFromInline @inline(never) func keptDeadline(_ slot: Slot) -> Int64 {
        if slot.segment.u8(SegmentField.dense) != 0 {
            return Table.denseDeadline(slot.segment, Int(slot.bucket), Int(slot.position))
        }
        return Table.pairDeadline(slot.segment, slot.entry)
    }

    /// Sets, moves or (with `noDeadline`) clears the deadline of the slot's entry.
    public func setDeadline(_ slot: Slot, _ deadline: Int64, _ store: Store) {
        let segment = slot.segment
        let entry = slot.entry
        let flags = entry.u8(keyOffset)
        let had = flags & 128 != 0
        if deadline == Table.noDeadline {
            guard had else { return }
            entry.setU8(keyOffset, flags & 127)
            forget(slot, entry, store)
            return
        }
        if !had {
            entry.setU8(keyOffset, flags | 128)
            let volatile = Int(segment.u16(SegmentField.volatile)) + 1
            segment.setU16(SegmentField.volatile, UInt16(volatile))
            if volatile == 1 { settleInList(segment) }
            root.setU64(RootField.volatile, root.u64(RootField.volatile) &+ 1)
            if segment.u8(SegmentField.dense) == 0 { makePairRoom(segment, volatile, deadline, store) }
        }
        if segment.u8(SegmentField.dense) != 0 {
            makeDenseRoom(segment, for: deadline, store)
            Table.setDense(segment, Int(slot.bucket), Int(slot.position), deadline)
        } else if had {
            Table.setPairDeadline(segment, entry, deadline)
        } else {
            Table.setPair(
                segment, at: Int(segment.u16(SegmentField.volatile)) - 1, entry, deadlineMs: deadline)
        }
        if deadline < segment.i64(SegmentField.earliest) {
            segment.setI64(SegmentField.earliest, deadline)
            store.wheel.schedule(segment)
        }
    }

    private func forget(_ slot: Slot, _ entry: Address, _ store: Store) {
        let segment = slot.segment
        let left = Int(segment.u16(SegmentField.volatile)) - 1
        if segment.u8(SegmentField.dense) != 0 {
            Table.clearDense(segment, Int(slot.bucket), Int(slot.position))
        } else {
            let index = Table.pairIndex(segment, entry)
            let list = segment.address(SegmentField.deadlines)
            list.setAddress(index * 16, list.address(left * 16))
            list.setI64(index * 16 + 8, list.i64(left * 16 + 8))
        }
        segment.setU16(SegmentField.volatile, UInt16(left))
        root.setU64(RootField.volatile, root.u64(RootField.volatile) &- 1)
        if left == 0 {
            freeDeadlines(segment, store)
            settleInList(segment)
            segment.setI64(SegmentField.earliest, Table.noDeadline)
            store.wheel.remove(segment)
        }
    }

    // MARK: Pairs

    static func pairIndex(_ segment: Address, _ entry: Address) -> Int {
        let list = segment.address(SegmentField.deadlines)
        var index = 0
        while list.address(index * 16) != entry {
            index += 1
            assert(index < Int(segment.u16(SegmentField.volatile)), "an entry claims a deadline it has not")
        }
        return index
    }
    static func pairDeadline(_ segment: Address, _ entry: Address) -> Int64 {
        segment.address(SegmentField.deadlines).i64(pairIndex(segment, entry) * 16 + 8)
    }
    static func setPairDeadline(_ segment: Address, _ entry: Address, _ deadline: Int64) {
        segment.address(SegmentField.deadlines).setI64(pairIndex(segment, entry) * 16 + 8, deadline)
    }
    static func setPair(_ segment: Address, at index: Int, _ entry: Address, deadlineMs deadline: Int64) {
        let list = segment.address(SegmentField.deadlines)
        list.setAddress(index * 16, entry)
        list.setI64(index * 16 + 8, deadline)
    }
    /// An entry moved in memory: its pair follows, if it has one.
    static func renamePair(_ segment: Address, _ old: Address, _ new: Address) {
        let list = segment.address(SegmentField.deadlines)
        for index in 0..<Int(segment.u16(SegmentField.volatile)) where list.address(index * 16) == old {
            list.setAddress(index * 16, new)
            return
        }
    }

    /// Makes room for one more pair; from a quarter of the segment's entries on the list becomes an array, with room
    /// for the `deadline` to come.
    private func makePairRoom(_ segment: Address, _ volatile: Int, _ deadline: Int64, _ store: Store) {
        let count = Int(segment.u16(SegmentField.count))
        if volatile > 4, volatile * 4 > count { return makeDense(segment, volatile - 1, deadline, store) }
        let capacity = Int(segment.u16(SegmentField.pairRoom))
        guard volatile > capacity else { return }
        let larger = capacity == 0 ? 2 : capacity * 2
        let list = store.heap.allocate(larger * 16)
        if capacity > 0 {
            list.copy(from: segment.address(SegmentField.deadlines), count: capacity * 16)
            store.heap.free(segment.address(SegmentField.deadlines), capacity * 16)
        }
        segment.setAddress(SegmentField.deadlines, list)
        segment.setU16(SegmentField.pairRoom, UInt16(larger))
        addBytes((larger - capacity) * 16)
    }

    private func makeDense(_ segment: Address, _ pairs: Int, _ deadline: Int64, _ store: Store) {
        let list = segment.address(SegmentField.deadlines)
        let capacity = Int(segment.u16(SegmentField.pairRoom))
        var (earliest, latest) = (deadline, deadline)
        var byEntry: [UInt: Int64] = [:]
        for i in 0..<pairs {
            let deadline = list.i64(i * 16 + 8)
            byEntry[list.address(i * 16).bits] = deadline
            earliest = min(earliest, deadline)
            latest = max(latest, deadline)
        }
        if capacity > 0 {
            store.heap.free(list, capacity * 16)
            addBytes(-capacity * 16)
        }
        segment.setU16(SegmentField.pairRoom, 0)
        allocateDenseLines(segment, DenseForm(from: earliest, through: latest), store)
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            let line = Table.line(segment, bucket)
            for position in 0..<8 {
                let entry = UInt(line.u64(position * 8) & Table.pointerMask)
                if entry == 0 { break }
                if let deadline = byEntry[entry] { Table.setDense(segment, bucket, position, deadline) }
            }
        }
    }

    // MARK: Segments about to be filled

    /// Frees whatever holds deadlines; the counts are the caller's business.
    func freeDeadlines(_ segment: Address, _ store: Store) {
        if segment.u8(SegmentField.dense) != 0 {
            freeDenseLines(segment, store)
        } else if segment.u16(SegmentField.pairRoom) != 0 {
            let capacity = Int(segment.u16(SegmentField.pairRoom))
            store.heap.free(segment.address(SegmentField.deadlines), capacity * 16)
            segment.setU16(SegmentField.pairRoom, 0)
            addBytes(-capacity * 16)
        }
        segment.setAddress(SegmentField.deadlines, .null)
    }

    /// Chooses the form of deadlines for a segment about to be filled.
    func prepareDeadlines(_ segment: Address, for moving: [Moving], _ store: Store) {
        let volatile = moving.reduce(0) { $0 + ($1.deadline == Table.noDeadline ? 0 : 1) }
        segment.setU16(SegmentField.volatile, 0)
        segment.setI64(SegmentField.earliest, Table.noDeadline)
        guard volatile > 0 else { return }
        if volatile > 4, volatile * 4 > moving.count {
            allocateDenseLines(segment, DenseForm(of: moving), store)
        } else {
            segment.setU16(SegmentField.pairRoom, UInt16(volatile))
            segment.setAddress(SegmentField.deadlines, store.heap.allocate(volatile * 16))
            addBytes(volatile * 16)
        }
    }

    func keepDeadline(of item: Moving, in segment: Address, bucket: Int, position: Int) {
        guard item.deadline != Table.noDeadline else { return }
        let index = Int(segment.u16(SegmentField.volatile))
        if segment.u8(SegmentField.dense) != 0 {
            Table.setDense(segment, bucket, position, item.deadline)
        } else {
            let entry = Address(bits: UInt(item.word & Table.pointerMask))
            Table.setPair(segment, at: index, entry, deadlineMs: item.deadline)
        }
        segment.setU16(SegmentField.volatile, UInt16(index + 1))
        segment.setI64(SegmentField.earliest, min(segment.i64(SegmentField.earliest), item.deadline))
    }

    // MARK: Due segments

    /// The table that a due segment belongs to.
    public static func ofSegment(_ segment: Address) -> Table {
        Table(root: segment.address(SegmentField.owner))
    }

    /// Visits the entries with a deadline in one bucket of a segment that keeps deadlines beside its slots, as long as
    /// the visitor wants more.
    /// - Returns: false when it did not.
    @inline(__always)
    static func visitVolatile(_ segment: Address, _ bucket: Int, _ visit: (Address, Int64) -> Bool) -> Bool {
        let line = line(segment, bucket)
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { break }
            let deadline = denseDeadline(segment, bucket, position)
            if deadline == noDeadline { continue }
            if !visit(Address(bits: UInt(word & pointerMask)), deadline) { return false }
        }
        return true
    }

    /// Visits the entries of a segment that have a deadline, as long as the visitor wants more.
    /// - Returns: false when it did not.
    static func visitVolatile(_ segment: Address, _ visit: (Address, Int64) -> Bool) -> Bool {
        if segment.u8(SegmentField.dense) != 0 {
            for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
                if !visitVolatile(segment, bucket, visit) { return false }
            }
        } else {
            let list = segment.address(SegmentField.deadlines)
            for i in 0..<Int(segment.u16(SegmentField.volatile)) {
                if !visit(list.address(i * 16), list.i64(i * 16 + 8)) { return false }
            }
        }
        return true
    }

    /// Appends up to `max` entries of a segment that are due at `nowMs`. When none is left the segment is scheduled
    /// anew by its true earliest deadline.
    /// - Returns: true when the segment may hold more due entries.
    public static func collectDue(
        _ segment: Address, nowMs: Int64, max: Int, _ store: Store, into entries: inout [Address]
    ) -> Bool {
        var earliest = noDeadline
        func visit(_ entry: Address, _ deadline: Int64) -> Bool {
            if deadline <= nowMs {
                if entries.count == max { return false }
                entries.append(entry)
            } else {
                earliest = Swift.min(earliest, deadline)
            }
            return true
        }
        if !visitVolatile(segment, visit) { return true }
        if entries.isEmpty {
            segment.setI64(SegmentField.earliest, earliest)
            store.wheel.schedule(segment)
        }
        return !entries.isEmpty
    }
}
