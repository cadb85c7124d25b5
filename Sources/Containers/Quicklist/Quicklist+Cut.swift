// SPDX-License-Identifier: Apache-2.0
import Bytes

// The units of cuts: nodes, and ghosts of nodes in their place.

extension Quicklist {
    /// Lanes of cuts that want the list's nodes as they were. A lane that is taken back gives up what was kept for it.
    public var lanes: UInt8 { root.u8(QuicklistField.lanes) }

    /// Lets the list take part in the cut on a lane.
    public func join(_ lane: Int) {
        root.setU8(QuicklistField.lanes, lanes | 1 << UInt8(lane))
        // Where the walker of an earlier cut has stopped there may be no node any more.
        chain.setWalker(lane, .null)
    }

    /// The cut on a lane wants no more of the list.
    public func leave(_ lane: Int, _ store: Store) {
        root.setU8(QuicklistField.lanes, lanes & ~(1 << UInt8(lane)))
        var next = chain.first
        while ghostCount > 0, !next.isNull {
            let node = QuicklistNode(at: next)
            next = node.next
            if node.isGhost { release(node, lane, store) }
        }
    }

    /// The lane's walker has passed a ghost, or will never come.
    private func release(_ ghost: QuicklistNode, _ lane: Int, _ store: Store) {
        ghost.wanted &= ~(1 << UInt8(lane))
        guard !ghost.isGhost else { return }
        ghostCount -= 1
        chain.remove(ghost.at)
        free(ghost, store)
    }

    /// Keeps a node's content in its place for the cuts that do not have it; the node may change then.
    func preserve(_ node: QuicklistNode, _ store: Store) {
        guard lanes != 0, case let wanted = node.wanting(lanes, store), wanted != 0 else { return }
        let content = node.copyContent(store.heap)
        let ghost = newNode(node.form, content, count: node.count, store)
        ghostCount += 1
        chain.insert(ghost: ghost, before: node, wantedBy: wanted, store)
    }

    /// A node that the tree no longer names goes, or stays as a ghost for the cuts that do not have it.
    func retire(_ node: QuicklistNode, _ store: Store) {
        var rest = QuicklistRest()
        retire(node, to: &rest, store)
        rest.free(max: .max, store)
    }

    /// Likewise, but what goes is freed by somebody else.
    func retire(_ node: QuicklistNode, to rest: inout QuicklistRest, _ store: Store) {
        let wanted = lanes == 0 ? 0 : node.wanting(lanes, store)
        if wanted == 0 {
            chain.remove(node.at)
            addBytes(-NodeField.size - node.keptBytes)
            return rest.add(node)
        }
        node.wanted = wanted
        ghostCount += 1
    }

    /// The walker's step: hands over further nodes as they were at the cut, in order, until about `max` elements were
    /// seen.
    /// - Parameter position: 0 begins.
    /// - Returns: the position to go on from; nil when all was handed over.
    public func walkUnits(
        from position: UInt64, _ lane: Int, _ store: Store, max: Int, _ visit: (QuicklistPiece) -> Void
    ) -> UInt64? {
        assert(lanes >> UInt8(lane) & 1 != 0, "a list without part in the cut")
        let chain = self.chain
        if position == 0 { chain.setWalker(lane, chain.first) }
        var seen = 0
        while seen < max, case let at = chain.walker(lane), !at.isNull {
            let node = QuicklistNode(at: at)
            seen += 1
            chain.setWalker(lane, node.next)
            if node.isGhost {
                guard node.wanted >> UInt8(lane) & 1 != 0 else { continue }
                seen += node.count
                node.withPiece(store.heap, visit)
                release(node, lane, store)
            } else if !node.isSaved(lane, store) {
                seen += node.count
                node.markSaved(lane, store)
                node.withPiece(store.heap, visit)
            }
        }
        return chain.walker(lane).isNull ? nil : 1
    }
}
