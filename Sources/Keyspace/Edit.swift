// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// The one door for changes to a key.
///
/// Open it on a key that was looked up, change the value, then `commit` (or `abandon` if nothing changed). Opening
/// hands the key's unit to open cuts; committing removes an emptied collection, raises the key's version, records the
/// event and counts the change. There is never more than one at a time, because a change may move every slot.
@frozen public struct Edit: ~Copyable, ~Escapable {
    /// The key that is being changed; a view of whoever looked it up.
    public let key: ByteView
    @usableFromInline let hash: UInt64
    @usableFromInline let table: Table
    @usableFromInline let database: Int
    @usableFromInline var slot: Slot
    @usableFromInline var isOpen = true
    /// Where the value is counted by its size, if it is a collection; see `KeySizes.swift`.
    @usableFromInline var counted: Int

    @inlinable @inline(__always) @_lifetime(borrow keys)
    init(_ found: Found, _ table: Table, counted: Int, _ keys: borrowing Keyspace) {
        key = found.key
        hash = found.hash
        database = found.database
        slot = found.slot
        self.table = table
        self.counted = counted
    }

    deinit { precondition(!isOpen, "an edit was neither committed nor abandoned") }

    /// Whether the key has a value at this point of the edit.
    @inlinable @inline(__always) public var exists: Bool { !slot.isNone }
    /// The key's value; only where `exists`, and until the next change that replaces it.
    @inlinable @inline(__always) public var value: Value { Value(slot.entry) }

    /// Ends the edit with a change, under the name of its keyspace event.
    @inlinable @inline(__always)
    public consuming func commit(_ event: Event, _ keys: Keyspace) {
        isOpen = false
        keys.committed(key, database, 1)
        keys.effects.event(event, key, database: database)
        if exists, value.typeBits != 0 { removeIfEmpty(keys) }
    }

    /// Ends the edit with `changes` changes (members added, say).
    @inlinable public consuming func commit(_ event: Event, changes: Int, _ keys: Keyspace) {
        isOpen = false
        keys.committed(key, database, changes)
        keys.effects.event(event, key, database: database)
        if exists, value.typeBits != 0 { removeIfEmpty(keys) }
    }

    /// Ends the edit with `changes` changes, or as one that changed nothing.
    @inlinable @inline(__always)
    public consuming func end(_ event: Event, changes: Int, _ keys: Keyspace) {
        if changes > 0 { commit(event, changes: changes, keys) } else { abandon(keys) }
    }

    /// Ends an edit that took all elements out at once: the key goes, and behind the event comes that of its deletion.
    public consuming func commitEmptied(_ event: Event, changes: Int, _ keys: Keyspace) {
        remove(keys)
        let (key, database) = (self.key, self.database)
        commit(event, changes: changes, keys)
        keys.effects.event(.del, key, database: database)
    }

    /// The value is about to leave the key: somebody may wait for just that.
    @inline(__always) func tellGone(_ keys: Keyspace) {
        if keys.tellsReady, value.typeBits != 0 { keys.effects.ready(key, database: database) }
    }

    @usableFromInline @inline(never) mutating func removeIfEmpty(_ keys: Keyspace) {
        let elements = value.inlinedElementCount
        guard elements == 0, !value.operations.outlivesElements else {
            recount(elements: elements, keys)
            if keys.tellsReady { keys.effects.ready(key, database: database) }
            return
        }
        keys.effects.event(.del, key, database: database)
        remove(keys)
    }

    /// Ends the edit; nothing was changed.
    @inlinable public consuming func abandon(_ keys: Keyspace) {
        isOpen = false
        keys.editEnded()
    }

    // MARK: Deadline

    /// When the key dies, in Unix ms; nil when it never does or does not exist.
    @inlinable public var deadline: Int64? {
        guard exists else { return nil }
        return Keyspace.deadline(kept: table.deadline(slot))
    }

    /// Sets the deadline in Unix ms, or clears it.
    @inlinable @inline(__always) public func setDeadline(_ deadline: Int64?, _ keys: Keyspace) {
        if deadline == nil, slot.entry.u8(4) & 128 == 0 { return }
        changeDeadline(deadline, keys)
    }

    @usableFromInline @inline(never) func changeDeadline(_ deadline: Int64?, _ keys: Keyspace) {
        table.setDeadline(slot, Keyspace.kept(deadline), keys.store)
    }

    // MARK: Entry

    /// Deletes the key and its value. Large values go to the reclaimer.
    public mutating func remove(_ keys: Keyspace) {
        uncount()
        tellGone(keys)
        countOut(keys)
        let entry = slot.entry
        table.remove(slot, keys.store)
        slot = .none
        table.addBytes(-Heap.roundedBytes(Value(entry).entryBytes))
        keys.freeEntry(entry)
    }

    /// Takes the key's entry out of the table without freeing its value, for `put` under another key.
    public mutating func take(_ keys: Keyspace) -> TakenValue {
        uncount()
        tellGone(keys)
        countOut(keys)
        let deadline = table.deadline(slot)
        let entry = slot.entry
        table.remove(slot, keys.store)
        slot = .none
        table.addBytes(-Heap.roundedBytes(Value(entry).entryBytes))
        return TakenValue(entry: entry, deadline: deadline)
    }

    /// Gives the key a value that was taken or copied, with its deadline. The key must be free.
    public mutating func put(_ taken: consuming TakenValue, _ keys: Keyspace) {
        precondition(!exists, "put over an existing key")
        let old = Value(taken.entry)
        let payload = old.payloadBytes
        let header = Value.headerBytes(key.count)
        let entry = keys.heap.allocate(header + payload)
        let at = Value.writeHeader(entry, old.kind, old.access, key, volatile: 0)
        (entry + at).copy(from: taken.entry + old.payloadOffset, count: payload)
        keys.heap.free(taken.entry, old.entryBytes)
        insert(entry, header + payload, keys)
        if value.typeBits != 0 {
            value.operations.settleIn(value, keys.store)
        } else {
            countIn(length: value.stringCount, keys)
        }
        recount(wasDated: false)
        if taken.deadline != Table.noDeadline { table.setDeadline(slot, taken.deadline, keys.store) }
    }

    @usableFromInline @inline(__always) mutating func insert(_ entry: Address, _ bytes: Int, _ keys: Keyspace)
    {
        slot = table.insert(entry, hash, keys.store)
        table.addBytes(Heap.roundedBytes(bytes))
        keys.effects.event(.new, key, database: database)
    }

    /// An entry with room for `payload` bytes under this edit's key, in the place of the old one, whose value is freed.
    /// The deadline stays. Returns the entry and where its payload begins.
    /// - Parameter length: of the string that the entry will hold; below 0 for a collection.
    @usableFromInline @inline(__always)
    mutating func makeEntry(
        _ kind: UInt8, payload: Int, length: Int, _ keys: Keyspace
    ) -> (entry: Address, at: Int) {
        let bytes = Value.headerBytes(key.count) &+ payload
        guard exists else {
            let entry = keys.heap.allocate(bytes)
            let at = Value.writeHeader(entry, kind, keys.freshAccess, key, volatile: 0)
            insert(entry, bytes, keys)
            if length >= 0 { countIn(length: length, keys) }
            return (entry, at)
        }
        let old = slot.entry
        let oldBytes = Value(old).entryBytes
        if Value(old).ownsNothing, Heap.roundedBytes(oldBytes) == Heap.roundedBytes(bytes) {
            // Of the same kind and as many bytes the string is as long as before; numbers do not come here.
            if oldBytes != bytes || old.u8(0) != kind {
                recount(length: length, keys)
                old.setU8(0, kind)
            }
            return (old, bytes &- payload)
        }
        let made = remakeEntry(kind, bytes, keys)
        if length >= 0 { countIn(length: length, keys) }
        return made
    }

    @usableFromInline @inline(never)
    mutating func remakeEntry(_ kind: UInt8, _ bytes: Int, _ keys: Keyspace) -> (
        Address, Int
    ) {
        let old = slot.entry
        let entry = keys.heap.allocate(bytes)
        let at = Value.writeHeader(entry, kind, Value(old).access, key, volatile: old.u8(4) & 128)
        replaceEntry(with: entry, bytes, keys)
        return (entry, at)
    }

    /// Puts another entry of so many bytes in the place of the old one, which is freed with its value.
    mutating func replaceEntry(with entry: Address, _ bytes: Int, _ keys: Keyspace) {
        uncount()
        tellGone(keys)
        countOut(keys)
        let old = slot.entry
        table.replace(slot, with: entry)
        table.addBytes(Heap.roundedBytes(bytes) - Heap.roundedBytes(Value(old).entryBytes))
        keys.freeEntry(old)
    }
}

/// A value out of its table, on its way to another key.
public struct TakenValue: ~Copyable {
    let entry: Address
    /// When the key was to die, in Unix ms as tables keep it; `Table.noDeadline` when never.
    public let deadline: Int64
}

extension Value {
    /// Whether the entry is all there is: nothing hangs on it that would have to be freed.
    @inlinable @inline(__always) var ownsNothing: Bool { entry.u8(0) < 32 && entry.u8(0) != Encoding.block }
}

extension Keyspace {
    /// Opens the one door for changing a key. The lookup must be fresh.
    @inline(__always) @_lifetime(borrow self)
    public func edit(_ found: Found) -> Edit {
        let isCollection = !found.slot.isNone && found.slot.entry.u8(0) >= 32
        let counted = isCollection ? Edit.countedIndex(found.slot.entry) : Edit.uncounted
        return Edit(found, openTable(found), counted: counted, self)
    }

    /// Likewise, for a change that does not touch what a collection holds but gives the key another value.
    @inline(__always) @_lifetime(borrow self)
    public func edit(toReplace found: Found) -> Edit {
        Edit(found, openTable(found), counted: Edit.countedAsFound, self)
    }

    /// Opens the door; answers the table of the key.
    @inline(__always) private func openTable(_ found: Found) -> Table {
        assert(!editIsOpen, "two edits at once")
        found.checkFreshness()
        assert(deadKeys != .hidden, "a write that does not see dead keys")
        editIsOpen = true
        let database = found.database == selected.index ? selected : databases[found.database]
        let table = database.table(of: found.key)
        if table.lanes != 0 { preserve(found.hash, table) }
        return table
    }

    @inlinable @inline(__always) func editEnded() {
        editIsOpen = false
        #if DEBUG
            editCounter.setU64(0, editCounter.u64(0) &+ 1)
        #endif
    }

    @usableFromInline @inline(__always) func committed(_ key: ByteView, _ database: Int, _ changes: Int) {
        editEnded()
        commits &+= 1
        stats.dirty &+= changes
        if !listeners.isEmpty { changed(key, database) }
    }

    /// A deadline as tables keep it: the largest number there stands for none, so the two largest deadlines give way.
    /// The last but one is an approximation: nobody waits for it.
    static func kept(_ deadline: Int64?) -> Int64 {
        guard let deadline else { return Table.noDeadline }
        return deadline < .max - 1 ? deadline : deadline - 1
    }

    /// What a deadline kept by `kept` was.
    @usableFromInline static func deadline(kept deadline: Int64) -> Int64? {
        if deadline == Table.noDeadline { return nil }
        return deadline == .max - 1 ? .max : deadline
    }

    /// Frees an entry that is in no table any more, and what hangs on it.
    @usableFromInline @inline(__always) func freeEntry(_ entry: Address) {
        let value = Value(entry)
        let bytes = value.entryBytes
        if !value.ownsNothing { freePayload(value) }
        heap.free(entry, bytes)
    }

    @usableFromInline @inline(never) func freePayload(_ value: Value) { value.operations.free(value, self) }

    /// Deletes a dead key: its effect is a DEL of its own, ahead of the command that met it.
    @inline(never) func expire(_ found: Found) {
        stats.expired += 1
        dispose(found, .expired)
    }

    /// Deletes a key on nobody's order: no command's changes include it.
    func dispose(_ found: Found, _ event: Event) {
        var edit = edit(found)
        effects.deletion(found.key, database: found.database)
        effects.event(event, found.key, database: found.database)
        if !listeners.isEmpty { changed(found.key, found.database, byServer: true) }
        edit.remove(self)
        edit.abandon(self)
    }
}
