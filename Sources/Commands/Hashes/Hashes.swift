// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on hashes.
public enum Hashes {
    /// The rows of the command table.
    public static let commands: [Command] = fields + whole + deadlines

    private static let fields: [Command] = [
        Command(
            "HSET", arity: -4, [.write, .denyoom, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HSet.self),
        Command(
            "HMSET", arity: -4, [.write, .denyoom, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HMSet.self),
        Command(
            "HSETNX", arity: 4, [.write, .denyoom, .fast], .hash, keys: "idx1+range(0,1,0)[RW insert]",
            HSetNX.self),
        Command(
            "HGET", arity: 3, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]", HGet.self),
        Command(
            "HMGET", arity: -3, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]", HMGet.self),
        Command("HDEL", arity: -3, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW delete]", HDel.self),
        Command(
            "HEXISTS", arity: 3, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO]", HExists.self),
        Command(
            "HSTRLEN", arity: 3, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO]", HStrLen.self),
        Command(
            "HINCRBY", arity: 4, [.write, .denyoom, .fast], .hash,
            keys: "idx1+range(0,1,0)[RW access update]", HIncrBy.self),
        Command(
            "HINCRBYFLOAT", arity: 4, [.write, .denyoom, .fast], .hash,
            keys: "idx1+range(0,1,0)[RW access update]", HIncrByFloat.self),
    ]

    private static let whole: [Command] = [
        Command("HLEN", arity: 2, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO]", HLen.self),
        Command(
            "HKEYS", arity: 2, [.readonly], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output_order", HKeys.self),
        Command(
            "HVALS", arity: 2, [.readonly], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output_order", HVals.self),
        Command(
            "HGETALL", arity: 2, [.readonly], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output_order", HGetAll.self),
        Command(
            "HRANDFIELD", arity: -2, [.readonly], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", HRandField.self),
        Command(
            "HSCAN", arity: -3, [.readonly], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", HScan.self),
    ]

    private static let deadlines: [Command] = [
        Command(
            "HEXPIRE", arity: -6, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]", HExpire.self),
        Command(
            "HPEXPIRE", arity: -6, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HPExpire.self),
        Command(
            "HEXPIREAT", arity: -6, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HExpireAt.self),
        Command(
            "HPEXPIREAT", arity: -6, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HPExpireAt.self),
        Command(
            "HPERSIST", arity: -5, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HPersist.self),
        Command(
            "HTTL", arity: -5, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", HTTL.self),
        Command(
            "HPTTL", arity: -5, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", HPTTL.self),
        Command(
            "HEXPIRETIME", arity: -5, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]",
            HExpireTime.self),
        Command(
            "HPEXPIRETIME", arity: -5, [.readonly, .fast], .hash, keys: "idx1+range(0,1,0)[RO access]",
            HPExpireTime.self),
        Command(
            "HGETEX", arity: -5, [.write, .fast], .hash,
            keys: "idx1+range(0,1,0)[RW access update] RW and UPDATE because it changes the TTL",
            HGetEx.self),
        Command(
            "HSETEX", arity: -6, [.write, .denyoom, .fast], .hash, keys: "idx1+range(0,1,0)[RW update]",
            HSetEx.self),
        Command(
            "HGETDEL", arity: -5, [.write, .fast], .hash, keys: "idx1+range(0,1,0)[RW access delete]",
            HGetDel.self),
    ]
}

/// HSET key field value [field value ...]
enum HSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(try setPairs(call, args, keys))
    }

    /// Gives fields their values and takes their deadlines away.
    /// - Returns: how many fields are new.
    @inline(__always)
    static func setPairs(_ call: Call, _ args: Arguments, _ keys: Keyspace) throws(Refusal) -> Int {
        guard args.count & 1 == 0 else { throw .wrongArity }
        let found = keys.locate(args[1])
        try found.require(.hash)
        let pairs = (args.count &- 2) / 2
        var edit = keys.edit(found)
        if pairs > 1 { edit.expectFields(pairs, keys) }
        var added = 0
        var at = 2
        while at < args.count {
            if edit.setField(args[at], args[at &+ 1], adopting: call.block(at &+ 1), keys) { added &+= 1 }
            at &+= 2
        }
        edit.commit(.hset, changes: pairs, keys)
        return added
    }
}

/// HMSET key field value [field value ...]
enum HMSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        _ = try HSet.setPairs(call, args, keys)
        reply.ok()
    }
}

/// HSETNX key field value
enum HSetNX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.hash)
        var edit = keys.edit(found)
        let field = edit.field(args[2], keys)
        guard !field.exists else {
            edit.abandon(keys)
            return reply.integer(0)
        }
        edit.setField(field, args[3], adopting: call.block(3), keys)
        edit.commit(.hset, keys)
        reply.integer(1)
    }
}

/// HGET key field
enum HGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.hash)
        reply.value(of: keys.field(args[2], in: &found))
    }
}

/// HMGET key field [field ...]
enum HMGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var found = keys.read(args[1])
        try found.require(.hash)
        reply.array(args.count - 2)
        for i in 2..<args.count { reply.value(of: keys.field(args[i], in: &found)) }
    }
}

/// HDEL key field [field ...]
enum HDel: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.hash)
        var edit = keys.edit(found)
        var removed = 0
        for i in 2..<args.count where edit.removeField(args[i], keys) { removed += 1 }
        edit.end(.hdel, changes: removed, keys)
        reply.integer(removed)
    }
}

/// HEXISTS key field
enum HExists: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.hash)
        reply.integer(keys.field(args[2], in: &found).exists ? 1 : 0)
    }
}

/// HSTRLEN key field
enum HStrLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.hash)
        let field = keys.field(args[2], in: &found)
        reply.integer(field.exists ? field.value.count : 0)
    }
}

/// HLEN key
enum HLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.hash)
        // Dead fields that wait for the wheel count, as dead keys do in DBSIZE.
        reply.integer(HashView(found.value, keys).count)
    }
}

/// HKEYS key
enum HKeys: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.hash)
        let hash = HashView(found.value, keys)
        reply.array(hash.liveCount)
        hash.forEach { name, _, _ in reply.bulk(name) }
    }
}

/// HVALS key
enum HVals: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.hash)
        let hash = HashView(found.value, keys)
        reply.array(hash.liveCount)
        hash.forEach { _, value, _ in reply.bulk(value) }
    }
}

/// HGETALL key
enum HGetAll: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.map(0) }
        try found.require(.hash)
        let hash = HashView(found.value, keys)
        reply.map(hash.liveCount)
        hash.forEach { name, value, _ in
            reply.bulk(name)
            reply.bulk(value)
        }
    }
}

extension Reply {
    /// The value of a field as a bulk: large ones leave from their block.
    @inline(__always) func bulk(_ value: FieldValue) {
        switch value {
        case .bytes(let bytes): bulk(bytes)
        case .integer(let number): bulk(number)
        case .block(let block): bulk(block)
        }
    }

    /// The value of a field that was looked for, or nothing.
    @inline(__always) func value(of field: FoundField) {
        if field.exists { bulk(field.value) } else { null() }
    }
}

/// What happens to hashes.
extension Event {
    static var hset: Event { Event("hset", EventClass.hash) }
    static var hdel: Event { Event("hdel", EventClass.hash) }
    static var hincrby: Event { Event("hincrby", EventClass.hash) }
    static var hincrbyfloat: Event { Event("hincrbyfloat", EventClass.hash) }
    static var hexpire: Event { Event("hexpire", EventClass.hash) }
    static var hpersist: Event { Event("hpersist", EventClass.hash) }
}
