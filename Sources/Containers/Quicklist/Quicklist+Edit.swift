// SPDX-License-Identifier: Apache-2.0
import Bytes

// Adding and replacing elements. The bytes of a new element must not lie inside the list.
//
// An element that comes in a block may bring it along: then the block holds exactly these bytes, and a node that keeps
// it retains it.

extension Quicklist {
    /// Adds an element in front of all others.
    public func pushFront(_ bytes: ByteView, adopting block: Block? = nil, _ store: Store) {
        push(bytes, block, atEnd: false, store)
    }

    /// Adds an element behind all others.
    public func pushBack(_ bytes: ByteView, adopting block: Block? = nil, _ store: Store) {
        push(bytes, block, atEnd: true, store)
    }

    private func push(_ bytes: ByteView, _ block: Block?, atEnd: Bool, _ store: Store) {
        if !isPlain(bytes.count, store), let cursor = atEnd ? tree.last : tree.first {
            let node = QuicklistNode(at: cursor.entry)
            if takes(node, bytes.count) {
                return add(
                    bytes, to: node, start: atEnd ? count - node.count : 0, inner: atEnd ? node.count : 0,
                    store)
            }
        }
        let index = atEnd ? count : 0
        put(bytes, block, before: atEnd ? .null : chain.first, at: index, store)
    }

    /// Adds an element in front of the one with this index, or behind all where there is none.
    public func insert(_ bytes: ByteView, adopting block: Block? = nil, at index: Int, _ store: Store) {
        precondition(index >= 0 && index <= count, "no such place")
        if index == count { return pushBack(bytes, adopting: block, store) }
        if index == 0 { return pushFront(bytes, adopting: block, store) }
        guard let (_, node, inner) = find(index) else { preconditionFailure("no such place") }
        let isPlain = isPlain(bytes.count, store)
        if !isPlain, takes(node, bytes.count) {
            return add(bytes, to: node, start: index - inner, inner: inner, store)
        }
        if inner > 0 { split(node, at: inner, start: index - inner, store) }
        // Now the place lies between two nodes.
        guard let (right, behind, _) = find(index), let left = right.previous else {
            preconditionFailure("a wrong count")
        }
        let before = QuicklistNode(at: left.entry)
        if !isPlain, takes(before, bytes.count) {
            add(bytes, to: before, start: index - before.count, inner: before.count, store)
        } else if !isPlain, takes(behind, bytes.count) {
            add(bytes, to: behind, start: index, inner: 0, store)
        } else {
            put(bytes, block, before: behind.at, at: index, store)
        }
        if inner > 0 { settle(behind, store) }
    }

    /// Puts another element in the place of the one with this index, which there must be.
    public func set(_ index: Int, _ bytes: ByteView, adopting block: Block? = nil, _ store: Store) {
        guard let (_, node, inner) = find(index) else { preconditionFailure("no such element") }
        if isPlain(bytes.count, store) {
            if node.form == .plain {
                preserve(node, store)
                let new = holding(bytes, block, store.heap)
                node.block.release(store.heap)
                node.set(.plain, new.at)
                return recount(node)
            }
        } else if node.form != .plain {
            preserve(node, store)
            decompress(node, store)
            var listpack = node.listpack
            guard let position = listpack.seek(inner) else { preconditionFailure("a wrong count") }
            let old = listpack[position].withText(\.count)
            // An element no longer than the one that goes always has its place.
            let grown = bytes.count <= old ? 0 : Quicklist.entryBytesMax(bytes.count) - old
            if packedBytes(node) + grown <= nodeBytesMax || grown == 0 || node.count == 1 {
                listpack.replace(position, with: bytes, store.heap)
                update(node, listpack)
                return settle(node, store)
            }
        }
        insert(bytes, adopting: block, at: index, store)
        remove(from: index + 1, count: 1, store)
    }

    // MARK: Nodes

    /// The most bytes that an element of so many takes in a listpack.
    private static func entryBytesMax(_ bytes: Int) -> Int {
        bytes < 64 ? bytes + 2 : bytes < 4096 ? bytes + 4 : bytes + 8
    }

    /// Bytes of the listpack of a node that is not plain.
    func packedBytes(_ node: QuicklistNode) -> Int {
        node.form == .packed ? node.listpack.byteCount : node.compressed.listpackBytes
    }

    /// Whether a node has room for an element of so many bytes.
    private func takes(_ node: QuicklistNode, _ bytes: Int) -> Bool {
        node.form != .plain && node.count < nodeElementsMax
            && packedBytes(node) + Quicklist.entryBytesMax(bytes) <= nodeBytesMax
    }

    /// Adds an element to a node that takes it. `start`: how many elements come before the node; `inner`: how many of the
    /// node's come before the new one.
    private func add(_ bytes: ByteView, to node: QuicklistNode, start: Int, inner: Int, _ store: Store) {
        preserve(node, store)
        decompress(node, store)
        var listpack = node.listpack
        if inner == node.count {
            listpack.append(bytes, store.heap)
        } else if inner == 0 {
            listpack.prepend(bytes, store.heap)
        } else {
            guard let position = listpack.seek(inner) else { preconditionFailure("a wrong count") }
            listpack.insert(bytes, before: position, store.heap)
        }
        update(node, listpack)
        node.count += 1
        tree.setWeight(node.count, at: start)
        if compressDepth > 0, start > 0, start + node.count < count { settle(node, store) }
    }

    /// Makes a node of one element and puts it in its place, in front of another in the chain.
    private func put(_ bytes: ByteView, _ block: Block?, before next: Address, at index: Int, _ store: Store)
    {
        let node: QuicklistNode
        if isPlain(bytes.count, store) {
            node = newNode(.plain, holding(bytes, block, store.heap).at, count: 1, store)
        } else {
            var listpack = Listpack.create(store.heap)
            listpack.append(bytes, store.heap)
            node = newNode(.packed, listpack.at, count: 1, store)
        }
        chain.insert(node.at, before: next)
        tree.insert(node.at, weight: 1, at: index, store)
        settle(node, store)
    }

    private func holding(_ bytes: ByteView, _ given: Block?, _ heap: Heap) -> Block {
        guard let given else { return Block.create(copying: bytes, heap) }
        assert(given.count == bytes.count, "a block of other bytes")
        given.retain()
        return given
    }

    /// Parts a node in two; the second one begins with what was its element `inner`.
    private func split(_ node: QuicklistNode, at inner: Int, start: Int, _ store: Store) {
        assert(inner > 0 && inner < node.count, "nothing to split")
        preserve(node, store)
        decompress(node, store)
        let (heap, moved) = (store.heap, node.count - inner)
        var left = node.listpack
        var right = left.copy(heap)
        right.delete(index: 0, limit: inner, heap)
        left.delete(index: inner, limit: moved, heap)
        update(node, left)
        node.count = inner
        let new = newNode(.packed, right.at, count: moved, store)
        chain.insert(new.at, behind: node.at)
        tree.setWeight(inner, at: start)
        tree.insert(new.at, weight: moved, at: start + inner, store)
        settle(node, store)
    }
}
