// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A hash apart from its key: how it is kept, and where. Edits and builders change one, and say afterwards where it is.
///
/// *Encodings*. Pairs in a listpack while there are few and all are short; with deadlines beside them from the first
/// deadline on (`ListpackEx`); a table of fields otherwise. A hash never goes back to an earlier one.
struct HashContent {
    private(set) var encoding: UInt8
    private(set) var at: Address
    /// The entry of the key that holds the hash; null while none does.
    private let holder: Address

    init(_ value: Value) {
        encoding = value.encoding
        at = value.collection
        holder = value.entry
    }

    /// An empty hash that no key holds, fit for so many fields.
    init(expecting count: Int, _ keys: Keyspace) {
        holder = .null
        if count <= keys.limits.hashListpackEntries {
            encoding = Encoding.listpack
            at = Listpack.create(keys.heap).at
        } else {
            encoding = Encoding.table
            at = Table.create(keys.store, keyOffset: 0, expecting: count).root
        }
    }

    var isTable: Bool { encoding == Encoding.table }
    var table: Table { Table(root: at) }
    var dated: ListpackEx { ListpackEx(at: at) }
    /// The pairs of the packed forms.
    var pairs: Listpack { encoding == Encoding.listpackEx ? dated.pairs : Listpack(at: at) }

    var count: Int { isTable ? table.count : pairs.count / 2 }

    /// Whether any field has a deadline.
    var hasDeadlines: Bool {
        switch encoding {
        case Encoding.listpack: false
        case Encoding.listpackEx: dated.hasDeadlines
        default: table.volatileCount > 0
        }
    }

    // MARK: Finding

    /// Finds a field, dead or alive.
    @inline(__always) func find(_ name: ByteView, _ store: Store) -> FoundField {
        guard isTable else { return findPair(name) }
        let hash = Table.hash(name, store)
        let slot = table.find(hash, name)
        guard !slot.isNone else { return .none(name, hash: hash) }
        return FoundField(
            name: name, hash: hash, place: .slot(slot), deadline: Self.given(table.deadline(slot)))
    }

    private func findPair(_ name: ByteView) -> FoundField {
        let pairs = self.pairs
        guard let pair = pairs.findPair(name) else { return .none(name) }
        return FoundField(
            name: name, hash: 0, place: .pair(pair, in: pairs), deadline: Self.given(deadline(pair)))
    }

    /// The deadline of a pair of the packed forms, or `Table.noDeadline`.
    func deadline(_ pair: Listpack.Pair) -> Int64 {
        encoding == Encoding.listpackEx ? dated.deadline(pair.index) : Table.noDeadline
    }

    static func given(_ deadline: Int64) -> Int64? { deadline == Table.noDeadline ? nil : deadline }

    // MARK: Walks

    /// Visits the pairs of the packed forms until `visit` answers false.
    func forEachPair(_ visit: (Listpack.Pair, Listpack) -> Bool) {
        let pairs = self.pairs
        var next = pairs.firstPair
        while let pair = next {
            if !visit(pair, pairs) { return }
            next = pairs.nextPair(pair)
        }
    }

    // MARK: Changes

    /// Gives a field a value. See `Edit.setField`.
    mutating func set(
        _ found: FoundField, _ bytes: ByteView, adopting block: Block?, keepsDeadline: Bool, _ keys: Keyspace
    ) {
        if isTable { return setInTable(found, bytes, block, keepsDeadline: keepsDeadline, keys) }
        if fits(found, bytes, keys.limits) {
            return encoding == Encoding.listpack
                ? setPair(found, bytes, keys) : setDatedPair(found, bytes, keepsDeadline: keepsDeadline, keys)
        }
        becomeTable(keys)
        setInTable(find(found.name, keys.store), bytes, block, keepsDeadline: keepsDeadline, keys)
    }

    private func fits(_ found: FoundField, _ bytes: ByteView, _ limits: EncodingLimits) -> Bool {
        let longest = limits.hashListpackValueBytes
        let pairs = self.pairs
        return found.name.count <= longest && bytes.count <= longest
            && (found.exists || pairs.count / 2 < limits.hashListpackEntries)
            && !pairs.wouldExceed(bytes: found.name.count + bytes.count + 32)
    }

    private mutating func setPair(_ found: FoundField, _ bytes: ByteView, _ keys: Keyspace) {
        var pairs = Listpack(at: at)
        if case .pair(let pair, _) = found.place {
            pairs.replace(pair.value, with: bytes, keys.heap)
        } else {
            pairs.append(found.name, keys.heap)
            pairs.append(bytes, keys.heap)
        }
        at = pairs.at
    }

    private mutating func setDatedPair(
        _ found: FoundField, _ bytes: ByteView, keepsDeadline: Bool, _ keys: Keyspace
    ) {
        var dated = self.dated
        if case .pair(let pair, _) = found.place {
            dated.replaceValue(pair, with: bytes, keys.store)
            if !keepsDeadline { dated.setDeadline(pair.index, Table.noDeadline, keys.store) }
        } else {
            dated.append(found.name, bytes, keys.store)
        }
        at = dated.at
    }

    private func setInTable(
        _ found: FoundField, _ bytes: ByteView, _ block: Block?, keepsDeadline: Bool, _ keys: Keyspace
    ) {
        let table = self.table
        // A field that was looked for while the hash was none, or packed, brings no hash along.
        let hash = found.hash != 0 ? found.hash : Table.hash(found.name, keys.store)
        if table.lanes != 0 { keys.preserve(hash, of: TableCollection(table, of: HashFields.self)) }
        guard case .slot(let place) = found.place else {
            let entry = Field.make(found.name, bytes, adopting: block, keys.heap)
            table.insert(entry, hash, keys.store)
            return table.addBytes(Field.totalBytes(entry))
        }
        if !keepsDeadline, found.deadline != nil { table.setDeadline(place, Table.noDeadline, keys.store) }
        let old = place.entry
        if Field.rewrite(old, bytes) { return }
        let entry = Field.make(found.name, bytes, adopting: block, keys.heap)
        entry.setU8(0, entry.u8(0) | old.u8(0) & 128)
        table.replace(place, with: entry)
        table.addBytes(Field.totalBytes(entry) - Field.totalBytes(old))
        Field.free(old, keys.heap)
    }

    /// Sets, moves or (with `Table.noDeadline`) clears the deadline of a field that exists.
    mutating func setDeadline(_ found: FoundField, _ deadline: Int64, _ keys: Keyspace) {
        switch found.place {
        case .none: preconditionFailure("a deadline for a field that is not there")
        case .slot(let place):
            if table.lanes != 0 { keys.preserve(found.hash, of: TableCollection(table, of: HashFields.self)) }
            table.setDeadline(place, deadline, keys.store)
        case .pair(let pair, _):
            if encoding == Encoding.listpack {
                guard deadline != Table.noDeadline else { return }
                let adopted = ListpackEx.adopt(Listpack(at: at), keys.heap)
                encoding = Encoding.listpackEx
                at = adopted.at
                if !holder.isNull { adopted.take(holder: holder, keys.store) }
            }
            var dated = self.dated
            dated.setDeadline(pair.index, deadline, keys.store)
            at = dated.at
        }
    }

    /// Takes out a field that exists.
    mutating func remove(_ found: FoundField, _ keys: Keyspace) {
        switch found.place {
        case .none: preconditionFailure("removing a field that is not there")
        case .slot(let place): remove(place, found.hash, keys)
        case .pair(let pair, _):
            if encoding == Encoding.listpackEx { return remove([pair], keys) }
            var pairs = Listpack(at: at)
            pairs.delete(from: pair.name, limit: 2, keys.heap)
            at = pairs.at
        }
    }

    func remove(_ place: Slot, _ hash: UInt64, _ keys: Keyspace) {
        let table = self.table
        if table.lanes != 0 { keys.preserve(hash, of: TableCollection(table, of: HashFields.self)) }
        let entry = place.entry
        table.remove(place, keys.store)
        table.addBytes(-Field.totalBytes(entry))
        Field.free(entry, keys.heap)
    }

    /// Takes out pairs of a packed hash with deadlines, in their order. With none it only looks which deadline is the
    /// earliest.
    mutating func remove(_ pairs: [Listpack.Pair], _ keys: Keyspace) {
        var dated = self.dated
        dated.remove(pairs, keys.store)
        at = dated.at
    }

    /// Keeps the fields in a table from now on, laid out for some more of them.
    mutating func becomeTable(expecting more: Int = 0, _ keys: Keyspace) {
        guard !isTable else { return }
        let table = Table.create(keys.store, keyOffset: 0, expecting: count + more)
        forEachPair { pair, pairs in
            pairs[pair.name].withText { name in
                pairs[pair.value].withText { value in
                    let entry = Field.make(name, value, adopting: nil, keys.heap)
                    table.addField(entry, deadline(pair), keys)
                }
            }
            return true
        }
        free(keys)
        encoding = Encoding.table
        at = table.root
        table.holder = holder
    }

    // MARK: As a whole

    /// A second hash with the same fields and deadlines, which no key holds. Blocks are shared.
    static func copy(of value: Value, _ keys: Keyspace) -> Address {
        let old = HashContent(value)
        switch old.encoding {
        case Encoding.listpack: return Listpack(at: old.at).copy(keys.heap).at
        case Encoding.listpackEx: return old.dated.copy(keys.heap).at
        default: return old.table.copy(keys.store) { Field.copy($0, keys.heap) }.root
        }
    }

    func free(_ keys: Keyspace) {
        switch encoding {
        case Encoding.listpack: Listpack(at: at).free(keys.heap)
        case Encoding.listpackEx: dated.free(keys.store)
        default: keys.discard(TableCollection(table, of: HashFields.self))
        }
    }
}

extension Table {
    /// Adds a field whose name is not there yet, with its deadline.
    func addField(_ entry: Address, _ deadline: Int64, _ keys: Keyspace) {
        let place = insert(entry, Table.hash(Table.key(entry), keys.store), keys.store)
        addBytes(Field.totalBytes(entry))
        if deadline != Table.noDeadline { setDeadline(place, deadline, keys.store) }
    }
}
