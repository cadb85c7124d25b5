// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// A range of a sorted set, in whatever form it was asked for. Valid while the command runs.
struct RangeRequest {
    /// What the limits are.
    enum Kind {
        case rank, score, member
    }

    private enum Limits {
        case ranks(IndexRange)
        case scores(ScoreRange)
        case members(MemberRange)
    }

    /// From the last to the first.
    private let isReversed: Bool
    private let limits: Limits
    /// How many members of the range are left out, and how many come then; negative: all the others.
    private let offset: Int64
    private let count: Int64
    /// Scores are wanted too.
    let withScores: Bool

    /// The request that arguments make.
    /// - Parameters:
    ///   - start: the place of the first limit; options follow the second one.
    ///   - kind: what the limits are, where the command's name says so; nil: options say so, and the direction too.
    ///   - takesScores: whether WITHSCORES may be asked for.
    init(
        _ args: Arguments, from start: Int, _ kind: Kind?, reversed: Bool = false, takesScores: Bool = true
    ) throws(Refusal) {
        var options = Options(kind: kind ?? .rank, isReversed: reversed)
        try options.read(args, from: start + 2, isOpen: kind == nil, takesScores: takesScores)
        isReversed = options.isReversed
        withScores = options.withScores
        // A rank range with the one count that is allowed has no limit, whatever the offset.
        offset = options.kind == .rank ? 0 : options.offset
        count = options.count
        // Reversed ranges of scores and members name their upper limit first.
        let swaps = options.isReversed && options.kind != .rank
        let (min, max) = swaps ? (start + 1, start) : (start, start + 1)
        switch options.kind {
        case .rank: limits = .ranks(try IndexRange(args, start))
        case .score: limits = .scores(try args.scoreRange(min: min, max: max))
        case .member: limits = .members(try args.memberRange(min: min, max: max))
        }
    }

    /// What of a sorted set is wanted: ranks to be walked in the request's direction.
    func ranks(of set: SortedSetView) -> Range<Int> {
        let range =
            switch limits {
            case .ranks(let ranks): turned(ranks.clipped(to: set.count), in: set)
            case .scores(let scores): set.ranks(scores)
            case .members(let members): set.ranks(members, fromEnd: isReversed)
            }
        if offset == 0, count < 0 { return range }
        // In a tree a negative offset counts from the end of the range, as it does in Redis's skiplists.
        let left =
            offset >= 0 ? Int64(range.count) - offset : set.isTree ? Int64(clamping: offset.magnitude) : 0
        guard left > 0, left <= range.count else { return 0..<0 }
        let skipped = range.count - Int(left)
        let taken = Int(count < 0 ? left : Swift.min(left, count))
        let start = isReversed ? range.upperBound - skipped - taken : range.lowerBound + skipped
        return start..<(start + taken)
    }

    /// Ranks that were counted from the end.
    private func turned(_ ranks: Range<Int>, in set: SortedSetView) -> Range<Int> {
        isReversed ? (set.count - ranks.upperBound)..<(set.count - ranks.lowerBound) : ranks
    }

    /// Visits what is wanted of a sorted set.
    func forEach(_ ranks: Range<Int>, of set: SortedSetView, _ visit: SortedSetView.Visitor) {
        set.forEach(ranks: ranks, reversed: isReversed, visit)
    }
}

/// The words behind the limits.
private struct Options {
    var kind: RangeRequest.Kind
    var isReversed: Bool
    var withScores = false
    var offset: Int64 = 0
    var count: Int64 = -1

    init(kind: RangeRequest.Kind, isReversed: Bool) {
        self.kind = kind
        self.isReversed = isReversed
    }

    mutating func read(
        _ args: Arguments, from start: Int, isOpen: Bool, takesScores: Bool
    ) throws(Refusal) {
        var byScore = false
        var byMember = false
        var at = start
        while at < args.count {
            let word = args[at]
            if takesScores, word.matches("WITHSCORES") {
                withScores = true
            } else if word.matches("LIMIT"), at + 2 < args.count {
                offset = try args.integer(at + 1)
                count = try args.integer(at + 2)
                at += 2
            } else if isOpen, word.matches("REV"), !isReversed {
                isReversed = true
            } else if isOpen, word.matches("BYSCORE"), !byMember, !byScore {
                byScore = true
            } else if isOpen, word.matches("BYLEX"), !byMember, !byScore {
                byMember = true
            } else {
                throw .syntax
            }
            at += 1
        }
        if byScore { kind = .score }
        if byMember { kind = .member }
        try check()
    }

    private func check() throws(Refusal) {
        // A limit with this count is as good as none.
        if kind == .rank, count != -1 {
            throw .custom(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
        }
        if kind == .member, withScores {
            throw .custom("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
        }
    }
}
