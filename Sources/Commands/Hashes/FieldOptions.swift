// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Reading and deleting or dating fields in one go, and setting them with a deadline.

/// HGETDEL key FIELDS numfields field [field ...]
enum HGetDel: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.hash)
        let fields = try FieldArguments(args, at: 2).range
        reply.array(fields.count)
        guard found.exists else {
            for _ in fields { reply.null() }
            return
        }
        var removed = 0
        var edit = keys.edit(found)
        for i in fields {
            let field = edit.field(args[i], keys)
            reply.value(of: field)
            guard field.exists else { continue }
            edit.removeField(field, keys)
            removed += 1
        }
        guard removed > 0 else { return edit.abandon(keys) }
        edit.commit(.hdel, changes: removed, keys)
        propagate(call, args, fields)
    }

    /// A replica may be of a server that has no HGETDEL.
    private static func propagate(_ call: Call, _ args: Arguments, _ fields: Range<Int>) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(fields.count + 2, database: call.engine.keys.current)
        effects.append(ByteView("HDEL"))
        effects.append(args[1])
        for i in fields { effects.append(args[i]) }
        effects.end()
    }
}

/// HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS numfields field [field ...]
enum HGetEx: Handler {
    private struct Options {
        var deadlineMs: Int64?
        var persists = false
        let fields: Range<Int>

        init(_ args: Arguments, nowMs: Int64) throws(Refusal) {
            var index = 2
            if let form = TimeForm(args[2]) {
                deadlineMs = try form.fieldDeadlineMs(args, 3, nowMs: nowMs)
                index = 4
            } else if args[2].matches("PERSIST") {
                persists = true
                index = 3
            }
            fields = try FieldArguments(args, at: index).range
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var found = keys.locate(args[1])
        try found.require(.hash)
        let options = try Options(args, nowMs: keys.nowMs)
        reply.array(options.fields.count)
        guard found.exists, options.persists || options.deadlineMs != nil else {
            for i in options.fields { reply.value(of: keys.field(args[i], in: &found)) }
            return
        }
        if let deadline = options.deadlineMs, deadline <= keys.nowMs {
            return delete(call, args, found, options.fields, keys, reply)
        }
        var changed = ChangedFields(call)
        var edit = keys.edit(found)
        for i in options.fields {
            let field = edit.field(args[i], keys)
            reply.value(of: field)
            guard field.exists, options.deadlineMs != nil || field.deadline != nil else { continue }
            edit.setFieldDeadline(field, options.deadlineMs, keys)
            changed.append(i)
        }
        guard changed.count > 0 else { return edit.abandon(keys) }
        let event: Event = options.persists ? .hpersist : .hexpire
        edit.commit(event, changes: changed.count, keys)
        if let deadline = options.deadlineMs {
            changed.propagateDeadline(args, deadline, condition: nil)
        } else {
            changed.propagatePersist(args)
        }
    }

    /// The deadline has passed: what is there is answered for the last time.
    private static func delete(
        _ call: Call, _ args: Arguments, _ found: Found, _ fields: Range<Int>, _ keys: Keyspace,
        _ reply: Reply
    ) {
        var changed = ChangedFields(call)
        var edit = keys.edit(found)
        for i in fields {
            let field = edit.field(args[i], keys)
            reply.value(of: field)
            guard field.exists else { continue }
            edit.removeField(field, keys)
            changed.append(i)
        }
        guard changed.count > 0 else { return edit.abandon(keys) }
        edit.commit(.hdel, changes: changed.count, keys)
        changed.propagateDeletions(args)
    }
}

/// HSETEX key [NX | XX] [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS numfields field value [field
/// value ...]
enum HSetEx: Handler {
    /// Redis knows no conditions on the key, Valkey does. What is said twice is refused, as in Redis.
    private struct Options {
        enum Condition { case none, ifMissing, ifExists }

        var key = Condition.none
        var fields = Condition.none
        var deadlineMs: Int64?
        var keepsDeadline = false
        /// The pairs' arguments.
        var pairs = 0..<0

        init(_ call: Call, _ args: Arguments, nowMs: Int64) throws(Refusal) {
            var index = 2
            while index < args.count, !args[index].matches("FIELDS") {
                let word = args[index]
                if let form = TimeForm(word) {
                    try requireNoTime()
                    guard index + 1 < args.count else { throw .wrongArity }
                    deadlineMs = try form.fieldDeadlineMs(args, index + 1, nowMs: nowMs)
                    index += 1
                } else if word.matches("KEEPTTL") {
                    try requireNoTime()
                    keepsDeadline = true
                } else if word.matches("FNX") || word.matches("FXX") {
                    guard case .none = fields else {
                        throw .custom("ERR Only one of FXX or FNX arguments can be specified")
                    }
                    fields = word.matches("FNX") ? .ifMissing : .ifExists
                } else if word.matches("NX") || word.matches("XX") {
                    guard case .none = key else { throw .syntax }
                    key = word.matches("NX") ? .ifMissing : .ifExists
                } else {
                    throw call.refusal("ERR unknown argument: \(word)")
                }
                index += 1
            }
            guard index + 3 < args.count else { throw .wrongArity }
            guard let count = args[index + 1].integer, 1...Int64(Int32.max) ~= count else {
                throw .custom("ERR invalid number of fields")
            }
            pairs = index + 2..<args.count
            guard Int(count) * 2 == pairs.count else { throw .wrongArity }
        }

        private func requireNoTime() throws(Refusal) {
            guard deadlineMs == nil, !keepsDeadline else {
                throw .custom("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
            }
        }

        private static func allows(_ condition: Condition, _ exists: Bool) -> Bool {
            switch condition {
            case .none: true
            case .ifMissing: !exists
            case .ifExists: exists
            }
        }

        /// Whether the fields may be set. Dead ones that are met are deleted.
        func allow(_ found: inout Found, _ args: Arguments, _ keys: Keyspace) -> Bool {
            guard Options.allows(key, found.exists) else { return false }
            if case .none = fields { return true }
            for i in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) {
                let field = keys.field(args[i], in: &found)
                guard Options.allows(fields, field.exists) else { return false }
            }
            return true
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try Options(call, args, nowMs: keys.nowMs)
        var found = keys.locate(args[1])
        try found.require(.hash)
        guard options.allow(&found, args, keys) else { return reply.integer(0) }
        reply.integer(1)
        if let deadline = options.deadlineMs, deadline <= keys.nowMs {
            return delete(call, args, found, options.pairs, keys)
        }
        let pairs = options.pairs
        var edit = keys.edit(found)
        if pairs.count > 2 { edit.expectFields(pairs.count / 2, keys) }
        for i in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) {
            edit.setField(
                args[i], args[i + 1], adopting: call.block(i + 1), keepsDeadline: options.keepsDeadline, keys)
            guard let deadline = options.deadlineMs else { continue }
            edit.setFieldDeadline(edit.field(args[i], keys), deadline, keys)
        }
        edit.commit(.hset, changes: pairs.count / 2, keys)
        if options.deadlineMs != nil {
            keys.effects.event(.hexpire, args[1], database: keys.current)
        }
        propagate(call, args, options)
    }

    /// The deadline has passed: fields that are there go, others do not come. For whoever listens they come and go, as
    /// they do in Redis.
    private static func delete(
        _ call: Call, _ args: Arguments, _ found: Found, _ pairs: Range<Int>, _ keys: Keyspace
    ) {
        let (key, log) = (args[1], keys.effects)
        if !found.exists { log.event(.new, key, database: keys.current) }
        log.event(.hset, key, database: keys.current)
        var named = ChangedFields(call)
        for i in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) { named.append(i) }
        named.propagateDeletions(args)
        guard found.exists else {
            log.event(.hdel, key, database: keys.current)
            return log.event(.del, key, database: keys.current)
        }
        var edit = keys.edit(found)
        var removed = 0
        for i in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2) {
            if edit.removeField(args[i], keys) { removed += 1 }
        }
        if removed > 0 {
            edit.commit(.hdel, changes: removed, keys)
        } else {
            edit.abandon(keys)
            log.event(.hdel, key, database: keys.current)
        }
    }

    /// As it came when nothing in it depends on the time or on the key; otherwise as what was decided here.
    private static func propagate(_ call: Call, _ args: Arguments, _ options: Options) {
        if case .none = options.key, options.deadlineMs == nil { return }
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        let words = options.deadlineMs != nil ? 2 : options.keepsDeadline ? 1 : 0
        // FIELDS and its number stand in front of the pairs.
        let fields = options.pairs.lowerBound - 2
        effects.begin(2 + words + args.count - fields, database: call.engine.keys.current)
        effects.append(ByteView("HSETEX"))
        effects.append(args[1])
        if let deadline = options.deadlineMs {
            effects.append(ByteView("PXAT"))
            effects.append(deadline)
        } else if options.keepsDeadline {
            effects.append(ByteView("KEEPTTL"))
        }
        for i in fields..<args.count { effects.append(args[i]) }
        effects.end()
    }
}
