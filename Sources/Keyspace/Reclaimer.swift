// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Takes dead tables apart in slices between commands, so that no deletion stalls the loop.
public final class Reclaimer {
    /// `Table.owner` of a database table that is no database any more.
    static let detachedOwner = UInt32.max

    private var databases: [Table] = []
    private var members: [Table] = []
    /// Bytes that wait to be freed; not held against `maxmemory`.
    public private(set) var pendingBytes = 0
    /// Elements and keys freed here so far.
    public private(set) var freedElements = 0
    /// Values freed here so far: a collection counts once, however large it is.
    public private(set) var freedObjects = 0

    /// Tables of no more elements than this are freed on the spot.
    static let immediateMax = 64

    public var isIdle: Bool { members.isEmpty && databases.isEmpty }
    /// Elements and keys that wait to be freed.
    public var pendingElements: Int {
        databases.reduce(0) { $0 + $1.count } + members.reduce(0) { $0 + $1.count }
    }
    /// Values that wait to be freed.
    public var pendingObjects: Int { databases.reduce(0) { $0 + $1.count } + members.count }

    /// Forgets how much was freed (CONFIG RESETSTAT).
    public func resetStatistics() {
        freedElements = 0
        freedObjects = 0
    }

    func add(database table: Table) {
        table.owner = Reclaimer.detachedOwner
        pendingBytes += table.bytes
        databases.append(table)
    }

    func add(members table: Table) {
        pendingBytes += table.bytes
        members.append(table)
    }

    /// Frees up to `max` elements, and some more while many tables wait: however fast clients delete them, their
    /// number stays bounded.
    /// - Returns: true when there is more to do.
    public func slice(_ keys: Keyspace, max: Int) -> Bool {
        if isIdle { return false }
        let before = keys.heap.usedBytes
        var left = max + members.count * 4
        // Members first: a database's values may themselves be large, and freeing them appends to their queue.
        while left > 0 {
            if let table = members.last {
                let count = table.count
                _ = table.drain(max: left, keys.store) { keys.heap.free($0, Member.bytes($0)) }
                left -= freed(table, of: count)
                if table.count > 0 { break }
                members.removeLast()
                freedObjects += 1
                table.destroy(keys.store)
            } else if let table = databases.last {
                let count = table.count
                _ = table.drain(max: left, keys.store) { keys.freeEntry($0) }
                left -= freed(table, of: count)
                freedObjects += count - table.count
                if table.count > 0 { continue }
                databases.removeLast()
                table.destroy(keys.store)
            } else {
                break
            }
        }
        pendingBytes = isIdle ? 0 : Swift.max(0, pendingBytes - (before - keys.heap.usedBytes))
        return !isIdle
    }

    /// Counts what was taken out of a table that held so many entries.
    /// - Returns: what it cost, in entries; a table costs one more.
    private func freed(_ table: Table, of count: Int) -> Int {
        freedElements += count - table.count
        return count - table.count + 1
    }
}

extension Keyspace {
    /// Frees up to `max` elements of what was detached.
    /// - Returns: true when there is more to do.
    public func reclaimSlice(max: Int) -> Bool { reclaimer.slice(self, max: max) }
}
