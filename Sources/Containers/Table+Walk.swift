// SPDX-License-Identifier: Apache-2.0
import Bytes

// Walks: SCAN by hash position, and all entries.
//
// *Looking ahead*. Entries lie anywhere in memory, and whoever is shown one reads it: a walk would wait for memory at
// each. So while a bucket is visited the entries of the next two are on their way into the cache, and the buckets
// themselves somewhat longer, across the border between segments too. That halves the time of a walk over more than the
// caches hold.

extension Table {
    /// Visits entries from `cursor` on, whole buckets at a time, until at least `count` were seen.
    ///
    /// The cursor is the position in hash space at which to go on, in 52 bits; 0 begins and ends. What is in the table
    /// throughout is seen at least once; what neither moves nor merges, exactly once.
    public func scan(_ cursor: UInt64, count: Int, _ store: Store, _ visit: (Address) -> Void) -> UInt64 {
        var position = cursor << 12
        var seen = 0
        var buckets = 0
        let bucketsMax = count > Int.max / 10 ? Int.max : count * 10
        while seen < count, buckets < bucketsMax {
            let segment = segment(position)
            let depth = UInt64(segment.u8(SegmentField.depth))
            let total = Int(segment.u16(SegmentField.buckets))
            let firstTag = UInt16(truncatingIfNeeded: (position << depth) >> 48)
            var bucket = Table.home(firstTag, segment)
            let from = bucket
            let prefix = depth == 0 ? 0 : position >> (64 - depth)
            if count - seen > 8 * Table.lead {
                // Behind the last segment there is nothing more to load than its last bucket once more.
                let isLast = depth == 0 || prefix + 1 == 1 << depth
                let next =
                    isLast || from + 2 * Table.lead < total
                    ? segment : self.segment((prefix + 1) << (64 - depth))
                Table.warm(segment, from, then: next, isFirst: seen == 0)
            }
            if segment.u8(SegmentField.children) != 0 || depth > Table.scannedDepthMax {
                // What lies below comes in no order that a cursor could hold, and where segments are this narrow their
                // buckets would need more bits than it has: all of it at once.
                bucket = total - 1
                seen += scanBelow(segment, from: position, store, visit)
            }
            Table.visitHomes(segment, from: from, through: bucket) { entry, tag in
                if tag >= firstTag {
                    visit(entry)
                    seen += 1
                }
            }
            buckets += bucket - from + 1
            if bucket + 1 < total {
                let nextTag = UInt64((bucket + 1) * 65536 + total - 1) / UInt64(total)
                position = (depth == 0 ? 0 : prefix << (64 - depth)) | nextTag << (48 - depth)
            } else if depth == 0 || prefix + 1 == 1 << depth {
                return 0
            } else {
                position = (prefix + 1) << (64 - depth)
            }
        }
        assert(position << 38 == 0, "a cursor with more than its bits")
        return position >> 12
    }

    /// Up to this depth a bucket's position has no more than 38 bits, so that a cursor's lower 14 bits are free.
    static let scannedDepthMax: UInt64 = 22

    /// Visits the entries below a segment from a hash position on.
    /// - Returns: how many there were.
    private func scanBelow(
        _ segment: Address, from position: UInt64, _ store: Store, _ visit: (Address) -> Void
    ) -> Int {
        let depth = UInt64(segment.u8(SegmentField.depth))
        let isWhole = position << depth == 0
        var seen = 0
        Table.forEachBelow(segment) { below in
            Table.forEach(inSegment: below) { entry in
                guard isWhole || Table.hash(Table.key(entry + keyOffset), store) >= position else { return }
                visit(entry)
                seen += 1
            }
            return true
        }
        return seen
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
        _ = forEachWhile {
            visit($0)
            return true
        }
    }

    /// Visits entries until `visit` answers false. The table must not change meanwhile.
    /// - Returns: false when it did.
    @discardableResult public func forEachWhile(_ visit: (Address) -> Bool) -> Bool {
        let segments = segmentCount
        for i in 0..<segments {
            let next = i + 1 < segments ? segmentAt(i + 1) : .null
            guard Table.forEachWhile(inSegment: segmentAt(i), then: next, isFirst: i == 0, visit) else {
                return false
            }
        }
        return true
    }

    static func forEach(inSegment segment: Address, _ visit: (Address) -> Void) {
        _ = forEachWhile(inSegment: segment, then: .null, isFirst: true) {
            visit($0)
            return true
        }
    }

    @inline(__always) private static func forEachWhile(
        inSegment segment: Address, then next: Address, isFirst: Bool, _ visit: (Address) -> Bool
    ) -> Bool {
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            warm(segment, bucket, then: next, isFirst: isFirst && bucket == 0)
            let line = line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position &* 8)
                if word == 0 { break }
                if !visit(Address(bits: UInt(word & pointerMask))) { return false }
            }
        }
        return true
    }

    // MARK: Looking ahead

    /// How many buckets ahead of the visited one entries are loaded.
    static var lead: Int { 2 }

    /// Starts loading what a walk comes to behind the bucket that it visits now.
    /// - Parameters:
    ///   - next: the segment that it goes on with behind this one; null: none.
    ///   - isFirst: whether the walk begins here, so that nothing is on its way yet.
    @inline(__always) static func warm(_ segment: Address, _ bucket: Int, then next: Address, isFirst: Bool) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        if isFirst {
            for ahead in 0..<min(lead, buckets - bucket) { warmEntries(line(segment, bucket + ahead)) }
        }
        if bucket + 2 &* lead < buckets {
            line(segment, bucket + 2 &* lead).prefetch()
            return warmEntries(line(segment, bucket + lead))
        }
        warmAcross(segment, bucket, then: next)
    }

    /// The same where a segment ends soon.
    private static func warmAcross(_ segment: Address, _ bucket: Int, then next: Address) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        let behind = bucket + lead - buckets
        if behind < 0 { warmEntries(line(segment, bucket + lead)) }
        guard !next.isNull, next != segment else { return }
        if behind == -lead || buckets <= lead {
            // Its header comes first.
            next.prefetch()
        } else if behind < 0 {
            for ahead in 0..<min(2 &* lead, Int(next.u16(SegmentField.buckets))) {
                line(next, ahead).prefetch()
            }
        } else if behind < Int(next.u16(SegmentField.buckets)) {
            warmEntries(line(next, behind))
        }
    }

    /// Starts loading the entries of a bucket.
    @inline(__always) private static func warmEntries(_ line: Address) {
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { return }
            Address(bits: UInt(word & pointerMask)).prefetch()
        }
    }
}
