// SPDX-License-Identifier: Apache-2.0
import Bytes

// Deadlines beside the slots, for segments of which many entries have one.
//
// *Idea*. The deadlines of one segment seldom lie further apart than some weeks, so each is kept as its distance in ms
// from a base that the segment has for itself, in four bytes. The base is chosen so that there is as much room below
// the earliest deadline as above the latest. A deadline that has no room moves the base; where the deadlines then
// span more than `spanMax`, about five weeks, they are kept in eight bytes each. (The quarter of the range that is left
// free keeps deadlines that move on with the time from moving the base at every step.)
//
// *Layout*. A block of 64 bytes: a pointer for each chunk of the segment to the deadlines of its slots, then the base.
// Where a slot is empty or its entry has no deadline, all bits are set (four bytes) or the value is `noDeadline` (eight).
//
// *Invariants*. The width of a segment without deadlines beside its slots is 0. Nothing lies beside an empty slot.
//
// *Who frees*. `freeDenseLines`, called whenever the segment's chunks change.

extension Table {
    /// How deadlines are kept beside the slots.
    struct DenseForm: Equatable {
        /// Bytes of each: 4 or 8.
        var width: Int
        /// What those of four bytes are counted from, in Unix ms.
        var base: Int64

        /// Deadlines further apart than this are kept in eight bytes: three quarters of what four can hold.
        static let spanMax: UInt64 = 3 << 30

        init(width: Int, base: Int64) { (self.width, self.base) = (width, base) }

        /// The form for deadlines between these two.
        init(from earliest: Int64, through latest: Int64) {
            assert(earliest <= latest, "deadlines the wrong way round")
            assert(latest != Table.noDeadline, "no deadline at all")
            // The difference may be larger than any Int64: it is taken as a number without a sign.
            let span = UInt64(bitPattern: latest &- earliest)
            guard span <= DenseForm.spanMax else {
                (width, base) = (8, 0)
                return
            }
            let (below, isTooLow) = earliest.subtractingReportingOverflow(
                Int64((UInt64(UInt32.max) - 1 - span) / 2))
            (width, base) = (4, isTooLow ? Int64.min : below)
        }

        /// The form for the deadlines of entries of which some have one.
        init(of moving: [Moving]) {
            var (earliest, latest) = (Table.noDeadline, Int64.min)
            for item in moving where item.deadline != Table.noDeadline {
                earliest = min(earliest, item.deadline)
                latest = max(latest, item.deadline)
            }
            self.init(from: earliest, through: latest)
        }
    }

    private static let blockBytes = 64
    private static let baseOffset = 56

    /// Bytes of the deadlines beside one chunk's slots.
    static func denseLineBytes(_ segment: Address) -> Int {
        min(Int(segment.u16(SegmentField.buckets)), 8) * 8 * Int(segment.u8(SegmentField.dense))
    }

    /// Bytes of all that keeps deadlines beside the slots of a segment.
    static func denseBytes(_ segment: Address) -> Int {
        guard segment.u8(SegmentField.dense) != 0 else { return 0 }
        return blockBytes + Int(segment.u8(SegmentField.chunks)) * denseLineBytes(segment)
    }

    // MARK: One deadline

    @inline(__always) private static func densePlace(_ segment: Address, _ bucket: Int, _ position: Int)
        -> Address
    {
        let width = Int(segment.u8(SegmentField.dense))
        let line = segment.address(SegmentField.deadlines).address((bucket >> 3) &* 8)
        return line + ((bucket & 7) &* 8 &+ position) &* width
    }

    /// The deadline beside a slot, or `noDeadline`.
    @inline(__always) static func denseDeadline(_ segment: Address, _ bucket: Int, _ position: Int) -> Int64 {
        let place = densePlace(segment, bucket, position)
        if segment.u8(SegmentField.dense) == 8 { return place.i64(0) }
        let distance = place.u32(0)
        if distance == UInt32.max { return noDeadline }
        return segment.address(SegmentField.deadlines).i64(baseOffset) &+ Int64(distance)
    }

    /// Whether a deadline can be kept as the segment keeps its deadlines now.
    private static func fits(_ segment: Address, _ deadline: Int64) -> Bool {
        if segment.u8(SegmentField.dense) == 8 { return true }
        let base = segment.address(SegmentField.deadlines).i64(baseOffset)
        return UInt64(bitPattern: deadline &- base) < UInt64(UInt32.max)
    }

    /// Keeps a deadline beside a slot; the segment's form must have room for it.
    static func setDense(_ segment: Address, _ bucket: Int, _ position: Int, _ deadline: Int64) {
        assert(deadline != noDeadline && fits(segment, deadline), "a deadline without room")
        let place = densePlace(segment, bucket, position)
        if segment.u8(SegmentField.dense) == 8 { return place.setI64(0, deadline) }
        let base = segment.address(SegmentField.deadlines).i64(baseOffset)
        place.setU32(0, UInt32(truncatingIfNeeded: deadline &- base))
    }

    /// Lets a slot be without a deadline.
    static func clearDense(_ segment: Address, _ bucket: Int, _ position: Int) {
        let place = densePlace(segment, bucket, position)
        if segment.u8(SegmentField.dense) == 8 {
            place.setI64(0, noDeadline)
        } else {
            place.setU32(0, UInt32.max)
        }
    }

    /// What lies beside one slot goes beside another; whoever comes to lie in the first has no deadline of its own yet.
    static func moveDense(_ segment: Address, from: (Int, Int), to: (Int, Int)) {
        let old = densePlace(segment, from.0, from.1)
        let new = densePlace(segment, to.0, to.1)
        if segment.u8(SegmentField.dense) == 8 {
            new.setI64(0, old.i64(0))
            old.setI64(0, noDeadline)
        } else {
            new.setU32(0, old.u32(0))
            old.setU32(0, UInt32.max)
        }
    }

    /// Visits the deadlines beside the slots, with bucket and position.
    private static func forEachDense(_ segment: Address, _ visit: (Int, Int, Int64) -> Void) {
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            for position in 0..<8 {
                let deadline = denseDeadline(segment, bucket, position)
                if deadline != noDeadline { visit(bucket, position, deadline) }
            }
        }
    }

    // MARK: All

    /// Makes room beside the slots of a segment that keeps no deadlines yet.
    func allocateDenseLines(_ segment: Address, _ form: DenseForm, _ store: Store) {
        assert(segment.u8(SegmentField.dense) == 0 && segment.u16(SegmentField.pairRoom) == 0, "kept already")
        assert(form.width == 4 || form.width == 8, "deadlines of another width")
        let block = store.heap.allocateZeroed(Table.blockBytes)
        segment.setAddress(SegmentField.deadlines, block)
        segment.setU8(SegmentField.dense, UInt8(form.width))
        block.setI64(Table.baseOffset, form.base)
        let bytes = Table.denseLineBytes(segment)
        for i in 0..<Int(segment.u8(SegmentField.chunks)) {
            let line = store.heap.allocate(bytes)
            let none = form.width == 8 ? UInt64(bitPattern: Table.noDeadline) : UInt64.max
            for at in stride(from: 0, to: bytes, by: 8) { line.setU64(at, none) }
            block.setAddress(i * 8, line)
        }
        addBytes(Table.denseBytes(segment))
    }

    /// Frees all deadlines beside the slots.
    func freeDenseLines(_ segment: Address, _ store: Store) {
        assert(segment.u8(SegmentField.dense) != 0, "no deadlines beside the slots")
        addBytes(-Table.denseBytes(segment))
        let block = segment.address(SegmentField.deadlines)
        let bytes = Table.denseLineBytes(segment)
        for i in 0..<Int(segment.u8(SegmentField.chunks)) { store.heap.free(block.address(i * 8), bytes) }
        store.heap.free(block, Table.blockBytes)
        segment.setAddress(SegmentField.deadlines, .null)
        segment.setU8(SegmentField.dense, 0)
    }

    /// Sees to it that a deadline can be kept beside a slot: where it can't, all are kept in another form.
    func makeDenseRoom(_ segment: Address, for deadline: Int64, _ store: Store) {
        if Table.fits(segment, deadline) { return }
        var (earliest, latest) = (deadline, deadline)
        var kept: [(bucket: Int, position: Int, deadline: Int64)] = []
        kept.reserveCapacity(Int(segment.u16(SegmentField.volatile)))
        Table.forEachDense(segment) { bucket, position, deadline in
            kept.append((bucket, position, deadline))
            earliest = min(earliest, deadline)
            latest = max(latest, deadline)
        }
        freeDenseLines(segment, store)
        allocateDenseLines(segment, DenseForm(from: earliest, through: latest), store)
        for item in kept { Table.setDense(segment, item.bucket, item.position, item.deadline) }
        assert(Table.fits(segment, deadline), "a form that does not do")
    }

    /// Keeps the deadlines of a segment beside the same slots of another one that has as many buckets.
    func copyDense(of old: Address, to new: Address, _ store: Store) {
        assert(old.u16(SegmentField.buckets) == new.u16(SegmentField.buckets), "other slots")
        let from = old.address(SegmentField.deadlines)
        let width = Int(old.u8(SegmentField.dense))
        allocateDenseLines(new, DenseForm(width: width, base: from.i64(Table.baseOffset)), store)
        let to = new.address(SegmentField.deadlines)
        for i in 0..<Int(old.u8(SegmentField.chunks)) {
            to.address(i * 8).copy(from: from.address(i * 8), count: Table.denseLineBytes(old))
        }
    }

    /// The block and the lines to better places.
    static func settleDense(_ segment: Address, _ mover: Mover) {
        let bytes = denseLineBytes(segment)
        let block = mover.settle(segment.address(SegmentField.deadlines), blockBytes)
        segment.setAddress(SegmentField.deadlines, block)
        for i in 0..<Int(segment.u8(SegmentField.chunks)) {
            block.setAddress(i * 8, mover.settle(block.address(i * 8), bytes))
        }
    }
}
