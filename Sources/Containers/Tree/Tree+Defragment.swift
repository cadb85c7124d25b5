// SPDX-License-Identifier: Apache-2.0
import Bytes

// Moving a tree's own memory to fuller pages, leaf by leaf.
//
// Who names what: the node above names a leaf, and its neighbours in the chain or the root do, and walkers; the node
// above names an inner one. A separator of scores names an entry. The root is named by whoever owns the tree.

extension Tree {
    /// Moves what is sparse of one leaf and, if it is the first below them, of the nodes above it; then visits its
    /// entries.
    /// - Parameters:
    ///   - position: the rank at which to go on; 0 begins.
    ///   - visit: answers where the entry is now, with the same score and member. What else names it, such as a table of
    ///     members, is asked for its place before it moves.
    /// - Returns: where to go on; nil at the end.
    public func defragment(
        from position: UInt64, _ mover: Mover, _ visit: (TreeCursor) -> Address
    ) -> UInt64? {
        guard position < UInt64(weight) else { return nil }
        var path = TreePath()
        descend(position == 0 ? .start : .offset(Int(position)), &path)
        var above = height
        while above > 0, path.indices[above - 1] == 0 {
            above -= 1
            settle(&path, level: above, mover)
        }
        let leaf = settleLeaf(path, mover)
        path.leaf = leaf
        let weight = leaf.weight(of: kind)
        for index in 0..<leaf.count {
            let cursor = TreeCursor(leaf: leaf, index: index)
            let moved = visit(cursor)
            if moved != cursor.entry {
                leaf.setPointer(index, moved)
                if index == 0 { renameSeparator(path, height - 1) }
            }
        }
        let next = (Int(position) - leaf.weight(of: kind, first: path.index)) + weight
        return next < self.weight ? UInt64(next) : nil
    }

    private func settle(_ path: inout TreePath, level: Int, _ mover: Mover) {
        let node = path.nodes[level]
        let moved = mover.settle(node.at, TreeInner.bytes)
        guard moved != node.at else { return }
        path.nodes[level] = TreeInner(at: moved)
        name(moved, path, level)
    }

    private func settleLeaf(_ path: TreePath, _ mover: Mover) -> TreeLeaf {
        let leaf = path.leaf
        let moved = mover.settle(leaf.at, leaf.bytes)
        guard moved != leaf.at else { return leaf }
        let new = TreeLeaf(at: moved)
        name(moved, path, height)
        chain.rename(leaf.at, to: moved)
        return new
    }

    /// Names a node of a way's level, or its leaf, in the node above.
    private func name(_ moved: Address, _ path: TreePath, _ level: Int) {
        if level == 0 {
            root.setAddress(TreeField.top, moved)
        } else {
            path.nodes[level - 1].setChild(path.indices[level - 1], moved)
        }
    }

    /// The tree with its root moved, if that is sparse; the owner must name it anew.
    public func settledRoot(_ mover: Mover) -> Tree {
        lanes == 0 ? Tree(root: mover.settle(root, TreeField.size)) : self
    }
}
