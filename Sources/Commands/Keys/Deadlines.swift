// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Deadlines of keys: setting, clearing and asking.

/// EXPIRE key seconds [NX | XX | GT | LT]
enum Expire: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ExpireOptions.run(.seconds, call, args, keys, reply)
    }
}

/// PEXPIRE key milliseconds [NX | XX | GT | LT]
enum PExpire: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ExpireOptions.run(.milliseconds, call, args, keys, reply)
    }
}

/// EXPIREAT key unix-time-seconds [NX | XX | GT | LT]
enum ExpireAt: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ExpireOptions.run(.unixSeconds, call, args, keys, reply)
    }
}

/// PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]
enum PExpireAt: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ExpireOptions.run(.unixMilliseconds, call, args, keys, reply)
    }
}

/// When a deadline may be set: NX, XX, GT and LT of the EXPIRE and HEXPIRE families.
struct DeadlineCondition {
    private var ifNone = false
    private var ifSome = false
    private var ifGreater = false
    private var ifLess = false

    /// Takes in an option.
    /// - Returns: false when it is none of these.
    mutating func take(_ word: ByteView) -> Bool {
        if word.matches("NX") {
            ifNone = true
        } else if word.matches("XX") {
            ifSome = true
        } else if word.matches("GT") {
            ifGreater = true
        } else if word.matches("LT") {
            ifLess = true
        } else {
            return false
        }
        return true
    }

    /// NX stands beside another option.
    var excludesItself: Bool { ifNone && (ifSome || ifGreater || ifLess) }
    /// GT stands beside LT.
    var isGreaterAndLess: Bool { ifGreater && ifLess }
    var isContradictory: Bool { excludesItself || isGreaterAndLess }

    /// Whether `new` may replace `old`; no deadline counts as infinitely late.
    func allows(_ new: Int64, over old: Int64?) -> Bool {
        if ifNone, old != nil { return false }
        if ifSome, old == nil { return false }
        if ifGreater { return old.map { new > $0 } ?? false }
        if ifLess { return old.map { new < $0 } ?? true }
        return true
    }
}

/// The work of the EXPIRE family.
enum ExpireOptions {
    private static func condition(
        _ call: Call, _ args: Arguments, from first: Int
    ) throws(Refusal) -> DeadlineCondition {
        var condition = DeadlineCondition()
        for index in first..<args.count where !condition.take(args[index]) {
            throw call.refusal("ERR Unsupported option \(args[index])")
        }
        if condition.excludesItself {
            throw .custom("ERR NX and XX, GT or LT options at the same time are not compatible")
        }
        if condition.isGreaterAndLess {
            throw .custom("ERR GT and LT options at the same time are not compatible")
        }
        return condition
    }

    static func run(
        _ form: TimeForm, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        let condition = try condition(call, args, from: 3)
        // Unlike the options of SET this takes times in the past, which mostly delete the key.
        let deadline = try form.unixMs(args.integer(2), nowMs: keys.nowMs)
        let found = keys.locate(args[1])
        guard found.exists, condition.allows(deadline, over: keys.deadline(found)) else {
            return reply.integer(0)
        }
        reply.integer(1)
        guard !keys.isOverdue(deadline) else { return call.deleteOverdue(found, keys) }
        // The source of an import may set times long gone: the earliest is the beginning of time.
        let kept = max(0, deadline)
        let edit = keys.edit(found)
        edit.setDeadline(kept, keys)
        edit.commit(.expire, keys)
        call.propagateDeadline(args[1], kept)
    }
}

/// PERSIST key
enum Persist: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists, keys.deadline(found) != nil else { return reply.integer(0) }
        let edit = keys.edit(found)
        edit.setDeadline(nil, keys)
        edit.commit(.persist, keys)
        reply.integer(1)
    }
}

/// TTL key
enum TTL: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        answer(.seconds, args, keys, reply)
    }

    /// -2 without a key, -1 without a deadline; otherwise the time in this form, seconds rounded.
    static func answer(_ form: TimeForm, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) {
        let found = keys.inspect(args[1])
        guard found.exists else { return reply.integer(-2) }
        guard let deadline = keys.deadline(found) else { return reply.integer(-1) }
        let ms = form.isRelative ? max(0, deadline &- keys.nowMs) : deadline
        reply.integer(form.isInSeconds ? ms / 1000 + (ms % 1000 >= 500 ? 1 : 0) : ms)
    }
}

/// PTTL key
enum PTTL: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        TTL.answer(.milliseconds, args, keys, reply)
    }
}

/// EXPIRETIME key
enum ExpireTime: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        TTL.answer(.unixSeconds, args, keys, reply)
    }
}

/// PEXPIRETIME key
enum PExpireTime: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        TTL.answer(.unixMilliseconds, args, keys, reply)
    }
}
