// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A stream under construction that no key holds yet: pieces arrive as `StreamElement` says, and are looked at.
///
/// How many entries there are and which is the first follows from the nodes, whatever the counters say.
///
/// *Who frees*. The builder, unless an edit took the stream over.
public final class StreamBuilder: ValueBuilder {
    private let keys: Keyspace
    private var stream: StreamLog?
    private var counters: StreamCounters?
    private var length: UInt64 = 0
    private var lastNode: StreamID?
    private var lastEntry = StreamID.zero
    /// Consumers that so far are known by what is pending alone have been seen at this time.
    private static let unseen = Int64.min

    /// An empty stream.
    public init(_ keys: Keyspace) {
        self.keys = keys
        stream = StreamLog.create(keys.store)
    }

    deinit { if let stream { keys.discard(StreamPieces(stream: stream)) } }

    private var building: StreamLog {
        guard let stream else { preconditionFailure("the stream was taken over") }
        return stream
    }

    func add(_ element: ValueElement) -> Bool {
        guard let piece = StreamElement(element) else { return false }
        return add(piece)
    }

    /// Adds a piece.
    /// - Returns: false where it is damaged, out of order, there already, or part of a group that is not there.
    public func add(_ piece: StreamElement) -> Bool {
        let store = keys.store
        switch piece {
        case .counters(let counters):
            guard self.counters == nil else { return false }
            self.counters = counters
            return true
        case .node(let id, let listpack): return add(node: listpack, id)
        case .group(let name, let lastID, let read):
            return building.makeGroup(name, lastID: lastID, entriesRead: read, store) != nil
        case .consumer(let name, let group, let seenMs, let activeMs):
            guard let group = building.group(group) else { return false }
            if let consumer = group.consumer(name) {
                guard consumer.seenMs == StreamBuilder.unseen else { return false }
                building.setTimes(of: consumer, seenMs: max(seenMs, 0), activeMs: activeMs)
                return true
            }
            return building.makeConsumer(
                name, in: group, seenMs: max(seenMs, 0), activeMs: activeMs, store) != nil
        case .pending(let id, let name, let group, let deliveredMs, let deliveries):
            guard let group = building.group(group), group.pending(id) == nil,
                let consumer = group.consumer(name)
                    ?? building.makeConsumer(name, in: group, seenMs: StreamBuilder.unseen, store)
            else { return false }
            building.addPending(
                id, of: consumer, in: group, deliveredMs: deliveredMs, deliveries: deliveries, store)
            return true
        }
    }

    private func add(node listpack: ByteView, _ id: StreamID) -> Bool {
        guard lastNode.map({ $0 < id }) ?? true, let node = StreamNodeSummary(listpack, id),
            node.count > 0, node.firstLiveID.map({ $0 > lastEntry }) ?? true
        else { return false }
        building.adopt(node: listpack, id, keys.store)
        lastNode = id
        lastEntry = node.lastLiveID ?? lastEntry
        length += UInt64(node.liveCount)
        return true
    }

    func take() -> BuiltValue {
        let stream = building
        var all =
            counters
            ?? StreamCounters(
                length: 0, lastID: .zero, firstID: .zero, maxDeletedID: .zero, entriesAdded: length)
        all.length = length
        all.lastID = max(all.lastID, lastEntry)
        stream.restoreCounters(all, keys.store)
        all.firstID = stream.edge(last: false)?.id ?? .zero
        stream.restoreCounters(all, keys.store)
        stream.forEachGroup { group in
            group.forEachConsumer { consumer in
                guard consumer.seenMs == StreamBuilder.unseen else { return }
                stream.setTimes(of: consumer, seenMs: 0, activeMs: nil)
            }
        }
        self.stream = nil
        return .collection(encoding: Encoding.stream, at: stream.root)
    }
}
