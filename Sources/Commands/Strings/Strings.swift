// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on strings.
public enum Strings {
    /// The rows of the command table.
    public static let commands: [Command] = whole + parts + counters

    private static let whole: [Command] = [
        Command(
            "GET", arity: 2, [.readonly, .fast], .string, keys: "idx1+range(0,1,0)[RO access]", Get.self),
        Command(
            "SET", arity: -3, [.write, .denyoom], .string,
            keys:
                "idx1+range(0,1,0)[RW access update variable_flags] RW and ACCESS due to the optional `GET` argument",
            SetString.self),
        Command(
            "GETDEL", arity: 2, [.write, .fast], .string, keys: "idx1+range(0,1,0)[RW access delete]",
            GetDel.self),
        Command(
            "GETEX", arity: -2, [.write, .fast], .string,
            keys: "idx1+range(0,1,0)[RW access update] RW and UPDATE because it changes the TTL",
            GetEx.self),
        Command(
            "GETSET", arity: 3, [.write, .denyoom, .fast], .string,
            keys: "idx1+range(0,1,0)[RW access update]",
            GetSet.self),
        Command(
            "SETNX", arity: 3, [.write, .denyoom, .fast], .string, keys: "idx1+range(0,1,0)[OW insert]",
            SetNX.self),
        Command(
            "SETEX", arity: 4, [.write, .denyoom], .string, keys: "idx1+range(0,1,0)[OW update]", SetEx.self),
        Command(
            "PSETEX", arity: 4, [.write, .denyoom], .string, keys: "idx1+range(0,1,0)[OW update]", PSetEx.self
        ),
        Command(
            "MGET", arity: -2, [.readonly, .fast], .string, keys: "idx1+range(-1,1,0)[RO access]",
            tips: "request_policy:multi_shard", MGet.self),
        Command(
            "MSET", arity: -3, [.write, .denyoom], .string, keys: "idx1+range(-1,2,0)[OW update]",
            tips: "request_policy:multi_shard response_policy:all_succeeded", MSet.self),
        Command(
            "MSETNX", arity: -3, [.write, .denyoom], .string, keys: "idx1+range(-1,2,0)[OW insert]",
            MSetNX.self),
        Command(
            "MSETEX", arity: -4, [.write, .denyoom, .movableKeys], .string,
            keys: "idx1+keynum(0,1,2)[OW update]",
            tips: "request_policy:multi_shard response_policy:all_succeeded", MSetEx.self),
        Command(
            "DELIFEQ", arity: 3, [.write, .fast], .string, keys: "idx1+range(0,1,0)[RM delete]", DelIfEq.self),
    ]

    private static let parts: [Command] = [
        Command(
            "APPEND", arity: 3, [.write, .denyoom, .fast], .string, keys: "idx1+range(0,1,0)[RW insert]",
            Append.self),
        Command("STRLEN", arity: 2, [.readonly, .fast], .string, keys: "idx1+range(0,1,0)[RO]", StrLen.self),
        Command(
            "SETRANGE", arity: 4, [.write, .denyoom], .string, keys: "idx1+range(0,1,0)[RW update]",
            SetRange.self),
        Command(
            "GETRANGE", arity: 4, [.readonly], .string, keys: "idx1+range(0,1,0)[RO access]", GetRange.self),
        Command("SUBSTR", arity: 4, [.readonly], .string, keys: "idx1+range(0,1,0)[RO access]", SubStr.self),
        Command("LCS", arity: -3, [.readonly], .string, keys: "idx1+range(1,1,0)[RO access]", LCS.self),
    ]

    private static let counters: [Command] = [
        Command(
            "INCR", arity: 2, [.write, .denyoom, .fast], .string, keys: "idx1+range(0,1,0)[RW access update]",
            Incr.self),
        Command(
            "DECR", arity: 2, [.write, .denyoom, .fast], .string, keys: "idx1+range(0,1,0)[RW access update]",
            Decr.self),
        Command(
            "INCRBY", arity: 3, [.write, .denyoom, .fast], .string,
            keys: "idx1+range(0,1,0)[RW access update]",
            IncrBy.self),
        Command(
            "DECRBY", arity: 3, [.write, .denyoom, .fast], .string,
            keys: "idx1+range(0,1,0)[RW access update]",
            DecrBy.self),
        Command(
            "INCRBYFLOAT", arity: 3, [.write, .denyoom, .fast], .string,
            keys: "idx1+range(0,1,0)[RW access update]", IncrByFloat.self),
    ]
}

/// GET key
enum Get: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.string)
        reply.string(found.value, keys)
    }
}

/// SET key value [NX | XX | IFEQ comparison] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
enum SetString: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 3 { return try SetWithOptions.run(call, args, keys, reply) }
        var edit = keys.edit(toReplace: keys.locate(args[1]))
        edit.setString(args[2], adopting: call.block(2), keys)
        edit.setDeadline(nil, keys)
        edit.commit(.set, keys)
        reply.ok()
    }
}

extension Reply {
    /// A string value as a bulk: large ones leave from their block.
    @inline(__always) func string(_ value: Value, _ keys: Keyspace) {
        if value.encoding == Encoding.block, let block = value.block { return bulk(block) }
        bulk(keys.string(value))
    }
}

/// What happens to strings.
extension Event {
    static var append: Event { Event("append", EventClass.string) }
    static var incrby: Event { Event("incrby", EventClass.string) }
    static var incrbyfloat: Event { Event("incrbyfloat", EventClass.string) }
    static var setrange: Event { Event("setrange", EventClass.string) }
}
