// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Takes dead tables apart in slices between commands, so that no deletion stalls the loop.
public final class Reclaimer {
    /// `Table.owner` of a database table that is no database any more.
    static let detachedOwner = UInt32.max

    private enum Item {
        case database(Table)
        case members(Table)
    }
    private var queue: [Item] = []
    /// Bytes that wait to be freed; not held against `maxmemory`.
    public private(set) var pendingBytes = 0
    /// Objects freed here so far.
    public private(set) var freedObjects = 0

    /// Tables of no more elements than this are freed on the spot.
    static let immediateMax = 64

    public var isIdle: Bool { queue.isEmpty }
    public var pendingObjects: Int {
        queue.reduce(0) {
            switch $1 {
            case .database(let table), .members(let table): $0 + table.count
            }
        }
    }

    func add(database table: Table) {
        table.owner = Reclaimer.detachedOwner
        pendingBytes += table.bytes
        queue.append(.database(table))
    }

    func add(members table: Table) {
        pendingBytes += table.bytes
        queue.append(.members(table))
    }

    /// Frees up to `max` elements.
    /// - Returns: true when there is more to do.
    public func slice(_ keys: Keyspace, max: Int) -> Bool {
        guard let item = queue.last else { return false }
        let before = keys.heap.usedBytes
        let done: Bool
        switch item {
        case .database(let table):
            // A database's values may themselves be large; freeing them appends to this queue.
            queue.removeLast()
            done = table.drain(max: max, keys.store) { entry in
                keys.freeEntry(entry)
                freedObjects += 1
            }
            if done { table.destroy(keys.store) } else { queue.insert(.database(table), at: 0) }
        case .members(let table):
            done = table.drain(max: max, keys.store) { entry in
                keys.heap.free(entry, Member.bytes(entry))
                freedObjects += 1
            }
            if done {
                queue.removeLast()
                table.destroy(keys.store)
            }
        }
        pendingBytes = queue.isEmpty ? 0 : Swift.max(0, pendingBytes - (before - keys.heap.usedBytes))
        return !queue.isEmpty
    }
}

extension Keyspace {
    /// Frees up to `max` elements of what was detached.
    /// - Returns: true when there is more to do.
    public func reclaimSlice(max: Int) -> Bool { reclaimer.slice(self, max: max) }
}
