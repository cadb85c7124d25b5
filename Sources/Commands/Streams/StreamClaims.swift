// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// XCLAIM and XAUTOCLAIM: what is pending changes hands.

extension Arguments {
    /// Argument `index` as the least idle time of what is claimed, in ms; negative ones are 0.
    fileprivate func minIdleMs(_ index: Int, or refusal: Refusal) throws(Refusal) -> Int64 {
        max(0, try integer(index, or: refusal))
    }
}

extension StreamPending {
    /// Whether it was delivered so long ago.
    fileprivate func isIdle(_ minIdleMs: Int64, nowMs: Int64) -> Bool {
        if minIdleMs == 0 { return true }
        let (idle, isOld) = nowMs.subtractingReportingOverflow(deliveredMs)
        return isOld || idle >= minIdleMs
    }
}

/// XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-ms] [RETRYCOUNT count] [FORCE] [JUSTID]
/// [LASTID id]
enum XClaim: Handler {
    private struct Request {
        let minIdleMs: Int64
        /// Where the IDs stand.
        let ids: Range<Int>
        let deliveredMs: Int64
        private(set) var deliveries: UInt64?
        private(set) var makesPending = false
        private(set) var answersIDs = false
        private(set) var lastID = StreamID.zero

        init(_ args: Arguments, _ call: Call) throws(Refusal) {
            minIdleMs = try args.minIdleMs(
                4, or: .custom("ERR Invalid min-idle-time argument for XCLAIM"))
            var index = 5
            while index < args.count, StreamIDText(args[index], sequence: 0) != nil { index += 1 }
            ids = 5..<index
            var time: Int64?
            while index < args.count {
                let more = args.count - index - 1
                if args[index].matches("FORCE") {
                    makesPending = true
                } else if args[index].matches("JUSTID") {
                    answersIDs = true
                } else if more > 0, args[index].matches("IDLE") {
                    index += 1
                    let idle = try args.integer(
                        index, or: .custom("ERR Invalid IDLE option argument for XCLAIM"))
                    time = call.nowMs &- idle
                } else if more > 0, args[index].matches("TIME") {
                    index += 1
                    time = try args.integer(
                        index, or: .custom("ERR Invalid TIME option argument for XCLAIM"))
                } else if more > 0, args[index].matches("RETRYCOUNT") {
                    index += 1
                    let count = try args.integer(
                        index, or: .custom("ERR Invalid RETRYCOUNT option argument for XCLAIM"))
                    deliveries = count < 0 ? nil : UInt64(count)
                } else if more > 0, args[index].matches("LASTID") {
                    index += 1
                    lastID = try args.streamID(index)
                } else {
                    throw call.unknownOption(args[index])
                }
                index += 1
            }
            // Clients reckon with clocks of their own: a time that cannot be is now.
            deliveredMs = time.flatMap { $0 < 0 || $0 > call.nowMs ? nil : $0 } ?? call.nowMs
        }
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.stream)
        guard found.exists, let group = found.value.stream.group(args[2]) else {
            throw call.noGroup(args[1], args[2])
        }
        let request = try Request(args, call)
        call.propagateNothing()
        let edit = keys.edit(found)
        var claim = Claim(call: call, args: args, group: group, answersIDs: request.answersIDs)
        let isBehind = request.lastID > group.lastID
        if isBehind {
            edit.setProgress(of: group, lastID: request.lastID, entriesRead: group.entriesRead, keys)
        }
        claim.begin(edit, keys)
        let mark = reply.deferred()
        for index in request.ids {
            let id = args.checkedStreamID(index)
            let pending = group.pending(id)
            guard let entry = edit.stream.find(id) else {
                if let pending { claim.drop(id, pending, edit, keys) }
                continue
            }
            var deliveries = request.deliveries
            if let pending {
                guard pending.isIdle(request.minIdleMs, nowMs: keys.nowMs) else { continue }
                deliveries = deliveries ?? pending.deliveries &+ (request.answersIDs ? 0 : 1)
            } else if request.makesPending {
                // As if it had been delivered once before.
                deliveries = deliveries ?? (request.answersIDs ? 1 : 2)
            } else {
                continue
            }
            claim.take(
                id, deliveredMs: request.deliveredMs, deliveries: deliveries ?? 1, edit, keys)
            if request.answersIDs { reply.bulk(id) } else { reply.entry(entry) }
        }
        reply.setArray(mark, claim.taken)
        // Whatever was propagated says what the group was handed last.
        let tells = isBehind && claim.changes == 0
        if tells { ClaimEffect(call: call, key: args[1], group: args[2]).propagateProgress(group) }
        claim.end(edit, changes: tells ? 1 : 0, keys)
    }
}

extension Call {
    fileprivate func unknownOption(_ option: ByteView) -> Refusal {
        refusal(ByteString(Array("ERR Unrecognized XCLAIM option '".utf8) + option.array + [39]))
    }
}

/// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
enum XAutoClaim: Handler {
    private struct Request {
        let minIdleMs: Int64
        let from: StreamID
        private(set) var count = 100
        private(set) var answersIDs = false
        /// So many pending entries are looked at for each that is asked for.
        static let attempts = 10
        private static let countMax = Int64.max / 16

        init(_ args: Arguments) throws(Refusal) {
            minIdleMs = try args.minIdleMs(
                4, or: .custom("ERR Invalid min-idle-time argument for XAUTOCLAIM"))
            from = try args.streamBound(5, isStart: true)
            var index = 6
            while index < args.count {
                if args[index].matches("COUNT"), index + 1 < args.count {
                    let value = try args.integer(
                        index + 1, atLeast: 1, or: .custom("ERR COUNT must be > 0"))
                    guard value <= Request.countMax else { throw .custom("ERR COUNT must be > 0") }
                    count = Int(value)
                    index += 2
                } else if args[index].matches("JUSTID") {
                    answersIDs = true
                    index += 1
                } else {
                    throw .syntax
                }
            }
        }
    }

    /// What is to be done with a pending entry.
    private struct Found {
        let id: StreamID
        let pending: StreamPending
        let isThere: Bool
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try Request(args)
        let found = keys.locate(args[1])
        try found.require(.stream)
        guard found.exists, let group = found.value.stream.group(args[2]) else {
            throw call.noGroup(args[1], args[2])
        }
        call.propagateNothing()
        let edit = keys.edit(found)
        var claim = Claim(call: call, args: args, group: group, answersIDs: request.answersIDs)
        claim.begin(edit, keys)
        let (items, next) = look(request, group, edit.stream, nowMs: keys.nowMs)
        reply.array(3)
        reply.bulk(next ?? .zero)
        reply.array(items.count { $0.isThere })
        for item in items {
            guard item.isThere else {
                claim.drop(item.id, item.pending, edit, keys)
                continue
            }
            let deliveries = item.pending.deliveries &+ (request.answersIDs ? 0 : 1)
            claim.take(item.id, deliveredMs: keys.nowMs, deliveries: deliveries, edit, keys)
            if request.answersIDs {
                reply.bulk(item.id)
            } else if let entry = edit.stream.find(item.id) {
                reply.entry(entry)
            }
        }
        reply.array(items.count { !$0.isThere })
        for item in items where !item.isThere { reply.bulk(item.id) }
        claim.end(edit, changes: 0, keys)
    }

    /// Looks for entries that can be claimed, or that are no longer there.
    /// - Returns: those, and the ID from which to go on; nil at the end.
    private static func look(
        _ request: Request, _ group: StreamGroup, _ stream: StreamLog, nowMs: Int64
    ) -> (items: [Found], next: StreamID?) {
        var items: [Found] = []
        var (attempts, next) = (request.count * Request.attempts, StreamID?.none)
        group.forEachPending(from: request.from) { id, pending in
            guard attempts > 0, items.count < request.count else {
                next = id
                return false
            }
            attempts -= 1
            let isThere = stream.find(id) != nil
            if !isThere || pending.isIdle(request.minIdleMs, nowMs: nowMs) {
                items.append(Found(id: id, pending: pending, isThere: isThere))
            }
            return true
        }
        return (items, next)
    }
}

/// A consumer takes over pending entries of others; or they turn out to be of nothing.
private struct Claim {
    let call: Call
    let args: Arguments
    let group: StreamGroup
    let answersIDs: Bool
    /// Entries that were taken over, and changes that are propagated.
    private(set) var taken = 0
    private(set) var changes = 0
    private var consumer: StreamConsumer?
    private var isNew = false

    init(call: Call, args: Arguments, group: StreamGroup, answersIDs: Bool) {
        self.call = call
        self.args = args
        self.group = group
        self.answersIDs = answersIDs
    }

    private var effect: ClaimEffect { ClaimEffect(call: call, key: args[1], group: args[2]) }

    /// Finds the consumer, or makes it.
    mutating func begin(_ edit: borrowing Edit, _ keys: Keyspace) {
        consumer = group.consumer(args[3])
        guard consumer == nil else { return }
        consumer = edit.makeConsumer(args[3], in: group, keys)
        isNew = true
    }

    /// An entry is not there any more: it is pending for nobody.
    mutating func drop(_ id: StreamID, _ pending: StreamPending, _ edit: borrowing Edit, _ keys: Keyspace) {
        // Whoever repeats this finds as well that it is not there.
        effect.propagate(
            id, consumer: pending.consumer.name, deliveredMs: pending.deliveredMs,
            deliveries: pending.deliveries, lastID: group.lastID)
        edit.removePending(id, in: group, keys)
        changes += 1
    }

    mutating func take(
        _ id: StreamID, deliveredMs: Int64, deliveries: UInt64, _ edit: borrowing Edit, _ keys: Keyspace
    ) {
        guard let consumer else { preconditionFailure("nobody claims") }
        edit.deliver(id, to: consumer, of: group, deliveredMs: deliveredMs, deliveries: deliveries, keys)
        effect.propagate(
            id, consumer: args[3], deliveredMs: deliveredMs, deliveries: deliveries, lastID: group.lastID)
        taken += 1
        changes += 1
    }

    /// Ends the edit.
    mutating func end(_ edit: consuming Edit, changes more: Int, _ keys: Keyspace) {
        guard let consumer else { preconditionFailure("nobody claims") }
        edit.note(consumer, of: group, isActive: taken > 0, keys)
        let event: Event = isNew ? .xgroupCreateConsumer : .none
        edit.commit(event, changes: changes + more + (isNew ? 1 : 0), isReady: false, keys)
    }
}
