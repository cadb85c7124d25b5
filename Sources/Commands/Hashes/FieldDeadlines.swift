// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Deadlines of fields: setting, clearing and asking. As in Redis, a key of the wrong type is told before anything is
// said about the arguments.

/// HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
enum HExpire: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try expire(.seconds, call, args, keys, reply)
    }

    /// Answers for each field: 1 the deadline was set, 2 it had passed and the field was deleted, 0 the condition was
    /// not met, -2 there is no such field.
    static func expire(
        _ form: TimeForm, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.hash)
        let deadline = try form.fieldDeadlineMs(args, 2, nowMs: keys.nowMs)
        var condition = DeadlineCondition()
        var index = 3
        while index < args.count, condition.take(args[index]) { index += 1 }
        guard index < args.count, !condition.isContradictory else { throw FieldArguments.missing }
        let fields = try FieldArguments(
            args, at: index, badCount: "ERR Parameter `numFields` should be greater than 0"
        ).range
        reply.array(fields.count)
        guard found.exists else {
            for _ in fields { reply.integer(-2) }
            return
        }
        let isOverdue = deadline <= keys.nowMs
        var changed = ChangedFields(call)
        var edit = keys.edit(found)
        for i in fields {
            let field = edit.field(args[i], keys)
            if !field.exists {
                reply.integer(-2)
            } else if !condition.allows(deadline, over: field.deadline) {
                reply.integer(0)
            } else {
                if isOverdue {
                    edit.removeField(field, keys)
                } else {
                    edit.setFieldDeadline(field, deadline, keys)
                }
                reply.integer(isOverdue ? 2 : 1)
                changed.append(i)
            }
        }
        guard changed.count > 0 else { return edit.abandon(keys) }
        edit.commit(isOverdue ? .hdel : .hexpire, changes: changed.count, keys)
        if isOverdue { return changed.propagateDeletions(args) }
        // Each field that is named has met the condition. Several words are left out, because Redis takes only one.
        changed.propagateDeadline(args, deadline, condition: index == 4 ? args[3] : nil)
    }
}

/// HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
enum HPExpire: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HExpire.expire(.milliseconds, call, args, keys, reply)
    }
}

/// HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
enum HExpireAt: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HExpire.expire(.unixSeconds, call, args, keys, reply)
    }
}

/// HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
enum HPExpireAt: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HExpire.expire(.unixMilliseconds, call, args, keys, reply)
    }
}

/// HPERSIST key FIELDS numfields field [field ...]
enum HPersist: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.hash)
        let fields = try FieldArguments(args, at: 2).range
        reply.array(fields.count)
        guard found.exists else {
            for _ in fields { reply.integer(-2) }
            return
        }
        var changed = 0
        var edit = keys.edit(found)
        for i in fields {
            let field = edit.field(args[i], keys)
            guard field.exists, field.deadline != nil else {
                reply.integer(field.exists ? -1 : -2)
                continue
            }
            edit.setFieldDeadline(field, nil, keys)
            reply.integer(1)
            changed += 1
        }
        guard changed > 0 else { return edit.abandon(keys) }
        edit.commit(.hpersist, changes: changed, keys)
    }
}

/// HTTL key FIELDS numfields field [field ...]
enum HTTL: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(.seconds, args, keys, reply)
    }

    /// For each field -2 if there is none, -1 if it has no deadline; otherwise the time in this form. Seconds are
    /// rounded up, other than those of keys.
    static func answer(
        _ form: TimeForm, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        let found = keys.read(args[1])
        try found.require(.hash)
        let fields = try FieldArguments(args, at: 2).range
        reply.array(fields.count)
        for i in fields {
            // A dead field is not there, but asking for its time does not delete it.
            let field = found.exists ? HashView(found.value, keys).field(args[i]) : nil
            guard let field, field.exists else {
                reply.integer(-2)
                continue
            }
            guard let deadline = field.deadline else {
                reply.integer(-1)
                continue
            }
            let ms = form.isRelative ? max(0, deadline &- keys.nowMs) : deadline
            reply.integer(form.isInSeconds ? ms / 1000 + (ms % 1000 > 0 ? 1 : 0) : ms)
        }
    }
}

/// HPTTL key FIELDS numfields field [field ...]
enum HPTTL: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HTTL.answer(.milliseconds, args, keys, reply)
    }
}

/// HEXPIRETIME key FIELDS numfields field [field ...]
enum HExpireTime: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HTTL.answer(.unixSeconds, args, keys, reply)
    }
}

/// HPEXPIRETIME key FIELDS numfields field [field ...]
enum HPExpireTime: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try HTTL.answer(.unixMilliseconds, args, keys, reply)
    }
}
