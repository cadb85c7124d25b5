// SPDX-License-Identifier: Apache-2.0
import Bytes

// Adding entries. Under a cut the caller has preserved the leaf that `unit` names.

extension Tree {
    /// Adds a `ScoredMember` that the tree does not hold yet.
    public func insert(_ entry: Address, _ store: Store) {
        precondition(kind == .score, "not a tree of scores")
        let item = TreeItem(pointer: entry, high: ScoredMember.order(entry), low: 1)
        add(item, at: .before(entry: entry), store)
    }

    /// Adds a `ScoredMember` that comes behind all others: nothing is compared.
    public func append(_ entry: Address, _ store: Store) {
        precondition(kind == .score, "not a tree of scores")
        assert(last.map { TreePoint.before(entry: entry).isBehind(entry: $0.entry) } ?? true, "out of order")
        add(TreeItem(pointer: entry, high: ScoredMember.order(entry), low: 1), at: .end, store)
    }

    /// Adds an entry with an id that the tree does not hold yet.
    public func insert(id high: UInt64, _ low: UInt64, _ entry: Address, _ store: Store) {
        precondition(kind == .id, "not a tree of ids")
        let point: TreePoint = last.map { $0.id < (high, low) } ?? true ? .end : .before(id: high, low)
        add(TreeItem(pointer: entry, high: high, low: low), at: point, store)
    }

    /// Adds an entry of a weight, behind so much weight: nothing may be divided by it.
    public func insert(_ entry: Address, weight: Int, at offset: Int, _ store: Store) {
        precondition(kind == .position, "not a tree of positions")
        precondition(weight > 0 && weight <= Int(UInt16.max), "no weight, or one of more than 16 bits")
        let point: TreePoint = offset == 0 ? .start : offset == self.weight ? .end : .offset(offset)
        add(TreeItem(pointer: entry, high: 0, low: UInt64(weight)), at: point, store)
    }

    /// Lets the entry behind so much weight weigh something else. That is no change in the sense of cuts, which know
    /// entries and not their weights.
    public func setWeight(_ weight: Int, at offset: Int) {
        precondition(kind == .position && offset >= 0 && offset < self.weight, "no such place")
        precondition(weight > 0 && weight <= Int(UInt16.max), "no weight, or one of more than 16 bits")
        var path = TreePath()
        // Both ends are found without adding weights up.
        let isLast = offset + lastLeaf.weight(lastLeaf.count - 1) == self.weight
        descend(isLast ? .end : offset == 0 ? .start : .offset(offset), &path)
        if isLast { path.index -= 1 }
        let added = weight - path.leaf.weight(path.index)
        path.leaf.setWeight(path.index, weight)
        addWeight(added, path, to: height)
        addCount(0, weight: added)
    }

    private func add(_ item: TreeItem, at point: TreePoint, _ store: Store) {
        var path = TreePath()
        descend(point, &path)
        assertSaved(path.leaf, store)
        let weight = kind == .position ? Int(item.low) : 1
        addCount(1, weight: weight)
        if path.leaf.isFull {
            if addLeaf(item, weight, path, store) { return }
            makeRoom(path, store)
            descend(point, &path)
        }
        addWeight(weight, path, to: height)
        path.leaf.insert(item, at: path.index, kind)
    }

    /// Adds to the weights of the way's first levels.
    @inline(__always) func addWeight(_ weight: Int, _ path: TreePath, to level: Int) {
        for level in 0..<level { path.nodes[level].addWeight(path.indices[level], weight) }
    }

    /// Gives an entry at an end of the tree a leaf of its own, so that what is appended leaves full leaves behind.
    private func addLeaf(
        _ item: TreeItem, _ weight: Int, _ path: TreePath, _ store: Store
    ) -> Bool {
        let leaf = path.leaf
        guard leaf.bytes == TreeLeaf.bytesMax else { return false }
        let isLast = path.index == leaf.count && leaf.next.isNull
        guard isLast || (path.index == 0 && leaf.previous.isNull) else { return false }
        let new = newLeaf(bytes: TreeLeaf.bytesMax, store)
        new.inheritSaved(leaf)
        chain.insert(new.at, behind: isLast ? leaf.at : .null)
        new.insert(item, at: 0, kind)
        if height == 0 {
            growTop(isLast ? leaf.at : new.at, isLast ? new.at : leaf.at, store)
            return true
        }
        let bottom = height - 1
        addWeight(weight, path, to: bottom)
        if isLast {
            let separator = separator(of: new)
            insertChild(new.at, weight, separator, path, bottom, at: path.indices[bottom] + 1, store)
        } else {
            let node = path.nodes[bottom]
            node.setSeparator(0, separator(of: leaf))
            insertChild(new.at, weight, TreeSeparator(high: 0, low: 0), path, bottom, at: 0, store)
        }
        return true
    }

    func separator(of leaf: TreeLeaf) -> TreeSeparator {
        switch kind {
        case .score:
            let entry = leaf.pointer(0)
            return TreeSeparator(high: ScoredMember.order(entry), low: UInt64(entry.bits))
        case .id: return TreeSeparator(high: leaf.id(0).high, low: leaf.id(0).low)
        case .position: return TreeSeparator(high: 0, low: 0)
        }
    }

    /// The separator of a node at a level, which leads to entries.
    func separator(of node: Address, level: Int) -> TreeSeparator {
        var node = node
        for _ in level..<height { node = TreeInner(at: node).child(0) }
        return separator(of: TreeLeaf(at: node))
    }

    // MARK: Room

    /// Makes room around the leaf that a way ends in; the way is of no use afterwards.
    private func makeRoom(_ path: TreePath, _ store: Store) {
        let leaf = path.leaf
        if leaf.bytes < TreeLeaf.bytesMax { return grow(leaf, store) }
        guard height > 0 else { return splitTop(leaf, store) }
        let bottom = height - 1
        let (node, index) = (path.nodes[bottom], path.indices[bottom])
        // Under a cut no other leaf may be touched, because its owner has not preserved it.
        guard lanes == 0, node.count > 1 else { return split(path, index, withLeft: false, store) }
        var left = index > 0 ? index - 1 : 0
        if index > 0, index + 1 < node.count {
            let (before, behind) = (TreeLeaf(at: node.child(index - 1)), TreeLeaf(at: node.child(index + 1)))
            if behind.count < before.count { left = index }
        }
        let entries = TreeLeaf(at: node.child(left)).count + TreeLeaf(at: node.child(left + 1)).count
        // Both must have room afterwards.
        if entries <= 2 * leaf.capacity - 2 { return share(node, left) }
        split(path, left + 1, withLeft: true, store)
    }

    /// The only leaf of a small tree becomes larger.
    private func grow(_ leaf: TreeLeaf, _ store: Store) {
        assert(height == 0, "a small leaf with siblings")
        let new = newLeaf(bytes: min(leaf.bytes * 2, TreeLeaf.bytesMax), store)
        new.inheritSaved(leaf)
        new.append(leaf, from: 0, count: leaf.count)
        if kind == .score { new.reframe() }
        root.setAddress(TreeField.top, new.at)
        chain.rename(leaf.at, to: new.at)
        free(leaf, store)
    }

    private func splitTop(_ leaf: TreeLeaf, _ store: Store) {
        let new = newLeaf(bytes: TreeLeaf.bytesMax, store)
        new.inheritSaved(leaf)
        chain.insert(new.at, behind: leaf.at)
        Tree.even(leaf, new, kind)
        growTop(leaf.at, new.at, store)
    }

    /// Puts a new node over the top one and its new sibling.
    private func growTop(_ left: Address, _ right: Address, _ store: Store) {
        let level = height
        precondition(level < TreePath.heightMax, "a tree higher than any")
        let separator = separatorBelow(right, height: level)
        let (leftWeight, rightWeight) = (weight(below: left, level), weight(below: right, level))
        let node = newInner(store)
        node.insert(left, weight: leftWeight, TreeSeparator(high: 0, low: 0), at: 0)
        node.insert(right, weight: rightWeight, separator, at: 1)
        root.setAddress(TreeField.top, node.at)
        root.setU8(TreeField.height, UInt8(level + 1))
    }

    private func separatorBelow(_ node: Address, height: Int) -> TreeSeparator {
        separator(of: node, level: self.height - height)
    }

    /// The weight of a node with so many inner levels, itself included.
    private func weight(below node: Address, _ height: Int) -> Int {
        height == 0 ? TreeLeaf(at: node).weight(of: kind) : TreeInner(at: node).weightSum()
    }

    /// Puts a child into the node of a way's level. The weights above count it already.
    private func insertChild(
        _ child: Address, _ weight: Int, _ separator: TreeSeparator, _ path: TreePath,
        _ level: Int,
        at index: Int, _ store: Store
    ) {
        let node = path.nodes[level]
        if !node.isFull { return node.insert(child, weight: weight, separator, at: index) }
        if level > 0, insertSharing(child, weight, separator, path, level, at: index) { return }
        let right = newInner(store)
        let isLast = index == node.count
        let half = isLast ? node.count : node.count / 2
        right.append(node, from: half, count: node.count - half)
        node.count = half
        if isLast {
            right.insert(child, weight: weight, separator, at: 0)
        } else if index <= half {
            node.insert(child, weight: weight, separator, at: index)
        } else {
            right.insert(child, weight: weight, separator, at: index - half)
        }
        if level == 0 { return growTop(node.at, right.at, store) }
        let (above, place) = (path.nodes[level - 1], path.indices[level - 1])
        let moved = right.weightSum()
        above.addWeight(place, -moved)
        insertChild(right.at, moved, right.separator(0), path, level - 1, at: place + 1, store)
    }

    /// Puts a child into the full node of a way's level after half of what its left neighbour has room for has gone there.
    /// - Returns: false where there is no such neighbour, or where it is nearly full itself.
    private func insertSharing(
        _ child: Address, _ weight: Int, _ separator: TreeSeparator, _ path: TreePath, _ level: Int,
        at index: Int
    ) -> Bool {
        let (node, above, place) = (path.nodes[level], path.nodes[level - 1], path.indices[level - 1])
        guard place > 0, index < node.count else { return false }
        let left = TreeInner(at: above.child(place - 1))
        let moved = (left.capacity - left.count + 1) / 2
        guard moved > 1, moved < node.count else { return false }
        let border = left.count
        left.append(node, from: 0, count: moved)
        left.setSeparator(border, above.separator(place))
        above.setSeparator(place, node.separator(moved))
        let given = node.weightSum(first: moved)
        node.removeFirst(moved)
        above.addWeight(place - 1, given)
        above.addWeight(place, -given)
        // In front of the first child that is left the new one still belongs to the others.
        if index <= moved {
            left.insert(child, weight: weight, separator, at: border + index)
            above.addWeight(place - 1, weight)
            above.addWeight(place, -weight)
        } else {
            node.insert(child, weight: weight, separator, at: index - moved)
        }
        return true
    }

    /// Spreads the entries of a node's child and the next one evenly over both.
    private func share(_ node: TreeInner, _ index: Int) {
        let (left, right) = (TreeLeaf(at: node.child(index)), TreeLeaf(at: node.child(index + 1)))
        Tree.even(left, right, kind)
        node.setWeight(index, left.weight(of: kind))
        node.setWeight(index + 1, right.weight(of: kind))
        node.setSeparator(index + 1, separator(of: right))
    }

    /// Puts a new leaf behind a child of the way's last node and gives it entries of that child, a half, or where the
    /// child has shared with its left neighbour, a third of both.
    private func split(
        _ path: TreePath, _ index: Int, withLeft: Bool, _ store: Store
    ) {
        let bottom = height - 1
        let node = path.nodes[bottom]
        let leaf = TreeLeaf(at: node.child(index))
        let new = newLeaf(bytes: TreeLeaf.bytesMax, store)
        new.inheritSaved(leaf)
        chain.insert(new.at, behind: leaf.at)
        if withLeft {
            let left = TreeLeaf(at: node.child(index - 1))
            leaf.pass((left.count + leaf.count) / 3, to: new)
            if kind == .score { new.reframe() }
            share(node, index - 1)
        } else {
            Tree.even(leaf, new, kind)
            node.setWeight(index, leaf.weight(of: kind))
        }
        insertChild(new.at, new.weight(of: kind), separator(of: new), path, bottom, at: index + 1, store)
    }

    /// Moves entries between two leaves, one behind the other, until they have equally many.
    static func even(_ left: TreeLeaf, _ right: TreeLeaf, _ kind: TreeKind) {
        let half = (left.count + right.count) / 2
        if left.count > half {
            left.pass(left.count - half, to: right)
        } else if left.count < half {
            right.passBack(half - left.count, to: left)
        }
        assert(left.count > 0 && !left.isFull && !right.isFull, "leaves without room")
        if kind == .score {
            left.reframe()
            right.reframe()
        }
    }
}

extension TreeLeaf {
    /// Moves the last entries to the front of the next leaf.
    func pass(_ moved: Int, to next: TreeLeaf) {
        assert(next.count + moved <= next.capacity && moved <= count, "entries without room")
        next.openFront(moved)
        next.overwrite(0, with: self, from: count - moved, count: moved)
        count -= moved
    }

    /// Moves the first entries behind the last of the previous leaf.
    func passBack(_ moved: Int, to previous: TreeLeaf) {
        assert(moved > 0 && moved <= count, "no such entries")
        previous.append(self, from: 0, count: moved)
        remove(from: 0, to: moved)
    }
}
