// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands that concern the connection itself.
public enum ConnectionCommands {
    private static let open: CommandFlags = [.noscript, .loading, .stale, .fast, .noAuth, .allowBusy]

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command("HELLO", arity: -1, open, .connection, Hello.self),
        Command("AUTH", arity: -2, open, .connection, Auth.self),
        Command("SELECT", arity: 2, [.loading, .stale, .fast, .allowBusy], .connection, Select.self),
        Command(
            "PING", arity: -1, [.fast, .whileSubscribed, .besideUnits], .connection, tips: pingTips, Ping.self
        ),
        Command("ECHO", arity: 2, [.loading, .stale, .fast, .besideUnits], .connection, Echo.self),
        Command("QUIT", arity: -1, open.union([.immediate, .whileSubscribed]), .connection, Quit.self),
        Command("RESET", arity: 1, open.union([.immediate, .whileSubscribed]), .connection, Reset.self),
        Command(container: "CLIENT", arity: -2, .connection, Client.commands),
    ]

    private static let pingTips = "request_policy:all_shards response_policy:all_succeeded"
}

/// PING [message]
enum Ping: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 2 else { throw .wrongArity }
        if call.session.isBoundToMessages, !call.session.isRESP3 {
            // In the form of a message, because that is all such a client can read.
            reply.array(2)
            reply.bulk("pong")
            return reply.bulk(args.count == 2 ? args[1] : .empty)
        }
        if args.count == 2 { reply.bulk(args[1]) } else { reply.simple("PONG") }
    }
}

/// ECHO message
enum Echo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.bulk(args[1])
    }
}

/// QUIT
enum Quit: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.ok()
        call.session.isClosing = true
    }
}

/// RESET
enum Reset: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.reset(call.session)
        reply.isRESP3 = call.session.isRESP3
        // One that is to be skipped stays so: it is the reply to RESET itself.
        if call.session.replyMode == .on { reply.isMuted = false }
        reply.simple("RESET")
    }
}
