// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Numbers of any width in the bits of a string.

/// The type of a field: `i1` to `i64`, `u1` to `u63`. All their numbers are 64-bit integers.
struct BitFieldType {
    let isSigned: Bool
    let width: Int

    init?(_ word: ByteView) {
        guard word.count > 1 else { return nil }
        switch word[0] {
        case UInt8(ascii: "i"): isSigned = true
        case UInt8(ascii: "u"): isSigned = false
        default: return nil
        }
        guard let width = word.dropFirst(1).integer, width >= 1, width <= (isSigned ? 64 : 63) else {
            return nil
        }
        self.width = Int(width)
    }

    var min: Int64 { isSigned ? Int64.min >> Int64(64 - width) : 0 }
    var max: Int64 { isSigned ? Int64.max >> Int64(64 - width) : Int64.max >> Int64(63 - width) }

    /// The number that the lower `width` bits mean.
    func number(_ bits: UInt64) -> Int64 {
        let shift = UInt64(64 - width)
        let high = Int64(bitPattern: bits << shift)
        return isSigned ? high >> Int64(shift) : Int64(bitPattern: UInt64(bitPattern: high) >> shift)
    }
}

/// What becomes of a number that does not fit its field.
enum BitFieldOverflow { case wrap, saturate, fail }

/// One step of BITFIELD.
struct BitFieldStep {
    enum Action { case get, set, increment }
    let action: Action
    let type: BitFieldType
    let offset: Int
    /// The number to set or to add.
    let operand: Int64
    let overflow: BitFieldOverflow

    var end: Int { offset + type.width }

    /// The number in the field at present.
    func number(in bytes: ByteView) -> Int64 { type.number(bytes.bitField(at: offset, width: type.width)) }

    /// What is to be written over `old`; nil when that must not be done.
    func written(over old: Int64) -> Int64? {
        var number = operand
        var isTooHigh: Bool
        var isTooLow: Bool
        if action == .increment {
            let (sum, overflow) = old.addingReportingOverflow(operand)
            number = sum
            isTooHigh = overflow ? operand > 0 : sum > type.max
            isTooLow = overflow ? operand < 0 : sum < type.min
        } else {
            // A negative number for an unsigned field counts as a huge one.
            isTooHigh = operand > type.max || !type.isSigned && operand < 0
            isTooLow = type.isSigned && operand < type.min
        }
        guard isTooHigh || isTooLow else { return number }
        switch overflow {
        case .wrap: return type.number(UInt64(bitPattern: number))
        case .saturate: return isTooHigh ? type.max : type.min
        case .fail: return nil
        }
    }
}

/// Reads the steps one after the other. BITFIELD reads them twice: first to see that all are sound, how many there are
/// and how far they write, then to take them.
struct BitFieldReader {
    private let args: Arguments
    private let call: Call
    private var index = 2
    private var overflow = BitFieldOverflow.wrap

    init(_ args: Arguments, _ call: Call) {
        self.args = args
        self.call = call
    }

    mutating func next() throws(Refusal) -> BitFieldStep? {
        while index < args.count {
            let word = args[index]
            let left = args.count - index - 1
            if word.matches("OVERFLOW"), left >= 1 {
                overflow = try overflow(args[index + 1])
                index += 2
                continue
            }
            let action: BitFieldStep.Action
            if word.matches("GET"), left >= 2 {
                action = .get
            } else if word.matches("SET"), left >= 3 {
                action = .set
            } else if word.matches("INCRBY"), left >= 3 {
                action = .increment
            } else {
                throw .syntax
            }
            guard let type = BitFieldType(args[index + 1]) else {
                throw .custom(
                    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
                )
            }
            let offset = try args.bitOffset(index + 2, fieldWidth: type.width, call)
            let operand = action == .get ? 0 : try args.integer(index + 3)
            index += action == .get ? 3 : 4
            return BitFieldStep(
                action: action, type: type, offset: offset, operand: operand, overflow: overflow)
        }
        return nil
    }

    private func overflow(_ word: ByteView) throws(Refusal) -> BitFieldOverflow {
        if word.matches("WRAP") { return .wrap }
        if word.matches("SAT") { return .saturate }
        if word.matches("FAIL") { return .fail }
        throw .custom("ERR Invalid OVERFLOW type specified")
    }
}

/// BITFIELD key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value | INCRBY type offset increment ...]
enum BitFieldCommand: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try run(call, args, keys, reply, mayWrite: true)
    }

    static func run(
        _ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply, mayWrite: Bool
    ) throws(Refusal) {
        var reader = BitFieldReader(args, call)
        var count = 0
        var writesUpTo = 0
        while let step = try reader.next() {
            count += 1
            if step.action != .get { writesUpTo = max(writesUpTo, step.end) }
        }
        if writesUpTo == 0 {
            let found = keys.read(args[1])
            try found.require(.string)
            reply.array(count)
            answer(found.exists ? keys.string(found.value) : .empty, BitFieldReader(args, call), reply)
            return
        }
        guard mayWrite else { throw .custom("ERR BITFIELD_RO only supports the GET subcommand") }
        let found = keys.locate(args[1])
        try found.require(.string)
        reply.array(count)
        let bytes = found.exists ? keys.string(found.value) : .empty
        if writes(bytes, BitFieldReader(args, call)) {
            write(found, upTo: writesUpTo, BitFieldReader(args, call), keys, reply)
        } else {
            answer(bytes, BitFieldReader(args, call), reply)
        }
    }

    /// Whether one of the steps writes. If all fail, the string stays as it is: it does not grow either, which nobody
    /// would hear of.
    private static func writes(_ bytes: ByteView, _ steps: BitFieldReader) -> Bool {
        var steps = steps
        while let step = try? steps.next() {
            // The steps before have changed nothing.
            if step.action != .get, step.written(over: step.number(in: bytes)) != nil { return true }
        }
        return false
    }

    /// Answers the steps where none writes.
    private static func answer(_ bytes: ByteView, _ steps: BitFieldReader, _ reply: Reply) {
        var steps = steps
        // The steps were read once already, so none of them is refused.
        while let step = try? steps.next() {
            if step.action == .get { reply.integer(step.number(in: bytes)) } else { reply.null() }
        }
    }

    private static func write(
        _ found: Found, upTo end: Int, _ steps: BitFieldReader, _ keys: Keyspace, _ reply: Reply
    ) {
        var steps = steps
        var edit = keys.edit(found)
        // It grows for all steps at once, also for those that fail.
        let grew = edit.makeWritable((end + 7) >> 3, keys)
        var changes = 0
        while let step = try? steps.next() {
            let old = step.number(in: edit.value.stringBytes)
            guard step.action != .get else {
                reply.integer(old)
                continue
            }
            guard let new = step.written(over: old) else {
                reply.null()
                continue
            }
            edit.setBitField(at: step.offset, width: step.type.width, UInt64(bitPattern: new))
            if new != old || grew { changes += 1 }
            reply.integer(step.action == .set ? old : new)
        }
        edit.end(.setbit, changes: changes, keys)
    }
}

/// BITFIELD_RO key [GET type offset ...]
enum BitFieldReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try BitFieldCommand.run(call, args, keys, reply, mayWrite: false)
    }
}
