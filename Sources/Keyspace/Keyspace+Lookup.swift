// SPDX-License-Identifier: Apache-2.0
import Bytes

extension Keyspace {
    /// Looks a key up for a command that only asks about it (TTL, TYPE, OBJECT): counts a hit or a miss, but is no
    /// access.
    /// - Parameter isQuiet: a missing key is counted, but is no event (OBJECT).
    public func inspect(_ key: ByteView, isQuiet: Bool = false) -> Found {
        let found = peek(key)
        if found.exists {
            stats.hits &+= 1
        } else if isQuiet {
            stats.misses &+= 1
        } else {
            missed(key)
        }
        return found
    }

    /// Tells that a key holds a collection from now on that somebody may wait for.
    public func tellReady(_ key: ByteView, database: Int) { effects.ready(key, database: database) }

    /// Deletes a found key, as DEL does.
    public func delete(_ found: Found) {
        var edit = edit(found)
        edit.remove(self)
        edit.commit(.del, self)
    }

    /// Puts a result of `count` elements under a key, whatever was there; an empty one deletes the key.
    /// - Parameter set: makes the result the value of the edit's key.
    public func storeResult(
        _ count: Int, under key: ByteView, _ event: Event, changes: Int = 1, _ set: (inout Edit) -> Void
    ) {
        let target = locate(key)
        guard count > 0 else {
            if target.exists { delete(target) }
            return
        }
        var edit = edit(target)
        set(&edit)
        edit.commit(event, changes: changes, self)
    }

    /// Deletes a found key without an event, because another value takes its place: that is the change.
    public func clear(_ found: Found) {
        var edit = edit(found)
        edit.remove(self)
        edit.abandon(self)
        commits &+= 1
    }

    /// Notes how a value was used by another server, in front of this: for how many seconds it was not, or how often, as
    /// far as the policy of eviction wants to know.
    public func setAccess(of value: Value, idleSeconds: Int64?, frequency: Int64?) {
        if usesLFU {
            guard let frequency else { return }
            value.access = lfuMinutes << 8 | UInt32(min(max(frequency, 0), 255))
        } else if let idleSeconds {
            // The clock has 24 bits: what is older than half of them is as old.
            let idle = UInt32(min(max(idleSeconds, 0), 0x7F_FFFF))
            value.access = (lruClock &- idle) & 0xFF_FFFF
        }
    }
}
