// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Asking for many members at once.
//
// *Idea*. To ask a large table for a member is to wait for memory three times: for the segment, the bucket and the entry.
// So the members of a walk are asked for some at a time: what all of them need is loaded together, one step after the
// other, and then they are looked up (see `KeyHints.swift`, which does the same for the keys of a pipeline).
//
// *Invariants*. Members are lent by the walked table, which does not change meanwhile.

/// Members of a walked table, with their hashes.
final class MemberBatch {
    private struct Item {
        var member = ByteView.empty
        var hash: UInt64 = 0
        /// What was loaded last: segment, then bucket.
        var at = Address.null
        var tag: UInt16 = 0
    }

    private static let capacity = 32
    private let items = FixedArray(repeating: Item(), count: MemberBatch.capacity)
    private var count = 0
    private let store: Store

    init(_ store: Store) { self.store = store }

    /// Visits the members of a table, some at a time, until `visit` answers false: `visit` is lent the batch.
    func forEachWhile(_ table: Table, _ visit: (MemberBatch) -> Bool) {
        count = 0
        let isWhole = table.forEachWhile { entry in
            let member = Table.key(entry)
            items[count] = Item(member: member, hash: Table.hash(member, store))
            count += 1
            guard count == MemberBatch.capacity else { return true }
            let goesOn = visit(self)
            count = 0
            return goesOn
        }
        if isWhole, count > 0 { _ = visit(self) }
    }

    /// All members of the batch, a bit for each.
    var all: UInt32 { UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(count)) &- 1) }

    /// Those of the members that a set has, among `wanted`.
    func found(in set: SetView, among wanted: UInt32) -> UInt32 {
        if set.isTable { warm(set.table, wanted) }
        var found: UInt32 = 0
        forEach(wanted) { index in
            if set.contains(items[index].member, items[index].hash) { found |= 1 << UInt32(index) }
        }
        return found
    }

    /// Starts loading what lookups in a table will read.
    func warm(_ table: Table, _ wanted: UInt32) {
        guard table.count > 256 else { return }
        forEach(wanted) { items[$0].at = table.warmSegment(items[$0].hash) }
        forEach(wanted) {
            let step = Table.warmBucket(items[$0].at, items[$0].hash)
            items[$0].at = step.line
            items[$0].tag = step.tag
        }
        forEach(wanted) { Table.warmEntry(items[$0].at, items[$0].tag) }
    }

    /// Visits members by their bits, until `visit` answers false.
    /// - Returns: false when it did.
    func forEachWhile(_ wanted: UInt32, _ visit: (ByteView, UInt64) -> Bool) -> Bool {
        var left = wanted
        while left != 0 {
            let item = items[left.trailingZeroBitCount]
            if !visit(item.member, item.hash) { return false }
            left &= left &- 1
        }
        return true
    }

    @inline(__always) private func forEach(_ wanted: UInt32, _ visit: (Int) -> Void) {
        var left = wanted
        while left != 0 {
            visit(left.trailingZeroBitCount)
            left &= left &- 1
        }
    }
}
