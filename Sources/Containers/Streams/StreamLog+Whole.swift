// SPDX-License-Identifier: Apache-2.0
import Bytes

// Streams as a whole: copies, taking apart, moving to fuller pages.

extension StreamLog {
    /// A stream with the same nodes, counters and groups.
    public func copy(_ store: Store) -> StreamLog {
        let new = StreamLog.create(store)
        var next = tree.first
        while let here = next {
            let node = StreamNode(at: here.entry)
            let listpack = node.listpack.copy(store.heap)
            let copy = new.newNode(node.id, listpack, room: listpack.byteCount, store)
            new.tree.insert(id: node.id.ms, node.id.sequence, copy.at, store)
            new.chain.insert(copy.at, behind: new.chain.last)
            next = here.next
        }
        new.restoreCounters(counters, store)
        forEachGroup { new.copy($0, store) }
        return new
    }

    private func copy(_ group: StreamGroup, _ store: Store) {
        let made = makeGroup(
            group.name, lastID: group.lastID, entriesRead: group.entriesRead, store)
        guard let new = made else { preconditionFailure("a group twice") }
        group.forEachConsumer { consumer in
            let made = makeConsumer(
                consumer.name, in: new, seenMs: consumer.seenMs, activeMs: consumer.activeMs, store)
            guard let copy = made else { preconditionFailure("a consumer twice") }
            consumer.forEachPending(from: .zero) { id, pending in
                addPending(
                    id, of: copy, in: new, deliveredMs: pending.deliveredMs, deliveries: pending.deliveries,
                    store)
                return true
            }
        }
    }

    /// Visits all pieces of the stream: what a cut would hand over.
    public func forEachPart(_ visit: (StreamPart) -> Void) {
        visit(.counters(counters))
        var next = tree.first
        while let here = next {
            let node = StreamNode(at: here.entry)
            visit(.node(node.id, node.listpack.bytes))
            next = here.next
        }
        forEachGroup { group in
            visit(.group(group))
            group.forEachConsumer { visit(.consumer($0, of: group)) }
            group.forEachPending(from: .zero) {
                visit(.pending($0, $1, of: group))
                return true
            }
        }
    }

    // MARK: Taking apart

    /// Frees about `max` nodes, consumers and pending entries, for taking a stream apart that nobody reads any more.
    /// - Returns: how many were freed; 0 when none is left.
    public func drain(max: Int, _ store: Store) -> Int {
        assert(lanes == 0 && ghostCount == 0, "a cut still reads the stream")
        var freed = 0
        while freed < max, let last = tree.last {
            let node = StreamNode(at: last.entry)
            tree.remove(id: node.id.ms, node.id.sequence, store)
            chain.remove(node.at)
            free(node, store)
            freed += 1
        }
        while freed < max, case let at = groupChain.last, !at.isNull {
            let group = StreamGroup(at: at)
            freed += drain(group, max: max - freed, store)
        }
        return freed
    }

    private func drain(_ group: StreamGroup, max: Int, _ store: Store) -> Int {
        var freed = 0
        while freed < max, let last = group.pending.last {
            _ = removePending(StreamID(last.id.high, last.id.low), in: group, store)
            freed += 1
        }
        while freed < max, let last = group.consumers.last {
            removeConsumer(StreamConsumer(entry: last.entry), of: group, store)
            freed += 1
        }
        guard freed < max, var former = removeGroup(group, store) else { return freed }
        _ = former.free(max: .max, store)
        return freed + 1
    }

    /// Frees the stream, of which nothing is left.
    public func destroy(_ store: Store) {
        precondition(nodeCount == 0 && groupCount == 0, "a stream of something")
        tree.destroy(store)
        let groups = root.address(StreamField.groups)
        if !groups.isNull { Tree(root: groups).destroy(store) }
        store.heap.free(root, StreamField.size)
    }

    // MARK: Pages

    /// Moves what is sparse of some dozen nodes, and behind the last of them of the groups' pending entries.
    /// - Parameter position: 0 begins.
    /// - Returns: where to go on; nil at the end.
    public func defragment(from position: UInt64, _ mover: Mover) -> UInt64? {
        if position == 0 { root.setAddress(StreamField.tree, tree.settledRoot(mover).root) }
        return tree.defragment(from: position, mover) { cursor in
            let node = StreamNode(at: cursor.entry)
            let listpack = node.listpack
            node.set(Listpack(at: mover.settle(listpack.at, node.room)), room: node.room)
            let moved = mover.settle(node.at, StreamNodeField.size)
            if moved != node.at { chain.rename(node.at, to: moved) }
            return moved
        }
    }

    /// Moves what is sparse of some dozen pending entries of a group, and of the trees that hold them. Groups and consumers
    /// stay where they are: everything that is pending names them.
    /// - Parameter position: 0 begins.
    /// - Returns: where to go on; nil at the end.
    public func defragment(_ group: StreamGroup, from position: UInt64, _ mover: Mover, _ store: Store)
        -> UInt64?
    {
        if position == 0 {
            group.pending = group.pending.settledRoot(mover)
            group.consumers = group.consumers.settledRoot(mover)
            group.forEachConsumer { $0.pending = $0.pending.settledRoot(mover) }
        }
        return group.pending.defragment(from: position, mover) { cursor in
            let pending = StreamPending(at: cursor.entry)
            let moved = mover.settle(pending.at, StreamPending.size)
            if moved != pending.at {
                let id = cursor.id
                StreamPending(at: moved).consumer.pending.rename(id: id.high, id.low, to: moved)
            }
            return moved
        }
    }

    /// The group with this number in the order of names; nil where there are not so many.
    public func group(number: Int) -> StreamGroup? {
        let root = root.address(StreamField.groups)
        guard !root.isNull, let found = Tree(root: root).at(rank: number) else { return nil }
        return StreamGroup(at: found.entry + -StreamGroupField.name)
    }

    /// The stream with its root moved, if that is sparse; the owner must name it anew.
    public func settledRoot(_ mover: Mover) -> StreamLog {
        lanes == 0 ? StreamLog(root: mover.settle(root, StreamField.size)) : self
    }
}

extension Tree {
    /// Names an entry by its new place.
    func rename(id high: UInt64, _ low: UInt64, to moved: Address) {
        guard let found = find(id: high, low) else { preconditionFailure("an entry of no tree") }
        found.leaf.setPointer(found.index, moved)
    }
}
