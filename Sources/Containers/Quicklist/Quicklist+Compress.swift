// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLZF

// Which nodes are compressed: those at least `compressDepth` away from both ends, if it pays.

extension Quicklist {
    /// Listpacks below are not worth it, in bytes.
    private static let compressBytesMin = 48
    /// What compression must save, in bytes.
    private static let compressGainMin = 8

    /// Makes a node's content a listpack, or leaves it one, so that it can be edited.
    func decompress(_ node: QuicklistNode, _ store: Store) {
        guard node.form == .compressed else { return }
        let listpack = node.decompressed(store.heap)
        node.freeContent(store.heap)
        update(node, listpack)
    }

    private func compress(_ node: QuicklistNode, _ store: Store) {
        guard node.form == .packed, !node.isGhost else { return }
        let listpack = node.listpack
        let bytes = listpack.byteCount
        guard bytes >= Quicklist.compressBytesMin else { return }
        let header = QuicklistNode.compressedHeaderBytes
        let room = bytes - Quicklist.compressGainMin - header
        let scratch = store.heap.allocate(bytes)
        defer { store.heap.free(scratch, bytes) }
        let count = unsafe lzf_compress(listpack.at.pointer, UInt32(bytes), scratch.pointer, UInt32(room))
        // What stays too large stays as it is.
        guard count > 0 else { return }
        let content = store.heap.allocate(header + Int(count))
        content.setU32(0, UInt32(bytes))
        content.setU32(4, count)
        (content + header).copy(from: scratch, count: Int(count))
        listpack.free(store.heap)
        node.set(.compressed, content)
        root.setU8(QuicklistField.hasCompressed, 1)
        recount(node)
    }

    /// After a change of a node, or of which nodes there are: the ends are laid open, what lies right behind them is
    /// compressed, and so is the node if it is none of the ends.
    func settle(_ changed: QuicklistNode?, _ store: Store) {
        let depth = compressDepth
        guard depth > 0 else { return }
        let isShort = nodeCount <= 2 * depth
        // A short list is walked once, to lay open what was compressed while it was longer.
        if isShort, root.u8(QuicklistField.hasCompressed) == 0 { return }
        defer { if isShort { root.setU8(QuicklistField.hasCompressed, 0) } }
        var isEnd = false
        var (front, back) = (tree.first, tree.last)
        for step in 0...depth {
            guard let left = front, let right = back else { break }
            let (first, last) = (QuicklistNode(at: left.entry), QuicklistNode(at: right.entry))
            if step == depth {
                // Fewer nodes than the ends have: there is nothing in between.
                if isShort { break }
                compress(first, store)
                compress(last, store)
            } else {
                decompress(first, store)
                decompress(last, store)
                isEnd = isEnd || first == changed || last == changed
            }
            front = left.next
            back = right.previous
        }
        if let changed, !isEnd, !isShort { compress(changed, store) }
    }
}
