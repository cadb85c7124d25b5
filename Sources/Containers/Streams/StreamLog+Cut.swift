// SPDX-License-Identifier: Apache-2.0
import Bytes

// What a cut takes of a stream: the counters, then the nodes in order, then groups, consumers and pending entries.

/// A piece of a stream as a cut hands it over. Valid while whoever lends it runs.
public enum StreamPart {
    /// The stream's own counters.
    case counters(StreamCounters)
    /// A node: the ID from which it counts, and its listpack.
    case node(StreamID, ByteView)
    /// A group, without what it holds.
    case group(StreamGroup)
    case consumer(StreamConsumer, of: StreamGroup)
    /// An entry that was delivered to one of the group's consumers.
    case pending(StreamID, StreamPending, of: StreamGroup)
}

/// How far the walker of a cut is; the chains know at which node or group.
private enum StreamWalk {
    static let begin: UInt64 = 0
    static let nodes: UInt64 = 1
    static let group: UInt64 = 2
    /// The first consumers or pending entries of a group, and further ones.
    static let consumers: UInt64 = 3
    static let moreConsumers: UInt64 = 4
    static let pending: UInt64 = 5
    static let morePending: UInt64 = 6
}

extension StreamLog {
    /// Lanes of cuts that want the stream as it was.
    @inline(__always) public var lanes: UInt8 { root.u8(StreamField.lanes) }

    /// Lets the stream take part in the cut on a lane.
    public func join(_ lane: Int, _ store: Store) {
        root.setU8(StreamField.lanes, lanes | 1 << UInt8(lane))
        // Where the walkers of an earlier cut have stopped there may be nothing any more.
        chain.setWalker(lane, .null)
        groupChain.setWalker(lane, .null)
        let kept = store.heap.allocate(StreamField.keptBytes)
        kept.copy(from: root + StreamField.keptFrom, count: StreamField.keptBytes)
        root.setAddress(StreamField.kept(lane), kept)
        addBytes(Heap.roundedBytes(StreamField.keptBytes))
    }

    /// The cut on a lane wants no more of the stream.
    public func leave(_ lane: Int, _ store: Store) {
        root.setU8(StreamField.lanes, lanes & ~(1 << UInt8(lane)))
        freeKept(lane, store)
        var next = chain.first
        while ghostCount > 0, !next.isNull {
            let node = StreamNode(at: next)
            next = node.next
            if node.isGhost { release(node, lane, store) }
        }
        next = groupChain.first
        while !next.isNull {
            let group = StreamGroup(at: next)
            next = group.next
            leave(group, lane, store)
        }
    }

    private func freeKept(_ lane: Int, _ store: Store) {
        let kept = root.address(StreamField.kept(lane))
        guard !kept.isNull else { return }
        store.heap.free(kept, StreamField.keptBytes)
        root.setAddress(StreamField.kept(lane), .null)
        addBytes(-Heap.roundedBytes(StreamField.keptBytes))
    }

    // MARK: Nodes

    /// The lane's walker has passed a ghost, or will never come.
    private func release(_ ghost: StreamNode, _ lane: Int, _ store: Store) {
        ghost.wanted &= ~(1 << UInt8(lane))
        guard !ghost.isGhost else { return }
        ghostCount -= 1
        chain.remove(ghost.at)
        free(ghost, store)
    }

    /// Keeps a node's content in its place for the cuts that do not have it; the node may change then.
    @inline(__always) func preserve(_ node: StreamNode, _ store: Store) {
        if lanes != 0 { keep(node, store) }
    }

    private func keep(_ node: StreamNode, _ store: Store) {
        let wanted = node.wanting(lanes, store)
        guard wanted != 0 else { return }
        let copy = node.listpack.copy(store.heap)
        let ghost = newNode(node.id, copy, room: copy.byteCount, store)
        ghostCount += 1
        chain.insert(ghost: ghost, before: node, wantedBy: wanted, store)
    }

    /// A node that the tree no longer names goes, or stays as a ghost for the cuts that do not have it.
    func retire(_ node: StreamNode, to rest: inout StreamRest, _ store: Store) {
        let wanted = lanes == 0 ? 0 : node.wanting(lanes, store)
        if wanted == 0 {
            chain.remove(node.at)
            addBytes(-node.bytes)
            return rest.add(node)
        }
        node.wanted = wanted
        ghostCount += 1
    }

    // MARK: Walking

    /// The walker's step: hands over further pieces as they were at the cut, until about `max` were seen.
    /// - Parameter position: 0 begins.
    /// - Returns: the position to go on from; nil when all was handed over.
    public func walkUnits(
        from position: UInt64, _ lane: Int, _ store: Store, max: Int, _ visit: (StreamPart) -> Void
    ) -> UInt64? {
        assert(lanes >> UInt8(lane) & 1 != 0, "a stream without part in the cut")
        var (at, seen) = (position, 0)
        while seen < max {
            switch at {
            case StreamWalk.begin:
                visit(.counters(StreamCounters(at: root.address(StreamField.kept(lane)))))
                freeKept(lane, store)
                chain.setWalker(lane, chain.first)
                seen += 1
                at = StreamWalk.nodes
            case StreamWalk.nodes:
                walkNodes(lane, store, max: max, &seen, visit)
                guard chain.walker(lane).isNull else { break }
                groupChain.setWalker(lane, groupChain.first)
                at = StreamWalk.group
            default:
                guard let next = walkGroups(at, lane, store, max: max, &seen, visit) else { return nil }
                at = next
            }
        }
        return at
    }

    private func walkNodes(
        _ lane: Int, _ store: Store, max: Int, _ seen: inout Int, _ visit: (StreamPart) -> Void
    ) {
        let chain = self.chain
        while seen < max, case let at = chain.walker(lane), !at.isNull {
            let node = StreamNode(at: at)
            chain.setWalker(lane, node.next)
            // A node of a hundred entries takes longer than one of anything else.
            seen += 8
            if node.isGhost {
                guard node.wanted >> UInt8(lane) & 1 != 0 else { continue }
                visit(.node(node.id, node.listpack.bytes))
                release(node, lane, store)
            } else if !node.isSaved(lane, store) {
                node.markSaved(lane, store)
                visit(.node(node.id, node.listpack.bytes))
            }
        }
    }

    private func walkGroups(
        _ position: UInt64, _ lane: Int, _ store: Store, max: Int, _ seen: inout Int,
        _ visit: (StreamPart) -> Void
    ) -> UInt64? {
        let at = groupChain.walker(lane)
        if at.isNull { return nil }
        let group = StreamGroup(at: at)
        seen += 1
        switch position {
        case StreamWalk.group:
            // One that is kept for other cuts alone was gone before this one was opened.
            if !group.isGhost { touch(group, lane, store, visit) }
            if group.lanes >> UInt8(lane) & 1 != 0 { return StreamWalk.consumers }
            groupChain.setWalker(lane, group.next)
            return StreamWalk.group
        case StreamWalk.consumers, StreamWalk.moreConsumers:
            let from: UInt64 = position == StreamWalk.consumers ? 0 : 1
            let next = group.consumers.walkUnits(from: from, lane, store, max: max - seen + 1) { cursor in
                seen += 1
                visit(.consumer(StreamConsumer(entry: cursor.entry), of: group))
            }
            return next == nil ? StreamWalk.pending : StreamWalk.moreConsumers
        default:
            let from: UInt64 = position == StreamWalk.pending ? 0 : 1
            let next = group.pending.walkUnits(from: from, lane, store, max: max - seen + 1) { cursor in
                seen += 1
                visit(group.part(cursor))
            }
            if next != nil { return StreamWalk.morePending }
            groupChain.setWalker(lane, group.next)
            leave(group, lane, store)
            return StreamWalk.group
        }
    }
}
