// SPDX-License-Identifier: Apache-2.0
import Bytes

// Moving a table's own memory to fuller pages, segment by segment.
//
// Who names what: the directory, overflow's segments above it, the list of segments and the timing wheel name segments;
// segments name their chunks and deadlines; slots and pairs name entries. The root is named by its segments and by whoever owns the table.

extension Table {
    /// A run of directory pointers longer than this is not rewritten for the sake of one segment.
    private static let runMax = 1024

    /// Moves what is sparse of one segment, then visits its entries, which the visitor may `replace`. A position is
    /// that of a segment in hash space, plus the number of the overflow segment below it.
    /// - Returns: where to go on; nil at the end.
    public func defragment(
        from position: UInt64, _ store: Store, _ mover: Mover, _ visit: (Slot) -> Void
    ) -> UInt64? {
        if position == 0 {
            settleDirectory(mover)
            root.setAddress(RootField.list, mover.settle(root.address(RootField.list), firstListBytes))
        }
        let named = segment(position)
        let depth = UInt64(named.u8(SegmentField.depth))
        let start = depth == 0 ? 0 : (position >> (64 - depth)) << (64 - depth)
        // Where segments have merged since, the position is inside of one.
        let number = position - start < 1 << 24 ? Int(position - start) : 0
        let segments = Table.placesBelow(named, upTo: number + 1)
        if number == 0 {
            settle(settleNamed(named, at: position, store, mover), mover, visit)
        } else if number <= segments.count {
            let place = segments[number - 1]
            let moved = settleHeader(place.address(0), store, mover)
            place.setAddress(0, moved)
            settle(moved, mover, visit)
        }
        if number < segments.count { return start + UInt64(number + 1) }
        let next = depth == 0 ? 1 : (position >> (64 - depth)) + 1
        return depth == 0 || next == 1 << depth ? nil : next << (64 - depth)
    }

    /// The places that name the segments below one, in an order that lasts until one comes or goes.
    private static func placesBelow(_ segment: Address, upTo max: Int) -> [Address] {
        guard segment.u8(SegmentField.children) != 0 else { return [] }
        var places: [Address] = []
        var waiting = [segment]
        while places.count < max, let next = waiting.popLast() {
            places += childPlaces(next)
            waiting += children(next)
        }
        return places
    }

    private func settle(_ segment: Address, _ mover: Mover, _ visit: (Slot) -> Void) {
        settleChunks(segment, mover)
        settleDeadlines(segment, mover)
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            let line = Table.line(segment, bucket)
            for index in 0..<8 {
                let word = line.u64(index &* 8)
                if word == 0 { break }
                Address(bits: UInt(word & Table.pointerMask)).prefetch()
            }
            for index in 0..<8 where line.u64(index &* 8) != 0 {
                visit(
                    Slot(segment: segment, line: line, position: UInt32(index), bucket: UInt32(bucket)))
            }
        }
    }

    /// A segment that the directory names.
    private func settleNamed(
        _ segment: Address, at position: UInt64, _ store: Store, _ mover: Mover
    ) -> Address {
        let run = run(segment)
        guard run <= Table.runMax else { return segment }
        let moved = settleHeader(segment, store, mover)
        if moved != segment { name(moved, from: first(position, moved), count: run, store) }
        return moved
    }

    /// The header of a segment, which whoever leads to it must name anew.
    private func settleHeader(_ segment: Address, _ store: Store, _ mover: Mover) -> Address {
        guard mover.heap.isSparse(segment, SegmentField.size, fill: mover.fill) else { return segment }
        let isScheduled = store.wheel.holds(segment)
        if isScheduled { store.wheel.remove(segment) }
        let moved = mover.settle(segment, SegmentField.size)
        if isScheduled { store.wheel.schedule(moved) }
        setSegment(moved, at: Int(moved.u32(SegmentField.index)))
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
            Table.settleDense(segment, mover)
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
