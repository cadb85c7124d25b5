// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The commands on strings.
public enum Strings {
    public static let commands: [Command] = [
        Command("GET", arity: 2, [.readonly, .fast], .string, keys: "idx1+range(0,1,0)[RO access]", Get.self),
        Command(
            "SET", arity: -3, [.write, .denyoom], .string,
            keys: "idx1+range(0,1,0)[RW access update variable_flags]", Set.self),
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
enum Set: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 3 { return try SetWithOptions.run(call, args, keys, reply) }
        var edit = keys.edit(keys.peek(args[1]))
        edit.setString(args[2], adopting: call.block(2), keys)
        edit.setDeadline(nil, keys)
        edit.commit("set", EventClass.string, keys)
        reply.ok()
    }
}

enum SetWithOptions: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw .syntax
    }
}

extension Reply {
    /// A string value as a bulk: large ones leave from their block.
    @inline(__always) func string(_ value: Value, _ keys: Keyspace) {
        if value.encoding == Encoding.block, let block = value.block { return bulk(block) }
        bulk(keys.string(value))
    }
}
