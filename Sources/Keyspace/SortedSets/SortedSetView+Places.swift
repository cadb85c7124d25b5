// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Walks over scores that name members by their places, for commands that look at many members and answer few.

/// Where a member of a sorted set lies. Valid until the next edit of the keyspace.
public struct MemberPlace {
    /// The address of an entry, or the offset of a member in the packed form.
    fileprivate let bits: UInt
}

extension SortedSetView {
    /// Visits the members with these scores in their order, until `visit` answers false.
    public func forEachWhile(
        scores: Range<Double>, _ visit: (_ place: MemberPlace, _ score: Double) -> Bool
    ) {
        if content.isTree {
            return content.tree.forEachWhile(behind: .before(score: scores.lowerBound)) { entry in
                let score = ScoredMember.score(entry)
                return score < scores.upperBound && visit(MemberPlace(bits: entry.bits), score)
            }
        }
        let pairs = content.pairs
        var next = pairs.firstPair
        while let pair = next {
            let score = pairs.score(pair)
            if score >= scores.upperBound { return }
            if score >= scores.lowerBound {
                guard visit(MemberPlace(bits: UInt(pair.name.offset)), score) else { return }
            }
            next = pairs.nextPair(pair)
        }
    }

    /// Lends the member at a place that a walk over this sorted set has named.
    public func withMember<R>(_ place: MemberPlace, _ body: (_ member: ByteView) -> R) -> R {
        if content.isTree { return body(ScoredMember.member(Address(bits: place.bits))) }
        return content.pairs[offset: Int(place.bits)].withText(body)
    }

    /// The highest score; nil where there is no member.
    public var lastScore: Double? {
        if content.isTree { return content.tree.last.map { ScoredMember.score($0.entry) } }
        return content.pairs.lastPair.map { content.pairs.score($0) }
    }
}
