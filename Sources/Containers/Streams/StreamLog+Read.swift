// SPDX-License-Identifier: Apache-2.0
import Bytes

// Finding entries and walking over them.

extension StreamLog {
    /// The node in which an ID lies or would lie, or the first one; nil where there are none.
    func node(of id: StreamID) -> TreeCursor? {
        tree.last(before: .after(id: id.ms, id.sequence)) ?? tree.first
    }

    /// Visits the entries from one ID to another, both included, until `visit` answers false.
    public func forEach(from: StreamID, to: StreamID, _ visit: (StreamEntry) -> Bool) {
        guard from <= to, length > 0 else { return }
        // What comes last is asked for most.
        var cursor = tree.last
        if let last = cursor, from < StreamID(last.id.high, last.id.low) { cursor = node(of: from) }
        var isFirst = true
        while let here = cursor {
            let entries = StreamNode(at: here.entry).entries
            if entries.base > to { return }
            let end = entries.end
            var place = isFirst ? entries.place(of: from) : entries.first
            isFirst = false
            while place.bits < end.bits {
                let entry = entries.entry(place)
                if entry.id > to { return }
                if !entry.isDeleted, !visit(entry) { return }
                place = entry.next
            }
            cursor = here.next
        }
    }

    /// Likewise, from the last to the first.
    public func forEachReversed(from: StreamID, to: StreamID, _ visit: (StreamEntry) -> Bool) {
        guard from <= to, length > 0 else { return }
        var cursor = tree.last(before: .after(id: to.ms, to.sequence))
        var isFirst = true
        while let here = cursor {
            let entries = StreamNode(at: here.entry).entries
            var place = entries.end
            if isFirst, let next = to.next { place = entries.place(of: next) }
            isFirst = false
            while let start = entries.start(before: place) {
                let entry = entries.entry(start)
                if entry.id < from { return }
                if !entry.isDeleted, !visit(entry) { return }
                place = start
            }
            cursor = here.previous
        }
    }

    /// The first entry, or the last one; nil in an empty stream.
    public func edge(last: Bool) -> StreamEntry? {
        var found: StreamEntry?
        if last {
            forEachReversed(from: .zero, to: .max) {
                found = $0
                return false
            }
        } else {
            forEach(from: .zero, to: .max) {
                found = $0
                return false
            }
        }
        return found
    }

    /// The last entry's ID, which may be below `lastID` if entries were deleted; 0-0 in an empty stream.
    public var lastEntryID: StreamID {
        if length == 0 { return .zero }
        let last = lastID
        // As a rule it is the one given out last.
        if maxDeletedID < last, let cursor = tree.last,
            let entry = StreamNode(at: cursor.entry).entries.last, entry.id == last, !entry.isDeleted
        {
            return last
        }
        return edge(last: true)?.id ?? .zero
    }

    /// The entry with an ID; nil where there is none.
    public func find(_ id: StreamID) -> StreamEntry? {
        guard length > 0, let found = locate(id) else { return nil }
        return found.entry
    }

    /// The entry with an ID, and its node.
    func locate(_ id: StreamID) -> (node: StreamNode, entry: StreamEntry)? {
        guard let cursor = tree.last(before: .after(id: id.ms, id.sequence)) else { return nil }
        let node = StreamNode(at: cursor.entry)
        let entries = node.entries
        let place = entries.place(of: id)
        guard place.bits < entries.end.bits else { return nil }
        let entry = entries.entry(place)
        return entry.id == id && !entry.isDeleted ? (node, entry) : nil
    }

    /// How many nodes a radix tree over the nodes' IDs would have, as Redis tells it: bytes that two IDs share are in one
    /// node, and so are those behind the byte that parts them.
    public var radixNodeCount: Int {
        guard var cursor = tree.first else { return 1 }
        if nodeCount == 1 { return 2 }
        // Depths at which the present ID parts from ones before, the deepest last.
        var branches: [Int] = []
        var count = 0
        var previous = StreamID(cursor.id.high, cursor.id.low)
        // A chain of bytes without a branch is a node, where there are any.
        func close(_ depth: Int, above: Int) { count += 1 + (depth > above ? 1 : 0) }
        while let next = cursor.next {
            let id = StreamID(next.id.high, next.id.low)
            let depth = StreamLog.sharedBytes(previous, id)
            // What hangs below the deeper of the branches on both sides.
            close(16, above: max(branches.last ?? -1, depth) + 1)
            while let last = branches.last, last > depth {
                branches.removeLast()
                close(last, above: max(branches.last ?? -1, depth) + 1)
            }
            if branches.last != depth { branches.append(depth) }
            previous = id
            cursor = next
        }
        close(16, above: (branches.last ?? -1) + 1)
        while let last = branches.popLast() { close(last, above: (branches.last ?? -1) + 1) }
        return count
    }

    private static func sharedBytes(_ left: StreamID, _ right: StreamID) -> Int {
        let high = (left.ms ^ right.ms).leadingZeroBitCount / 8
        return high < 8 ? high : 8 + (left.sequence ^ right.sequence).leadingZeroBitCount / 8
    }
}
