// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

// Moving a table's own memory to fuller pages, segment by segment.
//
// Who names what: the directory, the dense array and the timing wheel name segments; segments name their chunks and
// deadlines; slots and pairs name entries. The root is named by its segments and by whoever owns the table.

extension Table {
    /// A run of directory pointers longer than this is not rewritten for the sake of one segment.
    private static let runMax = 1024

    /// Moves what is sparse of the segment at a hash position, then visits its entries, which the visitor may
    /// `replace`.
    /// - Returns: where to go on; nil at the end.
    public func defragment(
        from position: UInt64, _ store: Store, _ mover: Mover, _ visit: (Slot) -> Void
    ) -> UInt64? {
        if position == 0 { settleDirectory(mover) }
        let segment = settleSegment(self.segment(position), at: position, store, mover)
        settleChunks(segment, mover)
        settleDeadlines(segment, mover)
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            let line = Table.line(segment, bucket)
            for index in 0..<8 {
                let word = line.u64(index &* 8)
                if word == 0 { break }
                unsafe nt_prefetch(Address(bits: UInt(word & Table.pointerMask)).pointer)
            }
            for index in 0..<8 where line.u64(index &* 8) != 0 {
                visit(
                    Slot(segment: segment, line: line, position: UInt32(index), bucket: UInt32(bucket)))
            }
        }
        let depth = UInt64(segment.u8(SegmentField.depth))
        let next = depth == 0 ? 1 : (position >> (64 - depth)) + 1
        return depth == 0 || next == 1 << depth ? nil : next << (64 - depth)
    }

    /// The directory and the dense array, while they are small enough for slabs.
    private func settleDirectory(_ mover: Mover) {
        if depth > 0 {
            root.setAddress(
                RootField.directory, mover.settle(root.address(RootField.directory), (1 << depth) * 8))
        }
        root.setAddress(
            RootField.dense,
            mover.settle(root.address(RootField.dense), Int(root.u32(RootField.denseRoom)) * 8))
    }

    private func settleSegment(
        _ segment: Address, at position: UInt64, _ store: Store, _ mover: Mover
    ) -> Address {
        let local = Int(segment.u8(SegmentField.depth))
        let run = 1 << (depth - local)
        guard run <= Table.runMax, mover.heap.isSparse(segment, SegmentField.size, fill: mover.fill) else {
            return segment
        }
        let isScheduled = store.wheel.holds(segment)
        if isScheduled { store.wheel.remove(segment) }
        let moved = mover.settle(segment, SegmentField.size)
        if isScheduled { store.wheel.schedule(moved) }
        root.address(RootField.dense).setAddress(Int(moved.u32(SegmentField.index)) * 8, moved)
        if depth == 0 {
            root.setAddress(RootField.directory, moved)
        } else {
            let first = local == 0 ? 0 : Int(position >> UInt64(64 - local)) << (depth - local)
            for i in first..<(first + run) { root.address(RootField.directory).setAddress(i * 8, moved) }
        }
        return moved
    }

    private func settleChunks(_ segment: Address, _ mover: Mover) {
        let bytes = min(Int(segment.u16(SegmentField.buckets)), 8) * 64
        for i in 0..<Int(segment.u8(SegmentField.chunks)) {
            let at = SegmentField.chunk0 + i * 8
            segment.setAddress(at, mover.settle(segment.address(at), bytes))
        }
    }

    private func settleDeadlines(_ segment: Address, _ mover: Mover) {
        let at = SegmentField.deadlines
        if segment.u8(SegmentField.dense) != 0 {
            let bytes = min(Int(segment.u16(SegmentField.buckets)), 8) * 64
            let block = mover.settle(segment.address(at), 56)
            segment.setAddress(at, block)
            for i in 0..<Int(segment.u8(SegmentField.chunks)) {
                block.setAddress(i * 8, mover.settle(block.address(i * 8), bytes))
            }
        } else if case let capacity = Int(segment.u16(SegmentField.pairRoom)), capacity > 0 {
            segment.setAddress(
                at, mover.settle(segment.address(at), capacity * 16))
        }
    }

    /// The table with its root moved, if that is sparse and no cut knows the table by it.
    /// - Returns: the table from now on; the owner must name it anew.
    public func settledRoot(_ mover: Mover) -> Table {
        guard lanes == 0, segmentCount <= 8 else { return self }
        let moved = Table(root: mover.settle(root, RootField.size))
        for i in 0..<moved.segmentCount {
            moved.segmentAt(i).setAddress(SegmentField.owner, moved.root)
        }
        return moved
    }
}

// MARK: Packed structures

extension IntSet {
    /// The set at a better place, if it lay in a sparse page.
    public func settled(_ mover: Mover) -> IntSet {
        IntSet(at: mover.settle(at, Heap.roundedBytes(byteCount)))
    }
}

extension Listpack {
    /// The listpack at a better place, if it lay in a sparse page.
    public func settled(_ mover: Mover) -> Listpack {
        Listpack(at: mover.settle(at, Heap.roundedBytes(byteCount)))
    }
}
