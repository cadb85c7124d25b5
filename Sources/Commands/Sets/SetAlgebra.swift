// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Intersection, union and difference. All keys are read before anything else, as a wrong type anywhere is an error; a
// result to be stored is built completely before its key is touched, because that key may be a source too.

/// The sets that a command reads.
private func readSets(_ args: Arguments, _ range: Range<Int>, _ keys: Keyspace) throws(Refusal) -> SetAlgebra
{
    // Reading deletes dead keys, which makes earlier lookups stale: the second round finds all there is.
    for i in range { try keys.read(args[i]).require(.set) }
    var sets: [SetView?] = []
    sets.reserveCapacity(range.count)
    for i in range {
        let found = keys.peek(args[i])
        sets.append(found.exists ? SetView(found.value, keys) : nil)
    }
    return SetAlgebra(sets, keys)
}

/// Which of the three operations.
private enum SetOperation {
    case intersection, union, difference

    func forEach(_ sources: SetAlgebra, _ visit: (ByteView) -> Void) {
        switch self {
        case .intersection:
            sources.forEachCommon {
                visit($0)
                return true
            }
        case .union: sources.forEachUnited(visit)
        case .difference: sources.forEachDifferent(visit)
        }
    }

    func build(_ sources: SetAlgebra) -> SetBuilder {
        switch self {
        case .intersection: sources.intersection()
        case .union: sources.union()
        case .difference: sources.difference()
        }
    }

    func answer(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let sources = try readSets(args, 1..<args.count, keys)
        let mark = reply.deferred()
        var count = 0
        forEach(sources) { member in
            reply.bulk(member)
            count += 1
        }
        reply.setSet(mark, count)
    }

    /// Puts the result into `args[1]`; an empty one deletes it.
    func store(_ event: Event, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let result = build(try readSets(args, 2..<args.count, keys))
        let count = result.count
        keys.storeResult(count, under: args[1], event) { $0.setSet(result, keys) }
        reply.integer(count)
    }
}

/// SINTER key [key ...]
enum SInter: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.intersection.answer(args, keys, reply)
    }
}

/// SINTERSTORE destination key [key ...]
enum SInterStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.intersection.store(.sinterstore, args, keys, reply)
    }
}

/// SUNION key [key ...]
enum SUnion: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.union.answer(args, keys, reply)
    }
}

/// SUNIONSTORE destination key [key ...]
enum SUnionStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.union.store(.sunionstore, args, keys, reply)
    }
}

/// SDIFF key [key ...]
enum SDiff: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.difference.answer(args, keys, reply)
    }
}

/// SDIFFSTORE destination key [key ...]
enum SDiffStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.difference.store(.sdiffstore, args, keys, reply)
    }
}

extension Arguments {
    /// The options of SINTERCARD and ZINTERCARD from a place on: LIMIT, up to where is counted; 0 and nothing: to the end.
    func cardinalityLimit(from start: Int) throws(Refusal) -> Int64 {
        var limit = Int64.max
        var at = start
        while at < count {
            guard self[at].matches("LIMIT"), at + 1 < count else { throw .syntax }
            let value = try integer(at + 1, atLeast: 0, or: .custom("ERR LIMIT can't be negative"))
            limit = value == 0 ? Int64.max : value
            at += 2
        }
        return limit
    }
}

/// SINTERCARD numkeys key [key ...] [LIMIT limit]
enum SInterCard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let wanted = try args.integer(1, atLeast: 1, or: .noKeys)
        guard wanted <= args.count - 2 else {
            throw .custom("ERR Number of keys can't be greater than number of args")
        }
        let end = 2 + Int(wanted)
        let limit = try args.cardinalityLimit(from: end)
        let sources = try readSets(args, 2..<end, keys)
        var count: Int64 = 0
        sources.forEachCommon { _ in
            count += 1
            return count < limit
        }
        reply.integer(count)
    }
}
