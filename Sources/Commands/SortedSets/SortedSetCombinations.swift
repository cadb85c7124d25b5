// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Unions, intersections and differences of sorted sets and sets. All keys are read before anything else, as a wrong type
// anywhere is an error; a result to be stored is built completely before its key is touched, because that key may be a
// source too.

/// Which of the three operations, with what was said about it.
private struct Combination {
    enum Operation {
        case union, intersection, difference
    }

    let operation: Operation
    /// Where the keys stand.
    let range: Range<Int>
    private var weights: [Double]
    private var aggregate = ScoreAggregate.sum
    private(set) var withScores = false

    /// - Parameters:
    ///   - start: the place of the number of keys.
    ///   - isStored: the result goes under a key: nobody asks for scores.
    init(
        _ operation: Operation, _ call: Call, _ args: Arguments, from start: Int, isStored: Bool,
        _ keys: Keyspace
    ) throws(Refusal) {
        self.operation = operation
        range = try args.sortedSetKeys(from: start, call)
        // A key of another type is told before a wrong option.
        try checkSources(args, range, keys)
        weights = [Double](repeating: 1, count: range.count)
        var at = range.upperBound
        while at < args.count {
            let left = args.count - at
            if operation != .difference, args[at].matches("WEIGHTS"), left > range.count {
                try readWeights(args, from: at + 1)
                at += range.count
            } else if operation != .difference, args[at].matches("AGGREGATE"), left > 1 {
                try readAggregate(args[at + 1])
                at += 1
            } else if !isStored, args[at].matches("WITHSCORES") {
                withScores = true
            } else {
                throw .syntax
            }
            at += 1
        }
    }

    private mutating func readWeights(_ args: Arguments, from start: Int) throws(Refusal) {
        for i in weights.indices {
            guard let weight = args[start + i].double else {
                throw .custom("ERR weight value is not a float")
            }
            weights[i] = weight
        }
    }

    private mutating func readAggregate(_ word: ByteView) throws(Refusal) {
        if word.matches("SUM") {
            aggregate = .sum
        } else if word.matches("MIN") {
            aggregate = .min
        } else if word.matches("MAX") {
            aggregate = .max
        } else {
            throw .syntax
        }
    }

    /// The result, built.
    func result(_ args: Arguments, _ keys: Keyspace) -> SortedSetBuilder {
        let sources = readSources(args, range, weights: weights, keys)
        let algebra = SortedSetAlgebra(sources, aggregate, keys)
        return switch operation {
        case .union: algebra.union()
        case .intersection: algebra.intersection()
        case .difference: algebra.difference()
        }
    }
}

/// Sees to it that all keys are sorted sets or sets, where they are there.
private func checkSources(_ args: Arguments, _ range: Range<Int>, _ keys: Keyspace) throws(Refusal) {
    for i in KeyPlaces(args, from: range.lowerBound, to: range.upperBound, keys) {
        let found = keys.read(args[i])
        guard !found.exists || ScoredSource(found.value, keys) != nil else { throw .wrongType }
    }
}

/// The sorted sets and sets that a command reads, once `checkSources` has looked at them: that deletes dead keys, which
/// makes earlier lookups stale.
private func readSources(
    _ args: Arguments, _ range: Range<Int>, weights: [Double]? = nil, _ keys: Keyspace
) -> [ScoredSource?] {
    var sources: [ScoredSource?] = []
    sources.reserveCapacity(range.count)
    for i in range {
        let found = keys.peek(args[i])
        let weight = weights?[i - range.lowerBound] ?? 1
        sources.append(found.exists ? ScoredSource(found.value, weight: weight, keys) : nil)
    }
    return sources
}

extension Arguments {
    /// The places of as many keys as the number at `start` says.
    fileprivate func sortedSetKeys(from start: Int, _ call: Call) throws(Refusal) -> Range<Int> {
        let wanted = try integer(start)
        guard wanted >= 1 else {
            throw call.refusal(
                ByteString("ERR at least 1 input key is needed for '\(call.fullName)' command"))
        }
        guard wanted <= count - start - 1 else { throw .syntax }
        return (start + 1)..<(start + 1 + Int(wanted))
    }
}

/// Answers a result.
private func answer(
    _ operation: Combination.Operation, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
) throws(Refusal) {
    let combination = try Combination(operation, call, args, from: 1, isStored: false, keys)
    let result = combination.result(args, keys)
    let withScores = combination.withScores
    reply.beginScored(result.count, withScores: withScores)
    result.forEach { reply.scored($0, $1, withScores: withScores) }
}

/// Puts a result under the first key.
private func store(
    _ operation: Combination.Operation, _ event: Event, _ call: Call, _ args: Arguments, _ keys: Keyspace,
    _ reply: Reply
) throws(Refusal) {
    let combination = try Combination(operation, call, args, from: 2, isStored: true, keys)
    storeSortedSet(combination.result(args, keys), args[1], event, keys, reply)
}

/// ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
enum ZUnion: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(.union, call, args, keys, reply)
    }
}

/// ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
enum ZInter: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(.intersection, call, args, keys, reply)
    }
}

/// ZDIFF numkeys key [key ...] [WITHSCORES]
enum ZDiff: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try answer(.difference, call, args, keys, reply)
    }
}

/// ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
enum ZUnionStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try store(.union, .zunionstore, call, args, keys, reply)
    }
}

/// ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE SUM | MIN | MAX]
enum ZInterStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try store(.intersection, .zinterstore, call, args, keys, reply)
    }
}

/// ZDIFFSTORE destination numkeys key [key ...]
enum ZDiffStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try store(.difference, .zdiffstore, call, args, keys, reply)
    }
}

/// ZINTERCARD numkeys key [key ...] [LIMIT limit]
enum ZInterCard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try args.sortedSetKeys(from: 1, call)
        try checkSources(args, range, keys)
        let limit = try args.cardinalityLimit(from: range.upperBound)
        let sources = readSources(args, range, keys)
        var count: Int64 = 0
        SortedSetAlgebra(sources, .sum, keys).forEachCommon { _, _ in
            count += 1
            return count < limit
        }
        reply.integer(count)
    }
}
