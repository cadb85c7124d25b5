// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on lists.
public enum Lists {
    /// The rows of the command table.
    public static let commands: [Command] = ends + reads + changes + moves + blocking

    private static let insertsInto = "idx1+range(0,1,0)[RW insert]"
    private static let takesFrom = "idx1+range(0,1,0)[RW access delete]"
    private static let deletesFrom = "idx1+range(0,1,0)[RW delete]"
    private static let readsFrom = "idx1+range(0,1,0)[RO access]"
    private static let takesFromSeveral = "idx1+range(-2,1,0)[RW access delete]"
    private static let movesBetween = "idx1+range(0,1,0)[RW access delete]; idx2+range(0,1,0)[RW insert]"

    private static let ends: [Command] = [
        Command("LPUSH", arity: -3, [.write, .denyoom, .fast], .list, keys: insertsInto, LPush.self),
        Command("RPUSH", arity: -3, [.write, .denyoom, .fast], .list, keys: insertsInto, RPush.self),
        Command("LPUSHX", arity: -3, [.write, .denyoom, .fast], .list, keys: insertsInto, LPushX.self),
        Command("RPUSHX", arity: -3, [.write, .denyoom, .fast], .list, keys: insertsInto, RPushX.self),
        Command("LPOP", arity: -2, [.write, .fast], .list, keys: takesFrom, LPop.self),
        Command("RPOP", arity: -2, [.write, .fast], .list, keys: takesFrom, RPop.self),
    ]

    private static let reads: [Command] = [
        Command("LLEN", arity: 2, [.readonly, .fast], .list, keys: "idx1+range(0,1,0)[RO]", LLen.self),
        Command("LRANGE", arity: 4, [.readonly], .list, keys: readsFrom, LRange.self),
        Command("LINDEX", arity: 3, [.readonly], .list, keys: readsFrom, LIndex.self),
        Command("LPOS", arity: -3, [.readonly], .list, keys: readsFrom, LPos.self),
    ]

    private static let changes: [Command] = [
        Command(
            "LSET", arity: 4, [.write, .denyoom], .list, keys: "idx1+range(0,1,0)[RW update]", LSet.self),
        Command("LINSERT", arity: 5, [.write, .denyoom], .list, keys: insertsInto, LInsert.self),
        Command("LREM", arity: 4, [.write], .list, keys: deletesFrom, LRem.self),
        Command("LTRIM", arity: 4, [.write], .list, keys: deletesFrom, LTrim.self),
    ]

    private static let moves: [Command] = [
        Command("LMOVE", arity: 5, [.write, .denyoom], .list, keys: movesBetween, LMove.self),
        Command("RPOPLPUSH", arity: 3, [.write, .denyoom], .list, keys: movesBetween, RPopLPush.self),
        Command(
            "LMPOP", arity: -4, [.write, .movableKeys], .list,
            keys: "idx1+keynum(0,1,1)[RW access delete]", LMPop.self),
    ]

    private static let blocking: [Command] = [
        Command(
            "BLPOP", arity: -3, [.write, .blocking], .list, keys: takesFromSeveral,
            BLPop.self),
        Command(
            "BRPOP", arity: -3, [.write, .blocking], .list, keys: takesFromSeveral,
            BRPop.self),
        Command(
            "BLMOVE", arity: 6, [.write, .denyoom, .blocking], .list, keys: movesBetween,
            BLMove.self),
        Command(
            "BRPOPLPUSH", arity: 4, [.write, .denyoom, .blocking], .list,
            keys: movesBetween, BRPopLPush.self),
        Command(
            "BLMPOP", arity: -5, [.write, .blocking, .movableKeys], .list,
            keys: "idx2+keynum(0,1,1)[RW access delete]", BLMPop.self),
    ]
}

extension ListSide {
    /// The event of an element that was pushed or popped here.
    var pushed: Event { self == .left ? .lpush : .rpush }
    var popped: Event { self == .left ? .lpop : .rpop }
    /// The command that pops here.
    var pop: StaticString { self == .left ? "LPOP" : "RPOP" }

    /// Where `count` of all elements begin to go if they are popped here.
    func first(of count: Int, in all: Int) -> Int { self == .left ? 0 : all - count }
}

extension Arguments {
    /// Argument `index` as an end of a list: LEFT or RIGHT.
    func side(_ index: Int) throws(Refusal) -> ListSide {
        if self[index].matches("LEFT") { return .left }
        if self[index].matches("RIGHT") { return .right }
        throw .syntax
    }
}

extension ListSide {
    /// What LPUSH and its like do: elements are pushed one after the other.
    @inline(__always)
    func push(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply, mustExist: Bool)
        throws(Refusal)
    {
        let found = keys.locate(args[1])
        if mustExist, !found.exists { return reply.integer(0) }
        try found.require(.list)
        var edit = keys.edit(found)
        if !edit.exists { edit.makeList(keys) }
        var bytes = 0
        for i in 2..<args.count { bytes &+= args[i].count }
        let pushed = args.count &- 2
        edit.expectElements(pushed, bytes: bytes, keys)
        for i in 2..<args.count { edit.push(args[i], adopting: call.block(i), self, keys) }
        let count = edit.value.elementCount
        edit.commit(self.pushed, changes: pushed, keys)
        reply.integer(count)
    }
}

/// LPUSH key element [element ...]
enum LPush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.left.push(call, args, keys, reply, mustExist: false)
    }
}

/// RPUSH key element [element ...]
enum RPush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.right.push(call, args, keys, reply, mustExist: false)
    }
}

/// LPUSHX key element [element ...]
enum LPushX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.left.push(call, args, keys, reply, mustExist: true)
    }
}

/// RPUSHX key element [element ...]
enum RPushX: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.right.push(call, args, keys, reply, mustExist: true)
    }
}

extension ListSide {
    /// What LPOP and RPOP do: one element, or an array of several if a count was given.
    @inline(__always)
    func pop(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 2 else { return try popSeveral(args, keys, reply) }
        let found = keys.locate(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.list)
        popOne(found, keys, reply)
    }

    /// Pops one element of a list and answers it.
    func popOne(_ found: Found, _ keys: Keyspace, _ reply: Reply) {
        let list = ListView(found.value, keys)
        list.withElement(first(of: 1, in: list.count)) { reply.bulk($0) }
        var edit = keys.edit(found)
        edit.pop(self, keys)
        edit.packSmallList(keys)
        edit.commit(popped, keys)
    }

    /// Pops up to `count` elements of a list and answers them as an array, from this end on.
    /// - Returns: how many there were.
    @discardableResult
    func popArray(_ count: Int64, _ found: Found, _ keys: Keyspace, _ reply: Reply) -> Int {
        let list = ListView(found.value, keys)
        let all = list.count
        let count = Int(Swift.min(count, Int64(all)))
        reply.array(count)
        list.forEach(from: self == .left ? 0 : all - 1, count: count, backward: self == .right) {
            reply.bulk($0)
        }
        var edit = keys.edit(found)
        if count == all {
            // The list goes as a whole.
            edit.commitEmptied(popped, changes: count, keys)
        } else {
            edit.removeElements(from: first(of: count, in: all), count: count, keys)
            edit.packSmallList(keys)
            edit.commit(popped, changes: count, keys)
        }
        return count
    }

    private func popSeveral(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 3 { throw .wrongArity }
        let count = try args.integer(2, atLeast: 0, or: .mustBePositive)
        let found = keys.locate(args[1])
        guard found.exists else { return reply.nullArray() }
        try found.require(.list)
        guard count > 0 else { return reply.array(0) }
        popArray(count, found, keys, reply)
    }
}

/// LPOP key [count]
enum LPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.left.pop(args, keys, reply)
    }
}

/// RPOP key [count]
enum RPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.right.pop(args, keys, reply)
    }
}

/// What happens to lists.
extension Event {
    static var lpush: Event { Event("lpush", EventClass.list) }
    static var rpush: Event { Event("rpush", EventClass.list) }
    static var lpop: Event { Event("lpop", EventClass.list) }
    static var rpop: Event { Event("rpop", EventClass.list) }
    static var lset: Event { Event("lset", EventClass.list) }
    static var linsert: Event { Event("linsert", EventClass.list) }
    static var lrem: Event { Event("lrem", EventClass.list) }
    static var ltrim: Event { Event("ltrim", EventClass.list) }
}
