// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// A command of a pipeline that was parsed ahead.
struct AheadCommand {
    /// Its arguments in the list of the batch.
    var first = 0
    var count = 0
    /// Where the input goes on behind it.
    var end = 0
    /// Its number; -1 when there is no such command.
    var index = -1
    /// Its keys among the hints.
    var hints = 0
}

extension Engine {
    /// The most commands that are parsed ahead.
    static let aheadMax = 32

    /// Parses what lies whole in the input, at most `aheadMax` commands, and executes it. Where several came at once,
    /// the keys of all of them are looked for in memory together before the first one runs.
    /// - Returns: false when the next command is torn, inline or malformed; nothing was done then.
    @inline(__always)
    func executeBatch(_ input: ByteView, _ position: inout Int, _ session: Session, _ call: Call) -> Bool {
        let list = aheadList
        list.reset()
        let aheadMax = keys.isWorthWarming ? Engine.aheadMax : 1
        var parsed = 0
        while parsed < aheadMax, position < input.count {
            guard let item = parseNext(input, &position, list, session) else { break }
            if aheadMax == 1 {
                // Nothing to warm, or nothing behind it: the command runs at once.
                execute(list.arguments(from: item.first), item.index, session, call)
                keys.forgetHints()
                if reply.isMuted { session.stepReplyMode(reply) }
                return true
            }
            ahead[parsed] = item
            parsed &+= 1
        }
        if parsed == 0 { return false }
        if parsed > 2 { lookAhead(parsed, list) }
        execute(ahead, 0..<parsed, list, &position, session, call)
        keys.forgetHints()
        return true
    }

    /// Parses the command at `position` into a list and looks its name up; nil where it is torn, inline or malformed.
    @inline(__always)
    func parseNext(
        _ input: ByteView, _ position: inout Int, _ list: ArgumentList, _ session: Session
    ) -> AheadCommand? {
        let first = list.count
        guard FastParser.parse(input, &position, list, session.limits, &memo) else { return nil }
        let args = list.arguments(from: first)
        if !memo.isHit { memo.index = table.find(args[0]) }
        return AheadCommand(
            first: first, count: args.count, end: position, index: memo.index, hints: Keyspace.hintsMax)
    }

    /// Executes commands that were parsed ahead. Should the session have to stop, `position` is set behind the last one
    /// that ran.
    @inline(__always)
    func execute(
        _ commands: FixedArray<AheadCommand>, _ range: Range<Int>, _ list: ArgumentList,
        _ position: inout Int,
        _ session: Session, _ call: Call
    ) {
        for i in range {
            let item = commands[i]
            keys.resumeHints(at: item.hints)
            execute(list.arguments(from: item.first, count: item.count), item.index, session, call)
            if reply.isMuted { session.stepReplyMode(reply) }
            if !session.stops.isEmpty {
                position = item.end
                return
            }
        }
    }

    /// Names the keys of the parsed commands and loads what their lookups will read.
    @inline(never) private func lookAhead(_ parsed: Int, _ list: ArgumentList) {
        for i in 0..<parsed { nameKeys(&ahead[i], list) }
        keys.warm()
    }

    /// Names the keys of a parsed command.
    @inline(__always) func nameKeys(_ item: inout AheadCommand, _ list: ArgumentList) {
        guard item.index >= 0 else { return }
        let span = table.keySpan(item.index, argumentCount: item.count)
        guard span.step > 0 else { return }
        item.hints = keys.hintMark
        let args = list.arguments(from: item.first, count: item.count)
        var at = span.first
        while at <= span.last {
            keys.hint(args[at], readsBeyondEntry: span.readsBeyondEntry)
            at &+= span.step
        }
    }
}
