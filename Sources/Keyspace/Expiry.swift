// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension Keyspace {
    /// When the next key falls due, in Unix ms (sometimes earlier); nil when none will.
    public var nextExpiryMs: Int64? { expiresActively && !expiryIsPaused ? wheel.nextEventMs : nil }

    /// Deletes up to `max` keys that are due.
    /// - Returns: true when more are due.
    public func expireSlice(max: Int) -> Bool {
        guard expiresActively, !expiryIsPaused else { return false }
        wheel.advance(toMs: nowMs)
        var left = max
        while left > 0 {
            let segment = wheel.firstDue
            guard !segment.isNull else { return false }
            let owner = Table.ofSegment(segment).owner
            guard owner != Reclaimer.detachedOwner else {
                store.unschedule(segment)
                left -= 1
                continue
            }
            dueEntries.removeAll(keepingCapacity: true)
            _ = Table.collectDue(segment, nowMs: nowMs, max: left, store, into: &dueEntries)
            left -= dueEntries.count + 1
            for entry in dueEntries { _ = peek(Value(entry).key, in: Int(owner)) }
        }
        return !wheel.firstDue.isNull
    }
}
