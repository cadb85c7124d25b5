// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to hashes.
//
// Every function that meets a dead field deletes it first, with its own effect and event (see `Keyspace+Fields.swift`);
// if that was the last field the key goes, and `exists` is false from then on. `setField` makes the hash anew then, so a
// handler need not look.

extension Edit {
    /// Makes a free key an empty hash, or prepares a hash that is there, for many more fields, so that it converts once.
    /// They may turn out to be the same ones.
    public mutating func expectFields(_ more: Int, _ keys: Keyspace) {
        let more = min(more, Keyspace.expectedMax)
        if exists {
            if more > keys.limits.hashListpackEntries {
                changeHash(keys) { $0.becomeTable(expecting: more, keys) }
            }
            return
        }
        let hash = HashContent(expecting: more, keys)
        setCollection(.hash, hash.encoding, hash.at, keys)
        HashOperations.settleIn(value, keys.store)
    }

    /// Finds a field. A dead one is deleted first, and is not there.
    public mutating func field(_ name: ByteView, _ keys: Keyspace) -> FoundField {
        guard exists else { return .none(name) }
        let view = HashView(value, keys)
        let found = view.hash.find(name, keys.store)
        guard view.isDead(found) else { return found }
        bury(found, keys)
        return .none(name)
    }

    /// Gives a field a value; the hash is made if the key is free.
    /// - Parameters:
    ///   - block: the block that holds exactly these bytes, if they were received into one.
    ///   - keepsDeadline: whether a deadline that the field has stays (HINCRBY, KEEPTTL); otherwise it is cleared.
    /// - Returns: whether the field is new.
    @discardableResult public mutating func setField(
        _ name: ByteView, _ bytes: ByteView, adopting block: Block? = nil, keepsDeadline: Bool = false,
        _ keys: Keyspace
    ) -> Bool {
        let found = field(name, keys)
        setField(found, bytes, adopting: block, keepsDeadline: keepsDeadline, keys)
        return !found.exists
    }

    /// Like the other, for a field that was found by this edit's `field` and is looked for no second time. It may be one
    /// that is not there.
    public mutating func setField(
        _ found: FoundField, _ bytes: ByteView, adopting block: Block? = nil, keepsDeadline: Bool = false,
        _ keys: Keyspace
    ) {
        if !exists { expectFields(1, keys) }
        changeHash(keys) { $0.set(found, bytes, adopting: block, keepsDeadline: keepsDeadline, keys) }
    }

    /// Removes a field, dead or alive, without an effect or event of its own (HDEL). An emptied hash is removed by
    /// `commit`.
    /// - Returns: whether it was there.
    @discardableResult public mutating func removeField(_ name: ByteView, _ keys: Keyspace) -> Bool {
        guard exists else { return false }
        let found = HashContent(value).find(name, keys.store)
        if found.exists { removeField(found, keys) }
        return found.exists
    }

    /// Removes a field that was found by this edit's `field` and exists (HGETDEL, deadlines in the past).
    public mutating func removeField(_ found: FoundField, _ keys: Keyspace) {
        changeHash(keys) { $0.remove(found, keys) }
    }

    /// Sets, moves or (with nil) clears the deadline of a field that was found by this edit's `field` and exists, in
    /// Unix ms. A deadline may be in the past: then the field is dead. Handlers that have to delete at once (HEXPIRE
    /// with a past time) call `removeField` instead.
    public mutating func setFieldDeadline(_ found: FoundField, _ deadline: Int64?, _ keys: Keyspace) {
        let deadline = deadline.map { min(max($0, 0), Table.noDeadline - 1) } ?? Table.noDeadline
        changeHash(keys) { $0.setDeadline(found, deadline, keys) }
    }

    /// Changes the hash, and hangs it on its entry again.
    @inline(__always) mutating func changeHash(_ keys: Keyspace, _ change: (inout HashContent) -> Void) {
        var hash = HashContent(value)
        let wasDated = hash.hasDeadlines
        change(&hash)
        setCollection(.hash, hash.encoding, hash.at, keys)
        recount(wasDated: wasDated)
    }
}
