// SPDX-License-Identifier: Apache-2.0
import Bytes

// Groups, consumers and what is pending. Whoever changes them under a cut has kept the units before: see `StreamGroup+Cut`.

extension StreamLog {
    private var groups: Tree? {
        let root = root.address(StreamField.groups)
        return root.isNull ? nil : Tree(root: root)
    }
    var groupChain: NodeChain { NodeChain(at: root + StreamField.groupChain) }

    /// How many groups there are.
    public var groupCount: Int { groups?.count ?? 0 }

    /// The group with a name; nil where there is none.
    @inline(__always) public func group(_ name: ByteView) -> StreamGroup? {
        guard let groups, let entry = StreamName.find(name, in: groups) else { return nil }
        return StreamGroup(at: entry + -StreamGroupField.name)
    }

    /// Visits the groups in the order of their names.
    public func forEachGroup(_ visit: (StreamGroup) -> Void) {
        var cursor = groups?.first
        while let here = cursor {
            visit(StreamGroup(at: here.entry + -StreamGroupField.name))
            cursor = here.next
        }
    }

    /// Changes trees that the stream's books count in.
    @inline(__always) private func counted<R>(_ tree: Tree, _ change: (Tree) -> R) -> R {
        let before = tree.bytes
        defer { addBytes(tree.bytes - before) }
        return change(tree)
    }

    /// Makes a group; nil where one has the name. No cut that is open has it.
    /// - Parameter entriesRead: nil where it is not known.
    public func makeGroup(
        _ name: ByteView, lastID: StreamID, entriesRead: Int64?, _ store: Store
    ) -> StreamGroup? {
        if group(name) != nil { return nil }
        if groups == nil {
            let tree = Tree.create(.score, store)
            root.setAddress(StreamField.groups, tree.root)
            addBytes(tree.bytes)
        }
        guard let groups else { preconditionFailure("no tree of groups") }
        let group = StreamGroup.make(name, store)
        group.setLastID(lastID)
        group.setEntriesRead(entriesRead)
        for lane in 0..<Store.laneCount { group.markTouched(lane, store) }
        counted(groups) { $0.insert(group.at + StreamGroupField.name, store) }
        groupChain.insert(group.at, behind: groupChain.last)
        addBytes(group.bytes + group.pending.bytes + group.consumers.bytes)
        return group
    }

    /// Takes a group away, which was touched before if the stream takes part in a cut.
    /// - Returns: the group, which the caller has to free; nil while cuts want it.
    public func removeGroup(_ group: StreamGroup, _ store: Store) -> StreamFormerGroup? {
        guard let groups else { preconditionFailure("a group of another stream") }
        counted(groups) { $0.remove(group.at + StreamGroupField.name, store) }
        addConsumers(-group.consumerCount)
        addPending(-group.pendingCount)
        if lanes != 0, group.lanes != 0 {
            group.at.setU8(StreamGroupField.isGhost, 1)
            return nil
        }
        return release(group)
    }

    /// Takes a group that nobody wants out of the chain and the books.
    func release(_ group: StreamGroup) -> StreamFormerGroup {
        groupChain.remove(group.at)
        let former = StreamFormerGroup(group)
        addBytes(-former.bytes)
        return former
    }

    // MARK: Consumers

    /// Makes a consumer; nil where one has the name.
    /// - Parameter activeMs: nil where it was never given anything.
    public func makeConsumer(
        _ name: ByteView, in group: StreamGroup, seenMs: Int64, activeMs: Int64? = nil, _ store: Store
    ) -> StreamConsumer? {
        if group.consumer(name) != nil { return nil }
        let consumer = StreamConsumer.make(name, store)
        consumer.set(seenMs: seenMs, activeMs: activeMs)
        counted(group.consumers) { $0.insert(consumer.entry, store) }
        addBytes(consumer.bytes + consumer.pending.bytes)
        addConsumers(1)
        return consumer
    }

    /// Notes when a consumer was heard of.
    public func setTimes(of consumer: StreamConsumer, seenMs: Int64, activeMs: Int64?) {
        consumer.set(seenMs: seenMs, activeMs: activeMs)
    }

    /// Takes a consumer away that has nothing pending any more.
    public func removeConsumer(_ consumer: StreamConsumer, of group: StreamGroup, _ store: Store) {
        counted(group.consumers) { $0.remove(consumer.entry, store) }
        addBytes(-consumer.bytes - consumer.pending.bytes)
        addConsumers(-1)
        consumer.free(store)
    }

    // MARK: Pending entries

    /// Lets an entry be pending that is not yet.
    @discardableResult public func addPending(
        _ id: StreamID, of consumer: StreamConsumer, in group: StreamGroup, deliveredMs: Int64,
        deliveries: UInt64, _ store: Store
    ) -> StreamPending {
        let pending = StreamPending(at: store.heap.allocate(StreamPending.size))
        pending.set(deliveredMs: deliveredMs, deliveries: deliveries)
        pending.set(consumer)
        counted(group.pending) { $0.insert(id: id.ms, id.sequence, pending.at, store) }
        counted(consumer.pending) { $0.insert(id: id.ms, id.sequence, pending.at, store) }
        addBytes(Heap.roundedBytes(StreamPending.size))
        addPending(1)
        return pending
    }

    /// Notes another delivery, or one to somebody else.
    public func deliver(
        _ pending: StreamPending, _ id: StreamID, to consumer: StreamConsumer, deliveredMs: Int64,
        deliveries: UInt64, _ store: Store
    ) {
        pending.set(deliveredMs: deliveredMs, deliveries: deliveries)
        let old = pending.consumer
        guard old != consumer else { return }
        counted(old.pending) { _ = $0.remove(id: id.ms, id.sequence, store) }
        counted(consumer.pending) { $0.insert(id: id.ms, id.sequence, pending.at, store) }
        pending.set(consumer)
    }

    /// Lets an entry be pending no more.
    /// - Returns: false where it was not.
    @discardableResult public func removePending(
        _ id: StreamID, in group: StreamGroup, _ store: Store
    ) -> Bool {
        let at = counted(group.pending) { $0.remove(id: id.ms, id.sequence, store) }
        guard !at.isNull else { return false }
        counted(StreamPending(at: at).consumer.pending) { _ = $0.remove(id: id.ms, id.sequence, store) }
        store.heap.free(at, StreamPending.size)
        addBytes(-Heap.roundedBytes(StreamPending.size))
        addPending(-1)
        return true
    }
}

/// A group that no stream has any more: freed at once or in slices.
@frozen public struct StreamFormerGroup {
    private let group: StreamGroup

    init(_ group: StreamGroup) {
        self.group = group
        var bytes = group.bytes + group.pending.bytes + group.consumers.bytes
        bytes += group.pendingCount * Heap.roundedBytes(StreamPending.size)
        group.forEachConsumer { bytes += $0.bytes + $0.pending.bytes }
        self.bytes = bytes
    }

    /// Consumers and pending entries that are left.
    public var count: Int { group.pendingCount + group.consumerCount }
    /// What it occupies.
    public private(set) var bytes: Int

    /// Frees up to `max` consumers and pending entries, and when none are left the rest.
    /// - Returns: how many were freed, and whether all is gone.
    public mutating func free(max: Int, _ store: Store) -> (freed: Int, isGone: Bool) {
        var left = max
        let pendingBytes = Heap.roundedBytes(StreamPending.size)
        var before = group.pending.bytes
        _ = group.pending.drain(max: left, store) { cursor in
            store.heap.free(cursor.entry, StreamPending.size)
            left -= 1
        }
        bytes -= before - group.pending.bytes + (max - left) * pendingBytes
        guard group.pendingCount == 0 else { return (max - left, false) }
        while left > 0, let last = group.consumers.last {
            let consumer = StreamConsumer(entry: last.entry)
            before = consumer.pending.bytes
            // The records are gone already.
            _ = consumer.pending.drain(max: left, store) { _ in left -= 1 }
            bytes -= before - consumer.pending.bytes
            guard consumer.pendingCount == 0, left > 0 else { break }
            before = group.consumers.bytes
            group.consumers.remove(last.entry, store)
            bytes -= before - group.consumers.bytes + consumer.bytes + consumer.pending.bytes
            consumer.free(store)
            left -= 1
        }
        guard group.consumerCount == 0 else { return (max - left, false) }
        group.free(store)
        bytes = 0
        return (max - left, true)
    }
}
