// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Reading access to a set in any of its encodings. Valid until the next edit.
public struct SetView {
    let value: Value
    let store: Store

    /// The set of a found key of type set.
    public init(_ value: Value, _ keys: Keyspace) {
        self.value = value
        store = keys.store
    }

    var intset: IntSet { IntSet(at: value.collection) }
    var listpack: Listpack { Listpack(at: value.collection) }
    var table: Table { Table(root: value.collection) }

    /// How many members the set has.
    public var count: Int { SetOperations.count(value) }
    /// Whether the set is kept as an intset: sorted integers side by side.
    public var isIntset: Bool { value.encoding == Encoding.intset }
    /// Whether members are found by hash rather than by a search through all.
    public var isTable: Bool { value.encoding == Encoding.table }

    /// Whether these bytes are a member. In a packed set this looks at all members.
    public func contains(_ member: ByteView) -> Bool {
        switch value.encoding {
        case Encoding.intset: return member.integer.map(intset.contains) ?? false
        case Encoding.listpack: return listpack.contains(member)
        default: return !table.find(Table.hash(member, store), member).isNone
        }
    }

    /// Likewise, with the member's hash.
    func contains(_ member: ByteView, _ hash: UInt64) -> Bool {
        isTable ? !table.find(hash, member).isNone : contains(member)
    }

    /// Visits all members, in no order that means anything.
    public func forEach(_ visit: (ByteView) -> Void) {
        if isTable { return table.forEach { visit(Table.key($0)) } }
        forEachWhile {
            visit($0)
            return true
        }
    }

    /// Visits members until `visit` answers false.
    public func forEachWhile(_ visit: (ByteView) -> Bool) {
        switch value.encoding {
        case Encoding.intset:
            for i in 0..<intset.count {
                var text = DecimalText(intset.get(i))
                if !text.withView(visit) { return }
            }
        case Encoding.listpack:
            var at = listpack.first
            while let position = at {
                if !listpack[position].withText(visit) { return }
                at = listpack.next(position)
            }
        default:
            table.forEachWhile { visit(Table.key($0)) }
        }
    }

    /// A member picked uniformly; the set is not empty. The view is lent for the time of `body`.
    public func withRandomMember<R>(_ random: inout SeededRandom, _ body: (ByteView) -> R) -> R {
        switch value.encoding {
        case Encoding.intset:
            var text = DecimalText(intset.get(random.below(intset.count)))
            return text.withView(body)
        case Encoding.listpack:
            guard let position = listpack.seek(random.below(listpack.count)) else {
                preconditionFailure("a set without members")
            }
            return listpack[position].withText(body)
        default:
            return body(Table.key(table.random(&random)))
        }
    }

    /// Visits members from a SCAN cursor on; compact sets are visited whole.
    public func scan(_ cursor: UInt64, count: Int, _ visit: (ByteView) -> Void) -> UInt64 {
        guard isTable else {
            forEach(visit)
            return 0
        }
        return table.scan(cursor, count: count, store) { visit(Table.key($0)) }
    }
}
