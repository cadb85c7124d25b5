// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on keys of any type.
public enum Keys {
    /// The rows of the command table.
    public static let commands: [Command] = basic + deadlines + moves

    private static let basic: [Command] = [
        Command(
            "DEL", arity: -2, [.write], .generic, acl: "@keyspace", keys: "idx1+range(-1,1,0)[RM delete]",
            tips: "request_policy:multi_shard response_policy:agg_sum", Del.self),
        Command(
            "UNLINK", arity: -2, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(-1,1,0)[RM delete]",
            tips: "request_policy:multi_shard response_policy:agg_sum", Unlink.self),
        Command(
            "EXISTS", arity: -2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(-1,1,0)[RO]",
            tips: "request_policy:multi_shard response_policy:agg_sum", Exists.self),
        Command(
            "TOUCH", arity: -2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(-1,1,0)[RO]",
            tips: "request_policy:multi_shard response_policy:agg_sum", Touch.self),
        Command(
            "TYPE", arity: 2, [.readonly, .fast], .generic, acl: "@keyspace", keys: "idx1+range(0,1,0)[RO]",
            TypeCommand.self),
        Command(
            "KEYS", arity: 2, [.readonly], .generic, acl: "@keyspace @dangerous",
            tips: "request_policy:all_shards nondeterministic_output_order", KeysCommand.self),
        Command(
            "SCAN", arity: -2, [.readonly], .generic, acl: "@keyspace",
            tips: "nondeterministic_output request_policy:special response_policy:special", Scan.self),
        Command(
            "RANDOMKEY", arity: 1, [.readonly], .generic, acl: "@keyspace",
            tips: "request_policy:all_shards response_policy:special nondeterministic_output", RandomKey.self),
        Command(
            container: "OBJECT", arity: -2, .generic,
            [
                Command(
                    "ENCODING", arity: 3, [.readonly], .generic, acl: "@keyspace",
                    keys: "idx2+range(0,1,0)[RO]",
                    tips: "nondeterministic_output", ObjectEncoding.self),
                Command(
                    "FREQ", arity: 3, [.readonly], .generic, acl: "@keyspace", keys: "idx2+range(0,1,0)[RO]",
                    tips: "nondeterministic_output", ObjectFreq.self),
                Command("HELP", arity: 2, [.loading, .stale], .generic, acl: "@keyspace", ObjectHelp.self),
                Command(
                    "IDLETIME", arity: 3, [.readonly], .generic, acl: "@keyspace",
                    keys: "idx2+range(0,1,0)[RO]",
                    tips: "nondeterministic_output", ObjectIdleTime.self),
                Command(
                    "REFCOUNT", arity: 3, [.readonly], .generic, acl: "@keyspace",
                    keys: "idx2+range(0,1,0)[RO]",
                    tips: "nondeterministic_output", ObjectRefCount.self),
            ]),
    ]

    private static let deadlines: [Command] = [
        Command(
            "EXPIRE", arity: -3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW update]", Expire.self),
        Command(
            "PEXPIRE", arity: -3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW update]", PExpire.self),
        Command(
            "EXPIREAT", arity: -3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW update]", ExpireAt.self),
        Command(
            "PEXPIREAT", arity: -3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW update]", PExpireAt.self),
        Command(
            "PERSIST", arity: 2, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW update]", Persist.self),
        Command(
            "TTL", arity: 2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RO access]", tips: "nondeterministic_output", TTL.self),
        Command(
            "PTTL", arity: 2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RO access]", tips: "nondeterministic_output", PTTL.self),
        Command(
            "EXPIRETIME", arity: 2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RO access]", ExpireTime.self),
        Command(
            "PEXPIRETIME", arity: 2, [.readonly, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RO access]", PExpireTime.self),
    ]

    private static let moves: [Command] = [
        Command(
            "RENAME", arity: 3, [.write], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW access delete]; idx2+range(0,1,0)[OW update]", Rename.self),
        Command(
            "RENAMENX", arity: 3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW access delete]; idx2+range(0,1,0)[OW insert]", RenameNX.self),
        Command(
            "COPY", arity: -3, [.write, .denyoom], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RO access]; idx2+range(0,1,0)[OW update]", Copy.self),
        Command(
            "MOVE", arity: 3, [.write, .fast], .generic, acl: "@keyspace",
            keys: "idx1+range(0,1,0)[RW access update]", Move.self),
    ]
}

/// DEL key [key …]
enum Del: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var deleted = 0
        for index in KeyPlaces(args, keys) {
            let found = keys.peek(args[index])
            guard found.exists else { continue }
            keys.delete(found)
            deleted += 1
        }
        reply.integer(deleted)
    }
}

/// UNLINK key [key …]
enum Unlink: Handler {
    /// The same as DEL, which leaves large values to the reclaimer, too.
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Del.run(call, args, keys, reply)
    }
}

/// EXISTS key [key …]
enum Exists: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var count = 0
        for index in KeyPlaces(args, keys) where keys.inspect(args[index]).exists { count += 1 }
        reply.integer(count)
    }
}

/// TOUCH key [key …]
enum Touch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var count = 0
        // TOUCH is an access even for a client that otherwise leaves none.
        let touches = keys.touches
        keys.touches = true
        for index in KeyPlaces(args, keys) where keys.read(args[index]).exists { count += 1 }
        keys.touches = touches
        reply.integer(count)
    }
}

/// TYPE key
enum TypeCommand: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.inspect(args[1])
        reply.simple(found.exists ? found.value.type.name : "none")
    }
}

/// RANDOMKEY
enum RandomKey: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let value = keys.randomKey() else { return reply.null() }
        reply.bulk(value.key)
    }
}
