// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// Commands on the entries of one stream, but for XADD.

/// XLEN key
enum XLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        try found.require(.stream)
        reply.integer(found.exists ? found.value.stream.length : 0)
    }
}

/// XRANGE key start end [COUNT count]
enum XRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let from = try args.streamBound(2, isStart: true)
        let to = try args.streamBound(3, isStart: false)
        try answer(args, from, to, reversed: false, keys, reply)
    }

    fileprivate static func answer(
        _ args: Arguments, _ from: StreamID, _ to: StreamID, reversed: Bool, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        var count = Int64.max
        var index = 4
        while index < args.count {
            guard index + 1 < args.count, args[index].matches("COUNT") else { throw .syntax }
            count = try args.integer(index + 1)
            index += 2
        }
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.stream)
        // Redis answers a count of 0 with no array at all.
        guard count > 0 else { return reply.nullArray() }
        reply.entries(
            of: found.value.stream, from: from, to: to, count: Int(count), reversed: reversed)
    }
}

/// XREVRANGE key end start [COUNT count]
enum XRevRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let from = try args.streamBound(3, isStart: true)
        let to = try args.streamBound(2, isStart: false)
        try XRange.answer(args, from, to, reversed: true, keys, reply)
    }
}

/// XDEL key id [id ...]
enum XDel: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.stream)
        // All IDs are read before anything is changed.
        for index in 2..<args.count { _ = try args.streamID(index) }
        let edit = keys.edit(found)
        let deleted = edit.deleteEntries(count: args.count - 2, keys) { args.checkedStreamID($0 + 2) }
        edit.commit(.xdel, changes: deleted, isReady: false, keys)
        reply.integer(deleted)
    }
}

extension Arguments {
    /// Argument `index`, an ID that was read before.
    func checkedStreamID(_ index: Int) -> StreamID {
        guard let text = StreamIDText(self[index], sequence: 0) else { preconditionFailure("no ID") }
        return text.id
    }
}

/// XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]
enum XTrim: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var trim = TrimOptions()
        var index = 2
        while index < args.count {
            let next = try trim.read(args, index)
            guard next != index else { throw .syntax }
            index = next
        }
        if trim.trim == nil, (trim.limit ?? 0) == 0 {
            throw .custom("ERR syntax error, XTRIM must be called with a trimming strategy")
        }
        try trim.check()
        let found = keys.locate(args[1])
        guard found.exists else { return reply.integer(0) }
        try found.require(.stream)
        let edit = keys.edit(found)
        let removed = trim.apply(edit, keys)
        let counters = edit.stream.counters
        edit.commit(.xtrim, changes: removed, isReady: false, keys)
        if removed > 0, trim.isApproximate { trim.propagate(call, args, idIndex: 0, nil, counters) }
        reply.integer(removed)
    }
}

/// XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
enum XSetID: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let id = try args.streamID(2)
        var (added, maxDeleted) = (Int64?.none, StreamID.zero)
        var index = 3
        while index < args.count {
            guard index + 1 < args.count else { throw .syntax }
            if args[index].matches("ENTRIESADDED") {
                added = try args.integer(index + 1)
                if let added, added < 0 { throw .custom("ERR entries_added must be positive") }
            } else if args[index].matches("MAXDELETEDID") {
                maxDeleted = try args.streamID(index + 1)
                guard id >= maxDeleted else {
                    throw .custom(
                        """
                        ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
                        """)
                }
            } else {
                throw .syntax
            }
            index += 2
        }
        let found = keys.locate(args[1])
        guard found.exists else { throw .noSuchKey }
        try found.require(.stream)
        try check(id, added, found.value.stream)
        let edit = keys.edit(found)
        edit.setCounters(
            lastID: id, entriesAdded: added.map { UInt64($0) }, maxDeletedID: maxDeleted, keys)
        edit.commit(.xsetid, changes: 1, isReady: false, keys)
        reply.ok()
    }

    private static func check(_ id: StreamID, _ added: Int64?, _ stream: StreamLog) throws(Refusal) {
        guard id >= stream.maxDeletedID else {
            throw .custom("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
        }
        guard stream.length > 0 else { return }
        guard id >= stream.lastEntryID else {
            throw .custom("ERR The ID specified in XSETID is smaller than the target stream top item")
        }
        if let added, added < Int64(stream.length) {
            throw .custom(
                "ERR The entries_added specified in XSETID is smaller than the target stream length")
        }
    }
}
