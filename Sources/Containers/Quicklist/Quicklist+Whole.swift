// SPDX-License-Identifier: Apache-2.0
import Bytes

// Lists as a whole: made from one listpack, turned back into one, copied, and what was cut out of one.

extension Quicklist {
    /// Takes a listpack over, whose elements come behind all others. It may be larger than the limit of a node.
    public func adopt(_ listpack: Listpack, _ store: Store) {
        let count = listpack.count
        guard count > 0 else { return listpack.free(store.heap) }
        let index = self.count
        let node = newNode(.packed, listpack.at, count: count, store)
        chain.insert(node.at, before: .null)
        tree.insert(node.at, weight: count, at: index, store)
        settle(node, store)
    }

    /// The listpack that all elements lie in; nil where there are several nodes, or one that is no listpack.
    public var onlyListpack: Listpack? {
        guard nodeCount == 1, let first = tree.first else { return nil }
        let node = QuicklistNode(at: first.entry)
        return node.form == .packed ? node.listpack : nil
    }

    /// Gives the list up but for its only listpack, which is the caller's now. No cut may read the list.
    public func takeOnlyListpack(_ store: Store) -> Listpack {
        guard lanes == 0, nodeCount == 1, let first = tree.first else {
            preconditionFailure("a list that is more than a listpack")
        }
        let node = QuicklistNode(at: first.entry)
        let listpack = node.listpack
        tree.remove(at: 0, store)
        chain.remove(node.at)
        store.heap.free(node.at, NodeField.size)
        destroy(store)
        return listpack
    }

    /// Bytes of all contents as if nothing were compressed.
    public var uncompressedBytes: Int {
        var (cursor, bytes) = (tree.first, 0)
        while let here = cursor {
            let node = QuicklistNode(at: here.entry)
            bytes += node.form == .plain ? node.block.count : packedBytes(node)
            cursor = here.next
        }
        return bytes
    }

    /// A second list with the same elements; large ones are shared.
    public func copy(_ store: Store) -> Quicklist {
        let copy = Quicklist.create(fill: fill, compressDepth: compressDepth, store)
        copy.root.setU8(QuicklistField.hasCompressed, root.u8(QuicklistField.hasCompressed))
        var (cursor, index) = (tree.first, 0)
        while let here = cursor {
            let node = QuicklistNode(at: here.entry)
            let twin = copy.newNode(node.form, node.copyContent(store.heap), count: node.count, store)
            copy.chain.insert(twin.at, before: .null)
            copy.tree.insert(twin.at, weight: node.count, at: index, store)
            index += node.count
            cursor = here.next
        }
        return copy
    }
}

/// Nodes that were cut out of a list and belong to nobody else any more: freed at once or in slices.
@frozen public struct QuicklistRest {
    /// Nodes in a row by their `next`.
    private var first = Address.null
    /// Elements of the nodes.
    public private(set) var count = 0
    /// What the nodes occupy.
    public private(set) var bytes = 0

    init() {}

    mutating func add(_ node: QuicklistNode) {
        node.at.setAddress(NodeField.next, first)
        first = node.at
        count += node.count
        bytes += NodeField.size + node.keptBytes
    }

    /// Adds nodes in a row.
    mutating func add(_ node: Address, to last: Address, count: Int, bytes: Int) {
        last.setAddress(NodeField.next, first)
        first = node
        self.count += count
        self.bytes += bytes
    }

    /// Frees about `max` elements with their nodes.
    /// - Returns: how many were freed; nothing is left when `count` is 0.
    @discardableResult public mutating func free(max: Int, _ store: Store) -> Int {
        var freed = 0
        while freed < max, !first.isNull {
            let node = QuicklistNode(at: first)
            first = node.next
            freed += node.count
            bytes -= NodeField.size + node.keptBytes
            node.freeContent(store.heap)
            store.heap.free(node.at, NodeField.size)
        }
        count -= freed
        return freed
    }
}
