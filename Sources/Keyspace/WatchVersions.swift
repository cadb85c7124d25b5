// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Versions of the keys that somebody watches: EXEC compares them. Keys that nobody watches cost nothing.
public final class WatchVersions {
    struct Name: Hashable {
        let database: Int
        let key: [UInt8]
    }
    private struct Entry {
        var version: UInt64
        var watchers: Int
    }

    private var entries: [Name: Entry] = [:]
    private var next: UInt64 = 1

    /// Whether anybody watches anything.
    @usableFromInline var isActive = false

    /// How many keys are watched.
    public var keyCount: Int { entries.count }

    /// One watched key of one session.
    public struct Ticket {
        let name: Name
        let version: UInt64
        public var database: Int { name.database }
        public var key: [UInt8] { name.key }
    }

    /// Begins to watch a key.
    public func watch(_ key: ByteView, database: Int) -> Ticket {
        let name = Name(database: database, key: key.array)
        entries[name, default: Entry(version: 0, watchers: 0)].watchers += 1
        isActive = true
        return Ticket(name: name, version: entries[name]?.version ?? 0)
    }

    /// Ends one watch.
    public func unwatch(_ ticket: Ticket) {
        guard var entry = entries[ticket.name] else { return }
        entry.watchers -= 1
        entries[ticket.name] = entry.watchers == 0 ? nil : entry
        isActive = !entries.isEmpty
    }

    /// Whether the key has not changed since the ticket was drawn.
    public func isCurrent(_ ticket: Ticket) -> Bool { entries[ticket.name]?.version == ticket.version }

    @usableFromInline @inline(never) func touch(_ key: ByteView, database: Int) {
        let name = Name(database: database, key: key.array)
        guard entries[name] != nil else { return }
        entries[name]?.version = next
        next += 1
    }

    /// Touches the watched keys that exist in a database (FLUSHDB, SWAPDB).
    func touch(database: Int, _ keys: Keyspace) {
        for name in entries.keys where name.database == database {
            let exists = name.key.withView { keys.peek($0, in: database).exists }
            if exists {
                entries[name]?.version = next
                next += 1
            }
        }
    }
}
