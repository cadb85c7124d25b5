// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// One of the databases: it knows which table holds a key, and everything about the keys of all its tables together.
/// Copies name the same database until it is flushed or swapped.
///
/// Today there is one table. With a table for each slot (cluster mode) this file is what changes: whoever asks for the
/// table of a key, walks over all tables or wants a sum of them asks here.
@frozen public struct Database {
    /// The number that SELECT knows it by.
    public let index: Int
    @usableFromInline let only: Table

    @inlinable init(index: Int, _ table: Table) {
        self.index = index
        only = table
    }

    /// A new empty database.
    static func create(index: Int, _ store: Store) -> Database {
        Database(index: index, Table.create(store, keyOffset: 4, owner: UInt32(index)))
    }

    /// The table that holds a key, or would.
    @inlinable @inline(__always) func table(of key: ByteView) -> Table { only }

    /// All tables, in the order in which walks take them.
    var tables: CollectionOfOne<Table> { CollectionOfOne(only) }

    // MARK: Sums

    /// Number of keys, dead ones not yet deleted included.
    @inlinable @inline(__always) public var count: Int { only.count }
    /// Number of keys with a deadline.
    public var volatileCount: Int { tables.reduce(0) { $0 + $1.volatileCount } }
    /// How many values have elements with deadlines.
    public var datedCount: Int { tables.reduce(0) { $0 + $1.datedValues } }
    /// Whether a directory is on the way to another size.
    var isResizing: Bool { tables.contains { $0.isResizing } }
    /// How many segments the tables have together.
    public var segmentCount: Int { tables.reduce(0) { $0 + $1.segmentCount } }
    /// The shape of the tables, one like the other.
    public var shape: TableShape { TableShape(only) }

    /// What the tables take without their entries, in bytes: for finding keys and for their deadlines. Looks at every
    /// segment.
    public var overheadBytes: (main: Int, deadlines: Int) {
        tables.reduce((0, 0)) { sum, table in
            let own = table.ownBytes()
            return (sum.0 + own.main, sum.1 + own.deadlines)
        }
    }

    // MARK: Walks

    /// The bits of a SCAN cursor that are free for the number of a slot: tables leave them zero.
    static let slotBits: UInt64 = (1 << 14) - 1

    /// Visits entries from a SCAN cursor on, and says in which table they are. Whatever bits a client has made up, the walk
    /// ends.
    /// - Returns: the cursor to go on with; 0 at the end.
    func scan(
        _ cursor: UInt64, count: Int, _ store: Store, _ visit: (Address, Table) -> Void
    ) -> UInt64 {
        let next = only.scan(cursor, count: count, store) { visit($0, only) }
        assert(next & Database.slotBits == 0, "a table has used bits of the slot")
        return next
    }

    /// Visits all entries. The database must not change meanwhile.
    func forEach(_ visit: (Address, Table) -> Void) {
        for table in tables { table.forEach { visit($0, table) } }
    }

    /// Merges up to `max` sparse segments from a position on.
    /// - Returns: where to go on, 0 at the end.
    func tidy(from position: UInt64, max: Int, _ store: Store) -> UInt64 {
        only.tidy(from: position, max: max, store)
    }

    // MARK: Picks

    /// A table picked in proportion to its keys, or to those that have a deadline.
    func anyTable(isVolatile: Bool, _ random: inout SeededRandom) -> Table { only }

    /// Where a key lies that is picked uniformly; none in an empty database.
    func randomSlot(_ random: inout SeededRandom) -> Slot {
        anyTable(isVolatile: false, &random).randomSlot(&random)
    }

    /// Where a key lies whose hash this is: a pool of candidates need not keep the keys. None when it is gone.
    func find(hash: UInt64, _ store: Store) -> Slot {
        for table in tables {
            let slot = table.find(hash: hash, store)
            if !slot.isNone { return slot }
        }
        return .none
    }

    // MARK: Change

    /// The database is known by another number from now on.
    func renumbered(_ index: Int) -> Database {
        for table in tables { table.owner = UInt32(index) }
        return Database(index: index, only)
    }

    /// The database is none any more: what falls due in it is nobody's business.
    func detach() { for table in tables { table.owner = Reclaimer.detachedOwner } }
}

extension Keyspace {
    /// A database by its number, which must exist.
    public func database(_ index: Int) -> Database { databases[index] }

    /// The table that a found key belongs to.
    @usableFromInline func table(of found: Found) -> Table { databases[found.database].table(of: found.key) }

    /// Number of keys of a database, dead ones not yet deleted included.
    public func count(of database: Int) -> Int { databases[database].count }
    /// Number of keys of all databases, likewise.
    public var keyCount: Int { (0..<databaseCount).reduce(0) { $0 + count(of: $1) } }
    /// Number of keys of a database that have a deadline.
    public func volatileCount(of database: Int) -> Int { databases[database].volatileCount }
    /// How many values of a database have elements with deadlines.
    public func datedCount(of database: Int) -> Int { databases[database].datedCount }
    /// How many segments the tables of a database have together.
    public func segmentCount(of database: Int) -> Int { databases[database].segmentCount }
    /// The shape of a database's tables.
    public func shape(of database: Int) -> TableShape { databases[database].shape }
    /// What the tables of a database take without their entries, in bytes.
    public func overheadBytes(of database: Int) -> (main: Int, deadlines: Int) {
        databases[database].overheadBytes
    }

    /// Exchanges two databases, for all sessions at once.
    public func swap(_ a: Int, _ b: Int) {
        watches.touch(exchanging: a, b, self)
        let first = databases[a]
        databases[a] = databases[b].renumbered(a)
        databases[b] = first.renumbered(b)
        (sizes[a], sizes[b]) = (sizes[b], sizes[a])
        selected = databases[selected.index]
        commits += 1
        changeMarks?.noteEverything()
    }

    /// Empties a database; the reclaimer takes its keys apart later.
    /// - Returns: how many keys there were.
    @discardableResult public func flush(_ index: Int) -> Int {
        let old = databases[index]
        let count = old.count
        changeMarks?.noteEverything()
        if listeners.contains(.tracking) || tellsReady { effects.flush(database: index) }
        guard count > 0 else { return 0 }
        watches.touch(database: index, self)
        databases[index] = .create(index: index, store)
        forgetSizes(of: index)
        selected = databases[selected.index]
        old.detach()
        for table in old.tables {
            if table.lanes != 0 {
                handToCuts { $0.adopt(database: table) }
            } else {
                reclaimLater(database: FormerDatabase(table: table))
            }
        }
        commits += 1
        stats.dirty += count
        return count
    }

    /// Merges up to `max` sparse segments of the databases whose keys are mostly gone; to be called now and then.
    public func tidy(max: Int) {
        var slice = Slice(max: max)
        tidy(&slice)
    }

    /// Merges sparse segments of the databases whose keys are mostly gone, as many as the slice allows.
    public func tidy(_ slice: inout Slice) {
        for index in 0..<databaseCount {
            let database = databases[index]
            // Less than a quarter full on average, which is rare while segments merge by themselves.
            guard
                database.isResizing
                    || database.segmentCount > 1 && database.count < database.segmentCount * 96
            else { continue }
            while slice.grant(1) > 0 {
                tidyPosition = database.tidy(from: tidyPosition, max: 1, store)
                slice.spend()
                if tidyPosition == 0 { break }
            }
            return
        }
        tidyPosition = 0
    }
}
