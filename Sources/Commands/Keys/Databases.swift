// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on whole databases.
public enum Databases {
    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "DBSIZE", arity: 1, [.readonly, .fast], .server, acl: "@keyspace",
            tips: "request_policy:all_shards response_policy:agg_sum", DBSize.self),
        Command(
            "FLUSHDB", arity: -1, [.write], .server, acl: "@keyspace @dangerous",
            tips: "request_policy:all_shards response_policy:all_succeeded", FlushDB.self),
        Command(
            "FLUSHALL", arity: -1, [.write], .server, acl: "@keyspace @dangerous",
            tips: "request_policy:all_shards response_policy:all_succeeded", FlushAll.self),
        Command("SWAPDB", arity: 3, [.write, .fast], .server, acl: "@keyspace @dangerous", SwapDB.self),
    ]
}

/// DBSIZE
enum DBSize: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(keys.count(of: keys.current))
    }
}

/// FLUSHDB [ASYNC | SYNC]
enum FlushDB: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try checkMode(args)
        keys.flush(keys.current)
        // An empty database is flushed elsewhere, too: there it may not be empty.
        call.propagateAlways()
        reply.ok()
    }

    /// Both modes are accepted and are the same: the database is empty at once, its memory comes back in slices.
    static func checkMode(_ args: Arguments) throws(Refusal) {
        if args.count == 1 { return }
        guard args.count == 2, args[1].matches("ASYNC") || args[1].matches("SYNC") else { throw .syntax }
    }
}

/// FLUSHALL [ASYNC | SYNC]
enum FlushAll: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try FlushDB.checkMode(args)
        for database in 0..<keys.databaseCount { keys.flush(database) }
        for part in call.engine.allParts { part.dataEmptied(call.engine) }
        call.propagateAlways()
        reply.ok()
    }
}

/// SWAPDB index1 index2
enum SwapDB: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let first = try index(args[1], or: .custom("ERR invalid first DB index"))
        let second = try index(args[2], or: .custom("ERR invalid second DB index"))
        let all = 0..<Int64(keys.databaseCount)
        guard all.contains(first), all.contains(second) else { throw .databaseOutOfRange }
        if first != second {
            keys.swap(Int(first), Int(second))
            call.engine.exchanged(Int(first), Int(second))
        }
        // Counted as a change even of a database with itself, as Redis does.
        keys.stats.dirty += 1
        call.propagateAlways()
        reply.ok()
    }

    private static func index(_ text: ByteView, or refusal: Refusal) throws(Refusal) -> Int64 {
        guard let value = text.integer, Int32(exactly: value) != nil else { throw refusal }
        return value
    }
}
