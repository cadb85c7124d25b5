// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Who has to hear of every change to a key. Mostly nobody: each change asks once.
public struct ChangeListeners: OptionSet, Sendable {
    /// One bit for each kind of listener.
    public let rawValue: UInt8
    /// The listeners of these bits.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Somebody watches a key for EXEC.
    public static let watches = ChangeListeners(rawValue: 1)
    /// Somebody keeps copies of keys (CLIENT TRACKING): changes go to the log of effects.
    public static let tracking = ChangeListeners(rawValue: 2)
    /// Nobody may hear of changes before they are on disk: `Keyspace.changeMarks` keeps them.
    public static let barrier = ChangeListeners(rawValue: 4)
}

extension Keyspace {
    /// Tells whoever listens that a key was changed: by the session whose command runs, or by the server itself.
    @usableFromInline @inline(never) func changed(_ key: ByteView, _ database: Int, byServer: Bool = false) {
        if listeners.contains(.watches) { watches.touch(key, database: database) }
        if listeners.contains(.barrier) { changeMarks?.note(key, self) }
        if listeners.contains(.tracking) {
            effects.change(key, database: database, origin: byServer ? 0 : effects.origin)
        }
    }

    /// Begins to watch a key for one session.
    public func watch(_ name: WatchVersions.Name) -> WatchVersions.Ticket {
        listeners.insert(.watches)
        return watches.watch(name)
    }

    /// Ends one watch.
    public func unwatch(_ ticket: WatchVersions.Ticket) {
        watches.unwatch(ticket)
        if watches.keyCount == 0 { listeners.remove(.watches) }
    }
}
