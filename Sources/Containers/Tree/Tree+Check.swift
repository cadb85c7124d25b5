// SPDX-License-Identifier: Apache-2.0
import Bytes

// Invariants, for tests and fuzzers.

extension Tree {
    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants(_ store: Store) {
        var walk = TreeWalk(chain: firstLeaf.at)
        check(top, height, &walk)
        precondition(walk.chain.isNull && walk.previous == lastLeaf.at, "the chain of leaves is torn")
        precondition(walk.count == count && walk.weight == weight, "entries lost or counted twice")
        precondition(walk.leaves == Int(root.u32(TreeField.leaves)), "leaves miscounted")
        precondition(bytes >= walk.bytes + TreeField.size, "the tree's books are short")
        precondition(height == 0 || TreeInner(at: top).count > 1, "a top node of no use")
        for lane in 0..<Store.laneCount where lanes >> UInt8(lane) & 1 != 0 {
            checkWalker(chain.walker(lane))
        }
    }

    private func checkWalker(_ walker: Address) {
        var leaf = firstLeaf.at
        while !leaf.isNull, leaf != walker { leaf = TreeLeaf(at: leaf).next }
        precondition(leaf == walker, "a walker stands at no leaf")
    }

    private struct TreeWalk {
        var chain: Address
        var previous = Address.null
        var count = 0
        var weight = 0
        var leaves = 0
        var bytes = 0
        var last: TreeCursor?
    }

    private func check(_ node: Address, _ height: Int, _ walk: inout TreeWalk) {
        guard height > 0 else { return check(leaf: TreeLeaf(at: node), &walk) }
        let inner = TreeInner(at: node)
        precondition(inner.count > 0 && inner.count <= inner.capacity, "an empty node, or one too full")
        walk.bytes += TreeInner.bytes
        for index in 0..<inner.count {
            let before = walk.weight
            if index > 0 {
                precondition(
                    inner.separator(index)
                        == separator(of: inner.child(index), level: self.height - height + 1)
                        || kind == .position,
                    "a separator is not its child's first entry")
            }
            check(inner.child(index), height - 1, &walk)
            precondition(walk.weight - before == inner.weight(index), "a wrong weight")
        }
    }

    private func check(leaf: TreeLeaf, _ walk: inout TreeWalk) {
        precondition(walk.chain == leaf.at && leaf.previous == walk.previous, "the chain of leaves is torn")
        precondition(leaf.count > 0 || count == 0, "an empty leaf")
        precondition(leaf.count <= leaf.capacity, "a leaf too full")
        precondition(leaf.bytes == TreeLeaf.bytesMax || height == 0, "a small leaf with siblings")
        walk.chain = leaf.next
        walk.previous = leaf.at
        walk.leaves += 1
        walk.bytes += leaf.bytes
        walk.count += leaf.count
        walk.weight += leaf.weight(of: kind)
        for index in 0..<leaf.count {
            let cursor = TreeCursor(leaf: leaf, index: index)
            if let last = walk.last { precondition(comes(last, before: cursor), "entries out of order") }
            if kind == .score {
                precondition(
                    leaf.digest(at: index) == leaf.digest(ScoredMember.order(cursor.entry)), "a wrong digest")
            }
            walk.last = cursor
        }
    }

    private func comes(_ left: TreeCursor, before right: TreeCursor) -> Bool {
        switch kind {
        case .score: TreePoint.before(entry: right.entry).isBehind(entry: left.entry)
        case .id: left.id < right.id
        case .position: true
        }
    }
}
