// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The commands that concern the connection itself.
public enum Connection {
    public static let commands: [Command] = [
        Command("PING", arity: -1, [.fast], .connection, tips: "request_policy:all_shards response_policy:all_succeeded", Ping.self),
        Command("SELECT", arity: 2, [.loading, .stale, .fast, .allowBusy], .connection, Select.self),
        Command("ECHO", arity: 2, [.loading, .stale, .fast], .connection, Echo.self),
    ]
}

/// PING [message]
enum Ping: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 2 else { throw .wrongArity }
        if args.count == 2 { reply.bulk(args[1]) } else { reply.simple("PONG") }
    }
}

/// ECHO message
enum Echo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.bulk(args[1])
    }
}
