// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// MGET key [key …]
enum MGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(args.count - 1)
        for index in KeyPlaces(args, keys) {
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
        for index in KeyPlaces(args, step: 2, keys) {
            var edit = keys.edit(keys.locate(args[index]))
            edit.setString(args[index + 1], adopting: call.block(index + 1), keys)
            edit.setDeadline(nil, keys)
            edit.commit(.set, keys)
        }
    }
}

/// MSETNX key value [key value …]
enum MSetNX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count % 2 == 1 else { throw .wrongArity }
        for index in KeyPlaces(args, step: 2, keys) where keys.locate(args[index]).exists {
            return reply.integer(0)
        }
        MSet.setPairs(call, args, keys)
        reply.integer(1)
    }
}

/// MSETEX numkeys key value [key value ...] [NX | XX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
enum MSetEx: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let wanted = args[1].integer, 1...Int64(Int32.max) ~= wanted else {
            throw .custom("ERR invalid numkeys value or out of range")
        }
        guard wanted <= (args.count - 2) / 2 else { throw .syntax }
        let end = 2 + Int(wanted) * 2
        let options = try StringOptions(args, from: end, .msetex)
        let deadline = try options.deadlineMs(args, nowMs: keys.nowMs)
        for index in KeyPlaces(args, from: 2, to: end, step: 2, keys) {
            guard try options.allows(keys.locate(args[index]), args, keys) else { return reply.integer(0) }
        }
        for index in KeyPlaces(args, from: 2, to: end, step: 2, keys) {
            store(call, args, index, options, deadline, keys)
        }
        reply.integer(1)
    }

    /// Stores one of the pairs. It travels as a SET that says what became of it, because a replica may be of a server
    /// that has no MSETEX.
    private static func store(
        _ call: Call, _ args: Arguments, _ index: Int, _ options: StringOptions, _ deadline: Int64?,
        _ keys: Keyspace
    ) {
        let (key, value) = (args[index], args[index + 1])
        let found = keys.locate(key)
        if let deadline {
            return SetWithOptions.store(call, found, value, adopting: call.block(index + 1), deadline, keys)
        }
        var edit = keys.edit(found)
        edit.setString(value, adopting: call.block(index + 1), keys)
        if !options.keepsDeadline { edit.setDeadline(nil, keys) }
        edit.commit(.set, keys)
        guard call.isPropagationWanted else { return }
        if options.keepsDeadline {
            call.propagate("SET", key, value, ByteView("KEEPTTL"))
        } else {
            call.propagate("SET", key, value)
        }
    }
}
