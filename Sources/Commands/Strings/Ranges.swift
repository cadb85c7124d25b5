// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Strings as arrays of bytes.

extension Call {
    /// Refuses a string of `count` bytes grown by `more` when it would exceed `proto-max-bulk-len`.
    func requireLength(_ count: Int, plus more: Int) throws(Refusal) {
        let (total, overflow) = count.addingReportingOverflow(more)
        guard !overflow, total <= engine.config.settings.stringBytesMax else { throw .stringTooLong }
    }
}

/// APPEND key value
enum Append: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.string)
        let length: Int
        if found.exists {
            try call.requireLength(found.value.stringCount, plus: args[2].count)
            var edit = keys.edit(found)
            length = edit.append(args[2], keys)
            edit.commit(.append, keys)
        } else {
            var edit = keys.edit(found)
            edit.setString(args[2], adopting: call.block(2), keys)
            length = args[2].count
            edit.commit(.append, keys)
        }
        reply.integer(length)
    }
}

/// STRLEN key
enum StrLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.read(args[1])
        try found.require(.string)
        reply.integer(found.exists ? found.value.stringCount : 0)
    }
}

/// SETRANGE key offset value
enum SetRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let offset = Int(try args.integer(2))
        guard offset >= 0 else { throw .offsetOutOfRange }
        let found = keys.locate(args[1])
        try found.require(.string)
        guard !args[3].isEmpty else { return reply.integer(found.exists ? found.value.stringCount : 0) }
        try call.requireLength(offset, plus: args[3].count)
        var edit = keys.edit(found)
        let length = edit.overwrite(at: offset, with: args[3], keys)
        edit.commit(.setrange, keys)
        reply.integer(length)
    }
}

/// GETRANGE key start end
enum GetRange: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let start = Int(try args.integer(2))
        let end = Int(try args.integer(3))
        let found = keys.read(args[1])
        try found.require(.string)
        guard found.exists else { return reply.bulk(ByteView.empty) }
        let bytes = keys.string(found.value)
        reply.bulk(bytes[GetRange.resolve(start, end, bytes.count)])
    }

    /// The range that `start` and `end` (both inclusive, negative ones from the end) mean in `count` bytes. An end in
    /// front of the string is taken for its first byte, but an empty range stays empty.
    static func resolve(_ start: Int, _ end: Int, _ count: Int) -> Range<Int> {
        if start < 0, end < 0, start > end { return 0..<0 }
        let from = start < 0 ? max(0, count + start) : start
        let through = min(end < 0 ? max(0, count + end) : end, count - 1)
        return from <= through ? from..<(through + 1) : 0..<0
    }
}

/// SUBSTR key start end
enum SubStr: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try GetRange.run(call, args, keys, reply)
    }
}
