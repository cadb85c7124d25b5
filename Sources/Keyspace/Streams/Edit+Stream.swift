// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to streams. Units of groups are handed to open cuts before they change; nodes look after themselves.

extension Edit {
    /// Gives a free key an empty stream.
    public mutating func makeStream(_ keys: Keyspace) {
        setCollection(.stream, Encoding.stream, StreamLog.create(keys.store).root, keys)
    }

    /// The stream, for reading.
    @inlinable public var stream: StreamLog { value.stream }

    /// Ends the edit of a stream, which stays even if nothing is left in it.
    /// - Parameters:
    ///   - changes: how many changes it was; 0 ends it as one that changed nothing that others hear of.
    ///   - isReady: whether there is something for those who wait for the key.
    public consuming func commit(_ event: Event, changes: Int, isReady: Bool, _ keys: Keyspace) {
        let (key, database) = (self.key, self.database)
        guard changes > 0 else { return abandon(keys) }
        isOpen = false
        recount(elements: stream.length, keys)
        keys.committed(key, database, changes)
        keys.effects.event(event, key, database: database)
        if isReady, keys.tellsReady { keys.effects.ready(key, database: database) }
    }

    // MARK: Entries

    /// Adds an entry; its ID is above the stream's last one.
    /// - Returns: false where it is too large for any stream; then nothing has changed.
    public func append(_ id: StreamID, fieldCount: Int, _ keys: Keyspace, _ part: (Int) -> ByteView) -> Bool {
        let limits = StreamNodeLimits(
            bytes: keys.limits.streamNodeBytes, entries: keys.limits.streamNodeEntries)
        return stream.append(id, fieldCount: fieldCount, limits, keys.store, part)
    }

    /// Deletes entries by their IDs.
    /// - Returns: how many there were.
    public func deleteEntries(count: Int, _ keys: Keyspace, _ ids: (Int) -> StreamID) -> Int {
        stream.delete(count: count, keys.store, ids)
    }

    /// More nodes than this are freed in slices, and so are more bytes.
    private static var restMax: Int { 64 }
    private static var restBytesMax: Int { 1 << 20 }

    /// Removes entries from the front; see `StreamLog.trim`.
    /// - Returns: how many were removed.
    public func trim(to trim: StreamTrim, wholeNodes: Bool, limit: Int?, _ keys: Keyspace) -> Int {
        var (removed, rest) = stream.trim(to: trim, wholeNodes: wholeNodes, limit: limit, keys.store)
        if rest.count > Edit.restMax || rest.bytes > Edit.restBytesMax {
            keys.reclaimLater(StreamNodesRest(rest))
        } else {
            rest.free(max: .max, keys.store)
        }
        return removed
    }

    /// Sets the counters that XSETID sets; see `StreamLog.setCounters`.
    public func setCounters(
        lastID: StreamID, entriesAdded: UInt64?, maxDeletedID: StreamID, _ keys: Keyspace
    ) {
        stream.setCounters(
            lastID: lastID, entriesAdded: entriesAdded, maxDeletedID: maxDeletedID, keys.store)
    }

    // MARK: Groups

    @inline(__always) private func keep(_ unit: StreamUnit, of group: StreamGroup, _ keys: Keyspace) {
        let stream = self.stream
        if stream.lanes != 0 {
            keys.preserve(0, of: StreamGroupUnit(stream: stream, group: group, unit: unit))
        }
    }

    /// Makes a group; false where one has the name.
    /// - Parameter entriesRead: nil where it is not known.
    public func makeGroup(
        _ name: ByteView, lastID: StreamID, entriesRead: Int64?, _ keys: Keyspace
    ) -> Bool {
        stream.makeGroup(name, lastID: lastID, entriesRead: entriesRead, keys.store) != nil
    }

    /// Sets what a group was handed last, and how many entries it has read (nil: not known).
    public func setProgress(
        of group: StreamGroup, lastID: StreamID, entriesRead: Int64?, _ keys: Keyspace
    ) {
        keep(.group, of: group, keys)
        group.setLastID(lastID)
        group.setEntriesRead(entriesRead)
    }

    /// Takes a group away with all that is in it, which is freed in slices if it is much.
    public func removeGroup(_ group: StreamGroup, _ keys: Keyspace) {
        keep(.group, of: group, keys)
        guard var former = stream.removeGroup(group, keys.store) else { return }
        if former.count > Edit.restMax {
            keys.reclaimLater(StreamGroupRest(former))
        } else {
            _ = former.free(max: .max, keys.store)
        }
    }

    // MARK: Consumers

    /// Makes a consumer, which there is none of that name; it was seen now.
    public func makeConsumer(_ name: ByteView, in group: StreamGroup, _ keys: Keyspace) -> StreamConsumer {
        keep(.consumer(name), of: group, keys)
        let made = stream.makeConsumer(name, in: group, seenMs: keys.nowMs, keys.store)
        guard let consumer = made else { preconditionFailure("a consumer of that name is there") }
        return consumer
    }

    /// Notes that a consumer was heard of now, and whether it was given something.
    public func note(
        _ consumer: StreamConsumer, of group: StreamGroup, isActive: Bool, _ keys: Keyspace
    ) {
        keep(.consumer(consumer.name), of: group, keys)
        stream.setTimes(
            of: consumer, seenMs: keys.nowMs, activeMs: isActive ? keys.nowMs : consumer.activeMs)
    }

    /// Takes a consumer away, and what is pending for it.
    /// - Returns: how many entries were pending.
    public func removeConsumer(_ consumer: StreamConsumer, of group: StreamGroup, _ keys: Keyspace) -> Int {
        let count = consumer.pendingCount
        while let id = consumer.lastPendingID { removePending(id, in: group, keys) }
        keep(.consumer(consumer.name), of: group, keys)
        stream.removeConsumer(consumer, of: group, keys.store)
        return count
    }

    // MARK: Pending entries

    /// Notes that an entry was delivered to a consumer; it may be pending already, for the same or another.
    public func deliver(
        _ id: StreamID, to consumer: StreamConsumer, of group: StreamGroup, deliveredMs: Int64,
        deliveries: UInt64, _ keys: Keyspace
    ) {
        keep(.pending(id), of: group, keys)
        if let pending = group.pending(id) {
            stream.deliver(
                pending, id, to: consumer, deliveredMs: deliveredMs, deliveries: deliveries, keys.store)
        } else {
            stream.addPending(
                id, of: consumer, in: group, deliveredMs: deliveredMs, deliveries: deliveries, keys.store)
        }
    }

    /// Lets an entry be pending no more.
    /// - Returns: whether it was.
    @discardableResult public func removePending(
        _ id: StreamID, in group: StreamGroup, _ keys: Keyspace
    ) -> Bool {
        keep(.pending(id), of: group, keys)
        return stream.removePending(id, in: group, keys.store)
    }
}
