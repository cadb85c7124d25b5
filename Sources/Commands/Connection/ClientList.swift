// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// CLIENT INFO
enum ClientInfo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var text: [UInt8] = []
        call.appendLine(call.session, args, &text)
        reply.verbatim("txt", text)
    }
}

/// CLIENT LIST [filter value …]
enum ClientList: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let filter = try ClientFilter(call, args, from: 2)
        var text: [UInt8] = []
        let candidates = filter.candidates(call.engine.clients).sorted { $0.id < $1.id }
        for session in candidates where filter.passes(session, nowMs: keys.nowMs) {
            if filter.skipsCaller == true, session === call.session { continue }
            call.appendLine(session, args, &text)
        }
        reply.verbatim("txt", text)
    }
}

/// CLIENT KILL <ip:port | filter value [filter value …]>
enum ClientKill: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count == 3 {
            let address = ByteString(args[2])
            guard let victim = call.engine.clients.all.first(where: { $0.address == address }) else {
                throw .custom("ERR No such client")
            }
            close(victim, call)
            return reply.ok()
        }
        let filter = try ClientFilter(call, args, from: 2)
        var count = 0
        for session in filter.candidates(call.engine.clients)
        where filter.passes(session, nowMs: keys.nowMs) && !session.isDoomed {
            if filter.skipsCaller != false, session === call.session { continue }
            close(session, call)
            count += 1
        }
        reply.integer(count)
    }

    /// The caller still gets its reply; others are closed by the rim.
    private static func close(_ session: Session, _ call: Call) {
        if session === call.session { session.isClosing = true } else { call.engine.clients.kill(session) }
    }
}

extension Call {
    /// Appends the line of CLIENT LIST for a session. `args` are the caller's, whose size its own line shows.
    func appendLine(_ session: Session, _ args: Arguments, _ out: inout [UInt8]) {
        var argumentBytes = 0
        if session === self.session {
            for i in 0..<args.count { argumentBytes += args[i].count }
        }
        engine.describe(session, argumentBytes: argumentBytes, &out)
        out.append(10)
    }
}

extension Engine {
    /// A session's line of CLIENT LIST, for the log.
    func description(of session: Session) -> ByteString {
        var text: [UInt8] = []
        describe(session, argumentBytes: 0, &text)
        return ByteString(text)
    }

    /// Appends what CLIENT LIST tells of a session. For the one whose command runs that includes its arguments. The
    /// read they came in is nobody's: all clients are read through one buffer.
    fileprivate func describe(
        _ session: Session, argumentBytes: Int, _ out: inout [UInt8]
    ) {
        let nowMs = keys.nowMs
        let command = session.lastCommand < 0 ? "NULL" : table.fullName(session.lastCommand)
        let queued = session.isInMulti ? session.transaction?.queue.count ?? 0 : -1
        let received = session.receivedBytes
        let waiting = session.waitingOutputBytes
        let place: ByteString = "addr=\(session.address) laddr=\(session.localAddress)"
        out += "id=\(session.id) ".utf8
        out += place.bytes
        out += " fd=\(session.descriptor)".utf8
        out += " name=".utf8
        out += session.name
        out += " age=\((nowMs - session.createdMs) / 1000) idle=\((nowMs - session.lastActiveMs) / 1000)".utf8
        out += " flags=".utf8
        out += session.flagLetters
        out += session.followsRedirects ? " capa=r".utf8 : " capa=".utf8
        let held = session.subscriptions
        out +=
            " db=\(session.database) sub=\(held?.count(.channel) ?? 0) psub=\(held?.count(.pattern) ?? 0)"
            .utf8
        out += " ssub=\(held?.count(.shard) ?? 0) multi=\(queued)".utf8
        out += " watch=\(session.transaction?.tickets.count ?? 0)".utf8
        out += " qbuf=\(received) qbuf-free=\(session.queryBufferBytes - received)".utf8
        // All clients are answered through one buffer: none has one of its own.
        out +=
            " argv-mem=\(argumentBytes) multi-mem=\(session.transaction?.queuedBytes ?? 0) rbs=0 rbp=0".utf8
        out +=
            " obl=0 oll=\(session.pushes.count + (session.queuedOutputBytes > 0 ? 1 : 0)) omem=\(waiting)"
            .utf8
        out += " tot-mem=\(session.memoryBytes + session.pushedBytes + argumentBytes)".utf8
        out += " events=\(waiting > 0 ? "rw" : "r") cmd=\(command)".utf8
        out += " user=default redir=\(session.redirection)".utf8
        out += " resp=\(session.isRESP3 ? 3 : 2) lib-name=".utf8
        out += session.libraryName
        out += " lib-ver=".utf8
        out += session.libraryVersion
        out += " io-thread=0 tot-net-in=\(session.inputBytes) tot-net-out=\(session.outputBytes)".utf8
        out += " tot-cmds=\(session.commandCount)".utf8
    }
}
