// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// One entry, one allocation.
//
// *Layout*. 0 kind: type in the upper 3 bits, encoding in the lower 5   1 u24 access bits (LRU clock or LFU)
//           4 key length; bit 7: has a deadline (kept in the table's segment); 127: a u32 length follows
//           then the key, then the payload: an embedded string with or without a length, an integer of 1, 2, 4 or 8
//           bytes, or the address of a block or collection.
//
// A 16-byte key with a 3-byte value takes 5 + 16 + 3 = 24 bytes, one slab class without waste; with a 32-byte value
// 5 + 16 + 1 + 32 = 54, class 56.

/// The types of values, with the numbers that stand in entries.
public enum ValueType: UInt8, CaseIterable, Sendable {
    /// The types in the order of their numbers; `zset` is a sorted set.
    case string = 0
    case list, set, zset, hash, stream

    /// The answer of TYPE.
    public var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .zset: "zset"
        case .hash: "hash"
        case .stream: "stream"
        }
    }
}

/// How a value is kept; the numbers are per type and never leave the process.
public enum Encoding {
    // Strings: 0…15 are embedded strings of that length.
    /// The string stands in the entry behind a length of one byte.
    public static let embedded8: UInt8 = 16
    /// The string stands in the entry behind a length of two bytes.
    public static let embedded16: UInt8 = 17
    /// The string stands in a block of its own, whose address is in the entry.
    public static let block: UInt8 = 18
    /// A string that is a number of so many bits, kept in binary.
    public static let int8: UInt8 = 19
    public static let int16: UInt8 = 20
    public static let int32: UInt8 = 21
    public static let int64: UInt8 = 22
    /// Embedded, but `raw` for clients, because APPEND or SETRANGE made it.
    public static let raw8: UInt8 = 23
    /// Like `raw8`, behind a length of two bytes.
    public static let raw16: UInt8 = 24
    // Collections.
    /// Integers in order, side by side.
    public static let intset: UInt8 = 0
    /// Elements, or fields and values in turn, in one packed list.
    public static let listpack: UInt8 = 1
    /// A hash table of elements.
    public static let table: UInt8 = 2
    /// A listpack of pairs with deadlines beside it.
    public static let listpackEx: UInt8 = 3
    /// Listpacks and large elements in a row.
    public static let quicklist: UInt8 = 4
    /// Members and scores in a tree ordered by score, with a table of the members.
    public static let tree: UInt8 = 5
    /// Entries in packed nodes, and groups of consumers.
    public static let stream: UInt8 = 6
}

/// A key's entry: type, encoding, access bits, key and payload. Valid until the next edit.
@frozen public struct Value {
    /// Where the entry begins.
    public let entry: Address

    /// The value in this entry, of whatever type.
    @inlinable @inline(__always) public init(_ entry: Address) { self.entry = entry }

    /// The first byte of the entry: type and encoding together.
    @inlinable @inline(__always) public var kind: UInt8 { entry.u8(0) }
    /// The number of the type, cheaper than `type`.
    @inlinable @inline(__always) public var typeBits: UInt8 { entry.u8(0) >> 5 }
    /// How the value is kept: one of `Encoding`, whose numbers are per type.
    @inlinable @inline(__always) public var encoding: UInt8 { entry.u8(0) & 31 }
    /// The value's type.
    @inlinable public var type: ValueType { ValueType(rawValue: typeBits) ?? .string }

    /// The 24 access bits: LRU seconds, or LFU minutes << 8 | counter.
    @inlinable @inline(__always) public var access: UInt32 {
        get { entry.u32(0) >> 8 }
        nonmutating set { entry.setU32(0, entry.u32(0) & 255 | newValue << 8) }
    }

    /// The key, which stands in the same entry; valid as long as the entry.
    @inlinable @inline(__always) public var key: ByteView { Table.key(entry + 4) }
    @inlinable @inline(__always) var payloadOffset: Int { Value.payloadOffset(entry) }

    @inlinable @inline(__always) static func payloadOffset(_ entry: Address) -> Int {
        let length = Int(entry.u8(4) & 127)
        return length == 127 ? 9 &+ Int(entry.u32(5)) : 5 &+ length
    }

    /// Bytes in front of the payload for a key of this length.
    @inlinable @inline(__always) static func headerBytes(_ keyCount: Int) -> Int {
        keyCount < 127 ? 5 &+ keyCount : 9 &+ keyCount
    }

    /// Writes kind, access bits and key; returns where the payload begins.
    @inlinable @inline(__always) static func writeHeader(
        _ entry: Address, _ kind: UInt8, _ access: UInt32, _ key: ByteView, volatile: UInt8
    ) -> Int {
        entry.setU32(0, UInt32(kind) | access << 8)
        if key.count < 127 {
            entry.setU8(4, UInt8(truncatingIfNeeded: key.count) | volatile)
            (entry + 5).copy(from: key)
            return 5 &+ key.count
        }
        entry.setU8(4, 127 | volatile)
        entry.setU32(5, UInt32(truncatingIfNeeded: key.count))
        (entry + 9).copy(from: key)
        return 9 &+ key.count
    }

    // MARK: Strings

    /// The longest string that clients are told is `embstr`, in bytes. It is embedded whatever its key, so that a block
    /// of so few bytes was written into and is `raw`; longer ones are embedded where there is room.
    public static let embeddedNameBytesMax = 44

    /// Whether the value, a string, is kept as a number.
    @inlinable @inline(__always) public var isInteger: Bool {
        encoding >= Encoding.int8 && encoding <= Encoding.int64
    }

    /// The value of an integer encoding.
    @inlinable public var integer: Int64 {
        let at = payloadOffset
        switch encoding {
        case Encoding.int8: return Int64(entry.i8(at))
        case Encoding.int16: return Int64(entry.i16(at))
        case Encoding.int32: return Int64(entry.i32(at))
        default: return entry.i64(at)
        }
    }

    /// The bytes of a string that is not an integer.
    @inlinable @inline(__always) public var stringBytes: ByteView {
        let at = payloadOffset
        let encoding = self.encoding
        if encoding < 16 { return entry.view(at, Int(encoding)) }
        if encoding == Encoding.embedded8 || encoding == Encoding.raw8 {
            return entry.view(at &+ 1, Int(entry.u8(at)))
        }
        return longBytes
    }

    @usableFromInline var longBytes: ByteView {
        let at = payloadOffset
        if encoding == Encoding.block { return Block(at: entry.address(at)).view }
        return entry.view(at + 2, Int(entry.u16(at)))
    }

    /// The block of a large string; nil when it is kept otherwise.
    public var block: Block? {
        encoding == Encoding.block && typeBits == 0 ? Block(at: entry.address(payloadOffset)) : nil
    }

    /// How many bytes GET would answer.
    public var stringCount: Int { isInteger ? decimalLength(integer) : stringBytes.count }

    // MARK: Collections

    /// The memory of a collection.
    @inlinable @inline(__always) public var collection: Address { entry.address(payloadOffset) }

    /// Brings the beginning of what the entry points to on its way into the cache: most packed collections are shorter
    /// than this, and the processor reads ahead in longer ones by itself.
    @inline(__always) func warmPayload() {
        guard typeBits != 0 || encoding == Encoding.block else { return }
        let start = collection
        start.prefetch()
        (start + 64).prefetch()
        (start + 128).prefetch()
        (start + 192).prefetch()
    }

    // MARK: Size

    @inlinable @inline(__always) var payloadBytes: Int {
        if typeBits != 0 { return 8 }
        let encoding = self.encoding
        if encoding < 16 { return Int(encoding) }
        switch encoding {
        case Encoding.embedded8, Encoding.raw8: return 1 &+ Int(entry.u8(payloadOffset))
        case Encoding.embedded16, Encoding.raw16: return 2 &+ Int(entry.u16(payloadOffset))
        case Encoding.int8: return 1
        case Encoding.int16: return 2
        case Encoding.int32: return 4
        default: return 8
        }
    }

    /// Bytes of the entry itself, without what it points to.
    @inlinable @inline(__always) public var entryBytes: Int { payloadOffset &+ payloadBytes }
}
