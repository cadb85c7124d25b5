// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Taking random members out of a set.

extension Edit {
    /// How many times more members must go than stay before the survivors are moved out instead.
    private static var moveRatio: Int { 5 }

    /// Removes `count` members picked uniformly, fewer than there are, and lends each to `visit`.
    ///
    /// Each member costs the same however large the set is: compact sets are rewritten in one pass; a table loses its
    /// picks one by one, or, when most of it goes, keeps the picked survivors and is given up as a whole.
    public mutating func popMembers(_ count: Int, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let total = value.elementCount
        precondition(count >= 0 && count < total, "popping more members than there are")
        switch value.encoding {
        case Encoding.intset: popIntegers(count, keys, visit)
        case Encoding.listpack: popPacked(count, keys, visit)
        default:
            if count / Edit.moveRatio > total - count {
                keepMembers(total - count, keys, visit)
            } else {
                for _ in 0..<count { popFromTable(keys, visit) }
            }
        }
    }

    /// Removes one member picked uniformly and lends it to `visit`; the set is not empty, but may be afterwards.
    public mutating func popMember(_ keys: Keyspace, _ visit: (ByteView) -> Void) {
        switch value.encoding {
        case Encoding.intset:
            let old = IntSet(at: value.collection)
            let integer = old.get(keys.random.below(old.count))
            var text = DecimalText(integer)
            text.withView(visit)
            let (set, _) = old.remove(integer, keys.heap)
            slot.entry.setAddress(value.payloadOffset, set.at)
        case Encoding.listpack:
            var listpack = Listpack(at: value.collection)
            guard let position = listpack.seek(keys.random.below(listpack.count)) else {
                preconditionFailure("a set without members")
            }
            listpack[position].withText(visit)
            listpack.delete(position, keys.heap)
            slot.entry.setAddress(value.payloadOffset, listpack.at)
        default:
            popFromTable(keys, visit)
        }
    }

    private mutating func popIntegers(_ count: Int, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let old = IntSet(at: value.collection)
        var kept = IntSet.create(keys.heap)
        var sampler = Sampler(picks: count, of: old.count)
        for i in 0..<old.count {
            let integer = old.get(i)
            if sampler.takesNext(&keys.random) {
                var text = DecimalText(integer)
                text.withView(visit)
            } else {
                kept = kept.insert(integer, keys.heap).set
            }
        }
        old.free(keys.heap)
        slot.entry.setAddress(value.payloadOffset, kept.at)
    }

    private mutating func popPacked(_ count: Int, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let old = Listpack(at: value.collection)
        var kept = Listpack.create(keys.heap)
        var sampler = Sampler(picks: count, of: old.count)
        var next = old.first
        while let position = next {
            let element = old[position]
            if sampler.takesNext(&keys.random) {
                element.withText(visit)
            } else {
                kept.append(element, keys.heap)
            }
            next = old.next(position)
        }
        old.free(keys.heap)
        slot.entry.setAddress(value.payloadOffset, kept.at)
    }

    private mutating func popFromTable(_ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let inner = Table(root: value.collection)
        let entry = Edit.detachRandom(inner, keys).entry
        visit(Table.key(entry))
        keys.heap.free(entry, Member.bytes(entry))
    }

    /// Moves `count` picked members to a new table; the rest are lent to `visit` and given up.
    private mutating func keepMembers(_ count: Int, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let old = Table(root: value.collection)
        let new = Table.create(keys.store, keyOffset: 0, expecting: count)
        for _ in 0..<count {
            let (entry, hash) = Edit.detachRandom(old, keys)
            new.insert(entry, hash, keys.store)
            new.addBytes(Heap.roundedBytes(Member.bytes(entry)))
        }
        slot.entry.setAddress(value.payloadOffset, new.root)
        old.forEach { visit(Table.key($0)) }
        keys.discard(TableCollection(old, of: SetMembers.self))
    }

    /// Takes a random member out of a table without freeing it.
    private static func detachRandom(_ table: Table, _ keys: Keyspace) -> (entry: Address, hash: UInt64) {
        let place = table.randomSlot(&keys.random)
        let entry = place.entry
        let hash = Table.hash(Table.key(entry), keys.store)
        if table.lanes != 0 { keys.preserve(hash, of: TableCollection(table, of: SetMembers.self)) }
        table.remove(place, keys.store)
        table.addBytes(-Heap.roundedBytes(Member.bytes(entry)))
        return (entry, hash)
    }
}
