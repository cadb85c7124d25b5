// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// SET with options and the older commands that do parts of it.

/// SET with anything behind the value.
enum SetWithOptions: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try StringOptions(args, from: 3, .set)
        let deadline = try options.deadlineMs(args, nowMs: keys.nowMs)
        let found = options.answersOld ? keys.read(args[1]) : keys.locate(args[1])
        if options.answersOld { try found.require(.string) }
        let isAllowed = try options.allows(found, args, keys)
        if options.answersOld {
            if found.exists { reply.string(found.value, keys) } else { reply.null() }
        } else if isAllowed {
            reply.ok()
        } else {
            reply.null()
        }
        guard isAllowed else { return }
        if let deadline { return store(call, found, args[2], adopting: call.block(2), deadline, keys) }
        var edit = keys.edit(found)
        edit.setString(args[2], adopting: call.block(2), keys)
        if !options.keepsDeadline { edit.setDeadline(nil, keys) }
        edit.commit(.set, keys)
        if options.needsPlainForm, call.isPropagationWanted {
            if options.keepsDeadline {
                call.propagate("SET", args[1], args[2], ByteView("KEEPTTL"))
            } else {
                call.propagate("SET", args[1], args[2])
            }
        }
    }

    /// Stores a value with a deadline. One that has passed leaves no key behind.
    static func store(
        _ call: Call, _ found: Found, _ value: ByteView, adopting block: Block?, _ deadline: Int64,
        _ keys: Keyspace
    ) {
        guard !keys.isOverdue(deadline) else {
            // What was never seen has expired as well.
            if found.exists { call.deleteOverdue(found, keys) } else { keys.stats.expired += 1 }
            return
        }
        var edit = keys.edit(found)
        edit.setString(value, adopting: block, keys)
        edit.setDeadline(deadline, keys)
        edit.commit(.set, keys)
        keys.effects.event(.expire, found.key, database: keys.current)
        call.propagateSet(found.key, value, deadlineMs: deadline)
    }
}

/// SETNX key value
enum SetNX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard !found.exists else { return reply.integer(0) }
        var edit = keys.edit(found)
        edit.setString(args[2], adopting: call.block(2), keys)
        edit.commit(.set, keys)
        reply.integer(1)
    }
}

/// SETEX key seconds value
enum SetEx: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let deadline = try TimeForm.seconds.deadlineMs(args, 2, nowMs: keys.nowMs)
        SetWithOptions.store(call, keys.locate(args[1]), args[3], adopting: call.block(3), deadline, keys)
        reply.ok()
    }
}

/// PSETEX key milliseconds value
enum PSetEx: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let deadline = try TimeForm.milliseconds.deadlineMs(args, 2, nowMs: keys.nowMs)
        SetWithOptions.store(call, keys.locate(args[1]), args[3], adopting: call.block(3), deadline, keys)
        reply.ok()
    }
}

/// GETSET key value
enum GetSet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        try found.require(.string)
        if found.exists { reply.string(found.value, keys) } else { reply.null() }
        var edit = keys.edit(found)
        edit.setString(args[2], adopting: call.block(2), keys)
        edit.setDeadline(nil, keys)
        edit.commit(.set, keys)
        if call.isPropagationWanted { call.propagate("SET", args[1], args[2]) }
    }
}

/// GETDEL key
enum GetDel: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.string)
        reply.string(found.value, keys)
        keys.delete(found)
        if call.isPropagationWanted { call.propagate("DEL", args[1]) }
    }
}

/// DELIFEQ key value
enum DelIfEq: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.string)
        guard found.exists, keys.string(found.value) == args[2] else { return reply.integer(0) }
        keys.delete(found)
        if call.isPropagationWanted { call.propagate("DEL", args[1]) }
        reply.integer(1)
    }
}

/// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
enum GetEx: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try StringOptions(args, from: 2, .getex)
        // A wrong time is an error also where there is no key, as in Valkey.
        let deadline = try options.deadlineMs(args, nowMs: keys.nowMs)
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.string)
        reply.string(found.value, keys)
        if let deadline {
            guard !keys.isOverdue(deadline) else { return call.deleteOverdue(found, keys) }
            let edit = keys.edit(found)
            edit.setDeadline(deadline, keys)
            edit.commit(.expire, keys)
            call.propagateDeadline(args[1], deadline)
        } else if options.persists, keys.deadline(found) != nil {
            let edit = keys.edit(found)
            edit.setDeadline(nil, keys)
            edit.commit(.persist, keys)
            if call.isPropagationWanted { call.propagate("PERSIST", args[1]) }
        }
    }
}
