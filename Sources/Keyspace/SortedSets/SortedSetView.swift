// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Reading access to a sorted set in either of its encodings. Valid until the next edit.
///
/// Ranges of scores and of members are turned into ranges of ranks, which can be counted, cut to a limit and walked in
/// both directions.
public struct SortedSetView {
    let content: SortedSetContent
    let store: Store

    /// The sorted set of a found key of type zset.
    public init(_ value: Value, _ keys: Keyspace) {
        content = SortedSetContent(value)
        store = keys.store
    }

    /// How many members there are.
    public var count: Int { content.count }
    /// Whether members are found by hash and by order rather than by a search through all.
    public var isTree: Bool { content.isTree }

    // MARK: Single members

    /// Finds a member.
    @inline(__always) public func find(_ member: ByteView) -> FoundMember { content.find(member, store) }

    /// The score of a member; nil where there is none.
    @inline(__always) public func score(_ member: ByteView) -> Double? {
        let found = find(member)
        return found.exists ? found.score : nil
    }

    /// How many members come in front of one that was found.
    public func rank(_ found: FoundMember) -> Int {
        switch found.place {
        case .none: preconditionFailure("the rank of a member that is not there")
        case .slot(let slot): content.tree.rank(of: slot.entry)
        case .pair(let pair): pair.index
        }
    }

    // MARK: Ranges

    /// The ranks of the members whose scores lie in a range.
    public func ranks(_ range: ScoreRange) -> Range<Int> {
        if range.isEmpty { return 0..<0 }
        guard content.isTree else {
            return packedRanks(0) { pairs, pair in
                let score = pairs.score(pair)
                return (range.begins(at: score), range.reaches(score))
            }
        }
        let start = range.min == -.infinity && !range.excludesMin ? 0 : content.tree.rank(range.start)
        let end = range.max == .infinity && !range.excludesMax ? count : content.tree.rank(range.end)
        return start..<max(start, end)
    }

    /// The ranks of the members that lie in a range. Their scores are taken to be equal, as they must be for an order of
    /// the members alone.
    /// - Parameter fromEnd: where scores differ, a packed set is looked through from its end.
    public func ranks(_ range: MemberRange, fromEnd: Bool = false) -> Range<Int> {
        if range.isEmpty { return 0..<0 }
        guard content.isTree else {
            return fromEnd ? packedRanks(backward: range) : packedRanks(forward: range)
        }
        guard let first = content.tree.first else { return 0..<0 }
        let score = ScoredMember.score(first.entry)
        let start = content.tree.rank(range.start(score: score))
        return start..<max(start, content.tree.rank(range.end(score: score)))
    }

    /// From the first pair that the range may begin at to the last one in a row that it reaches.
    private func packedRanks(
        _ start: Int, _ lies: (Listpack, Listpack.Pair) -> (begins: Bool, reaches: Bool)
    ) -> Range<Int> {
        let pairs = content.pairs
        var start = start
        var next = pairs.firstPair
        while let pair = next {
            let (begins, reaches) = lies(pairs, pair)
            if begins {
                if !reaches { return start..<pair.index }
            } else {
                start = pair.index + 1
            }
            next = pairs.nextPair(pair)
        }
        return start..<max(start, count)
    }

    /// Whether the range does not lie in front of the first pair or behind the last one.
    private func mayOverlap(_ pairs: Listpack, _ range: MemberRange) -> Bool {
        guard let first = pairs.firstPair, let last = pairs.lastPair else { return false }
        return pairs[first.name].withText { range.reaches($0) }
            && pairs[last.name].withText { range.begins(at: $0) }
    }

    private func packedRanks(forward range: MemberRange) -> Range<Int> {
        let pairs = content.pairs
        guard mayOverlap(pairs, range) else { return 0..<0 }
        var start: Int?
        var next = pairs.firstPair
        while let pair = next {
            let (begins, reaches) = pairs[pair.name].withText { (range.begins(at: $0), range.reaches($0)) }
            if start == nil, begins { start = pair.index }
            if let start, !reaches { return start..<pair.index }
            next = pairs.nextPair(pair)
        }
        return start.map { $0..<count } ?? 0..<0
    }

    private func packedRanks(backward range: MemberRange) -> Range<Int> {
        let pairs = content.pairs
        guard mayOverlap(pairs, range) else { return 0..<0 }
        var end: Int?
        var next = pairs.lastPair
        while let pair = next {
            let (begins, reaches) = pairs[pair.name].withText { (range.begins(at: $0), range.reaches($0)) }
            if end == nil, reaches { end = pair.index + 1 }
            if let end, !begins { return (pair.index + 1)..<end }
            next = pairs.previousPair(pair)
        }
        return end.map { 0..<$0 } ?? 0..<0
    }

    // MARK: Walks

    /// Is shown a member and its score. The view dies with the call.
    public typealias Visitor = (_ member: ByteView, _ score: Double) -> Void

    /// Visits the members with these ranks, which must exist, in their order or (`reversed`) from the last to the first.
    public func forEach(ranks: Range<Int>, reversed: Bool = false, _ visit: Visitor) {
        forEachWhile(ranks: ranks, reversed: reversed) {
            visit($0, $1)
            return true
        }
    }

    /// Visits all members in their order.
    public func forEach(_ visit: Visitor) { forEach(ranks: 0..<count, visit) }

    /// Likewise, until `visit` answers false.
    public func forEachWhile(
        ranks: Range<Int>, reversed: Bool = false, _ visit: (_ member: ByteView, _ score: Double) -> Bool
    ) {
        guard !ranks.isEmpty else { return }
        if content.isTree {
            return content.tree.forEachWhile(ranks: ranks, reversed: reversed) { entry in
                visit(ScoredMember.member(entry), ScoredMember.score(entry))
            }
        }
        let pairs = content.pairs
        var left = ranks.count
        var next: Listpack.Pair? = pairs.seekPair(reversed ? ranks.upperBound - 1 : ranks.lowerBound)
        while left > 0, let pair = next {
            guard pairs[pair.name].withText({ visit($0, pairs.score(pair)) }) else { return }
            left -= 1
            next = reversed ? pairs.previousPair(pair) : pairs.nextPair(pair)
        }
    }

    /// Visits members from a SCAN cursor on, about `count` of them; packed sets are visited whole.
    /// - Returns: the cursor to go on with; 0 at the end.
    public func scan(_ cursor: UInt64, count: Int, _ visit: Visitor) -> UInt64 {
        guard content.isTree else {
            forEach(visit)
            return 0
        }
        return content.members.scan(cursor, count: count, store) { entry in
            visit(ScoredMember.member(entry), ScoredMember.score(entry))
        }
    }

    // MARK: Random picks

    /// Lends a member picked uniformly; there must be one.
    public func withRandomMember<R>(
        _ random: inout SeededRandom, _ body: (_ member: ByteView, _ score: Double) -> R
    ) -> R {
        let rank = random.below(count)
        if content.isTree {
            guard let entry = content.tree.at(rank: rank)?.entry else { preconditionFailure("no members") }
            return body(ScoredMember.member(entry), ScoredMember.score(entry))
        }
        let pair = content.pairs.seekPair(rank)
        return content.pairs[pair.name].withText { body($0, content.pairs.score(pair)) }
    }

    /// Visits `count` different members, every choice being equally likely; `count` is at most the number of members.
    ///
    /// A few members of a tree are drawn and drawn again when they repeat; otherwise one pass picks as it goes.
    public func forEachRandom(_ count: Int, _ random: inout SeededRandom, _ visit: Visitor) {
        precondition(count >= 0 && count <= self.count, "more members wanted than there are")
        guard count > 0 else { return }
        if content.isTree, count <= self.count / 4 {
            var draw = DistinctDraw(count)
            while !draw.isDone {
                guard let entry = content.tree.at(rank: random.below(self.count))?.entry else { return }
                if draw.takes(entry.bits) { visit(ScoredMember.member(entry), ScoredMember.score(entry)) }
            }
            return
        }
        var sampler = Sampler(picks: count, of: self.count)
        forEachWhile(ranks: 0..<self.count) { member, score in
            if sampler.takesNext(&random) { visit(member, score) }
            return !sampler.isDone
        }
    }
}
