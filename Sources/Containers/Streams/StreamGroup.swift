// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where the fields of a group lie; its name follows, as a `ScoredMember` without a score.
enum StreamGroupField {
    /// The links of `NodeChain`.
    static var next: Int { 0 }
    static var previous: Int { 8 }
    /// The roots of the trees of pending entries and of consumers.
    static var pending: Int { 16 }
    static var consumers: Int { 24 }
    /// Two u64: the ID of the last entry that was handed out.
    static var lastID: Int { 32 }
    /// i64: entries handed out so far, -1 where that is not known.
    static var entriesRead: Int { 48 }
    /// Two u32: the last cut of each lane that has the group, or has begun to take it.
    static func epoch(_ lane: Int) -> Int { 56 + lane * 4 }
    /// u8: 1 when the stream has it no more, and only cuts want it.
    static var isGhost: Int { 64 }
    static var name: Int { 72 }
}

/// Where the fields of a consumer lie; its name follows likewise.
enum StreamConsumerField {
    /// The root of the tree of pending entries.
    static var pending: Int { 0 }
    /// i64: Unix ms, when it was last heard of, and when it was last given something (-1: never).
    static var seenMs: Int { 8 }
    static var activeMs: Int { 16 }
    static var name: Int { 24 }
}

/// Names of groups and consumers as entries of trees of scores.
enum StreamName {
    static func bytes(_ name: ByteView) -> Int { (name.count < 127 ? 1 : 5) + name.count + 1 }

    /// Writes a name at a place.
    static func write(_ name: ByteView, at place: Address) {
        var header = 1
        if name.count < 127 {
            place.setU8(0, UInt8(name.count))
        } else {
            place.setU8(0, 127)
            place.setU32(1, UInt32(name.count))
            header = 5
        }
        (place + header).copy(from: name)
        // A score of 0 takes no bytes.
        place.setU8(header + name.count, 0)
    }

    /// The entry of a name; nil where there is none.
    static func find(_ name: ByteView, in tree: Tree) -> Address? {
        guard let found = tree.first(behind: .before(name, score: 0)),
            ScoredMember.member(found.entry) == name
        else { return nil }
        return found.entry
    }
}

/// A group of consumers. Valid until the group is destroyed.
@frozen public struct StreamGroup: Equatable {
    @usableFromInline let at: Address

    var next: Address { at.address(StreamGroupField.next) }
    var pending: Tree {
        get { Tree(root: at.address(StreamGroupField.pending)) }
        nonmutating set { at.setAddress(StreamGroupField.pending, newValue.root) }
    }
    var consumers: Tree {
        get { Tree(root: at.address(StreamGroupField.consumers)) }
        nonmutating set { at.setAddress(StreamGroupField.consumers, newValue.root) }
    }

    /// The name that clients know it by.
    public var name: ByteView { ScoredMember.member(at + StreamGroupField.name) }
    /// The ID of the last entry that was handed out.
    public var lastID: StreamID { at.streamID(StreamGroupField.lastID) }
    /// How many entries were handed out so far; nil where that is not known.
    public var entriesRead: Int64? {
        let count = at.i64(StreamGroupField.entriesRead)
        return count < 0 ? nil : count
    }
    /// How many consumers it has, and how many entries wait for acknowledgement.
    public var consumerCount: Int { consumers.count }
    public var pendingCount: Int { pending.count }

    var bytes: Int { Heap.roundedBytes(size) }
    private var size: Int { StreamGroupField.name + StreamName.bytes(name) }

    // MARK: Change

    /// Sets what was handed out last. Under a cut the group was touched before.
    public func setLastID(_ id: StreamID) { at.setStreamID(StreamGroupField.lastID, id) }
    /// Likewise, how many entries were handed out; nil where that is not known.
    public func setEntriesRead(_ count: Int64?) {
        at.setI64(StreamGroupField.entriesRead, count ?? -1)
    }

    static func make(_ name: ByteView, _ store: Store) -> StreamGroup {
        let group = StreamGroup(at: store.heap.allocate(StreamGroupField.name + StreamName.bytes(name)))
        group.at.zero(count: StreamGroupField.name)
        StreamName.write(name, at: group.at + StreamGroupField.name)
        group.pending = Tree.create(.id, store)
        group.consumers = Tree.create(.score, store)
        return group
    }

    func free(_ store: Store) {
        pending.destroy(store)
        consumers.destroy(store)
        store.heap.free(at, size)
    }

    // MARK: Consumers

    /// The consumer with a name; nil where there is none.
    public func consumer(_ name: ByteView) -> StreamConsumer? {
        StreamName.find(name, in: consumers).map { StreamConsumer(entry: $0) }
    }

    /// Visits the consumers in the order of their names.
    public func forEachConsumer(_ visit: (StreamConsumer) -> Void) {
        var cursor = consumers.first
        while let here = cursor {
            visit(StreamConsumer(entry: here.entry))
            cursor = here.next
        }
    }

    // MARK: Pending entries

    /// What is pending under an ID; nil where nothing is.
    public func pending(_ id: StreamID) -> StreamPending? {
        pending.find(id: id.ms, id.sequence).map { StreamPending(at: $0.entry) }
    }

    /// Visits what is pending from an ID on, until `visit` answers false.
    public func forEachPending(from id: StreamID, _ visit: (StreamID, StreamPending) -> Bool) {
        pending.forEachPending(from: id, visit)
    }

    /// The first ID under which something is pending, or the last; nil where nothing is.
    public func pendingEdge(last: Bool) -> StreamID? {
        (last ? pending.last : pending.first).map { StreamID($0.id.high, $0.id.low) }
    }
}

extension Tree {
    func forEachPending(from id: StreamID, _ visit: (StreamID, StreamPending) -> Bool) {
        var cursor = first(behind: .before(id: id.ms, id.sequence))
        while let here = cursor {
            let id = StreamID(here.id.high, here.id.low)
            if !visit(id, StreamPending(at: here.entry)) { return }
            cursor = here.next
        }
    }
}

/// A consumer of a group. Valid until it is deleted.
@frozen public struct StreamConsumer: Equatable {
    @usableFromInline let at: Address

    init(at: Address) { self.at = at }
    /// The consumer whose name is this entry of a tree.
    init(entry: Address) { at = entry + -StreamConsumerField.name }
    var entry: Address { at + StreamConsumerField.name }

    var pending: Tree {
        get { Tree(root: at.address(StreamConsumerField.pending)) }
        nonmutating set { at.setAddress(StreamConsumerField.pending, newValue.root) }
    }

    /// The name that clients know it by.
    public var name: ByteView { ScoredMember.member(entry) }
    /// When it was last heard of, in Unix ms.
    public var seenMs: Int64 { at.i64(StreamConsumerField.seenMs) }
    /// When it was last given something, in Unix ms; nil where it never was.
    public var activeMs: Int64? {
        let ms = at.i64(StreamConsumerField.activeMs)
        return ms == -1 ? nil : ms
    }
    /// How many entries it has not acknowledged yet.
    public var pendingCount: Int { pending.count }

    /// The last ID under which something is pending for it; nil where nothing is.
    public var lastPendingID: StreamID? { pending.last.map { StreamID($0.id.high, $0.id.low) } }

    /// Visits what it has not acknowledged from an ID on, until `visit` answers false.
    public func forEachPending(from id: StreamID, _ visit: (StreamID, StreamPending) -> Bool) {
        pending.forEachPending(from: id, visit)
    }

    var bytes: Int { Heap.roundedBytes(size) }
    private var size: Int { StreamConsumerField.name + StreamName.bytes(name) }

    static func make(_ name: ByteView, _ store: Store) -> StreamConsumer {
        let bytes = StreamConsumerField.name + StreamName.bytes(name)
        let consumer = StreamConsumer(at: store.heap.allocate(bytes))
        StreamName.write(name, at: consumer.entry)
        consumer.pending = Tree.create(.id, store)
        return consumer
    }

    func set(seenMs: Int64, activeMs: Int64?) {
        at.setI64(StreamConsumerField.seenMs, seenMs)
        at.setI64(StreamConsumerField.activeMs, activeMs ?? -1)
    }

    func free(_ store: Store) {
        pending.destroy(store)
        store.heap.free(at, size)
    }
}

/// An entry that was delivered and not acknowledged yet. Valid until it is.
@frozen public struct StreamPending: Equatable {
    @usableFromInline static var size: Int { 24 }

    let at: Address

    /// When it was delivered last, in Unix ms.
    public var deliveredMs: Int64 { at.i64(0) }
    /// How often it was delivered.
    public var deliveries: UInt64 { at.u64(8) }
    /// To whom it was delivered last.
    public var consumer: StreamConsumer { StreamConsumer(at: at.address(16)) }

    func set(deliveredMs: Int64, deliveries: UInt64) {
        at.setI64(0, deliveredMs)
        at.setU64(8, deliveries)
    }
    func set(_ consumer: StreamConsumer) { at.setAddress(16, consumer.at) }
}
