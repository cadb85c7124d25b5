// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

/// What XREADGROUP does with one of its streams, whose group is there.
struct GroupRead {
    let call: Call
    let args: Arguments
    let request: StreamReadRequest
    let keyIndex: Int
    /// The ID behind which the consumer's own pending entries are read; nil: new ones.
    let from: StreamID?

    private var groupName: ByteView { args[request.groupIndex] }
    private var consumerName: ByteView { args[request.groupIndex + 1] }

    /// Reads, and answers the key with what was read.
    /// - Parameter begin: runs before anything is answered.
    /// - Returns: false where there was nothing; then nothing is answered.
    mutating func run(_ keys: Keyspace, _ reply: Reply, _ begin: () -> Void) -> Bool {
        let key = args[keyIndex]
        let found = keys.locate(key)
        let edit = keys.edit(found)
        guard let group = edit.stream.group(groupName) else { preconditionFailure("a group that was there") }
        let hasNew = from == nil && edit.stream.lastEntryID > group.lastID
        let known = group.consumer(consumerName)
        let consumer = known ?? edit.makeConsumer(consumerName, in: group, keys)
        let isServed = from != nil || hasNew
        var delivered = 0
        if known == nil, request.isAcknowledged { propagateConsumer() }
        if isServed {
            begin()
            reply.key(key)
            if let from {
                history(behind: from, edit, group, consumer, keys, reply)
            } else {
                delivered = deliver(edit, group, consumer, keys, reply)
            }
        }
        edit.note(consumer, of: group, isActive: delivered > 0 && !request.isAcknowledged, keys)
        // What a consumer reads once more is no change.
        let changes = (delivered > 0 ? 1 : 0) + (known == nil ? 1 : 0)
        edit.commit(known == nil ? .xgroupCreateConsumer : .none, changes: changes, isReady: false, keys)
        return isServed
    }

    // MARK: New entries

    private func deliver(
        _ edit: borrowing Edit, _ group: StreamGroup, _ consumer: StreamConsumer, _ keys: Keyspace,
        _ reply: Reply
    ) -> Int {
        let stream = edit.stream
        let counters = stream.counters
        guard let first = group.lastID.next else { return 0 }
        var (last, read, delivered) = (group.lastID, group.entriesRead, 0)
        let isPending = !request.isAcknowledged
        let isWanted = call.isPropagationWanted
        let mark = reply.deferred()
        var ids: [StreamID] = []
        stream.forEach(from: first, to: .max) { entry in
            read = counters.entriesRead(after: read, last, reading: entry.id)
            last = entry.id
            reply.entry(entry)
            if isPending {
                ids.append(entry.id)
            }
            delivered += 1
            return delivered < request.count
        }
        reply.setArray(mark, delivered)
        edit.setProgress(of: group, lastID: last, entriesRead: read, keys)
        for id in ids {
            edit.deliver(id, to: consumer, of: group, deliveredMs: keys.nowMs, deliveries: 1, keys)
        }
        if isWanted {
            let claim = ClaimEffect(call: call, key: args[keyIndex], group: groupName)
            // Each says where the group was when the entry was delivered.
            for id in ids {
                claim.propagate(
                    id, consumer: consumerName, deliveredMs: keys.nowMs, deliveries: 1, lastID: id)
            }
            claim.propagateProgress(group)
        }
        return delivered
    }

    private func propagateConsumer() {
        call.propagate("XGROUP", ByteView("CREATECONSUMER"), args[keyIndex], groupName, consumerName)
    }

    // MARK: History

    private func history(
        behind id: StreamID, _ edit: borrowing Edit, _ group: StreamGroup, _ consumer: StreamConsumer,
        _ keys: Keyspace, _ reply: Reply
    ) {
        let stream = edit.stream
        let mark = reply.deferred()
        var answered = 0
        guard let first = id.next else { return reply.setArray(mark, 0) }
        // What is answered counts as delivered once more: the trees stay as they are while they are walked.
        consumer.forEachPending(from: first) { id, pending in
            if let entry = stream.find(id) {
                reply.entry(entry)
                edit.deliver(
                    id, to: consumer, of: group, deliveredMs: keys.nowMs,
                    deliveries: pending.deliveries &+ 1, keys)
            } else {
                reply.array(2)
                reply.bulk(id)
                reply.nullArray()
            }
            answered += 1
            return answered < request.count
        }
        reply.setArray(mark, answered)
    }
}

/// How what has happened to pending entries is propagated.
struct ClaimEffect {
    let call: Call
    let key: ByteView
    let group: ByteView

    /// Propagates where an entry is pending now, or that it is not (one that is no longer in the stream).
    func propagate(
        _ id: StreamID, consumer: ByteView, deliveredMs: Int64, deliveries: UInt64, lastID: StreamID
    ) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(14, database: call.engine.keys.current)
        effects.append(ByteView("XCLAIM"))
        for word in [key, group, consumer, ByteView("0")] { effects.append(word) }
        id.withText { effects.append($0) }
        effects.append(ByteView("TIME"))
        effects.append(deliveredMs)
        effects.append(ByteView("RETRYCOUNT"))
        effects.append(Int64(clamping: deliveries))
        effects.append(ByteView("FORCE"))
        effects.append(ByteView("JUSTID"))
        effects.append(ByteView("LASTID"))
        lastID.withText { effects.append($0) }
        effects.end()
    }

    /// Propagates what the group was handed last, and how many entries it has read.
    func propagateProgress(_ group: StreamGroup) {
        call.propagateNothing()
        guard call.isPropagationWanted else { return }
        let effects = call.engine.keys.effects
        effects.begin(7, database: call.engine.keys.current)
        for word in [ByteView("XGROUP"), ByteView("SETID"), key, self.group] { effects.append(word) }
        group.lastID.withText { effects.append($0) }
        effects.append(ByteView("ENTRIESREAD"))
        effects.append(group.entriesRead ?? -1)
        effects.end()
    }
}
