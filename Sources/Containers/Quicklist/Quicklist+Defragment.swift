// SPDX-License-Identifier: Apache-2.0
import Bytes

// Moving a list's own memory to fuller pages.
//
// Who names what: the chain, walkers and the tree name nodes; a node names its content. The root is named by whoever
// owns the list. Contents above the slabs' sizes are malloc's, which moves nothing; blocks are shared and stay.

extension Quicklist {
    /// Moves what is sparse of some dozen nodes.
    /// - Parameter position: 0 begins.
    /// - Returns: where to go on; nil at the end.
    public func defragment(from position: UInt64, _ mover: Mover) -> UInt64? {
        if position == 0 { root.setAddress(QuicklistField.tree, tree.settledRoot(mover).root) }
        return tree.defragment(from: position, mover) { cursor in
            let node = QuicklistNode(at: cursor.entry)
            if node.form == .packed { node.set(.packed, node.listpack.settled(mover).at) }
            let moved = mover.settle(node.at, NodeField.size)
            if moved != node.at { chain.rename(node.at, to: moved) }
            return moved
        }
    }

    /// The list with its root moved, if that is sparse; the owner must name it anew.
    public func settledRoot(_ mover: Mover) -> Quicklist {
        lanes == 0 ? Quicklist(root: mover.settle(root, QuicklistField.size)) : self
    }
}
