// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// How dead fields are met.
//
// A field dies like a key: on its own millisecond by the wheel, or when somebody meets it. `DeadKeys` says what that
// means for the running command: it is deleted first, it stays but is hidden (CLIENT PAUSE, import mode), or it is as if
// alive (the source of an import). Its death is an effect of its own ahead of the command (`HDEL key field …`), an event
// `hexpired`, and where the last field goes, the key with an event `del`; it is nobody's change and counts in
// `stats.expiredFields`.

extension Keyspace {
    /// Finds a field of a found hash for reading. A dead field that is met is deleted first, and with the last one the
    /// key: then `found` does not exist any more. Where `found` does not exist there is no field.
    ///
    /// What was read through `found` before (views, values) is invalid when this has deleted something, so write each
    /// value out before the next field is looked up.
    @inline(__always) public func field(_ name: ByteView, in found: inout Found) -> FoundField {
        guard found.exists else { return .none(name) }
        let field = HashContent(found.value).find(name, store)
        return field.deadline == nil ? field : meet(field, in: &found)
    }

    @inline(never) private func meet(_ field: FoundField, in found: inout Found) -> FoundField {
        guard HashView(found.value, self).isDead(field) else { return field }
        if deadKeys == .deleted {
            var edit = edit(found)
            edit.bury(field, self)
            let slot = edit.slot
            edit.abandon(self)
            found = found.moved(to: slot, self)
        }
        return .none(field.name)
    }

    /// Deletes up to `max` dead fields of a found hash, with the last field the key (HRANDFIELD, which must not meet
    /// too many of them). Does nothing where dead keys are not to be deleted.
    public func expireFields(of found: inout Found, max: Int) {
        guard found.exists, deadKeys == .deleted else { return }
        let view = HashView(found.value, self)
        guard view.mayHoldDead else { return }
        var edit = edit(found)
        if view.isTable {
            dueEntries.removeAll(keepingCapacity: true)
            view.hash.table.collectDue(nowMs: nowMs, max: max, into: &dueEntries)
            edit.bury(dueEntries, self)
        } else {
            edit.buryPacked(max: max, self)
        }
        let slot = edit.slot
        edit.abandon(self)
        found = found.moved(to: slot, self)
    }
}

extension Found {
    /// The same key after an edit that may have removed it.
    func moved(to slot: Slot, _ keys: Keyspace) -> Found {
        Found(key: key, hash: hash, slot: slot, database: database, keys)
    }
}

extension Edit {
    /// Deletes a dead field that was met.
    mutating func bury(_ field: FoundField, _ keys: Keyspace) {
        keys.effects.fieldDeletions(of: key, 1, database: database) { $0.append(field.name) }
        removeField(field, keys)
        noteBurial(of: 1, keys)
    }

    /// Deletes dead fields of a table.
    mutating func bury(_ entries: [Address], _ keys: Keyspace) {
        guard !entries.isEmpty else { return }
        keys.effects.fieldDeletions(of: key, entries.count, database: database) { log in
            for entry in entries { log.append(Table.key(entry)) }
        }
        let hash = HashContent(value)
        for entry in entries {
            let field = hash.find(Table.key(entry), keys.store)
            guard case .slot(let place) = field.place else { preconditionFailure("a dead field was lost") }
            hash.remove(place, field.hash, keys)
        }
        recount(wasDated: true)
        noteBurial(of: entries.count, keys)
    }

    /// Deletes up to `max` dead fields of a packed hash.
    mutating func buryPacked(max: Int, _ keys: Keyspace) {
        guard value.encoding == Encoding.listpackEx else { return }
        let dated = ListpackEx(at: value.collection)
        let due = dated.duePairs(nowMs: keys.nowMs, max: max)
        if !due.isEmpty {
            keys.effects.fieldDeletions(of: key, due.count, database: database) { log in
                for pair in due { dated.pairs[pair.name].withText { log.append($0) } }
            }
        }
        changeHash(keys) { $0.remove(due, keys) }
        if !due.isEmpty { noteBurial(of: due.count, keys) }
    }

    /// Tells of fields that died; an emptied hash goes, as it does for whoever repeats the deletions.
    private mutating func noteBurial(of count: Int, _ keys: Keyspace) {
        keys.stats.expiredFields += count
        keys.effects.event(.hexpired, key, database: database)
        if !keys.listeners.isEmpty { keys.changed(key, database, byServer: true) }
        removeIfEmpty(keys)
    }
}
