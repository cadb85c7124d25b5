// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The words in front of the scores of ZADD.
private struct AddOptions {
    /// Only new members, or only those that are there.
    var onlyNew = false
    var onlyPresent = false
    /// Of those that are there, only those whose score rises, or falls.
    var onlyRising = false
    var onlyFalling = false
    /// Counts members that were changed, not only those that are new.
    var countsChanged = false
    /// Adds to the score and answers it.
    var increments = false
    /// Where the scores begin.
    var first = 2

    @inline(__always) init(_ args: Arguments) throws(Refusal) {
        // A number, mostly.
        if args[2].isEmpty || args[2][0].asciiUpper > UInt8(ascii: "9") { readWords(args) }
        let count = args.count - first
        guard count > 0, count & 1 == 0 else { throw .syntax }
        if first > 2 { try check(pairs: count / 2) }
    }

    private mutating func readWords(_ args: Arguments) {
        while first < args.count {
            if args[first].matches("NX") {
                onlyNew = true
            } else if args[first].matches("XX") {
                onlyPresent = true
            } else if args[first].matches("GT") {
                onlyRising = true
            } else if args[first].matches("LT") {
                onlyFalling = true
            } else if args[first].matches("CH") {
                countsChanged = true
            } else if args[first].matches("INCR") {
                increments = true
            } else {
                return
            }
            first += 1
        }
    }

    private func check(pairs: Int) throws(Refusal) {
        if onlyNew, onlyPresent {
            throw .custom("ERR XX and NX options at the same time are not compatible")
        }
        if (onlyNew && (onlyRising || onlyFalling)) || (onlyRising && onlyFalling) {
            throw .custom("ERR GT, LT, and/or NX options at the same time are not compatible")
        }
        if increments, pairs > 1 {
            throw .custom("ERR INCR option supports a single increment-element pair")
        }
    }

    /// Whether a member that is there may get this score.
    func allows(_ score: Double, for member: FoundMember) -> Bool {
        !onlyNew && !(onlyRising && score <= member.score) && !(onlyFalling && score >= member.score)
    }
}

/// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
enum ZAdd: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try AddOptions(args)
        if options.increments { return try increment(options, args, keys, reply) }
        let pairs = (args.count &- options.first) / 2
        // All scores are read before anything is changed.
        let score = try args.score(options.first)
        if pairs > 1 {
            var at = options.first &+ 2
            while at < args.count {
                _ = try args.score(at)
                at &+= 2
            }
        }
        let found = keys.locate(args[1])
        try found.require(.zset)
        if !found.exists, options.onlyPresent { return reply.integer(0) }
        var edit = keys.edit(found)
        edit.expectScored(pairs, memberBytes: args[options.first &+ 1].count, keys)
        var added = 0
        var changed = 0
        var at = options.first
        while at < args.count {
            let value = at == options.first ? score : args.checkedScore(at)
            let member = edit.scored(args[at &+ 1], keys)
            if member.exists {
                if value != member.score, options.allows(value, for: member) {
                    edit.setScore(member, value, keys)
                    changed &+= 1
                }
            } else if !options.onlyPresent {
                edit.setScore(member, value, keys)
                added &+= 1
            }
            at &+= 2
        }
        edit.end(.zadd, changes: added &+ changed, keys)
        reply.integer(options.countsChanged ? added &+ changed : added)
    }

    /// ZADD … INCR: one member, whose score is answered.
    private static func increment(
        _ options: AddOptions, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        let step = try args.score(options.first)
        let found = keys.locate(args[1])
        try found.require(.zset)
        if !found.exists, options.onlyPresent { return reply.null() }
        var edit = keys.edit(found)
        let member = edit.scored(args[options.first + 1], keys)
        guard member.exists else {
            if options.onlyPresent {
                edit.abandon(keys)
                return reply.null()
            }
            edit.setScore(member, step, keys)
            edit.commit(.zincr, keys)
            return reply.double(step)
        }
        let sum = member.score + step
        if options.onlyNew || sum.isNaN || !options.allows(sum, for: member) {
            edit.abandon(keys)
            if !options.onlyNew, sum.isNaN { throw .notANumber }
            return reply.null()
        }
        if sum == member.score {
            edit.abandon(keys)
        } else {
            edit.setScore(member, sum, keys)
            edit.commit(.zincr, keys)
        }
        reply.double(sum)
    }
}

/// ZINCRBY key increment member
enum ZIncrBy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let step = try args.score(2)
        let found = keys.locate(args[1])
        try found.require(.zset)
        var edit = keys.edit(found)
        let member = edit.scored(args[3], keys)
        let sum = member.exists ? member.score + step : step
        guard !sum.isNaN else {
            edit.abandon(keys)
            throw .notANumber
        }
        if member.exists, sum == member.score {
            edit.abandon(keys)
        } else {
            edit.setScore(member, sum, keys)
            edit.commit(.zincr, keys)
        }
        reply.double(sum)
    }
}
