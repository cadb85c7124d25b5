// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// MGET key [key …]
enum MGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(args.count - 1)
        for index in 1..<args.count {
            let found = keys.read(args[index])
            if found.isType(.string) { reply.string(found.value, keys) } else { reply.null() }
        }
    }
}

/// MSET key value [key value …]
enum MSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count % 2 == 1 else { throw .wrongArity }
        setPairs(call, args, keys)
        reply.ok()
    }

    static func setPairs(_ call: Call, _ args: Arguments, _ keys: Keyspace) {
        var index = 1
        while index < args.count {
            var edit = keys.edit(keys.locate(args[index]))
            edit.setString(args[index + 1], adopting: call.block(index + 1), keys)
            edit.setDeadline(nil, keys)
            edit.commit("set", EventClass.string, keys)
            index += 2
        }
    }
}

/// MSETNX key value [key value …]
enum MSetNX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count % 2 == 1 else { throw .wrongArity }
        for index in stride(from: 1, to: args.count, by: 2) where keys.locate(args[index]).exists {
            return reply.integer(0)
        }
        MSet.setPairs(call, args, keys)
        reply.integer(1)
    }
}
