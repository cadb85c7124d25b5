// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// What every type of value declares once: freeing, size, copying and walking.
protocol ValueOperations: SendableMetatype {
    /// Frees what hangs on the entry, not the entry itself.
    static func free(_ value: Value, _ keys: Keyspace)
    /// Bytes of what hangs on the entry.
    static func bytes(_ value: Value) -> Int
    /// Number of elements; 1 for a string.
    static func count(_ value: Value) -> Int
    /// Makes what hangs on `entry` (a copied entry) its own.
    static func detach(_ entry: Address, _ keys: Keyspace)
    /// The table that a cut must walk in slices; nil when the value is small enough to be written at once.
    static func table(_ value: Value) -> Table?
    /// Visits the value's elements.
    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ByteView) -> Void)
    /// Moves what hangs on the entry and is small to fuller pages, elements of `table` excepted.
    static func settle(_ value: Value, _ mover: Mover)
    /// The element at a slot of `table`, moved to a fuller page if that helps.
    static func settleElement(_ slot: Slot, of table: Table, _ mover: Mover)
}

extension ValueOperations {
    static func settle(_ value: Value, _ mover: Mover) {}
    static func settleElement(_ slot: Slot, of table: Table, _ mover: Mover) {}
}

extension Value {
    var operations: any ValueOperations.Type {
        switch type {
        case .string: StringOperations.self
        case .set: SetOperations.self
        case .list, .zset, .hash, .stream: preconditionFailure("no value of this type can exist yet")
        }
    }

    /// Number of elements; 1 for a string.
    public var elementCount: Int { operations.count(self) }

    /// Everything the key occupies in bytes: slot, entry and what hangs on it.
    public var totalBytes: Int { Heap.roundedBytes(entryBytes) + operations.bytes(self) + 10 }

    /// Visits the bytes of a string, or the members of a set.
    public func forEachElement(_ keys: Keyspace, _ visit: (ByteView) -> Void) {
        operations.forEachElement(self, keys, visit)
    }
}

extension Keyspace {
    /// A copy of a value, ready to be `put` under another key.
    public func copy(_ found: Found) -> TakenValue {
        let old = found.value
        let bytes = old.entryBytes
        let entry = heap.allocate(bytes)
        entry.copy(from: old.entry, count: bytes)
        entry.setU8(4, entry.u8(4) & 127)
        old.operations.detach(entry, self)
        return TakenValue(entry: entry, deadline: table(of: found.database).deadline(found.slot))
    }
}

enum StringOperations: ValueOperations {
    static func free(_ value: Value, _ keys: Keyspace) { value.block?.release(keys.heap) }
    static func bytes(_ value: Value) -> Int { value.block.map { Block.headerBytes + $0.capacity } ?? 0 }
    static func count(_ value: Value) -> Int { 1 }
    /// Blocks are counted, so the copy shares it until one of the two is written to.
    static func detach(_ entry: Address, _ keys: Keyspace) { Value(entry).block?.retain() }
    static func table(_ value: Value) -> Table? { nil }
    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        guard value.isInteger else { return visit(value.stringBytes) }
        var text = DecimalText(value.integer)
        text.withView(visit)
    }
}
