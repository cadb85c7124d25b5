// SPDX-License-Identifier: Apache-2.0
import Bytes

// Taking entries out, and moving them. Under a cut the caller has preserved the leaves that `unit` names.

extension Tree {
    /// Takes out a `ScoredMember` that the tree holds; the caller frees it.
    public func remove(_ entry: Address, _ store: Store) {
        precondition(kind == .score, "not a tree of scores")
        var path = TreePath()
        descend(.before(entry: entry), &path)
        precondition(
            path.index < path.leaf.count && path.leaf.pointer(path.index) == entry, "an entry of no tree")
        close(path, from: path.index, to: path.index + 1, merges: true, store) { _ in }
    }

    /// Takes out the entry with an id; the caller frees it.
    /// - Returns: the entry; null where there is none.
    @discardableResult public func remove(id high: UInt64, _ low: UInt64, _ store: Store) -> Address {
        precondition(kind == .id, "not a tree of ids")
        var path = TreePath()
        descend(.before(id: high, low), &path)
        guard path.index < path.leaf.count, path.leaf.id(path.index) == (high, low) else { return .null }
        let entry = path.leaf.pointer(path.index)
        close(path, from: path.index, to: path.index + 1, merges: true, store) { _ in }
        return entry
    }

    /// Takes out the entry that lies behind so much weight; the caller frees it.
    public func remove(at offset: Int, _ store: Store) {
        precondition(kind == .position && offset >= 0 && offset < weight, "no such place")
        var path = TreePath()
        descend(.offset(offset), &path)
        close(path, from: path.index, to: path.index + 1, merges: true, store) { _ in }
    }

    /// Takes out up to `max` entries from a rank on, which must all lie in front of rank `end`, leaf by leaf, in a
    /// tree of scores or ids. Visits each while it still has its place; it may be freed then.
    ///
    /// Under a cut it stops at the end of the first leaf: the caller preserves one leaf, then removes from it.
    /// - Returns: how many were taken out.
    public func remove(
        ranks: Range<Int>, max: Int, _ store: Store, _ visit: (TreeCursor) -> Void
    ) -> Int {
        precondition(kind != .position && ranks.lowerBound >= 0 && ranks.upperBound <= count, "no such ranks")
        var left = min(ranks.count, max)
        while left > 0 {
            var path = TreePath()
            descend(.offset(ranks.lowerBound), &path)
            let taken = min(left, path.leaf.count - path.index)
            close(path, from: path.index, to: path.index + taken, merges: true, store, visit)
            left -= taken
            if lanes != 0 { break }
        }
        return min(ranks.count, max) - left
    }

    /// Takes out all entries between two offsets, at which entries must begin or the tree end, leaf by leaf, in a tree of
    /// positions. Visits each while it still has its place; it may be freed then.
    public func remove(offsets: Range<Int>, _ store: Store, _ visit: (TreeCursor) -> Void) {
        precondition(
            kind == .position && offsets.lowerBound >= 0 && offsets.upperBound <= weight, "no such places")
        var left = offsets.count
        while left > 0 {
            var path = TreePath()
            descend(.offset(offsets.lowerBound), &path)
            var end = path.index
            while end < path.leaf.count, path.leaf.weight(end) <= left {
                left -= path.leaf.weight(end)
                end += 1
            }
            precondition(end > path.index, "an entry that is only half between the offsets")
            close(path, from: path.index, to: end, merges: true, store, visit)
        }
    }

    /// Takes out the first or the last entry; the caller frees it. There must be one.
    /// - Returns: the entry.
    public func removeEnd(last: Bool, _ store: Store) -> Address {
        precondition(count > 0 && kind == .score, "nothing to take")
        var path = TreePath()
        descend(last ? .end : .start, &path)
        let index = last ? path.index - 1 : 0
        let entry = path.leaf.pointer(index)
        close(path, from: index, to: index + 1, merges: true, store) { _ in }
        return entry
    }

    // MARK: Moving

    /// Gives an entry that the tree holds another score. Under a cut the caller has preserved both places.
    /// - Returns: where the entry is now: the table of members must name it anew if it has moved.
    public func move(_ entry: Address, to score: Double, _ store: Store) -> Address {
        precondition(kind == .score, "not a tree of scores")
        var path = TreePath()
        descend(.before(entry: entry), &path)
        let (leaf, index) = (path.leaf, path.index)
        precondition(index < leaf.count && leaf.pointer(index) == entry, "an entry of no tree")
        let target = TreePoint.before(ScoredMember.member(entry), score: score)
        // Where both neighbours lie in the leaf, the entry may well stay between them.
        let stays =
            index > 0 && index + 1 < leaf.count && target.isBehind(entry: leaf.pointer(index - 1))
            && !target.isBehind(entry: leaf.pointer(index + 1))
        if stays {
            assertSaved(leaf, store)
            let moved = ScoredMember.rewrite(entry, score, store.heap)
            leaf.setPointer(index, moved)
            leaf.setDigest(index, ScoredMember.order(score))
            return moved
        }
        if self.leaf(of: target) == leaf { return move(within: path, to: target, score, store) }
        close(path, from: index, to: index + 1, merges: true, store) { _ in }
        let moved = ScoredMember.rewrite(entry, score, store.heap)
        insert(moved, store)
        return moved
    }

    /// Moves an entry to another place in the leaf where it is. Taken out first, it could come into the leaf before,
    /// which no cut was told of.
    private func move(
        within path: TreePath, to target: TreePoint, _ score: Double, _ store: Store
    ) -> Address {
        let (leaf, from) = (path.leaf, path.index)
        assertSaved(leaf, store)
        let to = leaf.index(of: target, .score)
        let old = leaf.pointer(from)
        leaf.remove(from: from, to: from + 1)
        let moved = ScoredMember.rewrite(old, score, store.heap)
        let item = TreeItem(pointer: moved, high: ScoredMember.order(score), low: 1)
        leaf.insert(item, at: to > from ? to - 1 : to, .score)
        if from == 0 || to == 0 { renameSeparator(path, height - 1) }
        return moved
    }

    /// Puts an entry in another's place that has the same score and member; the old one can still be read meanwhile.
    public func rename(_ entry: Address, to moved: Address) {
        precondition(kind == .score, "not a tree of scores")
        var path = TreePath()
        descend(.before(entry: moved), &path)
        precondition(
            path.index < path.leaf.count && path.leaf.pointer(path.index) == entry, "an entry of no tree")
        path.leaf.setPointer(path.index, moved)
        if path.index == 0 { renameSeparator(path, height - 1) }
    }

    // MARK: Closing

    /// Takes entries out of the leaf that a way ends in. They are visited before.
    func close(
        _ path: TreePath, from: Int, to: Int, merges: Bool, _ store: Store,
        _ visit: (TreeCursor) -> Void
    ) {
        let (leaf, kind) = (path.leaf, self.kind)
        assertSaved(leaf, store)
        let weight = leaf.weight(of: kind, first: to) - leaf.weight(of: kind, first: from)
        for index in from..<to { visit(TreeCursor(leaf: leaf, index: index)) }
        leaf.remove(from: from, to: to)
        addCount(from - to, weight: -weight)
        addWeight(-weight, path, to: height)
        guard height > 0 else { return }
        if leaf.count == 0 {
            chain.remove(leaf.at)
            free(leaf, store)
            removeChild(path, height - 1, at: path.indices[height - 1], store)
        } else {
            if from == 0 { renameSeparator(path, height - 1) }
            if merges, lanes == 0, leaf.count < leaf.capacity / 2 { merge(path, store) }
        }
    }

    /// Writes the separator anew that parts a way's leaf from the one before; `level` is that of the node right above
    /// whose child's first entry is another now.
    func renameSeparator(_ path: TreePath, _ level: Int) {
        var level = level
        while level >= 0, path.indices[level] == 0 { level -= 1 }
        guard level >= 0 else { return }
        let (node, index) = (path.nodes[level], path.indices[level])
        node.setSeparator(index, separator(of: node.child(index), level: level + 1))
    }

    /// Takes an empty child out of the node of a way's level.
    private func removeChild(_ path: TreePath, _ level: Int, at index: Int, _ store: Store) {
        let node = path.nodes[level]
        node.remove(index)
        if node.count == 0 {
            assert(level > 0, "a top node with one child")
            free(node, store)
            return removeChild(path, level - 1, at: path.indices[level - 1], store)
        }
        if index == 0 { renameSeparator(path, level - 1) }
        if level == 0 { return lowerTop(store) }
        if node.count < node.capacity / 3 { mergeInner(path, level, store) }
    }

    /// Gives up top nodes that have only one child.
    private func lowerTop(_ store: Store) {
        while height > 0, case let node = TreeInner(at: top), node.count == 1 {
            root.setAddress(TreeField.top, node.child(0))
            root.setU8(TreeField.height, UInt8(height - 1))
            free(node, store)
        }
    }

    /// Unites a way's leaf with a neighbour if they fit well into one.
    private func merge(_ path: TreePath, _ store: Store) {
        let bottom = height - 1
        let (node, index) = (path.nodes[bottom], path.indices[bottom])
        let roomy = path.leaf.capacity - path.leaf.capacity / 8
        func fits(_ other: Int) -> Bool {
            other >= 0 && other < node.count
                && TreeLeaf(at: node.child(other)).count + path.leaf.count <= roomy
        }
        guard fits(index - 1) || fits(index + 1) else { return }
        let left = fits(index - 1) ? index - 1 : index
        let (kept, given) = (TreeLeaf(at: node.child(left)), TreeLeaf(at: node.child(left + 1)))
        kept.append(given, from: 0, count: given.count)
        if kind == .score { kept.reframe() }
        node.addWeight(left, node.weight(left + 1))
        chain.remove(given.at)
        free(given, store)
        removeChild(path, bottom, at: left + 1, store)
    }

    /// Unites the node of a way's level with a neighbour if they fit well into one.
    private func mergeInner(_ path: TreePath, _ level: Int, _ store: Store) {
        let (above, index) = (path.nodes[level - 1], path.indices[level - 1])
        let node = path.nodes[level]
        func fits(_ other: Int) -> Bool {
            other >= 0 && other < above.count
                && TreeInner(at: above.child(other)).count + node.count <= node.capacity - 2
        }
        guard fits(index - 1) || fits(index + 1) else { return }
        let left = fits(index - 1) ? index - 1 : index
        let (kept, given) = (TreeInner(at: above.child(left)), TreeInner(at: above.child(left + 1)))
        let border = kept.count
        kept.append(given, from: 0, count: given.count)
        kept.setSeparator(border, above.separator(left + 1))
        above.addWeight(left, above.weight(left + 1))
        free(given, store)
        removeChild(path, level - 1, at: left + 1, store)
    }
}
