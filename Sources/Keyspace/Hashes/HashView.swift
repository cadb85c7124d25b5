// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Reading access to a hash in any of its encodings. Valid until the next edit.
///
/// *Dead fields*. A field whose deadline has passed is never shown, whether or not somebody has deleted it yet; only
/// the source of an import still sees it (`DeadKeys.alive`). A view only reads: to look at single fields so that dead
/// ones are deleted when they are met, as dead keys are, use `Keyspace.field(_:in:)`. Only `count` includes dead
/// fields, as DBSIZE includes dead keys.
public struct HashView {
    let hash: HashContent
    let store: Store
    /// Fields with this deadline or an earlier one are dead.
    let deadMs: Int64

    /// The hash of a found key of type hash.
    public init(_ value: Value, _ keys: Keyspace) {
        hash = HashContent(value)
        store = keys.store
        deadMs = keys.deadKeys == .alive ? Int64.min : keys.nowMs
    }

    // MARK: Size

    /// Number of fields, dead ones that are not deleted yet included (HLEN).
    public var count: Int { hash.count }

    /// Number of fields that may be shown: what the visits below will visit. The same as `count` unless fields are
    /// dead; then it takes a look at every segment that has dead ones.
    public var liveCount: Int {
        guard mayHoldDead else { return count }
        if isTable { return count - hash.table.dueCount(nowMs: deadMs) }
        return (0..<count).reduce(0) { $0 + (hash.dated.deadline($1) <= deadMs ? 0 : 1) }
    }

    /// Whether fields are found by hash rather than by a search through all.
    public var isTable: Bool { hash.isTable }

    /// Whether any field has a deadline.
    public var hasDeadlines: Bool { hash.hasDeadlines }

    /// Whether there may be fields that are dead and not deleted yet; false is certain. Looks at every segment of a
    /// large hash with deadlines.
    public var mayHoldDead: Bool {
        switch hash.encoding {
        case Encoding.listpack: false
        case Encoding.listpackEx: hash.dated.earliest <= deadMs
        default: hash.table.volatileCount > 0 && hash.table.earliest <= deadMs
        }
    }

    // MARK: Single fields

    /// Finds a field. A dead one is not there.
    public func field(_ name: ByteView) -> FoundField {
        let found = hash.find(name, store)
        return isDead(found) ? .none(name) : found
    }

    func isDead(_ found: FoundField) -> Bool { (found.deadline ?? Int64.max) <= deadMs }

    // MARK: Walks

    /// Is shown a field: its name, its value, and when it dies (Unix ms, nil for never). The views die with the call.
    public typealias Visitor = (_ name: ByteView, _ value: FieldValue, _ deadline: Int64?) -> Void

    /// Visits all live fields with their values and deadlines (Unix ms, nil for none), in no order that means anything.
    public func forEach(_ visit: Visitor) {
        guard isTable else {
            return hash.forEachPair { pair, pairs in
                show(pair, pairs, visit)
                return true
            }
        }
        hash.table.forEach { show($0, visit) }
    }

    /// Visits live fields until `visit` answers false.
    public func forEachWhile(
        _ visit: (_ name: ByteView, _ value: FieldValue, _ deadline: Int64?) -> Bool
    ) {
        var goesOn = true
        guard isTable else {
            return hash.forEachPair { pair, pairs in
                show(pair, pairs) { goesOn = visit($0, $1, $2) }
                return goesOn
            }
        }
        hash.table.forEachWhile { entry in
            show(entry) { goesOn = visit($0, $1, $2) }
            return goesOn
        }
    }

    /// Visits live fields from a SCAN cursor on, about `count` of them; packed hashes are visited whole. Whoever calls
    /// it until it answers 0 has seen every field at least once that was there throughout.
    /// - Returns: the cursor to go on with; 0 at the end.
    public func scan(_ cursor: UInt64, count: Int, _ visit: Visitor) -> UInt64 {
        guard isTable else {
            forEach(visit)
            return 0
        }
        return hash.table.scan(cursor, count: count, store) { show($0, visit) }
    }

    private func show(_ pair: Listpack.Pair, _ pairs: Listpack, _ visit: Visitor) {
        let deadline = hash.deadline(pair)
        if deadline <= deadMs { return }
        pairs[pair.name].withText { visit($0, FieldValue(pairs[pair.value]), HashContent.given(deadline)) }
    }

    private func show(_ entry: Address, _ visit: Visitor) {
        let deadline = hash.table.deadline(of: entry, store)
        if deadline <= deadMs { return }
        visit(Table.key(entry), Field.value(entry), HashContent.given(deadline))
    }
}
