// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A node of a `NodeChain` that is handed to cuts in its place: once it was changed or taken out it stays there as a
/// *ghost*, as it was, until the walkers of all cuts have passed that do not have it.
protocol GhostNode {
    var at: Address { get }
    /// Where the numbers of the last cuts stand that have the node: a u32 for each lane.
    static var epochs: Int { get }
    /// Where it stands which lanes' walkers still want this ghost, a bit for each in a u8; 0: it is none.
    static var wantedLanes: Int { get }
}

extension GhostNode {
    /// Whether the cut on a lane has the node.
    @inline(__always) func isSaved(_ lane: Int, _ store: Store) -> Bool {
        at.u32(Self.epochs + lane * 4) == store.epoch(lane)
    }
    @inline(__always) func markSaved(_ lane: Int, _ store: Store) {
        at.setU32(Self.epochs + lane * 4, store.epoch(lane))
    }

    @inline(__always) var wanted: UInt8 {
        get { at.u8(Self.wantedLanes) }
        nonmutating set { at.setU8(Self.wantedLanes, newValue) }
    }
    @inline(__always) var isGhost: Bool { wanted != 0 }

    /// Those of some lanes whose walkers have still to come to the node.
    func wanting(_ lanes: UInt8, _ store: Store) -> UInt8 {
        var wanted: UInt8 = 0
        for lane in 0..<Store.laneCount where lanes >> UInt8(lane) & 1 != 0 && !isSaved(lane, store) {
            wanted |= 1 << UInt8(lane)
        }
        return wanted
    }
}

extension NodeChain {
    /// Puts a ghost in front of the node whose content it keeps; the node may change then.
    func insert<Node: GhostNode>(ghost: Node, before node: Node, wantedBy lanes: UInt8, _ store: Store) {
        ghost.wanted = lanes
        insert(ghost.at, before: node.at)
        for lane in 0..<Store.laneCount where lanes >> UInt8(lane) & 1 != 0 {
            node.markSaved(lane, store)
            // A walker that stands at the node would pass by what is in front of it.
            if walker(lane) == node.at { setWalker(lane, ghost.at) }
        }
    }
}
