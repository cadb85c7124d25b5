// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on sorted sets.
public enum SortedSets {
    /// The rows of the command table.
    public static let commands: [Command] = members + ranges + combinations + pops

    private static let read = "idx1+range(0,1,0)[RO access]"
    private static let update = "idx1+range(0,1,0)[RW update]"
    private static let removal = "idx1+range(0,1,0)[RW delete]"

    private static let members: [Command] = [
        Command("ZADD", arity: -4, [.write, .denyoom, .fast], .sortedSet, keys: update, ZAdd.self),
        Command(
            "ZINCRBY", arity: 4, [.write, .denyoom, .fast], .sortedSet,
            keys: "idx1+range(0,1,0)[RW access update]", ZIncrBy.self),
        Command("ZREM", arity: -3, [.write, .fast], .sortedSet, keys: removal, ZRem.self),
        Command(
            "ZCARD", arity: 2, [.readonly, .fast], .sortedSet, keys: "idx1+range(0,1,0)[RO]", ZCard.self),
        Command("ZSCORE", arity: 3, [.readonly, .fast], .sortedSet, keys: read, ZScore.self),
        Command("ZMSCORE", arity: -3, [.readonly, .fast], .sortedSet, keys: read, ZMScore.self),
        Command("ZRANK", arity: -3, [.readonly, .fast], .sortedSet, keys: read, ZRank.self),
        Command("ZREVRANK", arity: -3, [.readonly, .fast], .sortedSet, keys: read, ZRevRank.self),
        Command(
            "ZRANDMEMBER", arity: -2, [.readonly], .sortedSet, keys: read, tips: "nondeterministic_output",
            ZRandMember.self),
        Command(
            "ZSCAN", arity: -3, [.readonly], .sortedSet, keys: read, tips: "nondeterministic_output",
            ZScan.self),
    ]

    private static let ranges: [Command] = [
        Command("ZCOUNT", arity: 4, [.readonly, .fast], .sortedSet, keys: read, ZCount.self),
        Command("ZLEXCOUNT", arity: 4, [.readonly, .fast], .sortedSet, keys: read, ZLexCount.self),
        Command("ZRANGE", arity: -4, [.readonly], .sortedSet, keys: read, ZRange.self),
        Command("ZREVRANGE", arity: -4, [.readonly], .sortedSet, keys: read, ZRevRange.self),
        Command("ZRANGEBYSCORE", arity: -4, [.readonly], .sortedSet, keys: read, ZRangeByScore.self),
        Command("ZREVRANGEBYSCORE", arity: -4, [.readonly], .sortedSet, keys: read, ZRevRangeByScore.self),
        Command("ZRANGEBYLEX", arity: -4, [.readonly], .sortedSet, keys: read, ZRangeByLex.self),
        Command("ZREVRANGEBYLEX", arity: -4, [.readonly], .sortedSet, keys: read, ZRevRangeByLex.self),
        Command(
            "ZRANGESTORE", arity: -5, [.write, .denyoom], .sortedSet,
            keys: "idx1+range(0,1,0)[OW update]; idx2+range(0,1,0)[RO access]", ZRangeStore.self),
        Command("ZREMRANGEBYRANK", arity: 4, [.write], .sortedSet, keys: removal, ZRemRangeByRank.self),
        Command("ZREMRANGEBYSCORE", arity: 4, [.write], .sortedSet, keys: removal, ZRemRangeByScore.self),
        Command("ZREMRANGEBYLEX", arity: 4, [.write], .sortedSet, keys: removal, ZRemRangeByLex.self),
    ]

    private static let several = "idx1+keynum(0,1,1)[RO access]"
    private static let stored = "idx1+range(0,1,0)[OW update]; idx2+keynum(0,1,1)[RO access]"

    private static let combinations: [Command] = [
        Command("ZUNION", arity: -3, [.readonly, .movableKeys], .sortedSet, keys: several, ZUnion.self),
        Command("ZINTER", arity: -3, [.readonly, .movableKeys], .sortedSet, keys: several, ZInter.self),
        Command("ZDIFF", arity: -3, [.readonly, .movableKeys], .sortedSet, keys: several, ZDiff.self),
        Command(
            "ZINTERCARD", arity: -3, [.readonly, .movableKeys], .sortedSet, keys: several, ZInterCard.self),
        Command(
            "ZUNIONSTORE", arity: -4, [.write, .denyoom, .movableKeys], .sortedSet, keys: stored,
            ZUnionStore.self),
        Command(
            "ZINTERSTORE", arity: -4, [.write, .denyoom, .movableKeys], .sortedSet, keys: stored,
            ZInterStore.self),
        Command(
            "ZDIFFSTORE", arity: -4, [.write, .denyoom, .movableKeys], .sortedSet, keys: stored,
            ZDiffStore.self),
    ]

    private static let pop = "idx1+range(0,1,0)[RW access delete]"
    private static let popAny = "idx1+range(-2,1,0)[RW access delete]"

    private static let pops: [Command] = [
        Command("ZPOPMIN", arity: -2, [.write, .fast], .sortedSet, keys: pop, ZPopMin.self),
        Command("ZPOPMAX", arity: -2, [.write, .fast], .sortedSet, keys: pop, ZPopMax.self),
        Command(
            "ZMPOP", arity: -4, [.write, .movableKeys], .sortedSet,
            keys: "idx1+keynum(0,1,1)[RW access delete]", ZMPop.self),
        Command("BZPOPMIN", arity: -3, [.write, .blocking, .fast], .sortedSet, keys: popAny, BZPopMin.self),
        Command("BZPOPMAX", arity: -3, [.write, .blocking, .fast], .sortedSet, keys: popAny, BZPopMax.self),
        Command(
            "BZMPOP", arity: -5, [.write, .blocking, .movableKeys], .sortedSet,
            keys: "idx2+keynum(0,1,1)[RW access delete]", BZMPop.self),
    ]
}

/// ZREM key member [member ...]
enum ZRem: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.zset)
        var edit = keys.edit(found)
        var removed = 0
        for i in 2..<args.count {
            let member = edit.scored(args[i], keys)
            guard member.exists else { continue }
            edit.removeScored(member, keys)
            removed += 1
        }
        edit.end(.zrem, changes: removed, keys)
        reply.integer(removed)
    }
}

/// ZCARD key
enum ZCard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.zset)
        reply.integer(SortedSetView(found.value, keys).count)
    }
}

/// ZSCORE key member
enum ZScore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.zset)
        reply.score(of: SortedSetView(found.value, keys).find(args[2]))
    }
}

/// ZMSCORE key member [member ...]
enum ZMScore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answerScores(args, keys, reply) {
            if let score = $0 { reply.double(score) } else { reply.null() }
        }
    }
}

/// Answers `key member …` with what `answer` makes of each member's score; nil where there is no such member.
func answerScores(
    _ args: Arguments, _ keys: Keyspace, _ reply: Reply, _ answer: (Double?) -> Void
) throws(Refusal) {
    let found = keys.read(args[1])
    try found.require(.zset)
    reply.array(args.count - 2)
    let set = found.exists ? SortedSetView(found.value, keys) : nil
    for index in 2..<max(2, args.count) { answer(set?.score(args[index])) }
}

/// ZRANK key member [WITHSCORE]
enum ZRank: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try rank(args, fromEnd: false, keys, reply)
    }

    static func rank(
        _ args: Arguments, fromEnd: Bool, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        if args.count > 4 { throw .wrongArity }
        let withScore = args.count == 4
        if withScore, !args[3].matches("WITHSCORE") { throw .syntax }
        let found = keys.read(args[1])
        try found.require(.zset)
        guard found.exists, case let set = SortedSetView(found.value, keys),
            case let member = set.find(args[2]), member.exists
        else { return withScore ? reply.nullArray() : reply.null() }
        let rank = set.rank(member)
        if withScore { reply.array(2) }
        reply.integer(fromEnd ? set.count - 1 - rank : rank)
        if withScore { reply.double(member.score) }
    }
}

/// ZREVRANK key member [WITHSCORE]
enum ZRevRank: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ZRank.rank(args, fromEnd: true, keys, reply)
    }
}

extension Reply {
    /// The score of a member that was looked for, or nothing.
    func score(of member: FoundMember) { if member.exists { double(member.score) } else { null() } }

    /// The head of a list of members: with scores RESP3 has pairs, RESP2 a flat array.
    func beginScored(_ count: Int, withScores: Bool) {
        if withScores { pairs(count) } else { array(count) }
    }

    /// An item of such a list.
    func scored(_ member: ByteView, _ score: Double, withScores: Bool) {
        if withScores { pair() }
        bulk(member)
        if withScores { double(score) }
    }
}

/// What happens to sorted sets.
extension Event {
    static var zadd: Event { Event("zadd", EventClass.zset) }
    static var zincr: Event { Event("zincr", EventClass.zset) }
    static var zrem: Event { Event("zrem", EventClass.zset) }
    static var zremrangebyrank: Event { Event("zremrangebyrank", EventClass.zset) }
    static var zremrangebyscore: Event { Event("zremrangebyscore", EventClass.zset) }
    static var zremrangebylex: Event { Event("zremrangebylex", EventClass.zset) }
    static var zrangestore: Event { Event("zrangestore", EventClass.zset) }
    static var zunionstore: Event { Event("zunionstore", EventClass.zset) }
    static var zinterstore: Event { Event("zinterstore", EventClass.zset) }
    static var zdiffstore: Event { Event("zdiffstore", EventClass.zset) }
    static var zpopmin: Event { Event("zpopmin", EventClass.zset) }
    static var zpopmax: Event { Event("zpopmax", EventClass.zset) }
}
