// SPDX-License-Identifier: Apache-2.0
import Bytes

// The chain in which a structure's nodes lie one behind the other, with the places of the cuts that walk along it.
//
// *Layout*. A part of the structure's root, 32 bytes that begin as zeros:
//
//     0 first node   8 last node   16 for each lane of cuts the node at which its walker stands (null: behind the last)
//
// A node begins with the addresses of the next one and of the previous one, null at the ends.
//
// *Invariants*. A walker stands at a node of the chain, or at none.
//
// *Who frees*. Nodes belong to the structure.

/// A handle to the chain of a tree's leaves or of a quicklist's nodes.
struct NodeChain {
    let at: Address

    private static let next = 0
    private static let previous = 8
    private static func walkerOffset(_ lane: Int) -> Int { 16 + lane * 8 }

    @inline(__always) var first: Address { at.address(0) }
    @inline(__always) var last: Address { at.address(8) }

    /// The node at which the walker of a lane stands; null behind the last one.
    func walker(_ lane: Int) -> Address { at.address(NodeChain.walkerOffset(lane)) }
    func setWalker(_ lane: Int, _ node: Address) { at.setAddress(NodeChain.walkerOffset(lane), node) }

    /// Puts a node behind another, or in front of all where there is none.
    func insert(_ node: Address, behind previous: Address) {
        insert(node, previous, previous.isNull ? first : previous.address(NodeChain.next))
    }

    /// Puts a node in front of another, or behind all where there is none.
    func insert(_ node: Address, before next: Address) {
        insert(node, next.isNull ? last : next.address(NodeChain.previous), next)
    }

    private func insert(_ node: Address, _ previous: Address, _ next: Address) {
        node.setAddress(NodeChain.next, next)
        node.setAddress(NodeChain.previous, previous)
        join(previous, node, next)
    }

    /// Takes a node out; a walker that stood there goes on to the next one.
    func remove(_ node: Address) {
        let (next, previous) = (node.address(NodeChain.next), node.address(NodeChain.previous))
        assert(first == node || !previous.isNull, "a node of no chain")
        if previous.isNull { at.setAddress(0, next) } else { previous.setAddress(NodeChain.next, next) }
        if next.isNull { at.setAddress(8, previous) } else { next.setAddress(NodeChain.previous, previous) }
        moveWalkers(from: node, to: next)
    }

    /// Takes out all nodes from one to another, which lie in this order and keep their links among each other. No walker
    /// stands at any of them.
    func remove(from first: Address, to last: Address) {
        let (previous, next) = (first.address(NodeChain.previous), last.address(NodeChain.next))
        if previous.isNull { at.setAddress(0, next) } else { previous.setAddress(NodeChain.next, next) }
        if next.isNull { at.setAddress(8, previous) } else { next.setAddress(NodeChain.previous, previous) }
    }

    /// A node has moved, with its own links: what names it names its new place.
    func rename(_ old: Address, to node: Address) {
        join(node.address(NodeChain.previous), node, node.address(NodeChain.next))
        moveWalkers(from: old, to: node)
    }

    /// Lets the neighbours of a node, or the ends of the chain, name it.
    private func join(_ previous: Address, _ node: Address, _ next: Address) {
        if previous.isNull { at.setAddress(0, node) } else { previous.setAddress(NodeChain.next, node) }
        if next.isNull { at.setAddress(8, node) } else { next.setAddress(NodeChain.previous, node) }
    }

    private func moveWalkers(from old: Address, to new: Address) {
        for lane in 0..<Store.laneCount where walker(lane) == old { setWalker(lane, new) }
    }
}
