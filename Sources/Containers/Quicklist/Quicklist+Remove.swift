// SPDX-License-Identifier: Apache-2.0
import Bytes

// Taking elements out.

extension Quicklist {
    /// Removes elements from an index on; there must be so many.
    public func remove(from index: Int, count removed: Int, _ store: Store) {
        precondition(index >= 0 && removed >= 0 && removed <= count - index, "no such elements")
        var left = removed
        let nodes = nodeCount
        while left > 0, let (_, node, inner) = find(index) {
            let taken = min(left, node.count - inner)
            left -= taken
            if taken == node.count {
                tree.remove(at: index, store)
                retire(node, store)
            } else {
                preserve(node, store)
                decompress(node, store)
                var listpack = node.listpack
                listpack.delete(index: inner, limit: taken, store.heap)
                shrink(node, listpack, by: taken, start: index - inner)
            }
        }
        guard removed > 0 else { return }
        // The node in front of the gap, and the one behind it.
        if index > 0 { merge(at: index - 1, store) }
        if index < count { merge(at: index, store) }
        // Where no node went, and what changed is one of the ends, all is compressed that was.
        guard compressDepth > 0, nodeCount != nodes || index > 0 && index < count else { return }
        settle(nil, store)
        if index > 0, let (_, node, _) = find(index - 1) { settle(node, store) }
        if let (_, node, _) = find(index) { settle(node, store) }
    }

    private func shrink(_ node: QuicklistNode, _ listpack: Listpack, by taken: Int, start: Int) {
        update(node, listpack)
        node.count -= taken
        assert(node.count > 0 && node.count == listpack.count, "a wrong count")
        tree.setWeight(node.count, at: start)
    }

    /// Unites the node that holds an index with the next one where both together are small.
    private func merge(at index: Int, _ store: Store) {
        guard lanes == 0, let (cursor, node, inner) = find(index), let next = cursor.next else { return }
        let other = QuicklistNode(at: next.entry)
        guard node.form == .packed, other.form == .packed, node.count + other.count <= nodeElementsMax,
            packedBytes(node) + packedBytes(other) <= nodeBytesMax / 2
        else { return }
        let (start, moved) = (index - inner, other.count)
        let joined = Listpack.joined(node.listpack, other.listpack, store.heap)
        node.freeContent(store.heap)
        update(node, joined)
        tree.remove(at: start + node.count, store)
        node.count += moved
        tree.setWeight(node.count, at: start)
        chain.remove(other.at)
        free(other, store)
    }

    /// Removes elements with this text, the first ones or the last ones, up to `limit`.
    /// - Returns: how many were removed.
    public func remove(equalTo text: ByteView, limit: Int, backward: Bool, _ store: Store) -> Int {
        var removed = 0
        // How many elements on the side where the search began are done with.
        var passed = 0
        while removed < limit, passed < count,
            let (_, node, _) = find(backward ? count - 1 - passed : passed)
        {
            let start = backward ? count - passed - node.count : passed
            let kept = node.count
            let taken = remove(equalTo: text, in: node, start: start, limit: limit - removed, backward, store)
            removed += taken
            passed += kept - taken
        }
        guard removed > 0 else { return 0 }
        if count > 0 { merge(at: 0, store) }
        settle(nil, store)
        return removed
    }

    private func remove(
        equalTo text: ByteView, in node: QuicklistNode, start: Int, limit: Int, _ backward: Bool,
        _ store: Store
    ) -> Int {
        if node.form == .plain {
            guard node.block.view == text else { return 0 }
            tree.remove(at: start, store)
            retire(node, store)
            return 1
        }
        let isThere = node.withPiece(store.heap) { piece in
            if case .packed(let listpack) = piece { listpack.find(text) != nil } else { false }
        }
        guard isThere else { return 0 }
        preserve(node, store)
        decompress(node, store)
        var listpack = node.listpack
        var taken = 0
        if backward {
            var position = listpack.last
            while taken < limit, let here = position {
                position = listpack.previous(here)
                guard listpack[here].equals(text) else { continue }
                listpack.delete(here, store.heap)
                taken += 1
            }
        } else {
            var position = listpack.find(text)
            while taken < limit, let here = position {
                let next = listpack.delete(here, store.heap)
                taken += 1
                position = next.flatMap { listpack.find(text, from: $0) }
            }
        }
        if listpack.isEmpty {
            update(node, listpack)
            tree.remove(at: start, store)
            retire(node, store)
        } else {
            shrink(node, listpack, by: taken, start: start)
            settle(node, store)
        }
        return taken
    }
}

extension Listpack {
    /// A new list with the entries of two.
    static func joined(_ first: Listpack, _ second: Listpack, _ heap: Heap) -> Listpack {
        let bytes = first.byteCount + second.byteCount - emptyBytes
        precondition(bytes <= safeBytesMax, "listpack too large")
        let at = heap.allocatePacked(bytes)
        let count = first.count + second.count
        let front = first.byteCount - 1
        at.copy(from: first.at, count: front)
        (at + front).copy(from: second.at + headerBytes, count: second.byteCount - headerBytes)
        at.setU32(0, UInt32(bytes))
        at.setU16(4, UInt16(min(count, countUnknown)))
        return Listpack(at: at)
    }
}
