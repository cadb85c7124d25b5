// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A sorted set that is a tree with a table of members, for cuts and the reclaimer.
struct SortedSetCollection: LargeCollection {
    let tree: Tree

    private var members: Table { Table(root: tree.companion) }

    var identity: UInt64 { tree.identity }
    /// While it is taken apart the tree empties first, and the entries go with the table.
    var count: Int { members.count }
    var bytes: Int { tree.bytes + members.bytes }
    var lanes: UInt8 { tree.lanes }

    func join(_ lane: Int, _ keys: Keyspace) { tree.lanes |= 1 << UInt8(lane) }
    func leave(_ lane: Int, _ keys: Keyspace) { tree.lanes &= ~(1 << UInt8(lane)) }

    func preserve(_ unit: UInt64, _ lane: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        tree.preserve(unit, lane: lane, keys.store) { visit(SortedMembers.element($0.entry)) }
    }

    func walk(
        from position: UInt64, _ lane: Int, max: Int, _ keys: Keyspace, _ visit: (ValueElement) -> Void
    ) -> UInt64? {
        tree.walkUnits(from: position, lane, keys.store, max: max) { visit(SortedMembers.element($0.entry)) }
    }

    func detach() {}

    func free(max: Int, _ keys: Keyspace) -> (freed: Int, isGone: Bool) {
        guard tree.drain(max: max, keys.store, { _ in }) else { return (0, false) }
        let result = TableCollection(members, of: SortedMembers.self).free(max: max, keys)
        if result.isGone { tree.destroy(keys.store) }
        return result
    }
}

/// The members of a sorted set that is a tree.
enum SortedMembers: TableElements {
    static func element(_ entry: Address) -> ValueElement {
        ValueElement(.bytes(ScoredMember.member(entry)), score: ScoredMember.score(entry))
    }

    static func element(_ slot: Slot, of table: Table) -> ValueElement { element(slot.entry) }
    static func bytes(_ entry: Address) -> Int { Heap.roundedBytes(ScoredMember.bytes(entry)) }
    static func free(_ entry: Address, _ keys: Keyspace) { ScoredMember.free(entry, keys.heap) }

    /// Entries are moved by the tree, which asks the table.
    static func settle(_ slot: Slot, of table: Table, _ mover: Mover) {}
}
