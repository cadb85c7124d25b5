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
        for session in call.engine.clients.inOrder where filter.passes(session, nowMs: keys.nowMs) {
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
            let victims = call.engine.clients.inOrder.filter { Array($0.address.utf8) == args[2].array }
            guard let victim = victims.first else { throw .custom("ERR No such client") }
            close(victim, call)
            return reply.ok()
        }
        let filter = try ClientFilter(call, args, from: 2)
        var count = 0
        for session in call.engine.clients.inOrder where filter.passes(session, nowMs: keys.nowMs) {
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

extension Session {
    /// What a session takes beside its buffers, in bytes: its own object and table entry.
    static let ownBytes = 512

    /// All memory held for the connection, in bytes.
    func memoryBytes(arguments: Int = 0) -> Int {
        Session.ownBytes + name.count + libraryName.count + libraryVersion.count + queryBufferBytes
            + (transaction?.queuedBytes ?? 0) + queuedOutputBytes + arguments
    }
}

extension Call {
    /// Appends the line of CLIENT LIST for a session. `args` are the caller's, whose size its own line shows.
    func appendLine(_ session: Session, _ args: Arguments, _ out: inout [UInt8]) {
        var argumentBytes = 0
        if session === self.session { for i in 0..<args.count { argumentBytes += args[i].count } }
        let nowMs = engine.keys.nowMs
        let command = session.lastCommand < 0 ? "NULL" : engine.table.fullName(session.lastCommand)
        let queued = session.isInMulti ? session.transaction?.queue.count ?? 0 : -1
        out +=
            "id=\(session.id) addr=\(session.address) laddr=\(session.localAddress) fd=\(session.descriptor)"
            .utf8
        out += " name=".utf8
        out += session.name
        out += " age=\((nowMs - session.createdMs) / 1000) idle=\((nowMs - session.lastActiveMs) / 1000)".utf8
        out += " flags=".utf8
        out += session.flagLetters
        out += " db=\(session.database) sub=0 psub=0 ssub=0 multi=\(queued)".utf8
        out += " watch=\(session.transaction?.tickets.count ?? 0)".utf8
        // All clients are read through one buffer and answered through another, so nobody has free room of its own.
        out += " qbuf=\(session.queryBufferBytes) qbuf-free=0 argv-mem=\(argumentBytes)".utf8
        out += " multi-mem=\(session.transaction?.queuedBytes ?? 0) rbs=0 rbp=0 obl=0".utf8
        out += " oll=\(session.queuedOutputBytes > 0 ? 1 : 0) omem=\(session.queuedOutputBytes)".utf8
        out += " tot-mem=\(session.memoryBytes(arguments: argumentBytes))".utf8
        out += " events=\(session.queuedOutputBytes > 0 ? "rw" : "r") cmd=\(command)".utf8
        out += " user=default redir=-1".utf8
        out += " resp=\(session.isRESP3 ? 3 : 2) lib-name=".utf8
        out += session.libraryName
        out += " lib-ver=".utf8
        out += session.libraryVersion
        out += " io-thread=0 tot-net-in=\(session.inputBytes) tot-net-out=\(session.outputBytes)".utf8
        out += " tot-cmds=\(session.commandCount)\n".utf8
    }
}
