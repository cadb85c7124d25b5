// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A sorted set apart from its key: how it is kept, and where. Edits change one, and say afterwards where it is.
///
/// *Encodings*. Pairs of member and score in a listpack while there are few and all are short; a tree otherwise, whose
/// companion is the table of members: both name the same entries (`ScoredMember`), which hold the member's bytes once. A
/// sorted set never goes back to a listpack. The table's books count the entries, the tree's the tree.
///
/// *Cuts*. The units are the tree's leaves; the table of members takes no part.
struct SortedSetContent {
    private(set) var encoding: UInt8
    private(set) var at: Address

    init(_ value: Value) {
        encoding = value.encoding
        at = value.collection
    }

    init(encoding: UInt8, at: Address) {
        self.encoding = encoding
        self.at = at
    }

    /// An empty sorted set, fit for so many members, the first of which has so many bytes.
    init(expecting count: Int, memberBytes: Int, _ keys: Keyspace) {
        if count <= keys.limits.zsetListpackEntries, memberBytes <= keys.limits.zsetListpackValueBytes {
            encoding = Encoding.listpack
            at = Listpack.create(keys.heap).at
        } else {
            encoding = Encoding.tree
            at = SortedSetContent.newTree(expecting: min(count, Keyspace.expectedMax), keys).root
        }
    }

    /// An empty tree with its table of members.
    static func newTree(expecting count: Int, _ keys: Keyspace) -> Tree {
        let tree = Tree.create(.score, keys.store)
        tree.companion = Table.create(keys.store, keyOffset: 0, expecting: count).root
        return tree
    }

    @inline(__always) var isTree: Bool { encoding == Encoding.tree }
    @inline(__always) var tree: Tree { Tree(root: at) }
    /// The table of a tree's members.
    @inline(__always) var members: Table { Table(root: tree.companion) }
    /// The pairs of the packed form.
    @inline(__always) var pairs: Listpack { Listpack(at: at) }

    var count: Int { isTree ? tree.count : pairs.count / 2 }

    // MARK: Finding

    /// Finds a member.
    @inline(__always) func find(_ member: ByteView, _ store: Store) -> FoundMember {
        guard isTree else { return findPair(member) }
        let hash = Table.hash(member, store)
        let slot = members.find(hash, member)
        guard !slot.isNone else { return .none(member, hash: hash) }
        return FoundMember(
            member: member, hash: hash, place: .slot(slot), score: ScoredMember.score(slot.entry))
    }

    private func findPair(_ member: ByteView) -> FoundMember {
        guard let pair = pairs.findPair(member) else { return .none(member) }
        return FoundMember(member: member, hash: 0, place: .pair(pair), score: pairs.score(pair))
    }

    // MARK: Changes

    /// Gives a member a score: one that is not there is added.
    mutating func setScore(_ found: FoundMember, _ score: Double, _ keys: Keyspace) {
        switch found.place {
        case .none: add(found, score, keys)
        case .slot(let slot): move(slot, to: score, keys)
        case .pair(let pair):
            var pairs = self.pairs
            pairs.setScore(pair, of: found.member, to: score, keys.heap)
            at = pairs.at
        }
    }

    private mutating func add(_ found: FoundMember, _ score: Double, _ keys: Keyspace) {
        if !isTree {
            if fits(found.member, keys.limits) {
                var pairs = self.pairs
                pairs.addScored(found.member, score, keys.heap)
                at = pairs.at
                return
            }
            becomeTree(keys)
        }
        // A member that was looked for while the set was packed brings no hash along.
        let hash = found.hash != 0 ? found.hash : Table.hash(found.member, keys.store)
        let tree = self.tree
        if tree.lanes != 0 { preserve(.before(found.member, score: score), keys) }
        let entry = ScoredMember.make(found.member, score, keys.heap)
        let members = self.members
        members.insert(entry, hash, keys.store)
        members.addBytes(Heap.roundedBytes(ScoredMember.bytes(entry)))
        tree.insert(entry, keys.store)
    }

    private func fits(_ member: ByteView, _ limits: EncodingLimits) -> Bool {
        let pairs = self.pairs
        return member.count <= limits.zsetListpackValueBytes && pairs.count / 2 < limits.zsetListpackEntries
            && !pairs.wouldExceed(bytes: member.count + 64)
    }

    private func move(_ slot: Slot, to score: Double, _ keys: Keyspace) {
        let (entry, tree, members) = (slot.entry, self.tree, self.members)
        if tree.lanes != 0 {
            let member = ScoredMember.member(entry)
            preserve(.before(member, score: ScoredMember.score(entry)), keys)
            preserve(.before(member, score: score), keys)
        }
        let before = Heap.roundedBytes(ScoredMember.bytes(entry))
        let moved = tree.move(entry, to: score, keys.store)
        guard moved != entry else { return }
        members.replace(slot, with: moved)
        members.addBytes(Heap.roundedBytes(ScoredMember.bytes(moved)) - before)
    }

    /// Takes out a member that exists.
    mutating func remove(_ found: FoundMember, _ keys: Keyspace) {
        switch found.place {
        case .none: preconditionFailure("removing a member that is not there")
        case .slot(let slot):
            let (entry, tree) = (slot.entry, self.tree)
            if tree.lanes != 0 { preserve(.before(found.member, score: found.score), keys) }
            tree.remove(entry, keys.store)
            members.remove(slot, keys.store)
            free(entry, keys)
        case .pair(let pair):
            var pairs = self.pairs
            pairs.delete(from: pair.name, limit: 2, keys.heap)
            at = pairs.at
        }
    }

    func free(_ entry: Address, _ keys: Keyspace) {
        members.addBytes(-Heap.roundedBytes(ScoredMember.bytes(entry)))
        ScoredMember.free(entry, keys.heap)
    }

    /// Hands the leaf over in which a point lies to open cuts: it is about to change.
    @inline(never) func preserve(_ point: TreePoint, _ keys: Keyspace) {
        keys.preserve(tree.unit(of: point), of: SortedSetCollection(tree: tree))
    }

    /// Keeps the members in a tree from now on, laid out for some more of them.
    mutating func becomeTree(expecting more: Int = 0, _ keys: Keyspace) {
        guard !isTree else { return }
        let pairs = self.pairs
        let tree = SortedSetContent.newTree(expecting: pairs.count / 2 + more, keys)
        let members = Table(root: tree.companion)
        var next = pairs.firstPair
        while let pair = next {
            let entry = pairs[pair.name].withText { ScoredMember.make($0, pairs.score(pair), keys.heap) }
            members.addScored(entry, keys)
            tree.append(entry, keys.store)
            next = pairs.nextPair(pair)
        }
        pairs.free(keys.heap)
        encoding = Encoding.tree
        at = tree.root
    }

    // MARK: As a whole

    func free(_ keys: Keyspace) {
        if isTree { keys.discard(SortedSetCollection(tree: tree)) } else { pairs.free(keys.heap) }
    }

    /// A second sorted set with the same members, which no key holds.
    ///
    /// Table and tree are copied with their shapes, so that nothing is hashed, compared or looked for. Both must name the
    /// same copies: meanwhile each old entry begins with the address of its copy, which gives it back what stood there.
    func copy(_ keys: Keyspace) -> Address {
        guard isTree else { return pairs.copy(keys.heap).at }
        let heap = keys.heap
        let members = self.members.copy(keys.store) { old in
            let bytes = ScoredMember.bytes(old)
            let new = heap.allocate(bytes)
            new.copy(from: old, count: bytes)
            old.setAddress(0, new)
            return new
        }
        let copied = tree.copy(keys.store) { old in
            let new = old.address(0)
            old.setU64(0, new.u64(0))
            return new
        }
        copied.companion = members.root
        return copied.root
    }
}

extension Table {
    /// Adds an entry of a sorted set whose member is not there yet.
    func addScored(_ entry: Address, _ keys: Keyspace) {
        insert(entry, Table.hash(Table.key(entry), keys.store), keys.store)
        addBytes(Heap.roundedBytes(ScoredMember.bytes(entry)))
    }
}
