// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
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
        for session in candidates where filter.passes(session, call.engine) {
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
        where filter.passes(session, call.engine) && !session.isDoomed {
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
