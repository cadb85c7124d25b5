// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// ZRANDMEMBER key [count [WITHSCORES]]
enum ZRandMember: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 2 else { return try pickSeveral(args, keys, reply) }
        let found = keys.read(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.zset)
        SortedSetView(found.value, keys).withRandomMember(&keys.random) { member, _ in reply.bulk(member) }
    }

    private static func pickSeveral(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let count = try args.integer(2)
        guard count > Int64.min else { throw .beyondSymmetricRange }
        let withScores = args.count > 3
        if withScores {
            guard args.count == 4, args[3].matches("WITHSCORES") else { throw .syntax }
            guard -Int64.max / 2...Int64.max / 2 ~= count else { throw .outOfRange }
        }
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.zset)
        let set = SortedSetView(found.value, keys)
        guard count < 0 else {
            let picks = Int(min(count, Int64(set.count)))
            reply.beginScored(picks, withScores: withScores)
            // All of them come from the last to the first, as they do in Redis.
            guard picks < set.count else {
                return set.forEach(ranks: 0..<picks, reversed: true) {
                    reply.scored($0, $1, withScores: withScores)
                }
            }
            return set.forEachRandom(picks, &keys.random) { reply.scored($0, $1, withScores: withScores) }
        }
        // The same member possibly several times. The shortest score is as long as the shortest bulk reply.
        try BoundedDraw.answer(
            Int(-count), parts: withScores ? 2 : 1, reply,
            begin: { reply.beginScored(Int(-count), withScores: withScores) }
        ) {
            let before = reply.count
            set.withRandomMember(&keys.random) { reply.scored($0, $1, withScores: withScores) }
            return reply.count - before
        }
    }
}
