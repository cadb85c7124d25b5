// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

// Streams in RDB files.
//
// *Layout*. The count of nodes; each node's ID (a string of 16 bytes, high ones first) and listpack; the counters; the
// count of groups. A group is its name, last ID, what it has read, all that is pending in it (ID of 16 bytes, time of
// delivery in 8, low ones first, count of deliveries), and its consumers: name, times, and the IDs of what is pending for
// each. Version 2 adds the first ID, the highest deleted one, the entries ever added and those that groups have read;
// version 3 adds when consumers were last given something.
//
// *Which version*. Version 1 would lose counters that clients see and that lags follow from. Version 3 adds one time for
// each consumer, which differs from when it was last heard of only if it has asked in vain since; servers before Redis
// 7.2 refuse all of a file that has it. So files have version 2 unless a version is configured, or the data need a newer
// one for other reasons, and after a restart a consumer was active when it was last heard of. A payload stands for one
// stream and can be looked at before it is written: it has version 3 where a consumer's times differ.

/// Streams in RDB files.
enum StreamCodec: ValueCodec {
    static let type = ValueType.stream

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        switch rdbType {
        case RDBType.stream1: StreamReader(1, context)
        case RDBType.stream2: StreamReader(2, context)
        case RDBType.stream3: StreamReader(3, context)
        default: nil
        }
    }

    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        if version.number >= RDBVersion.activeTimes.number { return RDBType.stream3 }
        return version.number >= RDBVersion.streams.number ? RDBType.stream2 : RDBType.stream1
    }

    /// The oldest version that holds all that is known of a stream.
    static func version(for value: Value, _ keys: Keyspace) -> RDBVersion {
        var version = RDBVersion.streams
        value.forEachElement(keys) { element in
            if case .consumer(_, _, let seenMs, let activeMs) = StreamElement(element), activeMs != seenMs {
                version = .activeTimes
            }
        }
        return version
    }

    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        preconditionFailure("pieces of streams are arranged")
    }

    static func arranger(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) -> (any ElementArranger)? {
        out.append(length: head.nodeCount)
        return StreamArranger(nodeCount: head.nodeCount, rdbType, out)
    }
}

/// Writes a stream's nodes as they come, and keeps everything else until they are all there.
///
/// What is kept lies in the form of the file in chunks, which are handed on as they are: the end of a stream with many
/// pending entries costs little more than that of a small one.
private final class StreamArranger: ElementArranger {
    /// A consumer without its name.
    private struct Consumer {
        var seenMs: Int64 = 0
        var activeMs: Int64?
        var pendingCount = 0
        var pending: ChunkRun
    }

    private struct Group {
        let name: [UInt8]
        let lastID: StreamID
        let entriesRead: Int64?
        var pendingCount = 0
        var pending: ChunkRun
        var consumers: [Consumer] = []
        var consumerNames: [[UInt8]] = []
        var consumerOfName: [[UInt8]: Int] = [:]
    }

    private let out: RDBOutput
    private let rdbType: UInt8
    private var nodesLeft: Int
    private var isSound = true
    private var counters: StreamCounters?
    private var groups: [Group] = []
    private var groupOfName: [[UInt8]: Int] = [:]
    private var lastGroup = 0

    init(nodeCount: Int, _ rdbType: UInt8, _ out: RDBOutput) {
        self.out = out
        self.rdbType = rdbType
        nodesLeft = nodeCount
    }

    deinit {
        for group in groups {
            group.pending.release(out.heap)
            for consumer in group.consumers { consumer.pending.release(out.heap) }
        }
    }

    // MARK: Pieces

    func write(_ element: ValueElement) {
        guard let piece = StreamElement(element) else { return isSound = false }
        switch piece {
        case .counters(let counters): self.counters = counters
        case .node(let id, let listpack):
            nodesLeft -= 1
            id.withRDBBytes { out.append(string: $0) }
            out.append(string: listpack)
        case .group(let name, let lastID, let entriesRead):
            guard groupOfName[name.array] == nil else { return isSound = false }
            groupOfName[name.array] = groups.count
            groups.append(
                Group(
                    name: name.array, lastID: lastID, entriesRead: entriesRead, pending: ChunkRun()))
        case .consumer(let name, let group, let seenMs, let activeMs):
            guard let at = find(group) else { return isSound = false }
            let consumer = find(name, in: at)
            groups[at].consumers[consumer].seenMs = seenMs
            groups[at].consumers[consumer].activeMs = activeMs
        case .pending(let id, let name, let group, let deliveredMs, let deliveries):
            guard let at = find(group) else { return isSound = false }
            let consumer = find(name, in: at)
            groups[at].pendingCount += 1
            groups[at].consumers[consumer].pendingCount += 1
            id.withRDBBytes { bytes in
                let chunk = groups[at].pending.room(24 + RDBLength.bytesMax, out.heap)
                chunk.put(bytes)
                chunk.put(u64: UInt64(bitPattern: deliveredMs))
                chunk.put(number: deliveries)
                groups[at].consumers[consumer].pending.room(16, out.heap).put(bytes)
            }
        }
    }

    private func find(_ name: ByteView) -> Int? {
        // What is in a group mostly comes behind each other.
        if lastGroup < groups.count, groups[lastGroup].name.withView({ $0 == name }) { return lastGroup }
        guard let found = groupOfName[name.array] else { return nil }
        lastGroup = found
        return found
    }

    /// What is pending may come in front of its consumer.
    private func find(_ name: ByteView, in group: Int) -> Int {
        let name = name.array
        if let found = groups[group].consumerOfName[name] { return found }
        let made = groups[group].consumers.count
        groups[group].consumerOfName[name] = made
        groups[group].consumerNames.append(name)
        groups[group].consumers.append(Consumer(pending: ChunkRun()))
        return made
    }

    // MARK: The end

    func end() -> Bool {
        guard let counters, nodesLeft == 0, isSound else { return false }
        out.append(number: counters.length)
        out.append(counters.lastID)
        if rdbType != RDBType.stream1 {
            out.append(counters.firstID)
            out.append(counters.maxDeletedID)
            out.append(number: counters.entriesAdded)
        }
        out.append(length: groups.count)
        for index in groups.indices { end(&groups[index]) }
        return true
    }

    private func end(_ group: inout Group) {
        group.name.withView { out.append(string: $0) }
        out.append(group.lastID)
        if rdbType != RDBType.stream1 {
            out.append(number: UInt64(bitPattern: group.entriesRead ?? -1))
        }
        out.append(length: group.pendingCount)
        group.pending.move(to: out)
        out.append(length: group.consumers.count)
        for index in group.consumers.indices {
            let consumer = group.consumers[index]
            group.consumerNames[index].withView { out.append(string: $0) }
            out.append(u64: UInt64(bitPattern: consumer.seenMs))
            if rdbType == RDBType.stream3 {
                out.append(u64: UInt64(bitPattern: consumer.activeMs ?? -1))
            }
            out.append(length: consumer.pendingCount)
            group.consumers[index].pending.move(to: out)
        }
    }
}

/// Bytes in chunks, each twice as large as the one before it.
private struct ChunkRun {
    private var chunks: [RDBChunk] = []
    private static let bytesMin = 64

    /// A chunk with room for so many further bytes.
    mutating func room(_ bytes: Int, _ heap: Heap) -> RDBChunk {
        if let last = chunks.last, last.room >= bytes { return last }
        let twice = (chunks.last?.capacity ?? 0) * 2
        let fresh = RDBChunk(heap, capacity: min(max(twice, ChunkRun.bytesMin), RDBChunk.bytesUsual))
        chunks.append(fresh)
        return fresh
    }

    /// Hands everything on.
    mutating func move(to out: RDBOutput) {
        for chunk in chunks { out.append(chunk) }
        chunks = []
    }

    func release(_ heap: Heap) { for chunk in chunks { chunk.release(heap) } }
}

extension RDBOutput {
    /// An ID as two numbers.
    fileprivate func append(_ id: StreamID) {
        append(number: id.ms)
        append(number: id.sequence)
    }
}
