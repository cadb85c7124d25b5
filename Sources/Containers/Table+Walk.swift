// SPDX-License-Identifier: Apache-2.0
import Bytes

// Walks: SCAN by hash position, random picks, all entries, and the units of cuts.

extension Table {
    /// Visits entries from `cursor` on, whole buckets at a time, until at least `count` were seen.
    ///
    /// The cursor is the position in hash space at which to go on, in 52 bits; 0 begins and ends. What is in the table
    /// throughout is seen at least once; what neither moves nor merges, exactly once.
    public func scan(_ cursor: UInt64, count: Int, _ visit: (Address) -> Void) -> UInt64 {
        var position = cursor << 12
        var seen = 0
        var buckets = 0
        let bucketsMax = count > Int.max / 10 ? Int.max : count * 10
        while seen < count, buckets < bucketsMax {
            let segment = segment(position)
            let depth = UInt64(segment.u8(SegmentField.depth))
            let total = Int(segment.u16(SegmentField.buckets))
            let firstTag = UInt16(truncatingIfNeeded: (position << depth) >> 48)
            let bucket = Table.home(firstTag, segment)
            Table.visitHomes(segment, from: bucket, through: bucket) { entry, tag in
                if tag >= firstTag {
                    visit(entry)
                    seen += 1
                }
            }
            buckets += 1
            let prefix = depth == 0 ? 0 : position >> (64 - depth)
            if bucket + 1 < total {
                let nextTag = UInt64((bucket + 1) * 65536 + total - 1) / UInt64(total)
                position = (depth == 0 ? 0 : prefix << (64 - depth)) | nextTag << (48 - depth)
            } else if depth == 0 || prefix + 1 == 1 << depth {
                return 0
            } else {
                position = (prefix + 1) << (64 - depth)
            }
        }
        return position >> 12
    }

    /// Visits the entries whose home lies in the given buckets, wherever they ended up.
    static func visitHomes(_ segment: Address, from: Int, through: Int, _ visit: (Address, UInt16) -> Void) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        var bucket = from
        var left = buckets
        var inside = through - from + 1
        while left > 0 {
            let line = line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position &* 8)
                if word == 0 { break }
                let tag = UInt16(word >> 48)
                let home = home(tag, segment)
                if home >= from, home <= through { visit(Address(bits: UInt(word & pointerMask)), tag) }
            }
            inside -= 1
            left -= 1
            if inside <= 0, !Table.isFull(line) { return }
            bucket = bucket + 1 == buckets ? 0 : bucket + 1
        }
    }

    /// Visits every entry. The table must not change meanwhile.
    public func forEach(_ visit: (Address) -> Void) {
        for i in 0..<segmentCount { Table.forEach(inSegment: segmentAt(i), visit) }
    }

    static func forEach(inSegment segment: Address, _ visit: (Address) -> Void) {
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            let line = line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position &* 8)
                if word == 0 { break }
                visit(Address(bits: UInt(word & pointerMask)))
            }
        }
    }

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
        return slotBehind(random.next(), &random)
    }

    /// So many misses mean that nearly all segments are empty, as after mass deletions while a cut forbids merging.
    static let randomTriesMax = 256

    /// Any entry of the first segment with entries from a hash position on, around the end of hash space.
    private func slotBehind(_ position: UInt64, _ random: inout SeededRandom) -> Slot {
        var at = position
        while true {
            let segment = segment(at)
            let count = Int(segment.u16(SegmentField.count))
            if count > 0 { return slot(random.below(count), inSegment: segment) }
            let depth = UInt64(segment.u8(SegmentField.depth))
            at = depth == 0 ? 0 : ((at >> (64 - depth)) &+ 1) << (64 - depth)
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

    /// Removes and visits up to `max` entries in no useful order, segment by segment, without shifting or merging: for
    /// taking a table apart that nobody reads any more.
    /// - Returns: true when the table is empty.
    public func drain(max: Int, _ store: Store, _ visit: (Address) -> Void) -> Bool {
        var left = max
        while left > 0, root.u64(RootField.count) > 0 {
            let segment = segmentAt(segmentCount - 1)
            var count = Int(segment.u16(SegmentField.count))
            var bucket = Int(segment.u16(SegmentField.buckets)) - 1
            while bucket >= 0, count > 0, left > 0 {
                let line = Table.line(segment, bucket)
                var position = 7
                while position >= 0, left > 0 {
                    let word = line.u64(position * 8)
                    if word != 0 {
                        visit(Address(bits: UInt(word & Table.pointerMask)))
                        line.setU64(position * 8, 0)
                        count -= 1
                        left -= 1
                        root.setU64(RootField.count, root.u64(RootField.count) - 1)
                    }
                    position -= 1
                }
                if line.u64(0) == 0 { bucket -= 1 }
            }
            segment.setU16(SegmentField.count, UInt16(count))
            if count == 0 {
                if segmentCount == 1 { break }
                freeSegment(segment, store)
            }
        }
        return root.u64(RootField.count) == 0
    }

    /// Frees the table's own memory. Entries must have been visited and freed by the caller.
    public func destroy(_ store: Store) {
        while segmentCount > 0 { freeSegment(segmentAt(segmentCount - 1), store) }
        if depth > 0 { store.heap.free(root.address(RootField.directory), (1 << depth) * 8) }
        store.heap.free(root.address(RootField.dense), Int(root.u32(RootField.denseRoom)) * 8)
        store.heap.free(root, RootField.size)
    }

    // MARK: Units of cuts
    // A unit is the 1,024 tags that share their top 6 bits: growing leaves units alone, a split halves them.

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

    /// Visits the entries that share the unit of `hash`, unless the cut on `lane` has them already; the unit counts as
    /// saved from then on. Every change to an entry of a marked table is preceded by this.
    public func preserve(unitOf hash: UInt64, lane: Int, _ store: Store, _ visit: (Slot) -> Void) {
        let segment = segment(hash)
        let unit = Int(Table.tag(hash, segment) >> 10)
        guard Table.saved(segment, lane, store) >> UInt64(unit) & 1 == 0 else { return }
        saveUnit(unit, of: segment, lane: lane, store, visit)
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
            while unit < 64, seen < max {
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

    // MARK: Checks

    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants(_ store: Store) {
        var total = 0
        var volatileTotal = 0
        for i in 0..<segmentCount {
            let segment = segmentAt(i)
            precondition(Int(segment.u32(SegmentField.index)) == i, "dense array out of step")
            precondition(segment.address(SegmentField.owner) == root, "segment of another table")
            precondition(
                (segment.u16(SegmentField.volatile) != 0) == (i < volatileSegments),
                "dense array not parted by deadlines")
            total += checkSegment(segment, store)
            volatileTotal += Int(segment.u16(SegmentField.volatile))
        }
        precondition(total == count, "entries lost or counted twice")
        precondition(volatileTotal == volatileCount, "deadlines lost")
        guard depth > 0 else { return }
        var i = 0
        while i < 1 << depth {
            let segment = root.address(RootField.directory).address(i * 8)
            let span = 1 << (depth - Int(segment.u8(SegmentField.depth)))
            precondition(i % span == 0, "segment not aligned in the directory")
            for j in i..<(i + span) {
                precondition(
                    root.address(RootField.directory).address(j * 8) == segment, "torn run of pointers")
            }
            i += span
        }
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
                precondition(self.segment(hash) == segment, "entry in a wrong segment")
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
        let kept = Table.deadlineLine(segment, bucket).i64(position * 8)
        precondition(kept == Table.noDeadline, "a deadline without an entry")
    }
}
