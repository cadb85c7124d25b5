// SPDX-License-Identifier: Apache-2.0
import Bytes

// Invariants, for tests and fuzzers; and what is looked at in bytes from outside.

extension StreamLog {
    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants(_ store: Store) {
        tree.checkInvariants(store)
        var cursor = tree.first
        var (ghosts, entries, previous, last) = (0, 0, Address.null, StreamID.zero)
        var first: StreamID?
        var ownBytes = StreamField.size
        var at = chain.first
        while !at.isNull {
            let node = StreamNode(at: at)
            precondition(node.previous == previous, "the chain is torn")
            ownBytes += node.bytes
            precondition(node.listpack.byteCount <= node.room, "a node larger than its room")
            if node.isGhost {
                ghosts += 1
                precondition(node.wanted & ~lanes == 0, "a ghost that nobody wants")
            } else {
                precondition(cursor?.entry == at, "the tree and the chain differ")
                precondition(cursor.map { StreamID($0.id.high, $0.id.low) } == node.id, "a wrong ID")
                cursor = cursor?.next
                entries += check(node, &last, &first)
            }
            previous = at
            at = node.next
        }
        precondition(cursor == nil && chain.last == previous, "nodes are missing")
        precondition(ghosts == ghostCount && entries == length, "nodes or entries miscounted")
        precondition(last <= lastID, "an entry behind the last ID")
        precondition((first ?? .zero) == firstID, "a wrong first ID")
        for lane in 0..<Store.laneCount where !root.address(StreamField.kept(lane)).isNull {
            precondition(lanes >> UInt8(lane) & 1 != 0, "counters kept for nobody")
            ownBytes += Heap.roundedBytes(StreamField.keptBytes)
        }
        ownBytes += checkGroups(store)
        precondition(bytes == ownBytes + tree.bytes, "the stream's books are off")
    }

    private func check(_ node: StreamNode, _ last: inout StreamID, _ first: inout StreamID?) -> Int {
        precondition(StreamEntries.validate(node.listpack.bytes, node.id), "a node that is none")
        let entries = node.entries
        var (live, dead, place) = (0, 0, entries.first)
        while place.bits < entries.end.bits {
            let entry = entries.entry(place)
            place = entry.next
            if entry.isDeleted {
                dead += 1
                continue
            }
            precondition(entry.id > last, "entries out of order")
            last = entry.id
            live += 1
            first = first ?? entry.id
        }
        precondition(live == entries.live && dead == entries.dead, "a node's counts are off")
        return live
    }

    private func checkGroups(_ store: Store) -> Int {
        var (bytes, groups, consumers, pending) = (0, 0, 0, 0)
        let root = root.address(StreamField.groups)
        if !root.isNull {
            Tree(root: root).checkInvariants(store)
            bytes += Tree(root: root).bytes
        }
        var at = groupChain.first
        while !at.isNull {
            let group = StreamGroup(at: at)
            group.pending.checkInvariants(store)
            group.consumers.checkInvariants(store)
            precondition(group.lanes & ~lanes == 0, "a group that takes part where its stream does not")
            bytes += group.bytes + group.pending.bytes + group.consumers.bytes
            bytes += group.pendingCount * Heap.roundedBytes(StreamPending.size)
            var owned = 0
            group.forEachConsumer { consumer in
                consumer.pending.checkInvariants(store)
                bytes += consumer.bytes + consumer.pending.bytes
                owned += consumer.pendingCount
                consumer.forEachPending(from: .zero) { id, pending in
                    precondition(pending.consumer == consumer, "an entry that another consumer has")
                    precondition(group.pending(id) == pending, "an entry that the group does not know")
                    return true
                }
            }
            precondition(owned == group.pendingCount, "pending entries of no consumer")
            if !group.isGhost {
                precondition(self.group(group.name) == group, "a group without its name")
                groups += 1
                consumers += group.consumerCount
                pending += group.pendingCount
            }
            at = group.next
        }
        precondition(groups == groupCount, "groups miscounted")
        precondition(consumers == consumerCount && pending == pendingCount, "consumers or pending miscounted")
        return bytes
    }
}

extension StreamEntries {
    /// Whether bytes are a node as streams have it: everything in them is looked at, but for the order of IDs.
    public static func validate(_ bytes: ByteView, _ id: StreamID) -> Bool {
        guard Listpack.validate(bytes, deep: true) else { return false }
        var reader = StreamNodeReader(bytes)
        guard let live = reader.number(), let dead = reader.number(), let fields = reader.number(),
            live >= 0, dead >= 0, fields >= 0, fields <= bytes.count, reader.skip(Int(fields)),
            reader.number() == 0
        else { return false }
        var (liveSeen, deadSeen) = (Int64(0), Int64(0))
        while !reader.isAtEnd {
            // Flags change in place: they must be numbers of one byte.
            guard let flags = reader.smallNumber(), flags & ~3 == 0, reader.number() != nil,
                reader.number() != nil
            else { return false }
            var elements = fields
            if flags & sameFields == 0 {
                guard let own = reader.number(), own >= 0, own <= bytes.count else { return false }
                elements = own * 2 + 1
                guard reader.skip(Int(own) * 2) else { return false }
            } else if !reader.skip(Int(fields)) {
                return false
            }
            guard reader.number() == elements + 3 else { return false }
            if flags & deleted == 0 { liveSeen += 1 } else { deadSeen += 1 }
        }
        return live == liveSeen && dead == deadSeen
    }
}

/// What is to be known of a node that comes from outside.
public struct StreamNodeSummary {
    /// Entries of the node, deleted ones included, and those that are not deleted.
    public let count: Int
    public let liveCount: Int
    /// The IDs of the first and of the last of those that are not; nil where there are none.
    public let firstLiveID: StreamID?
    public let lastLiveID: StreamID?

    /// Looks at everything in a node that counts from an ID; nil where it is none, or the IDs of its entries, deleted ones
    /// aside, do not ascend.
    public init?(_ listpack: ByteView, _ id: StreamID) {
        guard StreamEntries.validate(listpack, id) else { return nil }
        let entries = StreamEntries(listpack.start, id)
        var (first, last): (StreamID?, StreamID?)
        var (count, place) = (0, entries.first)
        while place.bits < entries.end.bits {
            let entry = entries.entry(place)
            if !entry.isDeleted {
                if let last, entry.id <= last { return nil }
                first = first ?? entry.id
                last = entry.id
            }
            count += 1
            place = entry.next
        }
        self.count = count
        liveCount = entries.live
        firstLiveID = first
        lastLiveID = last
    }
}

/// Reads a listpack whose elements may be anything.
private struct StreamNodeReader {
    private var place: Address
    private let end: Address

    init(_ bytes: ByteView) {
        place = bytes.start + Listpack.headerBytes
        end = bytes.start + (bytes.count - 1)
    }

    var isAtEnd: Bool { place.bits >= end.bits }

    mutating func number() -> Int64? {
        guard !isAtEnd else { return nil }
        let (element, body) = Listpack.decode(place)
        place = place + (body + Listpack.backLengthBytes(body))
        if case .integer(let number) = element { return number }
        return nil
    }

    mutating func smallNumber() -> Int64? {
        isAtEnd || place.u8(0) >= 128 ? nil : number()
    }

    mutating func skip(_ count: Int) -> Bool {
        for _ in 0..<count {
            if isAtEnd { return false }
            place = place + Listpack.entryBytes(place)
        }
        return true
    }
}
