// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Ranges by rank, by score and by member: answered, stored, counted and removed.

/// Answers a range.
private func answer(
    _ request: RangeRequest, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
) throws(Refusal) {
    let found = keys.read(args[1])
    guard found.exists else { return reply.array(0) }
    try found.require(.zset)
    let set = SortedSetView(found.value, keys)
    let ranks = request.ranks(of: set)
    let withScores = request.withScores
    reply.beginScored(ranks.count, withScores: withScores)
    request.forEach(ranks, of: set) { reply.scored($0, $1, withScores: withScores) }
}

/// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
enum ZRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, nil), args, keys, reply)
    }
}

/// ZREVRANGE key start stop [WITHSCORES]
enum ZRevRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, .rank, reversed: true), args, keys, reply)
    }
}

/// ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
enum ZRangeByScore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, .score), args, keys, reply)
    }
}

/// ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]
enum ZRevRangeByScore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, .score, reversed: true), args, keys, reply)
    }
}

/// ZRANGEBYLEX key min max [LIMIT offset count]
enum ZRangeByLex: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, .member), args, keys, reply)
    }
}

/// ZREVRANGEBYLEX key max min [LIMIT offset count]
enum ZRevRangeByLex: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(RangeRequest(args, from: 2, .member, reversed: true), args, keys, reply)
    }
}

/// ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
enum ZRangeStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try RangeRequest(args, from: 3, nil, takesScores: false)
        let found = keys.read(args[2])
        try found.require(.zset)
        let result = SortedSetBuilder(keys)
        if found.exists {
            let set = SortedSetView(found.value, keys)
            request.forEach(request.ranks(of: set), of: set) { result.add($0, $1) }
        }
        storeSortedSet(result, args[1], .zrangestore, keys, reply)
    }
}

/// Puts a result under a key, whatever was there, and answers its size; an empty one deletes the key.
func storeSortedSet(
    _ result: SortedSetBuilder, _ key: ByteView, _ event: Event, _ keys: Keyspace, _ reply: Reply
) {
    let count = result.count
    keys.storeResult(count, under: key, event) { $0.setSortedSet(result, keys) }
    reply.integer(count)
}

// MARK: Counting

/// Answers how many members a range has.
private func count(
    _ args: Arguments, _ keys: Keyspace, _ reply: Reply, _ ranks: (SortedSetView) -> Range<Int>
) throws(Refusal) {
    let found = keys.read(args[1])
    guard found.exists else { return reply.integer(0) }
    try found.require(.zset)
    reply.integer(ranks(SortedSetView(found.value, keys)).count)
}

/// ZCOUNT key min max
enum ZCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try args.scoreRange(min: 2, max: 3)
        try count(args, keys, reply) { $0.ranks(range) }
    }
}

/// ZLEXCOUNT key min max
enum ZLexCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try args.memberRange(min: 2, max: 3)
        try count(args, keys, reply) { $0.ranks(range) }
    }
}

// MARK: Removing

/// Removes the members of a range.
private func remove(
    _ event: Event, _ args: Arguments, _ keys: Keyspace, _ reply: Reply,
    _ ranks: (SortedSetView) -> Range<Int>
) throws(Refusal) {
    let found = keys.locate(args[1])
    guard found.exists else { return reply.integer(0) }
    try found.require(.zset)
    let range = ranks(SortedSetView(found.value, keys))
    guard !range.isEmpty else { return reply.integer(0) }
    var edit = keys.edit(found)
    edit.removeScored(ranks: range, keys)
    edit.commit(event, changes: range.count, keys)
    reply.integer(range.count)
}

/// ZREMRANGEBYRANK key start stop
enum ZRemRangeByRank: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let ranks = try IndexRange(args, 2)
        try remove(.zremrangebyrank, args, keys, reply) { ranks.clipped(to: $0.count) }
    }
}

/// ZREMRANGEBYSCORE key min max
enum ZRemRangeByScore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try args.scoreRange(min: 2, max: 3)
        try remove(.zremrangebyscore, args, keys, reply) { $0.ranks(range) }
    }
}

/// ZREMRANGEBYLEX key min max
enum ZRemRangeByLex: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try args.memberRange(min: 2, max: 3)
        try remove(.zremrangebylex, args, keys, reply) { $0.ranks(range) }
    }
}
