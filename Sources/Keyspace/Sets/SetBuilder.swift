// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A set under construction that no key holds yet: the result of SUNIONSTORE and its like, or one that is restored.
///
/// *Who frees*. The builder, unless an edit took its members over.
public final class SetBuilder: ValueBuilder {
    private let keys: Keyspace
    private var table: Table?

    /// - Parameter count: about how many members will come.
    public init(_ keys: Keyspace, expecting count: Int = 0) {
        self.keys = keys
        table = Table.create(keys.store, keyOffset: 0, expecting: count)
    }

    /// Begins with the members of a set.
    init(copying set: SetView, _ keys: Keyspace) {
        self.keys = keys
        if set.isTable {
            table = set.table.copy(keys.store) { Member.copy($0, keys.heap) }
        } else {
            let table = Table.create(keys.store, keyOffset: 0, expecting: set.count)
            set.forEach { table.addMember($0, keys) }
            self.table = table
        }
    }

    deinit { if let table { keys.discard(TableCollection(table, of: SetMembers.self)) } }

    var members: Table {
        guard let table else { preconditionFailure("the members were taken over") }
        return table
    }

    /// How many different members have been added.
    public var count: Int { members.count }

    /// Adds a member.
    /// - Returns: whether it is new.
    @discardableResult public func add(_ member: ByteView) -> Bool {
        let hash = Table.hash(member, keys.store)
        guard members.find(hash, member).isNone else { return false }
        addNew(member, hash)
        return true
    }

    /// Adds a member that is not there yet.
    func addNew(_ member: ByteView, _ hash: UInt64) {
        let entry = Member.make(member, keys.heap)
        members.insert(entry, hash, keys.store)
        members.addBytes(Heap.roundedBytes(Member.bytes(entry)))
    }

    /// Takes a member out, if it is there.
    public func remove(_ member: ByteView) { remove(member, Table.hash(member, keys.store)) }

    func remove(_ member: ByteView, _ hash: UInt64) {
        let place = members.find(hash, member)
        guard !place.isNone else { return }
        let entry = place.entry
        let bytes = Member.bytes(entry)
        members.remove(place, keys.store)
        members.addBytes(-Heap.roundedBytes(bytes))
        keys.heap.free(entry, bytes)
    }

    /// Traps on a broken invariant (tests).
    func checkInvariants() { members.checkInvariants(keys.store) }

    /// Visits the members added so far, in no order that means anything. The views die with the call.
    public func forEach(_ visit: (ByteView) -> Void) { members.forEach { visit(Table.key($0)) } }

    func add(_ element: ValueElement) -> Bool {
        element.value == nil && element.deadlineMs == nil && element.bytes.withText { add($0) }
    }

    /// The members in the smallest encoding that the limits allow.
    func take() -> BuiltValue {
        let limits = keys.limits
        var integers: [Int64] = []
        var longest = Int.max
        var bytes = 0
        if count <= max(limits.setIntsetEntries, limits.setListpackEntries) {
            longest = 0
            forEach { member in
                if let integer = member.integer { integers.append(integer) }
                longest = max(longest, member.count)
                bytes += member.count + 16
            }
        }
        if integers.count == count, count <= min(limits.setIntsetEntries, 1 << 30) {
            var set = IntSet.create(keys.heap)
            for integer in integers.sorted() { set = set.insert(integer, keys.heap).set }
            return .collection(encoding: Encoding.intset, at: set.at)
        }
        if count <= limits.setListpackEntries, longest <= limits.setListpackValueBytes,
            bytes <= Listpack.safeBytesMax
        {
            var listpack = Listpack.create(keys.heap)
            forEach { listpack.append($0, keys.heap) }
            return .collection(encoding: Encoding.listpack, at: listpack.at)
        }
        let root = members.root
        table = nil
        return .collection(encoding: Encoding.table, at: root)
    }
}

extension Edit {
    /// Makes the value the set that was built; whatever was there goes, and so does the deadline.
    public mutating func setSet(_ builder: SetBuilder, _ keys: Keyspace) {
        guard case .collection(let encoding, let at) = builder.take() else { preconditionFailure("no set") }
        replaceCollection(.set, encoding, at, keys)
        setDeadline(nil, keys)
    }
}
