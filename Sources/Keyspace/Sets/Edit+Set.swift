// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to sets: an intset while all members are integers, a listpack while few and short, a table otherwise. Sets
// never go back to a smaller encoding.

extension Edit {
    /// Gives a free key an empty set in the encoding that suits `member` and `expected` members.
    public mutating func makeSet(for member: ByteView, expected: Int, _ keys: Keyspace) {
        if member.integer != nil, expected <= keys.limits.setIntsetEntries {
            setCollection(.set, Encoding.intset, IntSet.create(keys.heap).at, keys)
        } else if expected <= keys.limits.setListpackEntries {
            setCollection(.set, Encoding.listpack, Listpack.create(keys.heap).at, keys)
        } else {
            let table = Table.create(
                keys.store, keyOffset: 0, expecting: min(expected, Keyspace.expectedMax))
            setCollection(.set, Encoding.table, table.root, keys)
        }
    }

    /// Puts a collection in the place of the value; the old payload must be free or owned by nobody.
    mutating func setCollection(_ type: ValueType, _ encoding: UInt8, _ at: Address, _ keys: Keyspace) {
        let kind = type.rawValue << 5 | encoding
        if exists, value.typeBits != 0 {
            slot.entry.setU8(0, kind)
            slot.entry.setAddress(value.payloadOffset, at)
            return
        }
        let (entry, offset) = makeEntry(kind, payload: 8, length: -1, keys)
        entry.setAddress(offset, at)
    }

    /// Prepares a set for many more members, so that it converts once.
    public mutating func expectMembers(_ more: Int, _ keys: Keyspace) {
        let set = SetView(value, keys)
        let limit = set.isIntset ? keys.limits.setIntsetEntries : keys.limits.setListpackEntries
        if !set.isTable, more > limit { convertToTable(expecting: min(more, Keyspace.expectedMax), keys) }
    }

    /// Adds a member.
    /// - Returns: whether it is new.
    public mutating func addMember(_ member: ByteView, _ keys: Keyspace) -> Bool {
        switch value.encoding {
        case Encoding.intset:
            if let integer = member.integer { return addInteger(integer, keys) }
            leaveIntset(for: member, keys)
            return addMember(member, keys)
        case Encoding.listpack:
            var listpack = Listpack(at: value.collection)
            if listpack.contains(member) { return false }
            let limits = keys.limits
            guard listpack.count < limits.setListpackEntries, member.count <= limits.setListpackValueBytes,
                !listpack.wouldExceed(bytes: member.count + 16)
            else {
                convertToTable(keys)
                return addMember(member, keys)
            }
            listpack.append(member, keys.heap)
            slot.entry.setAddress(value.payloadOffset, listpack.at)
            return true
        default:
            let inner = Table(root: value.collection)
            let hash = Table.hash(member, keys.store)
            guard inner.find(hash, member).isNone else { return false }
            if inner.lanes != 0 { keys.preserve(hash, of: TableCollection(inner, of: SetMembers.self)) }
            let entry = Member.make(member, keys.heap)
            inner.insert(entry, hash, keys.store)
            inner.addBytes(Heap.roundedBytes(Member.bytes(entry)))
            return true
        }
    }

    /// Removes a member. An emptied set is removed by `commit`.
    /// - Returns: whether it was there.
    public mutating func removeMember(_ member: ByteView, _ keys: Keyspace) -> Bool {
        switch value.encoding {
        case Encoding.intset:
            guard let integer = member.integer else { return false }
            let (set, removed) = IntSet(at: value.collection).remove(integer, keys.heap)
            slot.entry.setAddress(value.payloadOffset, set.at)
            return removed
        case Encoding.listpack:
            var listpack = Listpack(at: value.collection)
            let removed = listpack.removeMember(member, keys.heap)
            slot.entry.setAddress(value.payloadOffset, listpack.at)
            return removed
        default:
            let inner = Table(root: value.collection)
            let hash = Table.hash(member, keys.store)
            let place = inner.find(hash, member)
            guard !place.isNone else { return false }
            if inner.lanes != 0 { keys.preserve(hash, of: TableCollection(inner, of: SetMembers.self)) }
            let entry = place.entry
            inner.remove(place, keys.store)
            let bytes = Member.bytes(entry)
            inner.addBytes(-Heap.roundedBytes(bytes))
            keys.heap.free(entry, bytes)
            return true
        }
    }

    private mutating func addInteger(_ integer: Int64, _ keys: Keyspace) -> Bool {
        let (set, added) = IntSet(at: value.collection).insert(integer, keys.heap)
        slot.entry.setAddress(value.payloadOffset, set.at)
        if added, set.count > min(keys.limits.setIntsetEntries, 1 << 30) { convertToTable(keys) }
        return added
    }

    /// An intset gets its first member that is no integer: a listpack takes over if the limits allow.
    private mutating func leaveIntset(for member: ByteView, _ keys: Keyspace) {
        let limits = keys.limits
        let intset = IntSet(at: value.collection)
        let longest = max(intset.min.map(decimalLength) ?? 0, intset.max.map(decimalLength) ?? 0)
        guard intset.count < limits.setListpackEntries, member.count <= limits.setListpackValueBytes,
            longest <= limits.setListpackValueBytes
        else { return convertToTable(keys) }
        var listpack = Listpack.create(keys.heap)
        for i in 0..<intset.count { listpack.append(.integer(intset.get(i)), keys.heap) }
        intset.free(keys.heap)
        setCollection(.set, Encoding.listpack, listpack.at, keys)
    }

    private mutating func convertToTable(expecting more: Int = 0, _ keys: Keyspace) {
        let set = SetView(value, keys)
        let inner = Table.create(keys.store, keyOffset: 0, expecting: set.count + more)
        set.forEach { inner.addMember($0, keys) }
        SetOperations.free(value, keys)
        setCollection(.set, Encoding.table, inner.root, keys)
    }
}
