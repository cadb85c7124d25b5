// SPDX-License-Identifier: Apache-2.0

// How far groups are behind: entries are not numbered, so what a group has read is counted as it reads, and guessed where
// that is possible. Deletions by name leave holes that nobody can count; trims take entries from the front, where all are
// read or lost.

extension StreamCounters {
    /// Whether an entry may have been deleted by name from an ID on, among those that are there.
    func hasHoles(from id: StreamID) -> Bool {
        if length == 0 || maxDeletedID == .zero || firstID > maxDeletedID { return false }
        return id <= maxDeletedID
    }

    /// How many entries were added up to an ID, this one included; nil where nobody can tell.
    public func entriesRead(upTo id: StreamID) -> Int64? {
        if entriesAdded == 0 { return 0 }
        let all = Int64(bitPattern: entriesAdded)
        if length == 0, id <= lastID { return all }
        if id != .zero, id < maxDeletedID { return nil }
        if id == lastID { return all }
        if id > lastID { return nil }
        guard maxDeletedID == .zero || maxDeletedID < firstID else { return nil }
        let gone = all &- Int64(bitPattern: length)
        if id < firstID { return gone }
        return id == firstID ? gone &+ 1 : nil
    }

    /// How many entries a group has read once it has read another.
    /// - Parameters:
    ///   - count: what it had read before; nil where that is not known.
    ///   - last: the last entry of those.
    public func entriesRead(after count: Int64?, _ last: StreamID, reading id: StreamID) -> Int64? {
        if let count, last >= firstID, !hasHoles(from: last) { return count &+ 1 }
        return entriesAdded > 0 ? entriesRead(upTo: id) : count
    }

    /// How many entries a group has still to read; nil where nobody can tell.
    public func lag(of group: StreamGroup) -> Int64? {
        if entriesAdded == 0 || length == 0 { return 0 }
        let all = Int64(bitPattern: entriesAdded)
        if !hasHoles(from: group.lastID) {
            // All that are there, whatever has gone before them.
            if group.lastID < firstID { return Int64(bitPattern: length) }
            if let read = group.entriesRead { return all &- read }
        }
        return entriesRead(upTo: group.lastID).map { all &- $0 }
    }
}
