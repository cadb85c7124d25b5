// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A handle to a collection of more elements than are handled at once: what cuts walk unit by unit and the reclaimer
/// takes apart in slices.
///
/// A *unit* is what a cut saves as a whole before anything in it changes: a bucket's worth of a table, a leaf of a
/// tree, a node of a list. A *position* says how far a walk has come, in whatever way survives all changes; 0 begins.
protocol LargeCollection: Reclaimable {
    /// What names the collection: a number that nothing else in the store is ever given, not an address, because
    /// addresses are used again.
    var identity: UInt64 { get }
    /// Lanes of cuts that still want its units as they were.
    var lanes: UInt8 { get }
    /// Lets the collection take part in the cut on a lane.
    func join(_ lane: Int, _ keys: Keyspace)
    /// The cut on a lane wants no more of it.
    func leave(_ lane: Int, _ keys: Keyspace)

    /// Visits the elements of a unit as they are, unless the cut on `lane` has them already; the unit counts as saved
    /// from then on. Every change to a unit of a collection with lanes is preceded by this.
    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void)

    /// Visits the elements of further units that the cut does not have yet, until about `max` were seen.
    /// - Returns: where to go on; nil when all units are saved.
    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64?

    /// No key holds it any more.
    func detach()
}

/// A collection that is a table of elements of a type.
struct TableCollection: LargeCollection {
    let table: Table
    let type: any TableElements.Type

    init(_ table: Table, of type: any TableElements.Type) {
        self.table = table
        self.type = type
    }

    var identity: UInt64 { table.identity }
    var count: Int { table.count }
    var bytes: Int { table.bytes }
    var lanes: UInt8 { table.lanes }

    func join(_ lane: Int, _ keys: Keyspace) { table.lanes |= 1 << UInt8(lane) }
    func leave(_ lane: Int, _ keys: Keyspace) { table.lanes &= ~(1 << UInt8(lane)) }

    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        table.preserve(unitOf: unit, lane: lane, keys.store) { visit(type.element($0, of: table)) }
    }

    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64? {
        table.walkUnits(from: position, lane, keys.store, max: max) { visit(type.element($0, of: table)) }
    }

    func detach() { table.holder = .null }

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        table.free(max: max, keys, bytes: type.bytes) { type.free($0, keys) }
    }
}

/// A database that is none any more.
struct FormerDatabase: Reclaimable {
    let table: Table

    var count: Int { table.count }
    var bytes: Int { table.bytes }

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        table.free(max: max, keys) {
            Heap.roundedBytes(Value($0).entryBytes)
        } free: {
            keys.freeEntry($0)
        }
    }
}

extension Table {
    /// Takes up to `max` entries out for `free`, and with the last one gives the table up.
    fileprivate func free(
        max: Int, _ keys: Keyspace, bytes: (Address) -> Int, free: (Address) -> Void
    ) -> (freed: Int, isGone: Bool) {
        let before = count
        _ = drain(max: max, keys.store) { entry in
            addBytes(-bytes(entry))
            free(entry)
        }
        let freed = before - count
        guard count == 0 else { return (freed, false) }
        destroy(keys.store)
        return (freed, true)
    }
}

/// What is to be known of the entries of a table.
protocol TableElements {
    /// The element at a slot, with all its parts.
    static func element(_ slot: Slot, of table: Table) -> ValueElement
    /// What the entry and what hangs on it occupy, as the table's books have it.
    static func bytes(_ entry: Address) -> Int
    /// Frees an entry that was taken out of its table, and what hangs on it.
    static func free(_ entry: Address, _ keys: Keyspace)
    /// The element at a slot, moved to a fuller page if that helps.
    static func settle(_ slot: Slot, of table: Table, _ mover: Mover)
}

extension Keyspace {
    /// Frees a collection that no key holds any more: now, later, or when the cuts that hold it have walked it.
    func discard(_ collection: some LargeCollection) {
        collection.detach()
        if collection.lanes != 0 {
            handToCuts { $0.adopt(collection) }
        } else if collection.count > Reclaimer.immediateMax {
            reclaimLater(collection)
        } else {
            _ = collection.free(max: Int.max, self)
        }
    }
}
