// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The set's row in the list of types.
enum SetOperations: ValueOperations {
    static let limits = [
        EncodingLimit("set-max-intset-entries", \.setIntsetEntries),
        EncodingLimit("set-max-listpack-entries", \.setListpackEntries),
        EncodingLimit("set-max-listpack-value", \.setListpackValueBytes),
    ]

    static func encodingName(_ value: Value) -> StaticString {
        switch value.encoding {
        case Encoding.intset: "intset"
        case Encoding.listpack: "listpack"
        default: "hashtable"
        }
    }

    static func bytes(_ value: Value) -> Int {
        switch value.encoding {
        case Encoding.intset: Heap.roundedBytes(IntSet(at: value.collection).byteCount)
        case Encoding.listpack: Heap.roundedBytes(Listpack(at: value.collection).byteCount)
        default: Table(root: value.collection).bytes
        }
    }

    static func count(_ value: Value) -> Int {
        switch value.encoding {
        case Encoding.intset: IntSet(at: value.collection).count
        case Encoding.listpack: Listpack(at: value.collection).count
        default: Table(root: value.collection).count
        }
    }

    static func free(_ value: Value, _ keys: Keyspace) {
        switch value.encoding {
        case Encoding.intset: IntSet(at: value.collection).free(keys.heap)
        case Encoding.listpack: Listpack(at: value.collection).free(keys.heap)
        default: keys.discard(TableCollection(Table(root: value.collection), of: SetMembers.self))
        }
    }

    static func detach(_ entry: Address, _ keys: Keyspace) {
        let value = Value(entry)
        let at: Address
        switch value.encoding {
        case Encoding.intset: at = IntSet(at: value.collection).copy(keys.heap).at
        case Encoding.listpack: at = Listpack(at: value.collection).copy(keys.heap).at
        default: at = Table(root: value.collection).copy(keys.store) { Member.copy($0, keys.heap) }.root
        }
        entry.setAddress(value.payloadOffset, at)
    }

    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        if let packed = packed(value) {
            return forEachElement(packed: packed, encoding: value.encoding, visit)
        }
        Table(root: value.collection).forEach { visit(ValueElement(.bytes(Table.key($0)))) }
    }

    static func packed(_ value: Value) -> ByteView? {
        switch value.encoding {
        case Encoding.intset: IntSet(at: value.collection).bytes
        case Encoding.listpack: Listpack(at: value.collection).bytes
        default: nil
        }
    }

    static func validate(packed: ByteView, encoding: UInt8) -> Bool {
        switch encoding {
        case Encoding.intset: IntSet.validate(packed, deep: true)
        case Encoding.listpack: Listpack.validate(packed, deep: true)
        default: false
        }
    }

    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void) {
        if encoding == Encoding.intset {
            let set = IntSet(at: packed.start)
            for i in 0..<set.count { visit(ValueElement(.integer(set.get(i)))) }
            return
        }
        let members = Listpack(at: packed.start)
        var next = members.first
        while let position = next {
            visit(ValueElement(StoredBytes(members[position])))
            next = members.next(position)
        }
    }

    static func large(_ value: Value) -> (any LargeCollection)? {
        table(value).map { TableCollection($0, of: SetMembers.self) }
    }

    static func table(_ value: Value) -> Table? {
        value.encoding == Encoding.table ? Table(root: value.collection) : nil
    }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        SetView(value, keys).forEach { digest.fold($0) }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder {
        SetBuilder(keys, expecting: count)
    }

    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {
        let at =
            switch value.encoding {
            case Encoding.intset:
                IntSet(at: value.collection).settled(mover).at
            case Encoding.listpack:
                Listpack(at: value.collection).settled(mover).at
            default:
                Table(root: value.collection).settledRoot(mover).root
            }
        value.entry.setAddress(value.payloadOffset, at)
    }

    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        guard let table = table(value) else { return nil }
        return table.defragment(from: position, store, mover) { SetMembers.settle($0, of: table, mover) }
    }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        switch value.encoding {
        case Encoding.intset: IntSet(at: value.collection).checkInvariants()
        case Encoding.listpack: Listpack(at: value.collection).checkInvariants()
        default: Table(root: value.collection).checkInvariants(keys.store)
        }
    }
}

/// The members of a set that is a table.
enum SetMembers: TableElements {
    static func element(_ slot: Slot, of table: Table) -> ValueElement {
        ValueElement(.bytes(Table.key(slot.entry)))
    }

    static func bytes(_ entry: Address) -> Int { Heap.roundedBytes(Member.bytes(entry)) }
    static func free(_ entry: Address, _ keys: Keyspace) { keys.heap.free(entry, Member.bytes(entry)) }

    static func settle(_ slot: Slot, of table: Table, _ mover: Mover) {
        let member = slot.entry
        let moved = mover.settle(member, Member.bytes(member))
        if moved != member { table.replace(slot, with: moved) }
    }
}

extension Table {
    /// Adds a member that is not there yet.
    func addMember(_ member: ByteView, _ keys: Keyspace) {
        let entry = Member.make(member, keys.heap)
        insert(entry, Table.hash(member, keys.store), keys.store)
        addBytes(Heap.roundedBytes(Member.bytes(entry)))
    }
}
