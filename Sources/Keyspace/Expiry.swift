// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension Keyspace {
    /// When the next key falls due, in Unix ms (sometimes earlier); nil when none will.
    public var nextExpiryMs: Int64? { expiresActively && !expiryIsPaused ? wheel.nextEventMs : nil }

    /// Whether keys are due now and are to be deleted.
    public func hasDueKeys() -> Bool {
        guard expiresActively, !expiryIsPaused else { return false }
        wheel.advance(toMs: nowMs)
        return !wheel.firstDue.isNull
    }

    /// Deletes up to `max` keys that are due.
    /// - Returns: true when more are due.
    public func expireSlice(max: Int) -> Bool {
        var slice = Slice(max: max)
        return expire(&slice)
    }

    /// Deletes keys that are due, as many as the slice allows. A look at a segment costs one more.
    /// - Returns: true when more are due.
    public func expire(_ slice: inout Slice) -> Bool {
        guard hasDueKeys() else { return false }
        while case let units = slice.grant(), units > 0 {
            let segment = wheel.firstDue
            guard !segment.isNull else { return false }
            let owner = Table.ofSegment(segment).owner
            guard owner != Reclaimer.detachedOwner else {
                store.unschedule(segment)
                slice.spend()
                continue
            }
            dueEntries.removeAll(keepingCapacity: true)
            _ = Table.collectDue(segment, nowMs: nowMs, max: units, store, into: &dueEntries)
            slice.spend(dueEntries.count + 1)
            for entry in dueEntries { _ = peek(Value(entry).key, in: Int(owner)) }
        }
        return !wheel.firstDue.isNull
    }
}
