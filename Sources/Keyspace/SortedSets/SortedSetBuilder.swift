// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// How the scores of a member of several sets become one.
public enum ScoreAggregate: Sendable {
    /// The sum, the smallest, the largest. The sum of opposite infinities is 0.
    case sum, min, max

    func callAsFunction(_ score: Double, _ other: Double) -> Double {
        switch self {
        case .sum:
            let sum = score + other
            return sum.isNaN ? 0 : sum
        case .min: return other < score ? other : score
        case .max: return other > score ? other : score
        }
    }
}

/// A sorted set under construction that no key holds yet: members come in any order, and are put in theirs in the end.
///
/// *Who frees*. The builder, unless an edit took the sorted set over.
public final class SortedSetBuilder: ValueBuilder {
    private let keys: Keyspace
    private var table: Table?

    /// - Parameter count: about how many members will come.
    public init(_ keys: Keyspace, expecting count: Int = 0) {
        self.keys = keys
        table = Table.create(keys.store, keyOffset: 0, expecting: count)
    }

    deinit { if let table { keys.discard(TableCollection(table, of: SortedMembers.self)) } }

    private var members: Table {
        guard let table else { preconditionFailure("the sorted set was taken over") }
        return table
    }

    /// How many different members have been added.
    public var count: Int { members.count }

    /// Adds a member.
    /// - Returns: false when it is there already; then nothing changes.
    @discardableResult public func add(_ member: ByteView, _ score: Double) -> Bool {
        let hash = Table.hash(member, keys.store)
        guard members.find(hash, member).isNone else { return false }
        addNew(member, hash, score)
        return true
    }

    /// Adds a member, or lets its score count together with the one that it has.
    func combine(_ member: ByteView, _ hash: UInt64, _ score: Double, _ aggregate: ScoreAggregate) {
        let slot = members.find(hash, member)
        guard !slot.isNone else { return addNew(member, hash, score) }
        let entry = slot.entry
        let before = Heap.roundedBytes(ScoredMember.bytes(entry))
        let moved = ScoredMember.rewrite(entry, aggregate(ScoredMember.score(entry), score), keys.heap)
        if moved != entry { members.replace(slot, with: moved) }
        members.addBytes(Heap.roundedBytes(ScoredMember.bytes(moved)) - before)
    }

    /// Adds a member that is not there yet.
    public func addNew(_ member: ByteView, _ score: Double) {
        addNew(member, Table.hash(member, keys.store), score)
    }

    /// Likewise, with its hash.
    func addNew(_ member: ByteView, _ hash: UInt64, _ score: Double) {
        let entry = ScoredMember.make(member, score, keys.heap)
        members.insert(entry, hash, keys.store)
        members.addBytes(Heap.roundedBytes(ScoredMember.bytes(entry)))
    }

    /// Takes a member out, if it is there.
    func remove(_ member: ByteView, _ hash: UInt64) {
        let slot = members.find(hash, member)
        guard !slot.isNone else { return }
        let entry = slot.entry
        members.remove(slot, keys.store)
        members.addBytes(-Heap.roundedBytes(ScoredMember.bytes(entry)))
        ScoredMember.free(entry, keys.heap)
    }

    func add(_ element: ValueElement) -> Bool {
        guard let score = element.score, !score.isNaN, element.value == nil, element.deadlineMs == nil else {
            return false
        }
        return element.bytes.withText { add($0, score) }
    }

    // MARK: Order

    /// A member's entry, and its score as a number that orders alike.
    private struct Item {
        let order: UInt64
        let entry: Address
    }

    private func sorted() -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(count)
        members.forEach { items.append(Item(order: ScoredMember.order(ScoredMember.score($0)), entry: $0)) }
        items.sort { left, right in
            left.order != right.order
                ? left.order < right.order
                : ScoredMember.member(left.entry).order(to: ScoredMember.member(right.entry)) < 0
        }
        return items
    }

    /// Visits the members added so far in their order. The views die with the call.
    public func forEach(_ visit: (_ member: ByteView, _ score: Double) -> Void) {
        for item in sorted() { visit(ScoredMember.member(item.entry), ScoredMember.score(item.entry)) }
    }

    /// The members in the smallest encoding that the limits allow.
    func take() -> BuiltValue {
        let items = sorted()
        if fits(items) {
            var pairs = Listpack.create(keys.heap)
            for item in items {
                let (member, score) = (ScoredMember.member(item.entry), ScoredMember.score(item.entry))
                pairs.appendScored(member, score, keys.heap)
            }
            return .collection(encoding: Encoding.listpack, at: pairs.at)
        }
        let tree = Tree.create(.score, keys.store)
        tree.companion = members.root
        for item in items { tree.append(item.entry, keys.store) }
        table = nil
        return .collection(encoding: Encoding.tree, at: tree.root)
    }

    private func fits(_ items: [Item]) -> Bool {
        let limits = keys.limits
        guard items.count <= limits.zsetListpackEntries else { return false }
        var bytes = 0
        for item in items {
            let count = ScoredMember.member(item.entry).count
            if count > limits.zsetListpackValueBytes { return false }
            bytes += count + 64
        }
        return bytes <= Listpack.safeBytesMax
    }
}

extension Edit {
    /// Makes the value the sorted set that was built; whatever was there goes, and so does the deadline.
    public mutating func setSortedSet(_ builder: SortedSetBuilder, _ keys: Keyspace) {
        guard case .collection(let encoding, let at) = builder.take() else { preconditionFailure("no set") }
        replaceCollection(.zset, encoding, at, keys)
        setDeadline(nil, keys)
    }
}
