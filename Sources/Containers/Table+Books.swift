// SPDX-License-Identifier: Apache-2.0
import Bytes

extension Table {
    /// The table's own memory in bytes, without entries: what leads to them, and what keeps their deadlines. Looks at
    /// every segment.
    public func ownBytes() -> (main: Int, deadlines: Int) {
        var main = RootField.size + listBytes + directoryBytes
        var deadlines = 0
        for i in 0..<segmentCount {
            let segment = segmentAt(i)
            let lines =
                Int(segment.u8(SegmentField.chunks)) * min(Int(segment.u16(SegmentField.buckets)), 8) * 64
            main += SegmentField.size + lines
            deadlines += Table.denseBytes(segment) + Int(segment.u16(SegmentField.pairRoom)) * 16
        }
        return (main, deadlines)
    }

    /// No entry's deadline is earlier than this; `noDeadline` when there is none. Looks at every segment with deadlines.
    public var earliest: Int64 {
        (0..<volatileSegments).reduce(Table.noDeadline) {
            min($0, segmentAt($1).i64(SegmentField.earliest))
        }
    }

    /// The deadline of an entry of this table in ms, or `noDeadline`, looked for by its key.
    public func deadline(of entry: Address, _ store: Store) -> Int64 {
        guard entry.u8(keyOffset) & 128 != 0 else { return Table.noDeadline }
        let key = Table.key(entry + keyOffset)
        return deadline(find(Table.hash(key, store), key))
    }

    /// How many entries are due.
    public func dueCount(nowMs: Int64) -> Int {
        var due = 0
        forEachVolatile(dueAt: nowMs) { _, deadline in
            if deadline <= nowMs { due += 1 }
            return true
        }
        return due
    }

    /// Appends up to `max` entries that are due.
    public func collectDue(nowMs: Int64, max: Int, into entries: inout [Address]) {
        forEachVolatile(dueAt: nowMs) { entry, deadline in
            if deadline <= nowMs { entries.append(entry) }
            return entries.count < max
        }
    }

    /// Visits the entries with a deadline in the segments that may hold due ones, as long as the visitor wants more.
    private func forEachVolatile(dueAt nowMs: Int64, _ visit: (Address, Int64) -> Bool) {
        for i in 0..<volatileSegments where segmentAt(i).i64(SegmentField.earliest) <= nowMs {
            if !Table.visitVolatile(segmentAt(i), visit) { return }
        }
    }
}
