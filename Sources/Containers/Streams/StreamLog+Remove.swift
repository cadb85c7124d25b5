// SPDX-License-Identifier: Apache-2.0
import Bytes

// Taking entries out: by name, and from the front.

/// What a stream is cut down to.
public enum StreamTrim: Sendable {
    /// No more entries than this, the newest.
    case length(UInt64)
    /// None below this ID.
    case from(StreamID)
}

extension StreamLog {
    /// Deletes entries by name.
    /// - Parameter ids: a number of them, asked for in order.
    /// - Returns: how many there were.
    public func delete(count: Int, _ store: Store, _ ids: (Int) -> StreamID) -> Int {
        var deleted = 0
        var wasFirst = false
        for index in 0..<count {
            let id = ids(index)
            guard delete(id, store) else { continue }
            deleted += 1
            if id == firstID { wasFirst = true }
            if id > maxDeletedID { root.setStreamID(StreamField.maxDeletedID, id) }
        }
        if deleted > 0, length == 0 || wasFirst { findFirstID() }
        return deleted
    }

    private func delete(_ id: StreamID, _ store: Store) -> Bool {
        guard length > 0, let (node, entry) = locate(id) else { return false }
        let entries = node.entries
        if entries.live == 1 {
            tree.remove(id: node.id.ms, node.id.sequence, store)
            var rest = StreamRest()
            retire(node, to: &rest, store)
            rest.free(max: .max, store)
        } else {
            preserve(node, store)
            mark(entry)
            setCounts(node, live: entries.live - 1, dead: entries.dead + 1, store)
        }
        addLength(-1)
        return true
    }

    /// Flags are numbers of one byte, deleted or not.
    private func mark(_ entry: StreamEntry) {
        entry.start.setU8(0, entry.start.u8(0) | UInt8(StreamEntries.deleted))
    }

    private func findFirstID() {
        root.setStreamID(StreamField.firstID, edge(last: false)?.id ?? .zero)
    }

    /// Removes entries from the front.
    /// - Parameters:
    ///   - wholeNodes: only nodes that go as a whole go.
    ///   - limit: no more entries than this; nil: as many as it takes.
    /// - Returns: how many were removed, and the nodes that went, which the caller has to free.
    public func trim(
        to trim: StreamTrim, wholeNodes: Bool, limit: Int?, _ store: Store
    ) -> (removed: Int, rest: StreamRest) {
        var rest = StreamRest()
        let before = length
        while let cursor = tree.first {
            let node = StreamNode(at: cursor.entry)
            let entries = node.entries
            if case .length(let max) = trim, length <= max { break }
            if let limit, before - length + entries.live > limit { break }
            guard goes(entries, trim) else {
                if !wholeNodes { trimFront(node, entries, trim, store) }
                break
            }
            addLength(-entries.live)
            tree.remove(id: node.id.ms, node.id.sequence, store)
            retire(node, to: &rest, store)
        }
        let removed = before - length
        if length == 0 {
            root.setStreamID(StreamField.firstID, .zero)
        } else if removed > 0 {
            findFirstID()
        }
        return (removed, rest)
    }

    /// Whether a node goes as a whole.
    private func goes(_ entries: StreamEntries, _ trim: StreamTrim) -> Bool {
        switch trim {
        case .length(let max): UInt64(length - entries.live) >= max
        case .from(let id): entries.last.map { $0.id < id } ?? true
        }
    }

    /// Deletes entries at the front of the first node.
    private func trimFront(
        _ node: StreamNode, _ entries: StreamEntries, _ trim: StreamTrim, _ store: Store
    ) {
        let firstEntry = entries.first.bits < entries.end.bits ? entries.entry(entries.first) : nil
        if case .from(let id) = trim, firstEntry.map({ $0.id >= id }) ?? true { return }
        preserve(node, store)
        var (place, removed) = (entries.first, 0)
        while place.bits < entries.end.bits {
            let entry = entries.entry(place)
            switch trim {
            case .length(let max): if UInt64(length - removed) <= max { place = entries.end }
            case .from(let id): if entry.id >= id { place = entries.end }
            }
            if place.bits == entries.end.bits { break }
            if !entry.isDeleted {
                mark(entry)
                removed += 1
            }
            place = entry.next
        }
        guard removed > 0 else { return }
        setCounts(node, live: entries.live - removed, dead: entries.dead + removed, store)
        addLength(-removed)
    }
}
