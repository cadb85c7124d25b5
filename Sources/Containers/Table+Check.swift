// SPDX-License-Identifier: Apache-2.0
import Bytes

// Invariants, for tests and fuzzers.

extension Table {
    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants(_ store: Store) {
        var total = 0
        var volatileTotal = 0
        for i in 0..<segmentCount {
            let segment = segmentAt(i)
            precondition(Int(segment.u32(SegmentField.index)) == i, "list of segments out of step")
            precondition(segment.address(SegmentField.owner) == root, "segment of another table")
            precondition(
                (segment.u16(SegmentField.volatile) != 0) == (i < volatileSegments),
                "list of segments not parted by deadlines")
            total += checkSegment(segment, store)
            volatileTotal += Int(segment.u16(SegmentField.volatile))
        }
        precondition(total == count, "entries lost or counted twice")
        precondition(volatileTotal == volatileCount, "deadlines lost")
        precondition(checkDirectory(store) == segmentCount, "a segment that nothing leads to")
        let own = ownBytes()
        precondition(bytes >= own.main + own.deadlines, "the table's books are short")
    }

    /// - Returns: how many segments the directory leads to.
    private func checkDirectory(_ store: Store) -> Int {
        guard depth > 0 else { return checkBelow(root.address(RootField.directory), 0) }
        var counts = [Int](repeating: 0, count: depth + 1)
        var found = 0
        var i = 0
        while i < 1 << depth {
            let segment = pointer(i)
            let span = run(segment)
            precondition(segment.u8(SegmentField.level) == 0, "the directory names an overflow segment")
            precondition(i % span == 0, "segment not aligned in the directory")
            for j in i..<(i + span) { precondition(pointer(j) == segment, "torn run of pointers") }
            counts[Int(segment.u8(SegmentField.depth))] += 1
            found += checkBelow(segment, UInt64(i) << UInt64(64 - depth))
            i += span
        }
        for (depth, count) in counts.enumerated() {
            precondition(segments(ofDepth: depth) == count, "wrong count of segments of a depth")
        }
        checkSuccessor()
        return found
    }

    private func checkSuccessor() {
        guard !successor.isNull else { return }
        let isDeeper = successorDepth > depth
        for i in 0..<carried {
            if isDeeper {
                let pair = successor + i * 16
                precondition(pair.address(0) == pointer(i) && pair.address(8) == pointer(i), "an old pointer")
            } else if i % 2 == 0 {
                precondition((successor + i * 4).address(0) == pointer(i), "an old pointer")
            }
        }
        precondition((segments(ofDepth: depth) > 0) == isDeeper, "a successor of no use")
    }

    /// Checks what lies below a segment that the directory names.
    /// - Returns: how many segments there are, itself included.
    private func checkBelow(_ segment: Address, _ position: UInt64) -> Int {
        var found = 1
        Table.forEachBelow(segment) { below in
            found += 1
            let children = Table.children(below)
            precondition(children.count == Int(below.u8(SegmentField.children)), "children miscounted")
            precondition(
                children.allSatisfy { $0.u8(SegmentField.level) == below.u8(SegmentField.level) + 1 })
            precondition(Int(below.u8(SegmentField.depth)) == Table.overflowDepth, "tags of another kind")
            return true
        }
        return found
    }

    /// Whether the way of a hash leads to a segment.
    private func leads(_ hash: UInt64, to segment: Address) -> Bool {
        var at = self.segment(hash)
        while !at.isNull, at != segment { at = Table.below(at, hash) }
        return !at.isNull
    }

    private func checkSegment(_ segment: Address, _ store: Store) -> Int {
        let buckets = Int(segment.u16(SegmentField.buckets))
        var seen = 0
        var volatile = 0
        var earliest = Table.noDeadline
        for bucket in 0..<buckets {
            let line = Table.line(segment, bucket)
            for position in 0..<8 {
                guard line.u64(position * 8) != 0 else {
                    checkEmptySlot(segment, bucket, position)
                    continue
                }
                let slot = Slot(
                    segment: segment, line: line, position: UInt32(position), bucket: UInt32(bucket))
                let hash = Table.hash(Table.key(slot.entry + keyOffset), store)
                precondition(leads(hash, to: segment), "entry in a wrong segment")
                precondition(line.u64(position * 8) >> 48 == UInt64(Table.tag(hash, segment)), "wrong tag")
                precondition(position == 0 || line.u64(position * 8 - 8) != 0, "gap in a bucket")
                var probe = Table.home(Table.tag(hash, segment), segment)
                while probe != bucket {
                    precondition(Table.isFull(Table.line(segment, probe)), "probe would stop early")
                    probe = probe + 1 == buckets ? 0 : probe + 1
                }
                if deadline(slot) != Table.noDeadline {
                    volatile += 1
                    earliest = min(earliest, deadline(slot))
                } else {
                    checkEmptySlot(segment, bucket, position)
                }
                seen += 1
            }
        }
        precondition(seen == Int(segment.u16(SegmentField.count)), "segment count is off")
        precondition(volatile == Int(segment.u16(SegmentField.volatile)), "volatile count is off")
        precondition(earliest >= segment.i64(SegmentField.earliest), "a deadline would be missed")
        return seen
    }

    /// No deadline may lie beside a slot whose entry has none: it would count for the next one there.
    private func checkEmptySlot(_ segment: Address, _ bucket: Int, _ position: Int) {
        guard segment.u8(SegmentField.dense) != 0 else { return }
        let kept = Table.denseDeadline(segment, bucket, position)
        precondition(kept == Table.noDeadline, "a deadline without an entry")
    }
}
