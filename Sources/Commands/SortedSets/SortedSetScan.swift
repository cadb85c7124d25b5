// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]
enum ZScan: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let cursor = args[2].unsignedInteger else { throw .invalidCursor }
        let found = keys.read(args[1])
        // A missing key answers before the options are looked at, as it does in Redis.
        guard found.exists else { return reply.emptyScan() }
        try found.require(.zset)
        let options = try ScanOptions(args, from: 3, .noScores)
        // The cursor stands in front of the members but is known after them, so these wait.
        var page = MemberPage()
        var scores: [Double] = []
        let next = SortedSetView(found.value, keys).scan(cursor, count: options.count) { member, score in
            guard options.selects(member) else { return }
            page.append(member)
            scores.append(score)
        }
        let withScores = !options.isBare
        reply.array(2)
        reply.bulk(String(next))
        reply.array(withScores ? page.count * 2 : page.count)
        var at = 0
        page.forEach { member in
            reply.bulk(member)
            if withScores { reply.doubleBulk(scores[at]) }
            at += 1
        }
    }
}
