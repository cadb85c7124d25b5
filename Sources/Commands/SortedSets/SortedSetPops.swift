// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Taking members from either end, at once or as soon as there are any. What a command with several keys took is
// propagated as ZPOPMIN or ZPOPMAX of the one key.

/// The end from which members are taken.
private enum PopEnd {
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
            guard let count = args[2].integer, count >= 0 else { throw .mustBePositive }
            wanted = count
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

/// The keys of a command, in the order in which they are looked at.
private struct PopKeys {
    let args: Arguments
    let range: Range<Int>

    /// The first key with members. A key of another type is an error.
    func first(_ keys: Keyspace) throws(Refusal) -> Found? {
        for i in KeyPlaces(args, from: range.lowerBound, to: range.upperBound, keys) {
            let found = keys.locate(args[i])
            guard found.exists else { continue }
            try found.require(.zset)
            return found
        }
        return nil
    }

    /// Keeps the command until there is something under one of the keys; where it may not wait any longer, or not at
    /// all, it is told that there is nothing.
    func wait(_ call: Call, deadlineMs: Int64?, _ reply: Reply) {
        guard call.mayWait, call.resumption != .timedOut else { return reply.nullArray() }
        call.wait(forKeysAt: range, of: .zset, args, deadlineMs: deadlineMs)
    }
}

/// What ZMPOP and BZMPOP are asked for.
private struct ManyPop {
    let keys: PopKeys
    let end: PopEnd
    let count: Int64

    /// - Parameter start: the place of the number of keys.
    init(_ args: Arguments, from start: Int) throws(Refusal) {
        guard let wanted = args[start].integer, wanted > 0 else {
            throw .custom("ERR numkeys should be greater than 0")
        }
        // MIN or MAX follows.
        guard wanted <= args.count - start - 2 else { throw .syntax }
        let last = start + Int(wanted)
        keys = PopKeys(args: args, range: (start + 1)..<(last + 1))
        end = try PopEnd(args[last + 1])
        guard args.count > last + 2 else {
            count = 1
            return
        }
        guard args.count == last + 4, args[last + 2].matches("COUNT") else {
            // A second COUNT is refused only behind a first that is right.
            if args.count > last + 4, args[last + 2].matches("COUNT") {
                _ = try ManyPop.count(args[last + 3])
            }
            throw .syntax
        }
        count = try ManyPop.count(args[last + 3])
    }

    private static func count(_ text: ByteView) throws(Refusal) -> Int64 {
        guard let count = text.integer, count > 0 else { throw .custom("ERR count should be greater than 0") }
        return count
    }

    /// Takes from the first key that has members.
    /// - Returns: whether there was one.
    func serve(_ call: Call, _ keyspace: Keyspace, _ reply: Reply) throws(Refusal) -> Bool {
        guard let found = try keys.first(keyspace) else { return false }
        let taken = Int(min(count, Int64(found.value.elementCount)))
        reply.array(2)
        reply.bulk(found.key)
        reply.array(taken)
        end.take(taken, from: found, keyspace) { member, score in
            reply.array(2)
            reply.bulk(member)
            reply.double(score)
        }
        if call.isPropagationWanted {
            var text = DecimalText(Int64(taken))
            text.withView { call.propagate(end.command, found.key, $0) }
        }
        return true
    }
}

/// ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
enum ZMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if try !ManyPop(args, from: 1).serve(call, keys, reply) { reply.nullArray() }
    }
}

/// BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]
enum BZMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let pop = try ManyPop(args, from: 2)
        let deadlineMs = try args.waitDeadlineMs(1, call)
        if try !pop.serve(call, keys, reply) { pop.keys.wait(call, deadlineMs: deadlineMs, reply) }
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
        let deadlineMs = try args.waitDeadlineMs(args.count - 1, call)
        let all = PopKeys(args: args, range: 1..<(args.count - 1))
        guard let found = try all.first(keys) else {
            return all.wait(call, deadlineMs: deadlineMs, reply)
        }
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
