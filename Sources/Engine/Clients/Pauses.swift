// SPDX-License-Identifier: Apache-2.0

/// Why the data is to stand still; each reason has an end of its own.
public enum PauseReason: String, Sendable {
    /// CLIENT PAUSE
    case client = "client_pause"
    /// The disk takes the log of commands too slowly.
    case log = "append_log"
}

/// Which commands wait meanwhile.
public enum PauseScope: Sendable {
    /// Those that may change data or tell replicas something.
    case writes
    /// All.
    case all
}

/// What keeps commands waiting at present. At most one pause for each reason.
public struct Pauses: Sendable {
    private struct Entry {
        var reason: PauseReason
        var scope: PauseScope
        var endMs: Int64
    }

    private var entries: [Entry] = []

    /// Whether anything keeps commands waiting.
    public var isActive: Bool { !entries.isEmpty }
    /// Whether all commands wait, and not writes alone.
    public var holdsAll: Bool { strictest?.scope == .all }
    /// When the next pause ends, in Unix ms; nil without any.
    public var nextEndMs: Int64? { entries.lazy.map(\.endMs).min() }

    /// A pause that is there already can get longer and stricter only.
    mutating func begin(_ reason: PauseReason, _ scope: PauseScope, untilMs: Int64) {
        guard let index = entries.firstIndex(where: { $0.reason == reason }) else {
            return entries.append(Entry(reason: reason, scope: scope, endMs: untilMs))
        }
        if scope == .all { entries[index].scope = .all }
        entries[index].endMs = max(entries[index].endMs, untilMs)
    }

    mutating func end(_ reason: PauseReason) { entries.removeAll { $0.reason == reason } }

    /// Forgets the pauses whose time is over.
    mutating func end(nowMs: Int64) { entries.removeAll { $0.endMs <= nowMs } }

    private var strictest: Entry? {
        entries.filter { $0.scope == .all }.max { $0.endMs < $1.endMs } ?? entries.max { $0.endMs < $1.endMs }
    }

    /// The pause as INFO tells it: why, what waits, and for how many ms more.
    public func summary(nowMs: Int64) -> (reason: String, actions: String, leftMs: Int64) {
        guard let entry = strictest else { return ("none", "none", 0) }
        return (entry.reason.rawValue, entry.scope == .all ? "all" : "write", max(0, entry.endMs - nowMs))
    }
}
