// SPDX-License-Identifier: Apache-2.0
import Engine

extension SortedSets {
    private static let limit = "[LIMIT (limit: offset:integer count:integer)]"
    private static let order = "[sortby: BYSCORE | BYLEX] [REV] " + limit
    private static let weights =
        "numkeys:integer key... [WEIGHTS weight:integer...] [AGGREGATE (aggregate: SUM | MIN | MAX)]"
    private static let ends = "(where: MIN | MAX) [COUNT count:integer]"

    private static let inLogarithm = "O(log(N)), N members of the sorted set"
    private static let inRange = "O(log(N)+M), N members of the sorted set, M in the range"
    private static let inTaken = "O(log(N)*M), N members of the sorted set, M taken"
    private static let inUnion = "O(N)+O(M*log(M)), N members of all sets, M of the result"
    private static let inCommon =
        "O(N*K)+O(M*log(M)), N members of the smallest set, K sets, M members of the result"
    private static let inDifference =
        "O(N*K)+O(M*log(M)) at worst, N members of the first set, K sets, M members left"

    /// The commands on sorted sets with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] =
        memberDocs + rangeDocs + olderRangeDocs + removalDocs + combinationDocs + popDocs

    private static let memberDocs: [CommandDoc] = [
        CommandDoc(
            "ZADD", "Gives members of a sorted set their scores.", since: "1.2.0",
            "O(log(N)) for each member, N members of the sorted set",
            "key [condition: NX | XX] [comparison: GT | LT] [change: CH] [increment: INCR] "
                + "(data: score:double member)...",
            history: [
                "2.4.0 Several members.", "3.0.2 The options `XX`, `NX`, `CH` and `INCR`.",
                "6.2.0 The options `GT` and `LT`.",
            ]),
        CommandDoc(
            "ZINCRBY", "Adds to the score of a member; a new one begins with 0.", since: "1.2.0",
            inLogarithm, "key increment:integer member"),
        CommandDoc(
            "ZREM", "Removes members from a sorted set, and with the last one the key.", since: "1.2.0",
            "O(M*log(N)), N members of the sorted set, M given", "key member...",
            history: ["2.4.0 Several members."]),
        CommandDoc("ZCARD", "How many members a sorted set has.", since: "1.2.0", "O(1)", "key"),
        CommandDoc("ZSCORE", "The score of a member.", since: "1.2.0", "O(1)", "key member"),
        CommandDoc(
            "ZMSCORE", "The scores of several members.", since: "6.2.0", "O(N), N members given",
            "key member..."),
        CommandDoc(
            "ZRANK", "How many members have lower scores than one.", since: "2.0.0", inLogarithm,
            "key member [WITHSCORE]", history: ["7.2.0 The option `WITHSCORE`."]),
        CommandDoc(
            "ZREVRANK", "How many members have higher scores than one.", since: "2.0.0", inLogarithm,
            "key member [WITHSCORE]", history: ["7.2.0 The option `WITHSCORE`."]),
        CommandDoc(
            "ZRANDMEMBER", "Picks members of a sorted set at random.", since: "6.2.0",
            "O(N), N members picked", "key [options: count:integer [WITHSCORES]]"),
        CommandDoc(
            "ZSCAN", "Goes through the members of a sorted set in steps.", since: "2.8.0",
            "O(1) for each step, O(N) for all",
            "key cursor:integer [MATCH pattern] [COUNT count:integer] "
                + "[NOSCORES]"),
    ]

    private static let rangeDocs: [CommandDoc] = [
        CommandDoc(
            "ZCOUNT", "How many members have scores in a range.", since: "2.0.0", inLogarithm,
            "key min:double max:double"),
        CommandDoc(
            "ZLEXCOUNT", "How many members lie in a range of bytes.", since: "2.8.9", inLogarithm,
            "key min max"),
        CommandDoc(
            "ZRANGE", "The members of a range by rank, score or bytes.", since: "1.2.0", inRange,
            "key start stop \(order) [WITHSCORES]",
            history: ["6.2.0 The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."]),
        CommandDoc(
            "ZRANGESTORE", "Stores the members of a range.", since: "6.2.0", inRange,
            "dst:key src:key min max \(order)"),
    ]

    private static let olderRangeDocs: [CommandDoc] = [
        CommandDoc(
            "ZREVRANGE", "The members of a range by rank, from the highest score down.", since: "1.2.0",
            inRange, "key start:integer stop:integer [WITHSCORES]",
            deprecated: ("6.2.0", "`ZRANGE` with the `REV` argument")),
        CommandDoc(
            "ZRANGEBYSCORE", "The members of a range of scores.", since: "1.0.5", inRange,
            "key min:double max:double [WITHSCORES] \(limit)",
            deprecated: ("6.2.0", "`ZRANGE` with the `BYSCORE` argument"),
            history: ["2.0.0 The option `WITHSCORES`."]),
        CommandDoc(
            "ZREVRANGEBYSCORE", "The members of a range of scores, from the highest down.", since: "2.2.0",
            inRange, "key max:double min:double [WITHSCORES] \(limit)",
            deprecated: ("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"),
            history: ["2.1.6 `min` and `max` can be exclusive."]),
        CommandDoc(
            "ZRANGEBYLEX", "The members of a range of bytes.", since: "2.8.9", inRange,
            "key min max \(limit)", deprecated: ("6.2.0", "`ZRANGE` with the `BYLEX` argument")),
        CommandDoc(
            "ZREVRANGEBYLEX", "The members of a range of bytes, from the last down.", since: "2.8.9",
            inRange, "key max min \(limit)",
            deprecated: ("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")),
    ]

    private static let removalDocs: [CommandDoc] = [
        CommandDoc(
            "ZREMRANGEBYRANK", "Removes the members of a range by rank.", since: "2.0.0", inRange,
            "key start:integer stop:integer"),
        CommandDoc(
            "ZREMRANGEBYSCORE", "Removes the members of a range of scores.", since: "1.2.0", inRange,
            "key min:double max:double"),
        CommandDoc(
            "ZREMRANGEBYLEX", "Removes the members of a range of bytes.", since: "2.8.9", inRange,
            "key min max"),
    ]

    private static let combinationDocs: [CommandDoc] = [
        CommandDoc(
            "ZUNION", "The members that any of several sets has.", since: "6.2.0", inUnion,
            "\(weights) [WITHSCORES]"),
        CommandDoc(
            "ZUNIONSTORE", "Stores the members that any of several sets has.", since: "2.0.0", inUnion,
            "destination:key \(weights)"),
        CommandDoc(
            "ZINTER", "The members that several sets have in common.", since: "6.2.0", inCommon,
            "\(weights) [WITHSCORES]"),
        CommandDoc(
            "ZINTERSTORE", "Stores the members that several sets have in common.", since: "2.0.0", inCommon,
            "destination:key \(weights)"),
        CommandDoc(
            "ZINTERCARD", "How many members several sets have in common.", since: "7.0.0",
            "O(N*K), N members of the smallest set, K sets", "numkeys:integer key... [LIMIT limit:integer]"),
        CommandDoc(
            "ZDIFF", "The members of a set that no other one has.", since: "6.2.0", inDifference,
            "numkeys:integer key... [WITHSCORES]"),
        CommandDoc(
            "ZDIFFSTORE", "Stores the members of a set that no other one has.", since: "6.2.0", inDifference,
            "destination:key numkeys:integer key..."),
    ]

    private static let popDocs: [CommandDoc] = [
        CommandDoc(
            "ZPOPMIN", "Takes the members with the lowest scores.", since: "5.0.0", inTaken,
            "key [count:integer]"),
        CommandDoc(
            "ZPOPMAX", "Takes the members with the highest scores.", since: "5.0.0", inTaken,
            "key [count:integer]"),
        CommandDoc(
            "ZMPOP", "Takes members of the first of several sorted sets that has any.", since: "7.0.0",
            "O(K)+O(M*log(N)), K keys, N members of the sorted set, M taken",
            "numkeys:integer key... \(ends)"),
        CommandDoc(
            "BZPOPMIN", "Takes the member with the lowest score of the first sorted set; waits for one.",
            since: "5.0.0", inLogarithm, "key... timeout:double",
            history: ["6.0.0 `timeout` is a double."]),
        CommandDoc(
            "BZPOPMAX", "Takes the member with the highest score of the first sorted set; waits for one.",
            since: "5.0.0", inLogarithm, "key... timeout:double",
            history: ["6.0.0 `timeout` is a double."]),
        CommandDoc(
            "BZMPOP", "Takes members of the first of several sorted sets that has any; waits for some.",
            since: "7.0.0", "O(K)+O(M*log(N)), K keys, N members of the sorted set, M taken",
            "timeout:double numkeys:integer key... \(ends)"),
    ]
}
