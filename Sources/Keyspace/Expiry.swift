// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension Keyspace {
    /// When the next key falls due, in Unix ms (sometimes earlier); nil when none will.
    public var nextExpiryMs: Int64? { expiresActively && !expiryIsPaused ? wheel.nextEventMs : nil }

    /// Whether keys or fields are due now and are to be deleted, or may be: after a jump of time it takes a while to
    /// find out.
    public func hasDueKeys() -> Bool {
        guard expiresActively, !expiryIsPaused else { return false }
        _ = wheel.advance(toMs: nowMs, max: Slice.unitsPerLook)
        return wheel.hasDue || wheel.isBehind
    }

    /// Deletes up to `max` keys and fields that are due.
    /// - Returns: true when more are due.
    public func expireSlice(max: Int) -> Bool {
        var slice = Slice(max: max)
        return expire(&slice)
    }

    /// Deletes keys and fields that are due, as many as the slice allows. A look at a segment costs one more, and so does
    /// each step of the wheel.
    /// - Returns: true when more are due, or may be.
    public func expire(_ slice: inout Slice) -> Bool {
        guard hasDueKeys() else { return false }
        while case let units = slice.grant(), units > 0 {
            if wheel.isBehind {
                slice.spend(wheel.advance(toMs: nowMs, max: units))
                continue
            }
            guard let due = wheel.due else { break }
            switch due {
            case .segment(let segment):
                let isDatabase = Table.ofSegment(segment).keyOffset != 0
                slice.spend(isDatabase ? expireKeys(segment, units) : expireFields(segment, units))
            case .packed(let dated):
                slice.spend(expireFields(dated, units))
            case .waiter:
                preconditionFailure("those who wait have a wheel of their own")
            }
        }
        return wheel.hasDue || wheel.isBehind
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
            return alive(Found(key: key, hash: hash, slot: slot, database: database, self))
        }
        return nil
    }
}
