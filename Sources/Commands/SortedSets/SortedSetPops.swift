// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Taking members from either end, at once or as soon as there are any. What a command with several keys took is
// propagated as ZPOPMIN or ZPOPMAX of the one key.

/// The end from which members are taken.
enum PopEnd {
    case min, max

    /// The end that MIN or MAX names.
    init(_ word: ByteView) throws(Refusal) {
        if word.matches("MIN") {
            self = .min
        } else if word.matches("MAX") {
            self = .max
        } else {
            throw .syntax
        }
    }

    var event: Event { self == .min ? .zpopmin : .zpopmax }
    var command: StaticString { self == .min ? "ZPOPMIN" : "ZPOPMAX" }

    /// Takes members of a sorted set, which has so many at least, and lends each to `visit`.
    func take(_ count: Int, from found: Found, _ keys: Keyspace, _ visit: SortedSetView.Visitor) {
        var edit = keys.edit(found)
        if count == 1 {
            edit.popScored(last: self == .max, keys, visit)
            return edit.commit(event, keys)
        }
        let total = edit.value.elementCount
        let ranks = self == .min ? 0..<count : (total - count)..<total
        edit.removeScored(ranks: ranks, reversed: self == .max, keys, visit)
        edit.commit(event, changes: count, keys)
    }
}

/// ZPOPMIN key [count]
enum ZPopMin: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try pop(.min, args, keys, reply)
    }

    fileprivate static func pop(
        _ end: PopEnd, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        if args.count > 3 { throw .syntax }
        var wanted: Int64 = 1
        if args.count == 3 {
            wanted = try args.integer(2, atLeast: 0, or: .mustBePositive)
        }
        let found = keys.locate(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.zset)
        let count = wanted == 1 ? 1 : Int(min(wanted, Int64(found.value.elementCount)))
        guard count > 0 else { return reply.array(0) }
        // Without a count the only pair is not in a list.
        if args.count == 3 { reply.pairs(count) } else { reply.array(2) }
        let isList = args.count == 3
        end.take(count, from: found, keys) { member, score in
            if isList { reply.pair() }
            reply.bulk(member)
            reply.double(score)
        }
    }
}

/// ZPOPMAX key [count]
enum ZPopMax: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ZPopMin.pop(.max, args, keys, reply)
    }
}

// MARK: Several keys

extension PopRequest<PopEnd> {
    /// The request of ZMPOP and BZMPOP.
    init(_ args: Arguments, from start: Int) throws(Refusal) {
        try self.init(args, from: start, of: .zset) { at throws(Refusal) in try PopEnd(args[at]) }
    }

    /// Takes from a sorted set, and answers its key and the members.
    fileprivate func answer(_ found: Found, _ call: Call, _ keys: Keyspace, _ reply: Reply) {
        let taken = Int(min(count, Int64(found.value.elementCount)))
        reply.array(2)
        reply.bulk(found.key)
        reply.array(taken)
        end.take(taken, from: found, keys) { member, score in
            reply.array(2)
            reply.bulk(member)
            reply.double(score)
        }
        if call.isPropagationWanted {
            var text = DecimalText(Int64(taken))
            text.withView { call.propagate(end.command, found.key, $0) }
        }
    }
}

/// ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
enum ZMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try PopRequest<PopEnd>(args, from: 1)
        guard let found = try request.keys.find(keys) else { return reply.nullArray() }
        request.answer(found, call, keys, reply)
    }
}

/// BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]
enum BZMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try PopRequest<PopEnd>(args, from: 2)
        guard let found = try request.keys.findOrWait(call, timeout: 1, keys, reply) else { return }
        request.answer(found, call, keys, reply)
    }
}

/// BZPOPMIN key [key ...] timeout
enum BZPopMin: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try pop(.min, call, args, keys, reply)
    }

    fileprivate static func pop(
        _ end: PopEnd, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        let last = args.count - 1
        let all = FirstOfKeys(args: args, places: 1..<last, type: .zset)
        guard let found = try all.findOrWait(call, timeout: last, keys, reply) else { return }
        reply.array(3)
        reply.bulk(found.key)
        end.take(1, from: found, keys) { member, score in
            reply.bulk(member)
            reply.double(score)
        }
        if call.isPropagationWanted { call.propagate(end.command, found.key) }
    }
}

/// BZPOPMAX key [key ...] timeout
enum BZPopMax: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try BZPopMin.pop(.max, call, args, keys, reply)
    }
}
