// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

/// Reads a stream: a node, an entry that is pending or a consumer is one item.
final class StreamReader: ValueReader {
    /// What comes next.
    private enum Stage {
        case nodeCount, nodes, counters, group, pending, consumerCount, consumer, owned, done
    }

    /// An entry that is pending for a consumer that is not known yet.
    private struct Delivery {
        let id: StreamID
        let deliveredMs: Int64
        let deliveries: UInt64
    }

    private let format: Int
    private let context: ReadingContext
    private let restorer: Restorer
    private var stage = Stage.nodeCount
    /// Nodes, deliveries, or entries of a consumer that are still to come, by the stage.
    private var left = 0
    private var groupsLeft = 0
    private var consumersLeft = 0
    /// The first node's ID and entry; the first format does not say it.
    private var firstID: StreamID?
    /// Entries of the nodes that are there.
    private var liveCount: UInt64 = 0
    private var counters = StreamCounters(
        length: 0, lastID: .zero, firstID: .zero, maxDeletedID: .zero, entriesAdded: 0)
    private var group: [UInt8] = []
    private var consumer: [UInt8] = []
    private var deliveries: [Delivery] = []
    private var isSorted = true
    /// Deliveries that have found their consumers, and where the last of them stands.
    private var ownedCount = 0
    private var lastOwned = -1

    /// - Parameter format: 1 to 3.
    init(_ format: Int, _ context: ReadingContext) {
        self.format = format
        self.context = context
        restorer = Restorer(.stream, expecting: 0, context.keys)
    }

    deinit { context.keys.heap.account(outside: -accountedBytes) }

    /// What `deliveries` take, as the ledger knows it.
    private var accountedBytes = 0

    private func account() {
        let bytes = deliveries.capacity * MemoryLayout<Delivery>.stride
        guard bytes != accountedBytes else { return }
        context.keys.heap.account(outside: bytes - accountedBytes)
        accountedBytes = bytes
    }

    /// A stream without entries is one all the same.
    func take() -> Restorer? { restorer }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        var room = max
        while room > 0 {
            switch stage {
            case .nodeCount:
                left = try input.count(bytesEach: 2)
                stage = .nodes
            case .nodes:
                if left == 0 {
                    stage = .counters
                    continue
                }
                try readNode(&input)
                // Every entry in it is looked at.
                room -= 15
            case .counters: try readCounters(&input)
            case .group:
                if groupsLeft == 0 {
                    stage = .done
                    continue
                }
                try readGroup(&input)
            case .pending: try readDelivery(&input)
            case .consumerCount:
                consumersLeft = try input.count(bytesEach: 10)
                stage = .consumer
            case .consumer: try readConsumer(&input)
            case .owned: try readOwned(&input)
            case .done: return true
            }
            input.commit()
            room -= 1
        }
        return false
    }

    private func add(_ piece: StreamElement, _ reason: StaticString) throws(RDBStop) {
        var isSound = false
        piece.withElement { isSound = restorer.add($0) }
        if !isSound { throw .damaged(reason) }
    }

    // MARK: The stream

    private func readNode(_ input: inout RDBInput) throws(RDBStop) {
        // Sixteen bytes may be digits, but then they are too many for a number of 32 bits.
        let key = try input.blob(0)
        guard key.count == 16 else { throw .damaged("Stream node key entry is not the size of a stream ID") }
        let id = StreamID(key.start.u64(0).byteSwapped, key.start.u64(8).byteSwapped)
        let listpack = context.listpack(try input.blob(1))
        try add(.node(id, listpack: listpack), "Stream listpack integrity check failed")
        // The first element of a node says how many of its entries are there; it was found to be right.
        let elements = Listpack(at: listpack.start)
        elements.forEach(from: elements.first) { element in
            if case .integer(let count) = element { liveCount += UInt64(max(0, count)) }
            return false
        }
        if format == 1, firstID == nil { firstID = StreamNodeSummary(listpack, id)?.firstLiveID }
        left -= 1
    }

    private func readCounters(_ input: inout RDBInput) throws(RDBStop) {
        counters.length = try input.length()
        counters.lastID = try input.streamID()
        if format > 1 {
            counters.firstID = try input.streamID()
            counters.maxDeletedID = try input.streamID()
            counters.entriesAdded = try input.length()
        } else {
            counters.firstID = firstID ?? .zero
            counters.entriesAdded = counters.length
        }
        guard Int64(exactly: counters.entriesAdded) != nil, Int64(exactly: counters.length) != nil,
            counters.length == liveCount
        else { throw .damaged("Stream length inconsistent with its nodes") }
        groupsLeft = try input.count(bytesEach: 5)
        try add(.counters(counters), "Stream counters twice")
        stage = .group
    }

    // MARK: Groups

    private func readGroup(_ input: inout RDBInput) throws(RDBStop) {
        let name = try input.string(0).array
        let lastID = try input.streamID()
        var read: Int64?
        if format > 1 {
            let stored = Int64(bitPattern: try input.length())
            read = stored < 0 ? nil : stored
        } else {
            read = counters.entriesRead(upTo: lastID)
        }
        left = try input.count(bytesEach: 25)
        try name.withView { (view) throws(RDBStop) in
            try add(.group(name: view, lastID: lastID, entriesRead: read), "Duplicated consumer group name")
        }
        group = name
        groupsLeft -= 1
        deliveries.removeAll(keepingCapacity: left > 0)
        account()
        isSorted = true
        ownedCount = 0
        stage = left > 0 ? .pending : .consumerCount
    }

    private func readDelivery(_ input: inout RDBInput) throws(RDBStop) {
        let id = try input.rawStreamID()
        let deliveredMs = Int64(bitPattern: try input.u64())
        let count = try input.length()
        if let last = deliveries.last, last.id >= id { isSorted = false }
        deliveries.append(Delivery(id: id, deliveredMs: max(0, deliveredMs), deliveries: count))
        account()
        left -= 1
        guard left == 0 else { return }
        if !isSorted {
            deliveries.sort { $0.id < $1.id }
            for index in deliveries.indices.dropFirst() where deliveries[index - 1].id == deliveries[index].id
            {
                throw .damaged("Duplicated global PEL entry loading stream consumer group")
            }
        }
        stage = .consumerCount
    }

    // MARK: Consumers

    private func readConsumer(_ input: inout RDBInput) throws(RDBStop) {
        guard consumersLeft > 0 else {
            guard ownedCount == deliveries.count else { throw .damaged("NACK entry without consumer") }
            stage = .group
            return
        }
        let name = try input.string(0).array
        let seenMs = max(0, Int64(bitPattern: try input.u64()))
        var activeMs: Int64? = seenMs
        if format > 2 {
            let stored = Int64(bitPattern: try input.u64())
            activeMs = stored < 0 ? nil : stored
        }
        left = try input.count(bytesEach: 16)
        try name.withView { (name) throws(RDBStop) in
            try group.withView { (group) throws(RDBStop) in
                try add(
                    .consumer(name: name, group: group, seenMs: seenMs, activeMs: activeMs),
                    "Duplicate stream consumer detected")
            }
        }
        consumer = name
        consumersLeft -= 1
        lastOwned = -1
        stage = left > 0 ? .owned : .consumer
    }

    private func readOwned(_ input: inout RDBInput) throws(RDBStop) {
        let id = try input.rawStreamID()
        guard let at = place(of: id) else { throw .damaged("Consumer entry not found in group global PEL") }
        let delivery = deliveries[at]
        try consumer.withView { (name) throws(RDBStop) in
            try group.withView { (group) throws(RDBStop) in
                try add(
                    .pending(
                        id, consumer: name, group: group, deliveredMs: delivery.deliveredMs,
                        deliveries: delivery.deliveries), "Duplicated consumer PEL entry")
            }
        }
        lastOwned = at
        ownedCount += 1
        left -= 1
        if left == 0 { stage = .consumer }
    }

    /// Where a delivery stands: mostly behind the one before it.
    private func place(of id: StreamID) -> Int? {
        let next = lastOwned + 1
        if next < deliveries.count, deliveries[next].id == id { return next }
        var (low, high) = (0, deliveries.count)
        while low < high {
            let middle = (low + high) / 2
            if deliveries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < deliveries.count && deliveries[low].id == id ? low : nil
    }
}

extension RDBInput {
    /// An ID as two numbers.
    fileprivate mutating func streamID() throws(RDBStop) -> StreamID {
        let ms = try length()
        return StreamID(ms, try length())
    }

    /// An ID in 16 bytes, high ones first.
    fileprivate mutating func rawStreamID() throws(RDBStop) -> StreamID {
        let ms = try u64().byteSwapped
        return StreamID(ms, try u64().byteSwapped)
    }
}
