// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Questions about the bits of a part of a string.

/// The range that a client names: both ends inclusive, negative ones from the end, in bytes or bits.
private struct BitRange {
    /// In the client's unit; a missing end is the last one there is.
    var start = 0
    var end = -1
    var isInBits = false

    /// Reads `[start [end [BYTE | BIT]]]` from argument `first` on. Which of the last two is looked at first decides which
    /// error a client gets that has both wrong.
    init(_ args: Arguments, from first: Int, unitFirst: Bool) throws(Refusal) {
        guard args.count <= first + 3 else { throw .syntax }
        if args.count > first { start = Int(try args.integer(first)) }
        if unitFirst, args.count > first + 2 { try readUnit(args[first + 2]) }
        if args.count > first + 1 { end = Int(try args.integer(first + 1)) }
        if !unitFirst, args.count > first + 2 { try readUnit(args[first + 2]) }
    }

    private mutating func readUnit(_ word: ByteView) throws(Refusal) {
        isInBits = word.matches("BIT")
        guard isInBits || word.matches("BYTE") else { throw .syntax }
    }

    /// The bits meant in a string of `count` bytes, nil when there are none. An end in front of the string is taken for
    /// its first byte or bit.
    func bits(of count: Int) -> Range<Int>? {
        let total = isInBits ? count * 8 : count
        let from = start < 0 ? max(0, total + start) : start
        let through = min(end < 0 ? max(0, total + end) : end, total - 1)
        guard from <= through else { return nil }
        return isInBits ? from..<(through + 1) : from * 8..<(through + 1) * 8
    }
}

/// BITCOUNT key [start [end [BYTE | BIT]]]
enum BitCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let range = try BitRange(args, from: 2, unitFirst: false)
        let found = keys.read(args[1])
        try found.require(.string)
        guard found.exists else { return reply.integer(0) }
        // An empty range stays empty even if both ends lie in front of the string.
        if range.start < 0, range.end < 0, range.start > range.end { return reply.integer(0) }
        let bytes = keys.string(found.value)
        reply.integer(range.bits(of: bytes.count).map { bytes.bitCount($0) } ?? 0)
    }
}

/// BITPOS key bit [start [end [BYTE | BIT]]]
enum BitPos: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let bit = try args.integer(2)
        guard bit == 0 || bit == 1 else { throw .custom("ERR The bit argument must be 1 or 0.") }
        let range = try BitRange(args, from: 3, unitFirst: true)
        let found = keys.read(args[1])
        try found.require(.string)
        // A missing key is zeros without end, whatever the range.
        guard found.exists else { return reply.integer(bit == 1 ? -1 : 0) }
        let bytes = keys.string(found.value)
        guard let bits = range.bits(of: bytes.count) else { return reply.integer(-1) }
        if let position = bytes.firstBit(bit == 1, in: bits) { return reply.integer(position) }
        // Behind the string there are zeros, but a range with an end does not reach there.
        reply.integer(bit == 0 && args.count < 5 ? bytes.bitsTotal : -1)
    }
}
