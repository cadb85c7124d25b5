// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Versions of the keys that somebody watches: EXEC compares them. Keys that nobody watches cost nothing.
public final class WatchVersions {
    /// A key of a database.
    public struct Name: Hashable {
        /// The number of the key's database.
        public let database: Int
        let key: [UInt8]

        /// The name of a key, whose bytes are copied.
        public init(_ key: ByteView, database: Int) {
            self.database = database
            self.key = key.array
        }

        /// Length of the key in bytes.
        public var keyCount: Int { key.count }

        /// Lends the key for the time of `body`.
        public func withKey<Result>(_ body: (ByteView) -> Result) -> Result { key.withView(body) }
    }

    private struct Entry {
        var version: UInt64
        var watchers: Int
    }

    private var entries: [Name: Entry] = [:]
    private var next: UInt64 = 1

    /// How many keys are watched.
    public var keyCount: Int { entries.count }

    /// One watched key of one session.
    public struct Ticket {
        let name: Name
        let version: UInt64
    }

    /// Begins to watch a key.
    func watch(_ name: Name) -> Ticket {
        entries[name, default: Entry(version: 0, watchers: 0)].watchers += 1
        return Ticket(name: name, version: entries[name]?.version ?? 0)
    }

    /// Ends one watch.
    func unwatch(_ ticket: Ticket) {
        guard var entry = entries[ticket.name] else { return }
        entry.watchers -= 1
        entries[ticket.name] = entry.watchers == 0 ? nil : entry
    }

    /// Whether the key has not changed since the ticket was drawn.
    public func isCurrent(_ ticket: Ticket) -> Bool { entries[ticket.name]?.version == ticket.version }

    func touch(_ key: ByteView, database: Int) {
        let name = Name(key, database: database)
        if entries[name] != nil { raise(name) }
    }

    /// Touches the watched keys that exist in a database that is about to be flushed.
    func touch(database: Int, _ keys: Keyspace) {
        for name in entries.keys where name.database == database {
            if exists(name, database, keys) { raise(name) }
        }
    }

    /// Touches the watched keys that exist in either of two databases that are about to change places. Dead ones are
    /// deleted where they lie, so that none of them turns up under another database's watches.
    func touch(exchanging a: Int, _ b: Int, _ keys: Keyspace) {
        for name in entries.keys where name.database == a || name.database == b {
            let inFirst = exists(name, a, keys)
            let inSecond = exists(name, b, keys)
            if inFirst || inSecond { raise(name) }
        }
    }

    private func exists(_ name: Name, _ database: Int, _ keys: Keyspace) -> Bool {
        name.withKey { keys.peek($0, in: database).exists }
    }

    private func raise(_ name: Name) {
        entries[name]?.version = next
        next += 1
    }
}
