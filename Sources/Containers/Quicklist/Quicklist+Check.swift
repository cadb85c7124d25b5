// SPDX-License-Identifier: Apache-2.0
import Bytes

// Invariants, for tests and fuzzers.

extension Quicklist {
    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants(_ store: Store) {
        tree.checkInvariants(store)
        var cursor = tree.first
        var (ghosts, place, previous) = (0, 0, Address.null)
        var ownBytes = QuicklistField.size
        var walkers = (0..<Store.laneCount).filter { lanes >> UInt8($0) & 1 != 0 }
            .map { chain.walker($0) }
        var at = chain.first
        while !at.isNull {
            let node = QuicklistNode(at: at)
            precondition(node.previous == previous, "the chain is torn")
            precondition(node.keptBytes == node.contentBytes, "the list's books are off")
            ownBytes += NodeField.size + node.keptBytes
            walkers.removeAll { $0 == at }
            if node.isGhost {
                ghosts += 1
                precondition(node.wanted & ~lanes == 0, "a ghost that nobody wants")
            } else {
                precondition(cursor?.entry == at, "the tree and the chain differ")
                precondition(cursor?.weight == node.count && node.count > 0, "a wrong weight")
                let isEnd = min(place, nodeCount - 1 - place) < compressDepth
                precondition(node.form != .compressed || !isEnd, "an end is compressed")
                precondition(
                    node.form != .compressed || root.u8(QuicklistField.hasCompressed) == 1,
                    "a compressed node that nobody would lay open")
                cursor = cursor?.next
                place += 1
            }
            check(node, store)
            previous = at
            at = node.next
        }
        precondition(cursor == nil && chain.last == previous, "nodes are missing")
        precondition(ghosts == ghostCount && place == nodeCount, "nodes miscounted")
        precondition(walkers.allSatisfy { $0.isNull }, "a walker stands at no node")
        precondition(bytes == ownBytes + tree.bytes, "the list's books are off")
    }

    private func check(_ node: QuicklistNode, _ store: Store) {
        node.withPiece(store.heap) { piece in
            switch piece {
            case .plain: precondition(node.count == 1, "a plain node of many")
            case .packed(let listpack):
                listpack.checkInvariants()
                precondition(listpack.count == node.count, "a wrong count")
            }
        }
    }
}
