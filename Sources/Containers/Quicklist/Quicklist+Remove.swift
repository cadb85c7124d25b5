// SPDX-License-Identifier: Apache-2.0
import Bytes

// Taking elements out.

extension Quicklist {
    /// Removes elements from an index on; there must be so many.
    public func remove(from index: Int, count removed: Int, _ store: Store) {
        var rest = cut(from: index, count: removed, store)
        rest.free(max: .max, store)
    }

    /// Removes elements from an index on, which there must be. Nodes that go as a whole are not freed here, however many
    /// they are: that costs more than to take them out.
    /// - Returns: those nodes, which the caller has to free.
    public func cut(from index: Int, count removed: Int, _ store: Store) -> QuicklistRest {
        precondition(index >= 0 && removed >= 0 && removed <= count - index, "no such elements")
        var rest = QuicklistRest()
        if removed == 1, index == 0 || index == count - 1, pop(atEnd: index > 0, store) { return rest }
        guard removed > 0, let (_, first, inner) = find(index) else { return rest }
        let nodes = nodeCount
        var left = removed
        if inner > 0 || removed < first.count {
            let taken = min(left, first.count - inner)
            delete(taken, of: first, from: inner, start: index - inner, store)
            left -= taken
        }
        if left > 0 {
            // From here on the place lies between two nodes.
            let kept = index + left < count ? find(index + left)?.inner ?? 0 : 0
            retire(index..<(index + left - kept), to: &rest, store)
            if kept > 0, let (_, last, _) = find(index) {
                delete(kept, of: last, from: 0, start: index, store)
            }
        }
        closeGap(at: index, hadNodes: nodes, store)
        return rest
    }

    /// Takes out the nodes of these elements, which are all that they hold.
    private func retire(_ elements: Range<Int>, to rest: inout QuicklistRest, _ store: Store) {
        guard !elements.isEmpty else { return }
        if lanes != 0 {
            tree.remove(offsets: elements, store) { cursor in
                retire(QuicklistNode(at: cursor.entry), to: &rest, store)
            }
            return
        }
        // Without ghosts in between they go as one piece, and are only read.
        var (first, last, bytes) = (Address.null, Address.null, 0)
        tree.remove(offsets: elements, store) { cursor in
            last = cursor.entry
            if first.isNull { first = last }
            bytes += NodeField.size + QuicklistNode(at: last).keptBytes
        }
        chain.remove(from: first, to: last)
        addBytes(-bytes)
        rest.add(first, to: last, count: elements.count, bytes: bytes)
    }

    /// Removes the first or the last element without a search.
    /// - Returns: false where its node would go as well.
    private func pop(atEnd: Bool, _ store: Store) -> Bool {
        guard let cursor = atEnd ? tree.last : tree.first, case let node = QuicklistNode(at: cursor.entry),
            node.count > 1
        else { return false }
        let start = atEnd ? count - node.count : 0
        delete(1, of: node, from: atEnd ? node.count - 1 : 0, start: start, store)
        // The end was laid open already, and large nodes stay as they are.
        if nodeCount > 1, packedBytes(node) <= nodeBytesMax / 2 {
            let nodes = nodeCount
            merge(at: atEnd ? start - 1 : 0, store)
            // Where two nodes have become one, another is within the depth of this end now.
            if nodeCount != nodes { settle(nil, store) }
        }
        return true
    }

    /// Elements have gone in front of the one that has this index now.
    private func closeGap(at index: Int, hadNodes nodes: Int, _ store: Store) {
        // The node in front of the gap, and the one behind it.
        if nodeCount > 1 {
            if index > 0 { merge(at: index - 1, store) }
            if index < count { merge(at: index, store) }
        }
        // Where no node went, and what changed is one of the ends, all is compressed that was.
        guard compressDepth > 0, nodeCount != nodes || index > 0 && index < count else { return }
        settle(nil, store)
        if index > 0, let (_, node, _) = find(index - 1) { settle(node, store) }
        if let (_, node, _) = find(index) { settle(node, store) }
    }

    private func delete(_ taken: Int, of node: QuicklistNode, from inner: Int, start: Int, _ store: Store) {
        preserve(node, store)
        decompress(node, store)
        var listpack = node.listpack
        listpack.delete(index: inner, limit: taken, store.heap)
        shrink(node, listpack, by: taken, start: start)
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
        let taken = listpack.remove(equalTo: text, limit: limit, backward: backward, store.heap)
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
