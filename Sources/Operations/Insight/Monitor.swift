// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// MONITOR
enum Monitor: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard !call.engine.isNested else {
            throw .custom("ERR MONITOR isn't allowed for DENY BLOCKING client")
        }
        // Who watches already is told nothing more, as in Redis.
        guard !call.session.isMonitor else { return call.leaveUnanswered() }
        call.engine.insight.monitor.join(call.session, call.engine)
        reply.ok()
    }
}

/// Tells the sessions that asked for it of each command.
///
/// A line leaves when its command has run: those of a transaction come ahead of its EXEC, because they have. What
/// administers the server is not shown, nor are secrets.
public final class MonitorFeed: CommandObserver {
    /// What a session that watches may not do: replies would mingle with the lines in no order that means anything.
    static let forbidden: CommandFlags = [.write, .readonly, .mayReplicate]

    private var sessions: [Session] = []
    /// The lines of the commands that run now, EXEC's below those of its queue; nil for one that is not shown. They
    /// are made ahead, because EXEC's arguments are gone when it ends.
    private var running: [[UInt8]?] = []

    /// How many clients watch.
    public var count: Int { sessions.count }

    func join(_ session: Session, _ engine: Engine) {
        session[MonitorFeed.self] = self
        session.refusals.formUnion(MonitorFeed.forbidden)
        sessions.append(session)
        engine.observe(self)
    }

    /// A session leaves, or is gone.
    func leave(_ session: Session, _ engine: Engine) {
        guard session.isMonitor else { return }
        session[MonitorFeed.self] = nil
        session.refusals.subtract(MonitorFeed.forbidden)
        sessions.removeAll { $0 === session }
        if sessions.isEmpty { engine.unobserve(self) }
    }

    public func willRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
        running.append(line(index, args, session, engine))
    }

    public func didRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
        guard let line = running.popLast() ?? nil, !sessions.isEmpty else { return }
        let message = engine.outbox.message(line)
        for session in sessions { engine.push(message, to: session) }
        engine.outbox.release(message)
    }

    /// `+<seconds>.<microseconds> [<database> <address>] "<argument>" …`
    private func line(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) -> [UInt8]? {
        let flags = engine.table.rows[index].flags
        guard flags.isDisjoint(with: [.admin, .skipMonitor]) else { return nil }
        let us = engine.keys.nowUs
        let fraction = String(us % 1_000_000)
        var out = Array("+\(us / 1_000_000).".utf8)
        out += String(repeating: "0", count: 6 - fraction.utf8.count).utf8
        out += "\(fraction) [\(engine.keys.current) ".utf8
        out += MonitorFeed.address(session).bytes
        out.append("]")
        let secrets = Redaction.secrets(engine, index, args)
        for i in 0..<args.count {
            out.append(UInt8(ascii: " "))
            if secrets.contains(i) {
                Redaction.mark.withView { out.appendQuoted($0) }
            } else {
                out.appendQuoted(args[i])
            }
        }
        out.append("\r\n")
        return out
    }

    private static func address(_ session: Session) -> ByteString {
        session.isUnixSocket ? "unix:\(Array(session.address.bytes.dropLast(2)))" : session.address
    }
}

extension [UInt8] {
    /// Appends bytes in double quotes, all that is no visible character escaped.
    mutating func appendQuoted(_ bytes: ByteView) {
        append(UInt8(ascii: "\""))
        for i in 0..<bytes.count {
            switch bytes[i] {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                append(UInt8(ascii: "\\"))
                append(bytes[i])
            case 10: append("\\n")
            case 13: append("\\r")
            case 9: append("\\t")
            case 7: append("\\a")
            case 8: append("\\b")
            case 32...126: append(bytes[i])
            default:
                append("\\x")
                for nibble in [bytes[i] >> 4, bytes[i] & 15] {
                    append(nibble < 10 ? nibble + 48 : nibble + 87)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }
}

extension Session {
    /// Whether it is told of all commands (MONITOR).
    var isMonitor: Bool { self[MonitorFeed.self] != nil }
}
