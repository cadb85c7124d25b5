// SPDX-License-Identifier: Apache-2.0
import Bytes

// The units of cuts: leaves.

extension TreeLeaf {
    /// Whether the cut on a lane has the leaf.
    func isSaved(_ lane: Int, _ store: Store) -> Bool { at.u32(LeafField.epoch(lane)) == store.epoch(lane) }
    func markSaved(_ lane: Int, _ store: Store) { at.setU32(LeafField.epoch(lane), store.epoch(lane)) }

    /// A new leaf that takes over entries is as saved as the one it takes them from.
    func inheritSaved(_ other: TreeLeaf) {
        for lane in 0..<Store.laneCount {
            at.setU32(LeafField.epoch(lane), other.at.u32(LeafField.epoch(lane)))
        }
    }
}

extension Tree {
    /// The unit in which an entry lies, or would come to lie.
    public func unit(of point: TreePoint) -> UInt64 { UInt64(leaf(of: point).at.bits) }
    /// The unit in which the entry with a rank lies.
    public func unit(rank: Int) -> UInt64 { UInt64(leaf(of: .offset(rank)).at.bits) }

    /// Visits the entries of a unit as they are, unless the cut on `lane` has them already; the unit counts as saved from
    /// then on. Every change to a unit of a tree with lanes is preceded by this.
    public func preserve(_ unit: UInt64, lane: Int, _ store: Store, _ visit: (TreeCursor) -> Void) {
        let leaf = TreeLeaf(at: Address(bits: UInt(unit)))
        assert(lanes >> UInt8(lane) & 1 != 0, "a tree without part in the cut")
        if leaf.isSaved(lane, store) { return }
        leaf.markSaved(lane, store)
        for index in 0..<leaf.count { visit(TreeCursor(leaf: leaf, index: index)) }
    }

    /// The walker's step: visits the entries of further units that the cut does not have yet, until about `max` were
    /// seen.
    /// - Parameter position: 0 begins.
    /// - Returns: the position to go on from; nil when all units are saved.
    public func walkUnits(
        from position: UInt64, _ lane: Int, _ store: Store, max: Int, _ visit: (TreeCursor) -> Void
    ) -> UInt64? {
        let chain = self.chain
        if position == 0 { chain.setWalker(lane, chain.first) }
        var seen = 0
        while seen < max, case let at = chain.walker(lane), !at.isNull {
            let leaf = TreeLeaf(at: at)
            seen += 1
            if !leaf.isSaved(lane, store) {
                preserve(UInt64(at.bits), lane: lane, store, visit)
                seen += leaf.count
            }
            chain.setWalker(lane, leaf.next)
        }
        return chain.walker(lane).isNull ? nil : 1
    }

    /// Traps where a cut would lose what is about to change.
    @inline(__always) func assertSaved(_ leaf: TreeLeaf, _ store: Store) {
        assert(
            (0..<Store.laneCount).allSatisfy { lanes >> UInt8($0) & 1 == 0 || leaf.isSaved($0, store) },
            "a leaf changes that a cut does not have")
    }
}
