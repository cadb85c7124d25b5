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
            let address = args[2].array
            guard
                let victim = call.engine.clients.all.first(where: { address.elementsEqual($0.address.utf8) })
            else { throw .custom("ERR No such client") }
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
        var readBytes = 0
        if session === self.session {
            for i in 0..<args.count { argumentBytes += args[i].count }
            readBytes = engine.readBytes
        }
        engine.describe(session, argumentBytes: argumentBytes, readBytes: readBytes, &out)
        out.append(10)
    }
}

extension Engine {
    /// Appends what CLIENT LIST tells of a session. For the one whose command runs that includes its arguments and the
    /// read they came in: all clients are read through one buffer, so nobody holds one of its own meanwhile.
    ///
    /// `hidesUserData` keeps back what the client has named itself.
    func describe(
        _ session: Session, argumentBytes: Int = 0, readBytes: Int = 0, hidesUserData: Bool = false,
        _ out: inout [UInt8]
    ) {
        func append(named bytes: [UInt8]) { out += hidesUserData ? Array("*redacted*".utf8) : bytes }
        let nowMs = keys.nowMs
        let command = session.lastCommand < 0 ? "NULL" : table.fullName(session.lastCommand)
        let queued = session.isInMulti ? session.transaction?.queue.count ?? 0 : -1
        let received = session.receivedBytes
        let waiting = session.waitingOutputBytes
        out +=
            "id=\(session.id) addr=\(session.address) laddr=\(session.localAddress) fd=\(session.descriptor)"
            .utf8
        out += " name=".utf8
        append(named: session.name)
        out += " age=\((nowMs - session.createdMs) / 1000) idle=\((nowMs - session.lastActiveMs) / 1000)".utf8
        out += " flags=".utf8
        out += session.flagLetters
        let held = session.subscriptions
        out +=
            " db=\(session.database) sub=\(held?.count(.channel) ?? 0) psub=\(held?.count(.pattern) ?? 0)"
            .utf8
        out += " ssub=\(held?.count(.shard) ?? 0) multi=\(queued)".utf8
        out += " watch=\(session.transaction?.tickets.count ?? 0)".utf8
        out += " qbuf=\(received + readBytes) qbuf-free=\(session.queryBufferBytes - received)".utf8
        // All clients are answered through one buffer: none has one of its own.
        out +=
            " argv-mem=\(argumentBytes) multi-mem=\(session.transaction?.queuedBytes ?? 0) rbs=0 rbp=0".utf8
        out +=
            " obl=0 oll=\(Int(session.queued.pieces) + session.pushes.nodeCount) omem=\(waiting)"
            .utf8
        out += " tot-mem=\(session.memoryBytes + session.pushes.memoryBytes + argumentBytes)".utf8
        out += " events=\(waiting > 0 ? "rw" : "r") cmd=\(command)".utf8
        out += " user=".utf8
        append(named: Array("default".utf8))
        out += " redir=\(session.redirection)".utf8
        out += " resp=\(session.isRESP3 ? 3 : 2) lib-name=".utf8
        append(named: session.libraryName)
        out += " lib-ver=".utf8
        append(named: session.libraryVersion)
        out += " io-thread=0 tot-net-in=\(session.inputBytes) tot-net-out=\(session.outputBytes)".utf8
        out += " tot-cmds=\(session.commandCount)".utf8
    }
}
