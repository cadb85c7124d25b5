// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// XREAD and XREADGROUP: entries of several streams, or a wait for the first.

/// What both are asked for.
struct StreamReadRequest {
    var count = Int.max
    /// Whether it waits where there is nothing, and until when; nil: for ever.
    var blocks = false
    var deadlineMs: Int64?
    /// Where the names of group and consumer stand, in XREADGROUP.
    var groupIndex = 0
    /// What is delivered counts as acknowledged.
    var isAcknowledged = false
    /// Where the keys stand; as many IDs follow.
    var keys = 0..<0

    init(_ args: Arguments, _ call: Call, isGroup: Bool) throws(Refusal) {
        var index = 1
        while index < args.count {
            let word = args[index]
            let more = args.count - index - 1
            if more > 0, word.matches("BLOCK") {
                index += 1
                blocks = true
                deadlineMs = try args.waitDeadlineMs(ofMs: index, call)
            } else if more > 0, word.matches("COUNT") {
                index += 1
                let value = try args.integer(index)
                // No count, and none that means anything, is all.
                count = value > 0 ? Int(value) : .max
            } else if more > 0, word.matches("STREAMS") {
                try readKeys(args, index + 1, call, isGroup)
                break
            } else if more >= 2, word.matches("GROUP") {
                guard isGroup else { throw .groupInXRead }
                groupIndex = index + 1
                index += 2
            } else if word.matches("NOACK") {
                guard isGroup else { throw .noAckInXRead }
                isAcknowledged = true
            } else {
                throw .syntax
            }
            index += 1
        }
        guard !keys.isEmpty else { throw .syntax }
        if isGroup, groupIndex == 0 { throw .custom("ERR Missing GROUP option for XREADGROUP") }
    }

    private mutating func readKeys(
        _ args: Arguments, _ first: Int, _ call: Call, _ isGroup: Bool
    ) throws(Refusal) {
        let words = args.count - first
        guard words & 1 == 0 else {
            throw isGroup ? .unbalancedGroupStreams : .unbalancedStreams
        }
        keys = first..<first + words / 2
    }

    /// Where the ID of a key stands.
    @inline(__always) func idIndex(_ keyIndex: Int) -> Int { keyIndex &+ keys.count }
}

extension Refusal {
    fileprivate static let groupInXRead = Refusal.custom(
        "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
    fileprivate static let noAckInXRead = Refusal.custom(
        "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
    fileprivate static let unbalancedStreams = Refusal.custom(
        "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.")
    fileprivate static let unbalancedGroupStreams = Refusal.custom(
        "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.")
}

/// XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
enum XRead: Handler {
    /// A key, and the first ID to be read of it.
    private struct Start {
        let keyIndex: Int
        let id: StreamID
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if call.resumption == .timedOut { return reply.nullArray() }
        let request = try StreamReadRequest(args, call, isGroup: false)
        if request.keys.count == 1 {
            let found = keys.read(args[request.keys.lowerBound])
            guard let from = try start(request.keys.lowerBound, found, request, args, call) else {
                return try wait(request, call, args, keys, reply)
            }
            reply.keyed(1)
            reply.key(found.key)
            return reply.entries(of: found.value.stream, from: from, to: .max, count: request.count)
        }
        var starts: [Start] = []
        for index in KeyPlaces(args, from: request.keys.lowerBound, to: request.keys.upperBound, keys) {
            let found = keys.read(args[index])
            if let id = try start(index, found, request, args, call) {
                starts.append(Start(keyIndex: index, id: id))
            }
        }
        guard !starts.isEmpty else { return try wait(request, call, args, keys, reply) }
        reply.keyed(starts.count)
        for start in starts {
            let found = keys.peek(args[start.keyIndex])
            reply.key(found.key)
            reply.entries(of: found.value.stream, from: start.id, to: .max, count: request.count)
        }
    }

    /// The first ID to be read of a key, if there is an entry from there on.
    private static func start(
        _ keyIndex: Int, _ found: Found, _ request: StreamReadRequest, _ args: Arguments, _ call: Call
    ) throws(Refusal) -> StreamID? {
        let idIndex = request.idIndex(keyIndex)
        try found.require(.stream)
        if args[idIndex].count == 1 {
            switch args[idIndex][0] {
            case UInt8(ascii: "$"): return nil
            case UInt8(ascii: "+"):
                guard found.exists, found.value.stream.length > 0 else { return nil }
                return found.value.stream.lastEntryID
            case UInt8(ascii: ">"):
                throw .custom(
                    """
                    ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> \
                    option.
                    """)
            default: break
            }
        }
        let id = try args.streamID(idIndex)
        guard found.exists, let next = id.next, case let stream = found.value.stream, stream.lastID > id,
            stream.lastEntryID > id
        else { return nil }
        return next
    }

    /// Keeps the command until there is an entry; `$` and `+` become what they mean now.
    private static func wait(
        _ request: StreamReadRequest, _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        guard request.blocks, call.mayWait else { return reply.nullArray() }
        let list = ArgumentList(keys.heap)
        var texts: [[UInt8]] = []
        for index in request.keys {
            let text = args[request.idIndex(index)]
            guard text.count == 1, text[0] == UInt8(ascii: "$") || text[0] == UInt8(ascii: "+") else {
                texts.append(text.array)
                continue
            }
            let found = keys.peek(args[index])
            let last = found.isType(.stream) ? found.value.stream.lastID : .zero
            texts.append(last.withText { $0.array })
        }
        let all = texts.flatMap { $0 }
        all.withView { bytes in
            for index in 0..<request.keys.upperBound { list.append(args[index]) }
            var at = 0
            for text in texts {
                list.append(bytes[at..<(at + text.count)])
                at += text.count
            }
            call.wait(
                forKeysAt: request.keys, of: .stream, list.arguments, deadlineMs: request.deadlineMs)
        }
    }
}

/// XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]
enum XReadGroup: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if call.resumption == .timedOut { return reply.nullArray() }
        let request = try StreamReadRequest(args, call, isGroup: true)
        call.propagateNothing()
        let groupName = args[request.groupIndex]
        // All keys, groups and IDs are looked at before anything is changed.
        for index in KeyPlaces(args, from: request.keys.lowerBound, to: request.keys.upperBound, keys) {
            try check(index, keys.locate(args[index]), groupName, request, args, call)
        }
        var mark: Reply.Deferred?
        var served = 0
        for index in request.keys {
            var read = GroupRead(
                call: call, args: args, request: request, keyIndex: index,
                from: Self.history(args, request.idIndex(index)))
            let isFirst = served == 0
            if request.keys.count == 1 {
                if read.run(keys, reply, { reply.keyed(1) }) { return }
                break
            }
            if read.run(keys, reply, { if isFirst { mark = reply.deferred() } }) { served += 1 }
        }
        if let mark { return reply.setKeyed(mark, served) }
        guard request.blocks, call.mayWait else { return reply.nullArray() }
        call.wait(
            forKeysAt: request.keys, of: .stream, evenIfGone: true, args, deadlineMs: request.deadlineMs)
    }

    /// The ID behind which the consumer's own entries are asked for; nil for new ones: `>`, or the highest ID there is,
    /// behind which there can be none.
    private static func history(_ args: Arguments, _ index: Int) -> StreamID? {
        if args.isCharacter(index, ">") { return nil }
        let id = args.checkedStreamID(index)
        return id == .max ? nil : id
    }

    private static func check(
        _ index: Int, _ found: Found, _ group: ByteView, _ request: StreamReadRequest, _ args: Arguments,
        _ call: Call
    ) throws(Refusal) {
        try found.require(.stream)
        guard found.exists, found.value.stream.group(group) != nil else {
            throw call.noGroup(found.key, group, " in XREADGROUP with GROUP option")
        }
        let idIndex = request.idIndex(index)
        guard args[idIndex].count == 1 else {
            _ = try args.streamID(idIndex)
            return
        }
        switch args[idIndex][0] {
        case UInt8(ascii: ">"): return
        case UInt8(ascii: "$"): throw .meaningless("$")
        case UInt8(ascii: "+"): throw .meaningless("+")
        default: _ = try args.streamID(idIndex)
        }
    }
}

extension Refusal {
    /// An ID that means the end of a stream, where a group is read.
    fileprivate static func meaningless(_ id: Unicode.Scalar) -> Refusal {
        id == "$"
            ? .custom(
                """
                ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer \
                by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty \
                result set.
                """)
            : .custom(
                """
                ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer \
                by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty \
                result set.
                """)
    }
}
