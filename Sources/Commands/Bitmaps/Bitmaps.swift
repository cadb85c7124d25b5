// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on the bits of strings.
public enum Bitmaps {
    static let commands: [Command] = [
        Command(
            "SETBIT", arity: 4, [.write, .denyoom], .bitmap, keys: "idx1+range(0,1,0)[RW access update]",
            SetBit.self),
        Command(
            "GETBIT", arity: 3, [.readonly, .fast], .bitmap, keys: "idx1+range(0,1,0)[RO access]", GetBit.self
        ),
        Command(
            "BITCOUNT", arity: -2, [.readonly], .bitmap, keys: "idx1+range(0,1,0)[RO access]", BitCount.self),
        Command(
            "BITPOS", arity: -3, [.readonly], .bitmap, keys: "idx1+range(0,1,0)[RO access]", BitPos.self),
        Command(
            "BITOP", arity: -4, [.write, .denyoom], .bitmap,
            keys: "idx2+range(0,1,0)[OW update] ; idx3+range(-1,1,0)[RO access]", BitOp.self),
        Command(
            "BITFIELD", arity: -2, [.write, .denyoom], .bitmap,
            keys:
                "idx1+range(0,1,0)[RW access update variable_flags] This command allows both access and modification of the key",
            BitFieldCommand.self),
        Command(
            "BITFIELD_RO", arity: -2, [.readonly, .fast], .bitmap, keys: "idx1+range(0,1,0)[RO access]",
            BitFieldReadOnly.self),
    ]
}

extension Arguments {
    /// Argument `index` as the offset of a bit that a string may have. With a `width`, `#3` is the offset of the
    /// fourth field of that width.
    func bitOffset(_ index: Int, fieldWidth width: Int? = nil, _ call: Call) throws(Refusal) -> Int {
        let refusal = Refusal.custom("ERR bit offset is not an integer or out of range")
        let word = self[index]
        var offset: Int64
        if let width, !word.isEmpty, word[0] == UInt8(ascii: "#") {
            guard let field = word.dropFirst(1).integer else { throw refusal }
            let (product, overflow) = field.multipliedReportingOverflow(by: Int64(width))
            guard !overflow else { throw refusal }
            offset = product
        } else {
            offset = try integer(index, or: refusal)
        }
        guard offset >= 0, offset >> 3 < Int64(call.engine.config.settings.stringBytesMax) else {
            throw refusal
        }
        return Int(offset)
    }
}

/// SETBIT key offset value
enum SetBit: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let offset = try args.bitOffset(2, call)
        guard let bit = args[3].integer, bit == 0 || bit == 1 else {
            throw .custom("ERR bit is not an integer or out of range")
        }
        let found = keys.locate(args[1])
        try found.require(.string)
        let bytes = found.exists ? keys.string(found.value) : .empty
        let old = bytes.bit(at: offset) ? 1 : 0
        reply.integer(old)
        if old == Int(bit), offset < bytes.bitsTotal {
            // Nothing changes but that the value is `raw` from now on; a block is it already.
            guard found.value.block == nil else { return }
            var edit = keys.edit(found)
            edit.makeWritable(offset >> 3 + 1, keys)
            return edit.abandon(keys)
        }
        var edit = keys.edit(found)
        edit.makeWritable(offset >> 3 + 1, keys)
        edit.setBitField(at: offset, width: 1, UInt64(bit))
        edit.commit(.setbit, keys)
    }
}

/// GETBIT key offset
enum GetBit: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let offset = try args.bitOffset(2, call)
        let found = keys.read(args[1])
        try found.require(.string)
        reply.integer(found.exists && keys.string(found.value).bit(at: offset) ? 1 : 0)
    }
}

/// What happens to strings, seen as bits.
extension Event {
    static var setbit: Event { Event("setbit", EventClass.string) }
}
