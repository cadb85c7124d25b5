// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Intersection, union and difference of sets in whatever encodings. Members of large tables are asked for in batches
// (`MemberBatch`); a union begins as a copy of its largest set.

/// Sets to be combined. Valid until the next edit.
public struct SetAlgebra {
    /// One per key, nil where there is none.
    private let sets: [SetView?]
    private let keys: Keyspace

    /// - Parameter sets: one per key in the order of the command, nil for a key that does not exist.
    public init(_ sets: [SetView?], _ keys: Keyspace) {
        self.sets = sets
        self.keys = keys
    }

    // MARK: Visiting

    /// Visits the members that all sets have, until `visit` answers false.
    public func forEachCommon(_ visit: (ByteView) -> Bool) { forEachCommon { member, _ in visit(member) } }

    /// Visits each member of any set once.
    public func forEachUnited(_ visit: (ByteView) -> Void) {
        let existing = largestFirst(sets[...])
        // With few sets it is cheaper to ask the larger ones than to remember what was seen.
        guard existing.count <= 3 else { return union().forEach(visit) }
        for i in existing.indices {
            sift(existing[i], existing[..<i], keepsFound: false) { member, _ in
                visit(member)
                return true
            }
        }
    }

    /// Visits the members of the first set that no other one has.
    public func forEachDifferent(_ visit: (ByteView) -> Void) {
        forEachDifferent({ member, _ in visit(member) }) { $0.forEach(visit) }
    }

    // MARK: Results

    /// The members that all sets have.
    public func intersection() -> SetBuilder {
        let result = SetBuilder(keys)
        forEachCommon { member, hash in
            result.addNew(member, hash)
            return true
        }
        return result
    }

    /// The members that any set has.
    public func union() -> SetBuilder {
        let existing = largestFirst(sets[...])
        guard let largest = existing.first else { return SetBuilder(keys) }
        let result = SetBuilder(copying: largest, keys)
        for set in existing.dropFirst() {
            guard set.isTable else {
                set.forEach { result.add($0) }
                continue
            }
            MemberBatch(keys.store).forEachWhile(set.table) { batch in
                batch.warm(result.members, batch.all)
                return batch.forEachWhile(batch.all) { member, hash in
                    if result.members.find(hash, member).isNone { result.addNew(member, hash) }
                    return true
                }
            }
        }
        return result
    }

    /// The members of the first set that no other one has.
    public func difference() -> SetBuilder {
        let result = SetBuilder(keys)
        var rest: SetBuilder?
        forEachDifferent({ result.addNew($0, $1) }) { rest = $0 }
        return rest ?? result
    }

    // MARK: How

    private func largestFirst(_ sets: ArraySlice<SetView?>) -> [SetView] {
        sets.compactMap { $0 }.sorted { $0.count > $1.count }
    }

    private func forEachCommon(_ visit: (ByteView, UInt64) -> Bool) {
        var existing: [SetView] = []
        for set in sets {
            guard let set else { return }
            existing.append(set)
        }
        // The smallest is walked; the next smallest is likeliest to lack a member.
        existing.sort { $0.count < $1.count }
        guard let smallest = existing.first else { return }
        sift(smallest, existing.dropFirst(), keepsFound: true, visit)
    }

    /// Visits the difference member by member, or hands it over as a whole, whichever costs less.
    private func forEachDifferent(_ visit: (ByteView, UInt64) -> Void, whole: (SetBuilder) -> Void) {
        guard let first = sets.first ?? nil else { return }
        let others = largestFirst(sets.dropFirst())
        let total = others.reduce(first.count) { $0 + $1.count }
        // Asking about every member costs size × sets at worst, but mostly ends at the first hit, hence the half.
        if first.count / 2 * (others.count + 1) <= total {
            return sift(first, others[...], keepsFound: false) { member, hash in
                visit(member, hash)
                return true
            }
        }
        let left = SetBuilder(copying: first, keys)
        for other in others where left.count > 0 { take(other, from: left) }
        whole(left)
    }

    /// Takes the members of a set out of others.
    private func take(_ set: SetView, from left: SetBuilder) {
        guard set.isTable else { return set.forEach { left.remove($0) } }
        MemberBatch(keys.store).forEachWhile(set.table) { batch in
            batch.warm(left.members, batch.all)
            _ = batch.forEachWhile(batch.all) { member, hash in
                left.remove(member, hash)
                return true
            }
            return left.count > 0
        }
    }

    /// Visits those members of a set that all others have, or (`keepsFound` false) that none of them has, with their
    /// hashes, until `visit` answers false.
    private func sift(
        _ set: SetView, _ others: ArraySlice<SetView>, keepsFound: Bool, _ visit: (ByteView, UInt64) -> Bool
    ) {
        guard set.isTable else {
            return set.forEachWhile { member in
                let hash = Table.hash(member, keys.store)
                for other in others where other.contains(member, hash) != keepsFound { return true }
                return visit(member, hash)
            }
        }
        MemberBatch(keys.store).forEachWhile(set.table) { batch in
            var kept = batch.all
            for other in others where kept != 0 {
                let found = batch.found(in: other, among: kept)
                kept &= keepsFound ? found : ~found
            }
            return batch.forEachWhile(kept, visit)
        }
    }
}
