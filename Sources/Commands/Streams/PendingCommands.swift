// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// XACK and XPENDING: what was delivered and not acknowledged.

/// XACK key group id [id ...]
enum XAck: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.stream)
        guard found.exists, let group = found.value.stream.group(args[2]) else { return reply.integer(0) }
        // All IDs are read before anything is changed.
        for index in 4..<max(4, args.count) { _ = try args.streamID(index) }
        let first = try args.streamID(3)
        let edit = keys.edit(found)
        var acknowledged = 0
        for index in 3..<args.count {
            let id = index == 3 ? first : args.checkedStreamID(index)
            if edit.removePending(id, in: group, keys) { acknowledged += 1 }
        }
        edit.commit(.none, changes: acknowledged, isReady: false, keys)
        reply.integer(acknowledged)
    }
}

/// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
enum XPending: Handler {
    /// What XPENDING lists.
    private struct Request {
        var minIdleMs: Int64 = 0
        var from = StreamID.zero
        var to = StreamID.max
        var count = 0
        /// Where the consumer's name stands.
        var consumerIndex: Int?

        init(_ args: Arguments) throws(Refusal) {
            guard args.count >= 6, args.count <= 9 else { throw .syntax }
            var index = 3
            if args[3].matches("IDLE") {
                minIdleMs = try args.integer(4)
                guard args.count >= 8 else { throw .syntax }
                index = 5
            }
            count = Int(max(0, try args.integer(index + 2)))
            from = try args.streamBound(index, isStart: true)
            to = try args.streamBound(index + 1, isStart: false)
            if index + 3 < args.count { consumerIndex = index + 3 }
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = args.count == 3 ? nil : try Request(args)
        let found = keys.read(args[1])
        try found.require(.stream)
        guard found.exists, let group = found.value.stream.group(args[2]) else {
            throw call.noGroup(args[1], args[2])
        }
        guard let request else { return summarize(group, reply) }
        let mark = reply.deferred()
        var answered = 0
        func visit(_ id: StreamID, _ pending: StreamPending) -> Bool {
            guard answered < request.count, id <= request.to else { return false }
            let (idleMs, isOld) = keys.nowMs.subtractingReportingOverflow(pending.deliveredMs)
            let idle = isOld ? Int64.max : idleMs
            if request.minIdleMs != 0, idle < request.minIdleMs { return true }
            reply.array(4)
            reply.bulk(id)
            reply.bulk(pending.consumer.name)
            reply.integer(max(0, idle))
            reply.integer(Int64(clamping: pending.deliveries))
            answered += 1
            return true
        }
        if let index = request.consumerIndex {
            guard let consumer = group.consumer(args[index]) else { return reply.array(0) }
            consumer.forEachPending(from: request.from, visit)
        } else {
            group.forEachPending(from: request.from, visit)
        }
        reply.setArray(mark, answered)
    }

    /// How much is pending, from where to where, and for whom.
    private static func summarize(_ group: StreamGroup, _ reply: Reply) {
        reply.array(4)
        reply.integer(group.pendingCount)
        guard let first = group.pendingEdge(last: false), let last = group.pendingEdge(last: true) else {
            reply.null()
            reply.null()
            return reply.nullArray()
        }
        reply.bulk(first)
        reply.bulk(last)
        let mark = reply.deferred()
        var consumers = 0
        group.forEachConsumer { consumer in
            guard consumer.pendingCount > 0 else { return }
            reply.array(2)
            reply.bulk(consumer.name)
            reply.bulk(Int64(consumer.pendingCount))
            consumers += 1
        }
        reply.setArray(mark, consumers)
    }
}
