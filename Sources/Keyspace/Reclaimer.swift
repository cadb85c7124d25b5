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

    // What waits is bounded in two steps. The more of it there is, the larger its share of a turn. And whoever adds to it
    // while very much waits owes as many bytes: nothing more should be taken in from that session until so many have been
    // freed, its own or others'. So what waits grows no further, and who deletes little waits little.

    /// With so many bytes waiting the share of a turn is as large as it gets.
    static let pressingBytes = 64 << 20
    /// Whoever adds while more than this waits owes it, in bytes.
    var waitingBytesMax = 256 << 20
    /// Sessions by id, each with what `freedBytes` must have come to for it.
    private var debtors: [UInt64: Int] = [:]
    /// Bytes freed here so far.
    public private(set) var freedBytes = 0

    /// How pressing the work is, from 0 to 1.
    public var pressure: Double { min(1, Double(pendingBytes) / Double(Reclaimer.pressingBytes)) }

    /// A session adds bytes to what waits.
    func note(debtor: UInt64, bytes: Int) {
        guard pendingBytes > waitingBytesMax, debtor != 0, bytes > 0 else { return }
        debtors[debtor] = max(debtors[debtor] ?? 0, freedBytes) + bytes
    }

    /// Whether `takeDebtors` has anybody to name.
    public var hasDebtors: Bool { !debtors.isEmpty }

    /// The sessions that have come to owe something since this was last asked, each with what `freedBytes` must come to
    /// before it may go on.
    public func takeDebtors() -> [UInt64: Int] {
        defer { debtors = [:] }
        return debtors
    }

    /// Whether a session may go on.
    public func hasFreed(_ bytes: Int) -> Bool { freedBytes >= bytes || isIdle }

    /// Whether nothing waits to be freed.
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

    /// Frees elements, as many as the slice allows. A table costs one more.
    /// - Returns: true when there is more to do.
    public func run(_ keys: Keyspace, _ slice: inout Slice) -> Bool {
        if isIdle { return false }
        // Collections first: a database's values may themselves be large, and freeing them appends to their queue.
        while case let units = slice.grant(), units > 0 {
            if let collection = collections.last {
                let (freed, isGone) = free(collection, max: units, keys)
                // A part that frees no element, such as an order of elements that go later, has taken all the same.
                slice.spend(freed == 0 && !isGone ? units : freed + 1)
                guard isGone else { continue }
                collections.removeLast()
                freedObjects += 1
            } else if let database = databases.last {
                let (freed, isGone) = free(database, max: units, keys)
                freedObjects += freed
                slice.spend(freed + 1)
                if isGone { databases.removeLast() }
            } else {
                break
            }
        }
        assert(!isIdle || pendingBytes == 0, "bytes of nothing wait to be freed")
        return !isIdle
    }

    /// Frees up to `max` elements.
    /// - Returns: true when there is more to do.
    public func slice(_ keys: Keyspace, max: Int) -> Bool {
        var slice = Slice(max: max)
        return run(keys, &slice)
    }

    /// Takes a part of something apart; what it occupies by its own books waits no longer, even where a block of it is
    /// shared and stays.
    private func free(_ item: any Reclaimable, max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        let before = item.bytes
        let (freed, isGone) = item.free(max: max, keys)
        let gone = before - (isGone ? 0 : item.bytes)
        pendingBytes -= gone
        freedBytes += gone
        freedElements += freed
        return (freed, isGone)
    }
}

extension Keyspace {
    /// Frees elements of what was detached, as many as the slice allows.
    /// - Returns: true when there is more to do.
    public func reclaim(_ slice: inout Slice) -> Bool { reclaimer.run(self, &slice) }

    /// Frees up to `max` elements of what was detached.
    /// - Returns: true when there is more to do.
    public func reclaimSlice(max: Int) -> Bool { reclaimer.slice(self, max: max) }

    /// Hands a collection to the reclaimer, on the account of whose command runs.
    func reclaimLater(_ collection: any Reclaimable) {
        reclaimer.note(debtor: effects.origin, bytes: collection.bytes)
        reclaimer.add(collection)
    }

    /// Hands a database's keys to the reclaimer, on the account of whose command runs.
    func reclaimLater(database: any Reclaimable) {
        reclaimer.note(debtor: effects.origin, bytes: database.bytes)
        reclaimer.add(database: database)
    }
}
