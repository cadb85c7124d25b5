// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to sorted sets.

extension Edit {
    /// Makes a free key an empty sorted set, or prepares one that is there, for so many more members, so that it converts
    /// once. They may turn out to be the same ones.
    /// - Parameter memberBytes: the length of the first of them.
    @inline(__always) public mutating func expectScored(_ more: Int, memberBytes: Int, _ keys: Keyspace) {
        if exists {
            if more > 1 { expectMoreScored(more, keys) }
            return
        }
        let set = SortedSetContent(expecting: more, memberBytes: memberBytes, keys)
        setCollection(.zset, set.encoding, set.at, keys)
    }

    private mutating func expectMoreScored(_ more: Int, _ keys: Keyspace) {
        guard more > keys.limits.zsetListpackEntries else { return }
        changeSortedSet(keys) { $0.becomeTree(expecting: min(more, Keyspace.expectedMax), keys) }
    }

    /// Finds a member.
    @inline(__always) public func scored(_ member: ByteView, _ keys: Keyspace) -> FoundMember {
        exists ? SortedSetContent(value).find(member, keys.store) : .none(member)
    }

    /// Gives a member that was looked for by this edit's `scored` a score, which is not NaN. One that is not there is
    /// added, and the sorted set is made if the key is free.
    @inline(__always) public mutating func setScore(
        _ found: FoundMember, _ score: Double, _ keys: Keyspace
    ) {
        if !exists { expectScored(1, memberBytes: found.member.count, keys) }
        changeSortedSet(keys) { $0.setScore(found, score, keys) }
    }

    /// Removes a member that was found by this edit's `scored` and exists. An emptied sorted set is removed by `commit`.
    public mutating func removeScored(_ found: FoundMember, _ keys: Keyspace) {
        changeSortedSet(keys) { $0.remove(found, keys) }
    }

    /// Removes the members with these ranks, which must exist, and lends each to `visit`, in their order or (`reversed`)
    /// from the last to the first.
    public mutating func removeScored(
        ranks: Range<Int>, reversed: Bool = false, _ keys: Keyspace, _ visit: SortedSetView.Visitor
    ) {
        guard !ranks.isEmpty else { return }
        SortedSetView(value, keys).forEach(ranks: ranks, reversed: reversed, visit)
        if ranks.count == value.elementCount { return emptySortedSet(keys) }
        changeSortedSet(keys) { $0.remove(ranks: ranks, keys) }
    }

    /// Removes the first or the last member, of which there is one at least, and lends it to `visit`.
    public mutating func popScored(last: Bool, _ keys: Keyspace, _ visit: SortedSetView.Visitor) {
        changeSortedSet(keys) { $0.pop(last: last, keys, visit) }
    }

    /// Removes the members with these ranks, which must exist.
    public mutating func removeScored(ranks: Range<Int>, _ keys: Keyspace) {
        guard !ranks.isEmpty else { return }
        if ranks.count == value.elementCount { return emptySortedSet(keys) }
        changeSortedSet(keys) { $0.remove(ranks: ranks, keys) }
    }

    /// Puts an empty sorted set in the place of the one that is there, which is given up as a whole: `commit` removes it.
    private mutating func emptySortedSet(_ keys: Keyspace) {
        SortedSetContent(value).free(keys)
        setCollection(.zset, Encoding.listpack, Listpack.create(keys.heap).at, keys)
    }

    /// Changes the sorted set, and hangs it on its entry again.
    @inline(__always) private mutating func changeSortedSet(
        _ keys: Keyspace, _ change: (inout SortedSetContent) -> Void
    ) {
        var set = SortedSetContent(value)
        let at = set.at
        change(&set)
        if set.at != at { setCollection(.zset, set.encoding, set.at, keys) }
    }
}

extension SortedSetContent {
    /// Takes out the first or the last member.
    mutating func pop(last: Bool, _ keys: Keyspace, _ visit: SortedSetView.Visitor) {
        guard isTree else {
            var pairs = self.pairs
            guard let pair = last ? pairs.lastPair : pairs.firstPair else {
                preconditionFailure("no members")
            }
            pairs[pair.name].withText { visit($0, pairs.score(pair)) }
            pairs.delete(from: pair.name, limit: 2, keys.heap)
            return self = SortedSetContent(encoding: encoding, at: pairs.at)
        }
        let (tree, members) = (self.tree, self.members)
        if tree.lanes != 0 { preserve(last ? .end : .start, keys) }
        let entry = tree.removeEnd(last: last, keys.store)
        let member = ScoredMember.member(entry)
        visit(member, ScoredMember.score(entry))
        let slot = members.find(Table.hash(member, keys.store), member)
        precondition(slot.entry == entry, "a member of the tree that the table does not know")
        members.remove(slot, keys.store)
        free(entry, keys)
        // Who takes one takes the next as well: what that will read is loaded now, each step of it one pop ahead of the
        // next.
        if members.count > 1024 { tree.warmEnd(last: last, members, keys.store) }
    }

    /// Takes out the members with these ranks.
    mutating func remove(ranks: Range<Int>, _ keys: Keyspace) {
        guard isTree else {
            var pairs = self.pairs
            pairs.delete(from: pairs.seekPair(ranks.lowerBound).name, limit: ranks.count * 2, keys.heap)
            return self = SortedSetContent(encoding: encoding, at: pairs.at)
        }
        let (tree, members) = (self.tree, self.members)
        let start = ranks.lowerBound
        var left = ranks.count
        let leaver = MemberLeaver(members, keys)
        while left > 0 {
            if tree.lanes != 0 { keys.preserve(tree.unit(rank: start), of: SortedSetCollection(tree: tree)) }
            // A leaf or less, so that its members leave the table together while they are at hand.
            let most = Swift.min(left, MemberLeaver.capacity)
            left -= tree.remove(ranks: start..<(start + left), max: most, keys.store) { leaver.add($0.entry) }
            leaver.run()
        }
    }
}

/// Takes members out of a table, some at a time, so that the waits for memory overlap.
private final class MemberLeaver {
    static let capacity = 64
    private let table: Table
    private let keys: Keyspace
    private let items = FixedArray(
        repeating: (entry: Address.null, hash: UInt64(0)), count: MemberLeaver.capacity)
    private var count = 0

    init(_ table: Table, _ keys: Keyspace) {
        self.table = table
        self.keys = keys
    }

    /// Notes a member that has left the tree.
    func add(_ entry: Address) {
        let hash = Table.hash(ScoredMember.member(entry), keys.store)
        items[count] = (entry, hash)
        count += 1
        table.prefetch(hash)
    }

    /// Takes the noted members out and frees them.
    func run() {
        for index in 0..<count {
            _ = Table.warmBucket(table.warmSegment(items[index].hash), items[index].hash)
        }
        for index in 0..<count {
            let (entry, hash) = items[index]
            let slot = table.find(hash, ScoredMember.member(entry))
            precondition(slot.entry == entry, "a member of the tree that the table does not know")
            table.remove(slot, keys.store)
            table.addBytes(-Heap.roundedBytes(ScoredMember.bytes(entry)))
            ScoredMember.free(entry, keys.heap)
        }
        count = 0
    }
}
