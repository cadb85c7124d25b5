// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// How far the log of commands has come. Positions are bytes that were given to a log since the process began: they go on
/// where they were when a log is closed and another one opened.
///
/// Who is told of a change that is not on disk yet must not hear of it before it is: replies and messages wait at the
/// output barrier until `synced` has passed the position they depend on. The feature that keeps the log moves both.
public struct LogProgress: Sendable {
    /// Behind the last unit that the log was given.
    public var written: UInt64 = 0
    /// Everything before this position is on disk. Without a log nobody waits for anything.
    public var synced: UInt64 = .max

    /// Whether something that was given to the log is not on disk.
    public var isBehind: Bool { written > synced }
}

extension Engine {
    /// The replies to a session wait from now on until everything that the log was given so far is on disk.
    public func awaitLog(_ session: Session) {
        session.awaitedPosition = max(session.awaitedPosition, logProgress.written)
    }

    /// The log was given what a session has changed; its replies wait for that while the barrier stands.
    public func noteLogged(_ session: Session) {
        session.loggedPosition = logProgress.written
        if keys.changeMarks != nil { awaitLog(session) }
    }
}

// Who is told of data must not hear of changes that are not on disk. While the barrier stands, commands that look at
// data pass the gate: each waits for the newest change of its keys, or for everything where its keys are not known.

extension Engine {
    /// Puts the barrier up or takes it away: whether changes are to be on disk before anybody hears of them.
    public func setBarrier(_ stands: Bool) {
        keys.changeMarks = stands ? keys.changeMarks ?? ChangeMarks() : nil
        if stands { keys.listeners.insert(.barrier) } else { keys.listeners.remove(.barrier) }
        followBarrier()
    }

    /// The log has come on: what changes from now on belongs behind what it was given, and nobody need pass the gate
    /// where everything is on disk.
    public func followBarrier() {
        guard let marks = keys.changeMarks else {
            refusals.remove(.seesData)
            return
        }
        marks.next = logProgress.written + 1
        if logProgress.isBehind { refusals.insert(.seesData) } else { refusals.remove(.seesData) }
    }

    /// A command that looks at data is about to run.
    func meetBarrier(_ index: Int, _ args: Arguments, _ session: Session) {
        let row = table.rows[index]
        // A script may read what it has not named.
        guard let marks = keys.changeMarks, row.hasAllKeys, !row.flags.contains(.stops) else {
            return awaitLog(session)
        }
        let span = table.keySpan(index, argumentCount: args.count)
        guard span.step > 0 else { return awaitLog(session) }
        var position = marks.everything
        var at = span.first
        while at <= span.last {
            position = max(position, marks.position(of: args[at], keys))
            at += span.step
        }
        if position > logProgress.synced {
            session.awaitedPosition = max(session.awaitedPosition, position)
        }
    }
}
