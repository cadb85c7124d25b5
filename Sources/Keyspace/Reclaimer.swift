// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// What the reclaimer takes apart.
protocol Reclaimable {
    var count: Int { get }
    /// Everything that it occupies.
    var bytes: Int { get }
    /// Frees up to `max` elements, and when none is left the rest. Nobody reads it any more.
    /// - Returns: how many elements were freed, and whether all is gone.
    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool)
}

/// Takes dead collections and databases apart in slices between commands, so that no deletion stalls the loop.
public final class Reclaimer {
    /// `Table.owner` of a database table that is no database any more.
    static let detachedOwner = UInt32.max

    private var databases: [any Reclaimable] = []
    private var collections: [any Reclaimable] = []
    /// Bytes that wait to be freed; not held against `maxmemory`.
    public private(set) var pendingBytes = 0
    /// Elements and keys freed here so far.
    public private(set) var freedElements = 0
    /// Values freed here so far: a collection counts once, however large it is.
    public private(set) var freedObjects = 0

    /// Collections of no more elements than this are freed on the spot.
    static let immediateMax = 64

    public var isIdle: Bool { collections.isEmpty && databases.isEmpty }
    /// Elements and keys that wait to be freed.
    public var pendingElements: Int {
        databases.reduce(0) { $0 + $1.count } + collections.reduce(0) { $0 + $1.count }
    }
    /// Values that wait to be freed.
    public var pendingObjects: Int { databases.reduce(0) { $0 + $1.count } + collections.count }

    /// Forgets how much was freed (CONFIG RESETSTAT).
    public func resetStatistics() {
        freedElements = 0
        freedObjects = 0
    }

    func add(database: any Reclaimable) {
        pendingBytes += database.bytes
        databases.append(database)
    }

    func add(_ collection: any Reclaimable) {
        pendingBytes += collection.bytes
        collections.append(collection)
    }

    /// Frees up to `max` elements, and some more while many tables wait: however fast clients delete them, their
    /// number stays bounded.
    /// - Returns: true when there is more to do.
    public func slice(_ keys: Keyspace, max: Int) -> Bool {
        if isIdle { return false }
        var left = max + collections.count * 4
        // Collections first: a database's values may themselves be large, and freeing them appends to their queue.
        while left > 0 {
            if let collection = collections.last {
                let (freed, isGone) = free(collection, max: left, keys)
                left -= freed + 1
                if !isGone { break }
                collections.removeLast()
                freedObjects += 1
            } else if let database = databases.last {
                let (freed, isGone) = free(database, max: left, keys)
                freedObjects += freed
                left -= freed + 1
                if isGone { databases.removeLast() }
            } else {
                break
            }
        }
        assert(!isIdle || pendingBytes == 0, "bytes of nothing wait to be freed")
        return !isIdle
    }

    /// Takes a part of something apart; what it occupies by its own books waits no longer, even where a block of it is
    /// shared and stays.
    private func free(_ item: any Reclaimable, max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        pendingBytes -= item.bytes
        let (freed, isGone) = item.free(max: max, keys)
        if !isGone { pendingBytes += item.bytes }
        freedElements += freed
        return (freed, isGone)
    }
}

extension Keyspace {
    /// Frees up to `max` elements of what was detached.
    /// - Returns: true when there is more to do.
    public func reclaimSlice(max: Int) -> Bool { reclaimer.slice(self, max: max) }
}
