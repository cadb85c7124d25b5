// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The sorted set's row in the list of types.
enum SortedSetOperations: ValueOperations {
    static let limits = [
        EncodingLimit(
            "zset-max-listpack-entries", \.zsetListpackEntries, aliases: ["zset-max-ziplist-entries"]),
        EncodingLimit(
            "zset-max-listpack-value", \.zsetListpackValueBytes, aliases: ["zset-max-ziplist-value"],
            isBytes: true),
    ]

    /// A tree is called what clients know the larger encoding as.
    static func encodingName(_ value: Value) -> StaticString {
        value.encoding == Encoding.listpack ? "listpack" : "skiplist"
    }

    static func bytes(_ value: Value) -> Int {
        let set = SortedSetContent(value)
        return set.isTree ? SortedSetCollection(tree: set.tree).bytes : Heap.roundedBytes(set.pairs.byteCount)
    }

    static func count(_ value: Value) -> Int { SortedSetContent(value).count }
    static func free(_ value: Value, _ keys: Keyspace) { SortedSetContent(value).free(keys) }

    static func detach(_ entry: Address, _ keys: Keyspace) {
        let value = Value(entry)
        entry.setAddress(value.payloadOffset, SortedSetContent(value).copy(keys))
    }

    /// In the order of scores.
    static func forEachElement(_ value: Value, _ keys: Keyspace, _ visit: (ValueElement) -> Void) {
        let set = SortedSetContent(value)
        guard set.isTree else {
            return forEachElement(packed: set.pairs.bytes, encoding: value.encoding, visit)
        }
        set.tree.forEachWhile(ranks: 0..<set.count, reversed: false) { entry in
            visit(SortedMembers.element(entry))
            return true
        }
    }

    static func packed(_ value: Value) -> ByteView? {
        value.encoding == Encoding.listpack ? Listpack(at: value.collection).bytes : nil
    }

    static func validate(packed: ByteView, encoding: UInt8) -> Bool {
        guard encoding == Encoding.listpack, Listpack.validate(packed, deep: true) else { return false }
        let pairs = Listpack(at: packed.start)
        guard pairs.count % 2 == 0 else { return false }
        var next = pairs.firstPair
        while let pair = next {
            if Listpack.score(pairs[pair.value]) == nil { return false }
            next = pairs.nextPair(pair)
        }
        return true
    }

    static func forEachElement(packed: ByteView, encoding: UInt8, _ visit: (ValueElement) -> Void) {
        let pairs = Listpack(at: packed.start)
        var next = pairs.firstPair
        while let pair = next {
            visit(ValueElement(StoredBytes(pairs[pair.name]), score: pairs.score(pair)))
            next = pairs.nextPair(pair)
        }
    }

    static func large(_ value: Value) -> (any LargeCollection)? {
        let set = SortedSetContent(value)
        return set.isTree ? SortedSetCollection(tree: set.tree) : nil
    }

    static func table(_ value: Value) -> Table? {
        let set = SortedSetContent(value)
        return set.isTree ? set.members : nil
    }

    static func digest<Digest: ValueDigest>(_ value: Value, _ keys: Keyspace, into digest: inout Digest) {
        forEachElement(value, keys) { element in
            var pair = Digest()
            element.bytes.withText { pair.mix($0) }
            // Whether a 0 has a sign depends on the encoding, which is no part of the data.
            doubleText((element.score ?? 0) + 0).withView { pair.mix($0) }
            digest.combine(pair)
        }
    }

    static func builder(expecting count: Int, _ keys: Keyspace) -> any ValueBuilder {
        SortedSetBuilder(keys, expecting: count)
    }

    static func settle(_ value: Value, _ mover: Mover, _ store: Store) {
        let set = SortedSetContent(value)
        guard set.isTree else {
            return value.entry.setAddress(value.payloadOffset, set.pairs.settled(mover).at)
        }
        set.tree.companion = set.members.settledRoot(mover).root
        value.entry.setAddress(value.payloadOffset, set.tree.settledRoot(mover).root)
    }

    /// A position in the tree has this bit, and the rank above it. One in the table does not: it has the hash's prefix in
    /// its upper half, and a small number below.
    private static let isInTree: UInt64 = 1 << 31

    static func settleElements(_ value: Value, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        let set = SortedSetContent(value)
        guard set.isTree else { return nil }
        let members = set.members
        if position & isInTree == 0 {
            let next = members.defragment(from: position, store, mover) { _ in }
            assert((next ?? 0) & isInTree == 0, "a table too deep for its positions")
            return next ?? isInTree
        }
        let next = set.tree.defragment(from: position >> 32, mover) { cursor in
            let entry = cursor.entry
            let bytes = ScoredMember.bytes(entry)
            guard mover.heap.isSparse(entry, bytes, fill: mover.fill) else {
                return mover.settle(entry, bytes)
            }
            let member = ScoredMember.member(entry)
            let slot = members.find(Table.hash(member, store), member)
            let moved = mover.settle(entry, bytes)
            members.replace(slot, with: moved)
            return moved
        }
        guard let next, next < 1 << 32 else { return nil }
        return next << 32 | isInTree
    }

    static func checkInvariants(_ value: Value, _ keys: Keyspace) {
        let set = SortedSetContent(value)
        guard set.isTree else { return checkPairs(set.pairs) }
        set.tree.checkInvariants(keys.store)
        let members = set.members
        members.checkInvariants(keys.store)
        precondition(members.count == set.tree.count, "members lost or counted twice")
        precondition(members.lanes == 0, "a table of members has a part in a cut")
        var bytes = 0
        set.tree.forEachWhile(ranks: 0..<set.count, reversed: false) { entry in
            let member = ScoredMember.member(entry)
            let slot = members.find(Table.hash(member, keys.store), member)
            precondition(!slot.isNone && slot.entry == entry, "tree and table name different entries")
            bytes += SortedMembers.bytes(entry)
            return true
        }
        let own = members.ownBytes()
        precondition(members.bytes == own.main + own.deadlines + bytes, "the bytes of members are miscounted")
    }

    private static func checkPairs(_ pairs: Listpack) {
        pairs.checkInvariants()
        precondition(pairs.count % 2 == 0, "half a pair")
        var last: (score: Double, member: [UInt8])?
        var next = pairs.firstPair
        while let pair = next {
            let (score, member) = (pairs.score(pair), pairs[pair.name].array)
            if let last {
                let follows = last.member.lexicographicallyPrecedes(member)
                precondition(last.score < score || (last.score == score && follows), "members out of order")
            }
            last = (score, member)
            next = pairs.nextPair(pair)
        }
    }
}
