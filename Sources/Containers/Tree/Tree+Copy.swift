// SPDX-License-Identifier: Apache-2.0
import Bytes

// A second tree of the same shape: nodes are copied as they are, and name the copies of what the old ones name.

extension Tree {
    /// A tree with the shape and the weights of this one. No lane wants it; it has no companion.
    /// - Parameter duplicate: answers the copy of an entry; asked for each once, in their order.
    public func copy(_ store: Store, _ duplicate: (Address) -> Address) -> Tree {
        let new = Tree(root: store.heap.allocateZeroed(TreeField.size))
        new.root.setU8(TreeField.kind, kind.rawValue)
        new.root.setU8(TreeField.height, UInt8(height))
        new.root.setU64(TreeField.identity, store.nextIdentity())
        new.root.setI64(TreeField.bytes, Int64(TreeField.size))
        new.addCount(count, weight: weight)
        new.root.setAddress(TreeField.top, new.copy(top, height, store, duplicate))
        return new
    }

    private func copy(
        _ old: Address, _ height: Int, _ store: Store, _ duplicate: (Address) -> Address
    ) -> Address {
        guard height > 0 else { return copy(TreeLeaf(at: old), store, duplicate).at }
        let new = newInner(store)
        new.at.copy(from: old, count: TreeInner.bytes)
        for index in 0..<new.count {
            new.setChild(index, copy(new.child(index), height - 1, store, duplicate))
            // Only a separator of scores names an entry.
            guard kind == .score, index > 0 else { continue }
            new.setSeparator(index, separator(of: new.child(index), level: self.height - height + 1))
        }
        return new.at
    }

    private func copy(_ old: TreeLeaf, _ store: Store, _ duplicate: (Address) -> Address) -> TreeLeaf {
        let new = newLeaf(bytes: old.bytes, store)
        for index in 0..<old.count { old.pointer(index).prefetch() }
        new.take(from: old)
        for index in 0..<old.count { new.setPointer(index, duplicate(old.pointer(index))) }
        chain.insert(new.at, behind: chain.last)
        return new
    }
}

extension TreeLeaf {
    /// Takes over what another leaf of the same size holds, with its frame.
    fileprivate func take(from other: TreeLeaf) {
        assert(bytes == other.bytes, "leaves of two sizes")
        let from = LeafField.base
        (at + from).copy(from: other.at + from, count: bytes - from)
    }
}
