// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// Commands that somebody has logged are run again to get the data back. Nobody has sent them: they are not refused, not
// answered, and not counted, and nothing dies meanwhile of its age.

extension Engine {
    /// A session that runs logged commands. No client has it, and nobody is told of it.
    public func replaySession() -> Session {
        let session = Session(id: 0, address: "log:0", nowMs: keys.nowMs)
        session.replyMode = .off
        session.isReplaying = true
        limit(session)
        session.limits.bulkBytesMax = Int.max / 2
        session.limits.authenticatedBulkBytesMax = Int.max / 2
        return session
    }

    /// Why a command could not be run at all, in the words of its error; nil when it can.
    /// - Parameter second: its second word, where it has one.
    public func problem(ofCommand name: ByteView, second: ByteView, words: Int) -> ByteString? {
        var index = table.find(name)
        guard index >= 0 else { return "unknown command '\(name.clipped(to: 128))'" }
        if table.rows[index].subCount != 0, words > 1 {
            index = table.find(second, container: Int32(truncatingIfNeeded: index))
            guard index >= 0 else { return "unknown subcommand '\(second.clipped(to: 128))'" }
        }
        let arity = Int(table.rows[index].arity)
        if arity > 0 ? words == arity : words >= -arity { return nil }
        return "wrong number of arguments for '\(table.fullName(index))' command"
    }

    /// Runs whole commands of a log.
    /// - Returns: false when one of them had to wait for something, which no logged command does.
    public func replay(_ input: ByteView, as session: Session) -> Bool {
        let kept = (refusals, stats, errorCounts, keys.stats, keys.deadKeys, examiner)
        refusals = []
        keys.deadKeys = .alive
        examiner = nil
        consume(input, session)
        // A script may take longer than a turn.
        while session.isHeld {
            if hasOpenUnit {
                _ = continueUnit()
            } else if session.isWaiting {
                break
            } else {
                resume(session)
            }
        }
        (refusals, stats, errorCounts, keys.stats, keys.deadKeys, examiner) = kept
        guard session.stops.isEmpty else {
            unhold(session)
            session.stops = []
            return false
        }
        return true
    }
}
