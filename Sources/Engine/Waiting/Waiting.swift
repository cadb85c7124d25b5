// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

/// What a session waits for.
public enum WaitReason: UInt8, Sendable {
    /// One of several keys.
    case keys
    /// That others have taken over what was written (WAIT).
    case acknowledgement
    /// That the log is on disk up to a position (WAITAOF).
    case logPosition
    /// That data is loaded again (DEBUG LOADAOF).
    case loading
    /// The end of the unit that it has begun itself.
    case unit
    /// That another server has taken keys over (MIGRATE).
    case migration
}

/// Why a command that waited runs again.
public enum Resumption: Equatable, Sendable {
    /// It does not: it has just come.
    case none
    /// What it waits for may be there.
    case ready
    /// Its time is over: it says so and waits no more.
    case timedOut
}

/// A session's waiting command.
final class WaitingCommand {
    let reason: WaitReason
    let command: KeptCommand
    /// When the time is over, in Unix ms; nil: never.
    let deadlineMs: Int64?
    /// Its places in the lines of the keys that it waits for, in the order in which it named them.
    var places: [KeyLines.Place] = []
    /// Its node in the wheel of deadlines; null without one.
    var node = Address.null

    init(_ reason: WaitReason, _ command: KeptCommand, deadlineMs: Int64?) {
        self.reason = reason
        self.command = command
        self.deadlineMs = deadlineMs
    }

    /// Memory that it takes, in bytes.
    var bytes: Int { command.outsideBytes + places.reduce(0) { $0 + $1.name.keyCount + 128 } }
}
