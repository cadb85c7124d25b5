// SPDX-License-Identifier: Apache-2.0
import Bytes

// Walks over entries in their order.

extension Tree {
    /// How many entries ahead of a walk are being loaded.
    private static var lead: Int { 8 }

    /// Visits entries by rank in a tree of scores or ids, from the first or (`reversed`) from the last, until `visit`
    /// answers false. The ranks must exist; the tree must not change meanwhile.
    public func forEachWhile(ranks: Range<Int>, reversed: Bool, _ visit: (Address) -> Bool) {
        precondition(kind != .position && ranks.lowerBound >= 0 && ranks.upperBound <= count, "no such ranks")
        guard !ranks.isEmpty, let start = at(rank: reversed ? ranks.upperBound - 1 : ranks.lowerBound) else {
            return
        }
        walk(from: start, max: ranks.count, reversed: reversed, visit)
    }

    /// Visits entries from the first behind a point on, until `visit` answers false. The tree must not change meanwhile.
    public func forEachWhile(behind point: TreePoint, _ visit: (Address) -> Bool) {
        guard let start = first(behind: point) else { return }
        walk(from: start, max: count, reversed: false, visit)
    }

    @inline(__always) private func walk(
        from start: TreeCursor, max: Int, reversed: Bool, _ visit: (Address) -> Bool
    ) {
        var left = max
        var (leaf, index) = (start.leaf, start.index)
        while true {
            let available = reversed ? index + 1 : leaf.count - index
            let step = reversed ? -1 : 1
            let taken = min(left, available)
            for ahead in 0..<min(taken, Tree.lead) { Tree.warm(leaf.pointer(index &+ ahead &* step)) }
            for number in 0..<taken {
                if number &+ Tree.lead < taken {
                    Tree.warm(leaf.pointer(index &+ (number &+ Tree.lead) &* step))
                }
                if !visit(leaf.pointer(index &+ number &* step)) { return }
            }
            left -= taken
            let next = reversed ? leaf.previous : leaf.next
            if left == 0 || next.isNull { return }
            leaf = TreeLeaf(at: next)
            index = reversed ? leaf.count - 1 : 0
        }
    }

    @inline(__always) private static func warm(_ entry: Address) { entry.prefetch() }

    /// Begins to load what taking entries from an end of a tree of scores will read, the nearest things first: the bucket
    /// of the next entry in a table of members, the segment of the one after, and the entry that comes then.
    public func warmEnd(last: Bool, _ members: Table, _ store: Store) {
        let leaf = last ? lastLeaf : firstLeaf
        let count = leaf.count
        guard count > 3 else { return }
        func entry(_ number: Int) -> Address { leaf.pointer(last ? count &- 1 &- number : number) }
        Tree.warm(entry(3))
        _ = members.warmSegment(Table.hash(Table.key(entry(1)), store))
        let hash = Table.hash(Table.key(entry(0)), store)
        _ = Table.warmBucket(members.warmSegment(hash), hash)
        Heap.page(of: entry(0)).prefetch()
    }
}
