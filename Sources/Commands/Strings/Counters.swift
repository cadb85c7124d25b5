// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Strings as numbers.

/// INCR key
enum Incr: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try add(1, args, keys, reply)
    }

    /// Adds to the integer under the first key; a missing one counts as 0.
    @inline(__always)
    static func add(_ step: Int64, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.string)
        let (sum, overflow) = try current(found, keys).addingReportingOverflow(step)
        guard !overflow else { throw .overflow }
        var edit = keys.edit(found)
        edit.setInteger(sum, keys)
        edit.commit(.incrby, keys)
        reply.integer(sum)
    }

    @inline(__always) private static func current(_ found: Found, _ keys: Keyspace) throws(Refusal) -> Int64 {
        guard found.exists else { return 0 }
        if found.value.isInteger { return found.value.integer }
        guard let integer = found.value.stringBytes.integer else { throw .notInteger }
        return integer
    }
}

/// DECR key
enum Decr: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Incr.add(-1, args, keys, reply)
    }
}

/// INCRBY key increment
enum IncrBy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Incr.add(try args.integer(2), args, keys, reply)
    }
}

/// DECRBY key decrement
enum DecrBy: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let step = try args.integer(2)
        guard step != .min else { throw .custom("ERR decrement would overflow") }
        try Incr.add(-step, args, keys, reply)
    }
}

/// INCRBYFLOAT key increment
enum IncrByFloat: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        try found.require(.string)
        let sum = try sum(found.exists ? keys.string(found.value) : ByteView("0"), args[2])
        sum.withView { text in
            var edit = keys.edit(found)
            edit.setText(text, keys)
            edit.commit(.incrbyfloat, keys)
            reply.bulk(text)
            // The sum travels, so that no other machine's arithmetic can differ.
            if call.isPropagationWanted { call.propagate("SET", args[1], text, ByteView("KEEPTTL")) }
        }
    }

    private static func sum(_ left: ByteView, _ right: ByteView) throws(Refusal) -> [UInt8] {
        do throws(DecimalSumError) {
            return try decimalSum(left, right)
        } catch {
            switch error {
            case .leftInvalid, .rightInvalid: throw .notFloat
            case .notFinite: throw .notFinite
            }
        }
    }
}
