// SPDX-License-Identifier: Apache-2.0
import Bytes

// Finding places by point, by rank and by weight.

extension TreeInner {
    /// The child that a point lies in or at the end of.
    @inline(__always) func index(of point: TreePoint, _ kind: TreeKind) -> Int {
        switch point.side {
        case .start: return 0
        case .end: return count - 1
        case .offset: return index(ofWeight: Int(point.high)).index
        default: break
        }
        var low = 1
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if point.isAtOrBehind(separator(middle), kind) { low = middle &+ 1 } else { high = middle }
        }
        return low &- 1
    }

    /// The child in which so much weight ends, the last one at most, and the weight in front of it.
    @inline(__always) func index(ofWeight weight: Int) -> (index: Int, before: Int) {
        let last = count - 1
        var index = 0
        var before = 0
        while index < last, case let own = self.weight(index), weight >= before &+ own {
            before &+= own
            index &+= 1
        }
        return (index, before)
    }
}

extension TreeLeaf {
    /// How many entries lie in front of a point.
    @inline(__always) func index(of point: TreePoint, _ kind: TreeKind) -> Int {
        switch point.side {
        case .start: 0
        case .end: count
        case .offset: index(ofWeight: Int(point.high), kind)
        default: kind == .score ? index(ofScore: point) : index(ofID: point)
        }
    }

    private func index(ofScore point: TreePoint) -> Int {
        let digest = digest(point.high)
        var low = lowerBound(digest)
        var high = low
        let count = self.count
        if low < count, self.digest(at: low) == digest {
            high = digest == 255 ? count : lowerBound(digest + 1)
        }
        while low < high {
            let middle = (low &+ high) >> 1
            if point.isBehind(entry: pointer(middle)) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// How many entries have a lower digest.
    @inline(__always) private func lowerBound(_ digest: UInt8) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if self.digest(at: middle) < digest { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    private func index(ofID point: TreePoint) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if point.isBehind(id: id(middle)) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// The entry in which so much weight ends; the count where it takes all.
    func index(ofWeight weight: Int, _ kind: TreeKind) -> Int {
        guard kind == .position else { return min(weight, count) }
        var index = 0
        var left = weight
        let count = self.count
        while index < count, case let own = self.weight(index), left >= own {
            left &-= own
            index &+= 1
        }
        return index
    }
}

extension Tree {
    /// Begins to load a node while the one above is still being looked at. A search reads half of an inner node's
    /// lines, one after the other.
    @inline(__always) private func warm(_ node: Address) {
        for line in 0..<8 { (node + line &* 64).prefetch() }
    }

    @inline(__always) func leaf(of point: TreePoint) -> TreeLeaf {
        let kind = self.kind
        var node = top
        var point = point
        for _ in 0..<height {
            let inner = TreeInner(at: node)
            let index = inner.index(of: point, kind)
            if point.side == .offset { point = .offset(Int(point.high) - inner.weightSum(first: index)) }
            node = inner.child(index)
            warm(node)
        }
        return TreeLeaf(at: node)
    }

    /// Goes from the top to a point and keeps the way.
    func descend(_ point: TreePoint, _ path: inout TreePath) {
        let (kind, height) = (self.kind, self.height)
        assert(height <= TreePath.heightMax, "a tree higher than any")
        var node = top
        var point = point
        for level in 0..<height {
            let inner = TreeInner(at: node)
            let index = inner.index(of: point, kind)
            if point.side == .offset { point = .offset(Int(point.high) - inner.weightSum(first: index)) }
            path.nodes[level] = inner
            path.indices[level] = index
            node = inner.child(index)
            warm(node)
        }
        path.leaf = TreeLeaf(at: node)
        path.index = path.leaf.index(of: point, kind)
    }

    // MARK: Ranks

    /// The weight of all entries in front of a point: the rank of the first entry behind it.
    public func rank(_ point: TreePoint) -> Int {
        let kind = self.kind
        assert(point.side != .offset, "a rank is asked for by its rank")
        var node = top
        var rank = 0
        for _ in 0..<height {
            let inner = TreeInner(at: node)
            let index = inner.index(of: point, kind)
            rank &+= inner.weightSum(first: index)
            node = inner.child(index)
            warm(node)
        }
        let leaf = TreeLeaf(at: node)
        return rank &+ leaf.weight(of: kind, first: leaf.index(of: point, kind))
    }

    /// How many entries lie between two points.
    public func count(from: TreePoint, to: TreePoint) -> Int { max(0, rank(to) - rank(from)) }

    /// The rank of an entry that the tree of scores holds.
    public func rank(of entry: Address) -> Int {
        assert(kind == .score, "not a tree of scores")
        return rank(.before(entry: entry))
    }

    /// The entry with this rank, or in a tree of positions the one that so much weight leads into.
    public func at(rank: Int) -> TreeCursor? { find(rank: rank)?.cursor }

    /// Like `at`, with the weight that is left over within the entry.
    public func find(rank: Int) -> (cursor: TreeCursor, left: Int)? {
        guard rank >= 0, rank < weight else { return nil }
        let kind = self.kind
        var node = top
        var left = rank
        for _ in 0..<height {
            let inner = TreeInner(at: node)
            let (index, before) = inner.index(ofWeight: left)
            left &-= before
            node = inner.child(index)
            warm(node)
        }
        let leaf = TreeLeaf(at: node)
        let index = leaf.index(ofWeight: left, kind)
        left &-= leaf.weight(of: kind, first: index)
        return (TreeCursor(leaf: leaf, index: index), left)
    }

    // MARK: Places

    /// The first entry; nil in an empty tree.
    public var first: TreeCursor? { count == 0 ? nil : TreeCursor(leaf: firstLeaf, index: 0) }
    /// The last entry; nil in an empty tree.
    public var last: TreeCursor? {
        count == 0 ? nil : TreeCursor(leaf: lastLeaf, index: lastLeaf.count - 1)
    }

    /// The first entry behind a point.
    public func first(behind point: TreePoint) -> TreeCursor? {
        let leaf = leaf(of: point)
        return TreeCursor(leaf: leaf, index: leaf.index(of: point, kind) - 1).next
    }

    /// The last entry in front of a point.
    public func last(before point: TreePoint) -> TreeCursor? {
        let leaf = leaf(of: point)
        return TreeCursor(leaf: leaf, index: leaf.index(of: point, kind)).previous
    }

    /// The entry with an id; nil where there is none.
    public func find(id high: UInt64, _ low: UInt64) -> TreeCursor? {
        assert(kind == .id, "not a tree of ids")
        let point = TreePoint.before(id: high, low)
        guard let found = first(behind: point), found.id == (high, low) else { return nil }
        return found
    }
}
