// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on sets.
public enum Sets {
    private static let sources = "idx1+range(-1,1,0)[RO access]"
    private static let destinationAndSources = "idx1+range(0,1,0)[OW update]; idx2+range(-1,1,0)[RO access]"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "SADD", arity: -3, [.write, .denyoom, .fast], .set, keys: "idx1+range(0,1,0)[RW insert]",
            SAdd.self),
        Command("SREM", arity: -3, [.write, .fast], .set, keys: "idx1+range(0,1,0)[RW delete]", SRem.self),
        Command(
            "SISMEMBER", arity: 3, [.readonly, .fast], .set, keys: "idx1+range(0,1,0)[RO]", SIsMember.self),
        Command(
            "SMISMEMBER", arity: -3, [.readonly, .fast], .set, keys: "idx1+range(0,1,0)[RO access]",
            SMIsMember.self),
        Command("SCARD", arity: 2, [.readonly, .fast], .set, keys: "idx1+range(0,1,0)[RO]", SCard.self),
        Command(
            "SMEMBERS", arity: 2, [.readonly], .set, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output_order", SMembers.self),
        Command(
            "SMOVE", arity: 4, [.write, .fast], .set,
            keys: "idx1+range(0,1,0)[RW access delete]; idx2+range(0,1,0)[RW insert]", SMove.self),
        Command(
            "SPOP", arity: -2, [.write, .fast], .set, keys: "idx1+range(0,1,0)[RW access delete]",
            tips: "nondeterministic_output", SPop.self),
        Command(
            "SRANDMEMBER", arity: -2, [.readonly], .set, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", SRandMember.self),
        Command(
            "SINTER", arity: -2, [.readonly], .set, keys: sources, tips: "nondeterministic_output_order",
            SInter.self),
        Command(
            "SINTERCARD", arity: -3, [.readonly, .movableKeys], .set, keys: "idx1+keynum(0,1,1)[RO access]",
            SInterCard.self),
        Command(
            "SINTERSTORE", arity: -3, [.write, .denyoom], .set, keys: destinationAndSources, SInterStore.self),
        Command(
            "SUNION", arity: -2, [.readonly], .set, keys: sources, tips: "nondeterministic_output_order",
            SUnion.self),
        Command(
            "SUNIONSTORE", arity: -3, [.write, .denyoom], .set, keys: destinationAndSources, SUnionStore.self),
        Command(
            "SDIFF", arity: -2, [.readonly], .set, keys: sources, tips: "nondeterministic_output_order",
            SDiff.self),
        Command(
            "SDIFFSTORE", arity: -3, [.write, .denyoom], .set, keys: destinationAndSources, SDiffStore.self),
        Command(
            "SSCAN", arity: -3, [.readonly], .set, keys: "idx1+range(0,1,0)[RO access]",
            tips: "nondeterministic_output", SScan.self),
    ]
}

/// SADD key member [member ...]
enum SAdd: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.set)
        let wanted = args.count - 2
        var edit = keys.edit(found)
        if edit.exists {
            edit.expectMembers(wanted, keys)
        } else {
            edit.makeSet(for: args[2], expected: wanted, keys)
        }
        var added = 0
        for i in 2..<args.count where edit.addMember(args[i], keys) { added += 1 }
        edit.end(.sadd, changes: added, keys)
        reply.integer(added)
    }
}

/// SREM key member [member ...]
enum SRem: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.set)
        var edit = keys.edit(found)
        var removed = 0
        for i in 2..<args.count where edit.removeMember(args[i], keys) { removed += 1 }
        edit.end(.srem, changes: removed, keys)
        reply.integer(removed)
    }
}

/// SISMEMBER key member
enum SIsMember: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.set)
        reply.integer(SetView(found.value, keys).contains(args[2]) ? 1 : 0)
    }
}

/// SMISMEMBER key member [member ...]
enum SMIsMember: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        try found.require(.set)
        reply.array(args.count - 2)
        for i in 2..<args.count {
            reply.integer(found.exists && SetView(found.value, keys).contains(args[i]) ? 1 : 0)
        }
    }
}

/// SCARD key
enum SCard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.set)
        reply.integer(SetView(found.value, keys).count)
    }
}

/// SMEMBERS key
enum SMembers: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.set(0) }
        try found.require(.set)
        let set = SetView(found.value, keys)
        reply.set(set.count)
        set.forEach { reply.bulk($0) }
    }
}

/// SMOVE source destination member
enum SMove: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // Looking up may delete a dead key: only the lookups after the first round are sure to stay fresh together.
        _ = keys.locate(args[2])
        let source = keys.locate(args[1])
        guard source.exists else { return reply.integer(0) }
        try source.require(.set)
        let target = keys.peek(args[2])
        try target.require(.set)
        let holds = SetView(source.value, keys).contains(args[3])
        guard holds, args[1] != args[2] else { return reply.integer(holds ? 1 : 0) }
        var take = keys.edit(source)
        _ = take.removeMember(args[3], keys)
        take.commit(.srem, keys)
        var give = keys.edit(keys.peek(args[2]))
        if !give.exists { give.makeSet(for: args[3], expected: 1, keys) }
        if give.addMember(args[3], keys) {
            give.commit(.sadd, keys)
        } else {
            give.abandon(keys)
        }
        reply.integer(1)
    }
}

/// What happens to sets.
extension Event {
    static var sadd: Event { Event("sadd", EventClass.set) }
    static var srem: Event { Event("srem", EventClass.set) }
    static var spop: Event { Event("spop", EventClass.set) }
    static var sinterstore: Event { Event("sinterstore", EventClass.set) }
    static var sunionstore: Event { Event("sunionstore", EventClass.set) }
    static var sdiffstore: Event { Event("sdiffstore", EventClass.set) }
}
