// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The hash's row in the list of types.
enum HashOperations: ValueOperations {
    static let limits = [
        EncodingLimit(
            "hash-max-listpack-entries", \.hashListpackEntries, aliases: ["hash-max-ziplist-entries"]),
        EncodingLimit(
            "hash-max-listpack-value", \.hashListpackValueBytes, aliases: ["hash-max-ziplist-value"],
            isBytes: true),
    ]

    static func encodingName(_ value: Value) -> StaticString {
        switch value.encoding {
        case Encoding.listpack: "listpack"
        case Encoding.listpackEx: "listpackex"
        default: "hashtable"
        }
    }

    static func bytes(_ value: Value) -> Int {
        switch value.encoding {
        case Encoding.listpack: Heap.roundedBytes(Listpack(at: value.collection).byteCount)
        case Encoding.listpackEx: Heap.roundedBytes(ListpackEx(at: value.collection).byteCount)
        default: Table(root: value.collection).bytes
        }
    }

    static func count(_ value: Value) -> Int { HashContent(value).count }
    static func hasDeadlines(_ value: Value) -> Bool { HashContent(value).hasDeadlines }
    static func free(_ value: Value, _ keys: Keyspace) { HashContent(value).free(keys) }

    static func detach(_ entry: Address, _ keys: Keyspace) {
        let value = Value(entry)
        entry.setAddress(value.payloadOffset, HashContent.copy(of: value, keys))
    }

    static func settleIn(_ value: Value, _ store: Store) {
        let hash = HashContent(value)
        switch hash.encoding {
        case Encoding.listpack: break
        case Encoding.listpackEx: hash.dated.take(holder: value.entry, store)
        default: hash.table.holder = value.entry
        }
    }

    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        let hash = HashContent(value)
        guard hash.isTable else {
            return hash.forEachPair { pair, pairs in
                visit(
                    ValueElement(
                        StoredBytes(pairs[pair.name]), value: StoredBytes(pairs[pair.value]),
                        deadlineMs: HashContent.given(hash.deadline(pair))))
                return true
            }
        }
        hash.table.forEach { entry in
            visit(
                ValueElement(
                    .bytes(Table.key(entry)), value: Field.value(entry),
                    deadlineMs: HashContent.given(hash.table.deadline(of: entry, keys.store))))
        }
    }

    static func packed(_ value: Value) -> ByteView? {
        value.encoding == Encoding.listpack ? Listpack(at: value.collection).bytes : nil
    }

    static func validate(packed: ByteView, encoding: UInt8) -> Bool {
        encoding == Encoding.listpack && Listpack.validate(packed, deep: true)
            && Listpack(at: packed.start).count % 2 == 0
    }

    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void) {
        let pairs = Listpack(at: packed.start)
        var next = pairs.firstPair
        while let pair = next {
            visit(ValueElement(StoredBytes(pairs[pair.name]), value: StoredBytes(pairs[pair.value])))
            next = pairs.nextPair(pair)
        }
    }

    static func large(_ value: Value) -> (any LargeCollection)? {
        table(value).map { TableCollection($0, of: HashFields.self) }
    }

    static func table(_ value: Value) -> Table? {
        value.encoding == Encoding.table ? Table(root: value.collection) : nil
    }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        HashView(value, keys).forEach { name, value, deadline in
            var pair = Digest()
            pair.mix(name)
            value.withText { pair.mix($0) }
            if deadline != nil { pair.fold(ByteView("!!hexpire!!")) }
            digest.combine(pair)
        }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder {
        HashBuilder(expecting: count, keys)
    }

    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {
        let hash = HashContent(value)
        let at =
            switch hash.encoding {
            case Encoding.listpack: Listpack(at: hash.at).settled(mover).at
            case Encoding.listpackEx: hash.dated.settled(mover, store).at
            default: hash.table.settledRoot(mover).root
            }
        value.entry.setAddress(value.payloadOffset, at)
    }

    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        guard let table = table(value) else { return nil }
        return table.defragment(from: position, store, mover) { HashFields.settle($0, of: table, mover) }
    }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        let hash = HashContent(value)
        switch hash.encoding {
        case Encoding.listpack:
            Listpack(at: hash.at).checkInvariants()
        case Encoding.listpackEx:
            hash.dated.checkInvariants(keys.store)
            precondition(hash.dated.holder == value.entry, "a packed hash does not know its key")
        default:
            let table = hash.table
            table.checkInvariants(keys.store)
            precondition(table.holder == value.entry, "a hash's table does not know its key")
            var bytes = 0
            table.forEach { bytes += Field.totalBytes($0) }
            let own = table.ownBytes()
            precondition(
                table.bytes == own.main + own.deadlines + bytes, "the bytes of a hash are miscounted")
        }
    }
}

/// The fields of a hash that is a table.
enum HashFields: TableElements {
    static func element(_ slot: Slot, of table: Table) -> ValueElement {
        ValueElement(
            .bytes(Table.key(slot.entry)), value: Field.value(slot.entry),
            deadlineMs: HashContent.given(table.deadline(slot)))
    }

    static func bytes(_ entry: Address) -> Int { Field.totalBytes(entry) }
    static func free(_ entry: Address, _ keys: Keyspace) { Field.free(entry, keys.heap) }

    static func settle(_ slot: Slot, of table: Table, _ mover: Mover) {
        let field = slot.entry
        let moved = mover.settle(field, Field.bytes(field))
        if moved != field { table.replace(slot, with: moved) }
    }
}
