// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Union, intersection and difference of sorted sets, and of sets, whose members count with a score of 1.

/// A sorted set or a set to be combined, with the factor of its scores. Valid until the next edit.
public struct ScoredSource {
    private enum Members {
        case sorted(SortedSetView)
        case plain(SetView)
    }

    private let members: Members
    /// What its scores are multiplied by.
    let weight: Double

    /// The value of a found key; nil when it is neither a sorted set nor a set.
    public init?(_ value: Value, weight: Double = 1, _ keys: Keyspace) {
        switch value.type {
        case .zset: members = .sorted(SortedSetView(value, keys))
        case .set: members = .plain(SetView(value, keys))
        default: return nil
        }
        self.weight = weight
    }

    var count: Int {
        switch members {
        case .sorted(let set): set.count
        case .plain(let set): set.count
        }
    }

    /// The score of a member; nil where there is none.
    func score(_ member: ByteView) -> Double? {
        switch members {
        case .sorted(let set): set.score(member)
        case .plain(let set): set.contains(member) ? 1 : nil
        }
    }

    /// Visits members with their scores until `visit` answers false, in no order that means anything.
    func forEachWhile(_ visit: (ByteView, Double) -> Bool) {
        switch members {
        case .sorted(let set):
            guard set.isTree else { return set.forEachWhile(ranks: 0..<set.count, visit) }
            // The table loads ahead what the tree would have to be waited for.
            set.content.members.forEachWhile { visit(ScoredMember.member($0), ScoredMember.score($0)) }
        case .plain(let set): set.forEachWhile { visit($0, 1) }
        }
    }

    /// A score times the weight; infinity times 0 is 0.
    func weighted(_ score: Double) -> Double {
        let product = score * weight
        return product.isNaN ? 0 : product
    }
}

/// Sources to be combined. Valid until the next edit.
public struct SortedSetAlgebra {
    /// One per key, nil where there is none.
    private let sources: [ScoredSource?]
    private let aggregate: ScoreAggregate
    private let keys: Keyspace

    /// - Parameters:
    ///   - sources: one per key in the order of the command, nil for a key that does not exist.
    ///   - aggregate: how several scores become one.
    public init(_ sources: [ScoredSource?], _ aggregate: ScoreAggregate, _ keys: Keyspace) {
        self.sources = sources
        self.aggregate = aggregate
        self.keys = keys
    }

    /// The existing sources, the smallest first: the order in which scores are put together.
    private var smallestFirst: [ScoredSource] {
        sources.compactMap { $0 }.enumerated().sorted {
            ($0.element.count, $0.offset) < ($1.element.count, $1.offset)
        }.map(\.element)
    }

    /// The members of any source.
    public func union() -> SortedSetBuilder {
        let existing = smallestFirst
        let result = SortedSetBuilder(keys, expecting: existing.last?.count ?? 0)
        for source in existing {
            source.forEachWhile { member, score in
                result.combine(member, Table.hash(member, keys.store), source.weighted(score), aggregate)
                return true
            }
        }
        return result
    }

    /// The members that all sources have.
    public func intersection() -> SortedSetBuilder {
        let result = SortedSetBuilder(keys)
        forEachCommon { member, score in
            result.add(member, score)
            return true
        }
        return result
    }

    /// Visits the members that all sources have, until `visit` answers false.
    public func forEachCommon(_ visit: (_ member: ByteView, _ score: Double) -> Bool) {
        if sources.contains(where: { $0 == nil }) { return }
        let all = smallestFirst
        guard let smallest = all.first else { return }
        smallest.forEachWhile { member, score in
            var result = smallest.weighted(score)
            for other in all.dropFirst() {
                guard let score = other.score(member) else { return true }
                result = aggregate(result, score * other.weight)
            }
            return visit(member, result)
        }
    }

    /// The members of the first source that no other one has, with their scores.
    public func difference() -> SortedSetBuilder {
        guard let first = sources.first ?? nil else { return SortedSetBuilder(keys) }
        let others = sources.dropFirst().compactMap { $0 }.sorted { $0.count > $1.count }
        let total = others.reduce(first.count) { $0 + $1.count }
        // Asking about every member costs size × sources at worst, but mostly ends at the first hit, hence the half.
        if first.count / 2 * (others.count + 1) <= total {
            let result = SortedSetBuilder(keys)
            first.forEachWhile { member, score in
                if !others.contains(where: { $0.score(member) != nil }) { result.add(member, score) }
                return true
            }
            return result
        }
        let result = SortedSetBuilder(keys, expecting: first.count)
        first.forEachWhile { member, score in
            result.add(member, score)
            return true
        }
        for other in others where result.count > 0 {
            other.forEachWhile { member, _ in
                result.remove(member, Table.hash(member, keys.store))
                return result.count > 0
            }
        }
        return result
    }
}
