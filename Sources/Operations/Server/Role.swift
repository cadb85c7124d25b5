// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on the server's place among others: it is a primary without replicas, and answers as one.
public enum Roles {
    private static let link: CommandFlags = [.admin, .noscript, .stale, .noAsyncLoading]
    private static let waiting = "request_policy:all_shards response_policy:agg_min"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "ROLE", arity: 1, [.noscript, .loading, .stale, .fast], .server, acl: "@admin @dangerous",
            Role.self),
        Command("REPLICAOF", arity: 3, link, .server, ReplicaOf.self),
        Command("SLAVEOF", arity: 3, link, .server, ReplicaOf.self),
        Command("FAILOVER", arity: -1, [.admin, .noscript, .stale], .server, Failover.self),
        Command("WAIT", arity: 3, .blocking, .generic, acl: "@connection", tips: waiting, Wait.self),
    ]

    /// The commands of replication with their documentation.
    public static let family = Family(
        commands: commands,
        docs: [
            CommandDoc("ROLE", "The server's role in replication.", since: "2.8.12", "O(1)"),
            CommandDoc(
                "REPLICAOF", "Makes the server a replica, or a primary again.", since: "5.0.0", "O(1)",
                "(args: (host-port: host port:integer) | (no-one: NO ONE))"),
            CommandDoc(
                "SLAVEOF", "Makes the server a replica, or a primary again.", since: "1.0.0", "O(1)",
                "(args: (host-port: host port:integer) | (no-one: NO ONE))",
                deprecated: ("5.0.0", "`REPLICAOF`")),
            CommandDoc(
                "FAILOVER", "Hands the role of primary to a replica.", since: "6.2.0", "O(1)",
                "[TO (target: host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]"),
            CommandDoc(
                "WAIT", "Waits until replicas have what the client has written.", since: "3.0.0", "O(1)",
                "numreplicas:integer timeout:integer"),
        ])
}

/// ROLE
enum Role: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(3)
        reply.bulk("master")
        reply.integer(0)
        reply.array(0)
    }
}

/// REPLICAOF <host port | NO ONE>
enum ReplicaOf: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // It is nobody's replica already.
        if args[1].matches("NO"), args[2].matches("ONE") { return reply.ok() }
        guard let port = args[2].integer, (0...65535).contains(port) else {
            throw .custom("ERR Invalid master port")
        }
        throw .custom("ERR replication is not built yet: the server cannot be a replica")
    }
}

/// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
enum Failover: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count == 2, args[1].matches("ABORT") { throw .custom("ERR No failover in progress.") }
        var hasTarget = false
        var isForced = false
        var hasTimeout = false
        var index = 1
        while index < args.count {
            if args[index].matches("TIMEOUT"), index + 1 < args.count, !hasTimeout {
                guard try args.integer(index + 1) > 0 else {
                    throw .custom("ERR FAILOVER timeout must be greater than 0")
                }
                hasTimeout = true
                index += 2
            } else if args[index].matches("TO"), index + 2 < args.count, !hasTarget {
                _ = try args.integer(index + 2)
                hasTarget = true
                index += 3
            } else if args[index].matches("FORCE"), !isForced {
                isForced = true
                index += 1
            } else {
                throw .syntax
            }
        }
        throw .custom("ERR FAILOVER requires connected replicas.")
    }
}

extension Arguments {
    /// Argument `index` as a time to wait in ms; nothing waits here, but what is no time is refused.
    fileprivate func requireTimeout(_ index: Int, nowMs: Int64) throws(Refusal) {
        guard let timeout = self[index].integer else {
            throw .custom("ERR timeout is not an integer or out of range")
        }
        guard timeout >= 0 else { throw .custom("ERR timeout is negative") }
        guard !nowMs.addingReportingOverflow(timeout).overflow else {
            throw .custom("ERR timeout is out of range")
        }
    }
}

/// WAIT numreplicas timeout
///
/// The number of replicas that have everything, which is none: to wait for more would only hold the client.
enum Wait: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        _ = try args.integer(1)
        try args.requireTimeout(2, nowMs: keys.nowMs)
        reply.integer(0)
    }
}
