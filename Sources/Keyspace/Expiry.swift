// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension Keyspace {
    /// When the next key falls due, in Unix ms (sometimes earlier); nil when none will.
    public var nextExpiryMs: Int64? { expiresActively && !expiryIsPaused ? wheel.nextEventMs : nil }

    /// Deletes up to `max` keys and fields that are due.
    /// - Returns: true when more are due.
    public func expireSlice(max: Int) -> Bool {
        guard expiresActively, !expiryIsPaused else { return false }
        wheel.advance(toMs: nowMs)
        var left = max
        while left > 0, let due = wheel.due {
            switch due {
            case .segment(let segment):
                let isDatabase = Table.ofSegment(segment).keyOffset != 0
                left -= isDatabase ? expireKeys(segment, left) : expireFields(segment, left)
            case .packed(let dated):
                left -= expireFields(dated, left)
            }
        }
        return wheel.hasDue
    }

    /// Deletes what is due of a segment of a database.
    /// - Returns: what it cost, in keys; a segment costs one more.
    private func expireKeys(_ segment: Address, _ max: Int) -> Int {
        let owner = Table.ofSegment(segment).owner
        guard owner != Reclaimer.detachedOwner else {
            store.unschedule(segment)
            return 1
        }
        dueEntries.removeAll(keepingCapacity: true)
        _ = Table.collectDue(segment, nowMs: nowMs, max: max, store, into: &dueEntries)
        for entry in dueEntries { _ = peek(Value(entry).key, in: Int(owner)) }
        return dueEntries.count + 1
    }

    /// Deletes what is due of a segment of a hash's table.
    private func expireFields(_ segment: Address, _ max: Int) -> Int {
        let found = liveKey(holding: Table.ofSegment(segment).holder)
        guard let found else {
            store.unschedule(segment)
            return 1
        }
        guard found.exists else { return 1 }
        dueEntries.removeAll(keepingCapacity: true)
        _ = Table.collectDue(segment, nowMs: nowMs, max: max, store, into: &dueEntries)
        guard !dueEntries.isEmpty else { return 1 }
        var edit = edit(found)
        edit.bury(dueEntries, self)
        edit.abandon(self)
        return dueEntries.count + 1
    }

    /// Deletes what is due of a packed hash.
    private func expireFields(_ dated: ListpackEx, _ max: Int) -> Int {
        guard let found = liveKey(holding: dated.holder) else {
            store.unschedule(dated)
            return 1
        }
        guard found.exists else { return 1 }
        var edit = edit(found)
        let before = stats.expiredFields
        edit.buryPacked(max: max, self)
        edit.abandon(self)
        return stats.expiredFields - before + 1
    }

    /// The key whose entry this is, wherever it lies now; dead itself, it is deleted and does not exist. Nil when it is
    /// in no database any more: it waits to be freed, or for a cut.
    private func liveKey(holding entry: Address) -> Found? {
        guard !entry.isNull else { return nil }
        let key = Value(entry).key
        let hash = Table.hash(key, store)
        for database in 0..<databaseCount {
            let slot = databases[database].table(of: key).find(hash, key)
            guard !slot.isNone, slot.entry == entry else { continue }
            return alive(Found(key: key, hash: hash, slot: slot, database: database))
        }
        return nil
    }
}
