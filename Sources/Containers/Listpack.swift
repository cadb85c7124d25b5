// SPDX-License-Identifier: Apache-2.0
import Bytes

// A list of strings and integers in one piece of memory.
//
// *Idea*. A small collection is cheapest as a run of bytes: no pointers, no headers, read from front to back
// in a few cache lines. Each entry ends with its own length, so the list can be walked backwards as well, and
// an edit touches no other entry. Text that is a canonical integer is stored as one. The bytes are Redis's
// listpack, which RDB files carry as they are.
//
// *Layout*, little-endian unless noted:
//
//     0  u32 total bytes, header and end included
//     4  u16 number of entries, 65535 = unknown (count them)
//     6  entries: encoding, data, length of both (back length)
//     …  0xFF
//
// The first byte of an entry tells its encoding:
//
//     0vvvvvvv            integer 0…127
//     10nnnnnn            string of n < 64 bytes, follows
//     110vvvvv v8         integer -4096…4095, 13 bits, high bits first
//     1110nnnn n8         string of n < 4096 bytes, high bits first, follows
//     0xF0 u32            string of so many bytes, follows
//     0xF1 … 0xF4         integer of 2, 3, 4, 8 bytes, follows
//
// The back length is written in groups of 7 bits, high group first; all but the first byte have their top bit
// set, so that a reader coming from behind knows where it begins. It takes 1 byte up to 127, then 2 below
// 2^14 - 1, 3 below 2^21 - 1, 4 below 2^28 - 1, else 5: the uneven limits are Redis's, and readers skip by
// them.
//
// An entry of a 10-byte string takes 12 bytes, a number below 128 takes 2.
//
// *Invariants*. Entries fill the room between header and end exactly; each back length is the size of its
// entry; the count is exact or 65535. `validate` checks all this on untrusted bytes; every other function
// relies on it.
//
// *Who frees*. The handle is a plain address: whoever holds it in a value calls `free` once. Edits are
// `mutating` because they may move the list; copies of the handle made before are dead then, and so are views
// of its strings. Positions are offsets: an edit keeps those in front of it.

/// A packed list in the bytes of Redis's listpack.
@safe @frozen
public struct Listpack {
    /// What an entry holds.
    @frozen
    public enum Element {
        /// A number that is kept in binary.
        case integer(Int64)
        /// Bytes inside the list, valid until its next edit.
        case bytes(ByteView)
    }

    /// Where an entry begins, counted from the start of the list.
    @frozen
    public struct Position: Hashable, Sendable {
        /// Bytes from the start of the list.
        public let offset: Int
        @inlinable @inline(__always) init(_ offset: Int) { self.offset = offset }
    }

    static let headerBytes = 6
    /// Header and end: the size of an empty list.
    static let emptyBytes = 7
    static let end: UInt8 = 0xFF
    @inlinable @inline(__always) static var countUnknown: Int { 65535 }
    /// Lists are kept below this size in bytes, as in Redis (1 GB).
    public static let safeBytesMax = 1 << 30
    /// What the header can count, in bytes.
    static let bytesMax = Int(UInt32.max)

    /// Where the list lies: heap memory of `byteCount` bytes.
    public let at: Address

    /// The list that lies at `at`, made by `create` or `copy`.
    @inlinable public init(at: Address) { self.at = at }

    /// An empty list.
    public static func create(_ heap: Heap) -> Listpack {
        let at = heap.allocatePacked(emptyBytes)
        at.setU32(0, UInt32(emptyBytes))
        at.setU16(4, 0)
        at.setU8(headerBytes, end)
        return Listpack(at: at)
    }

    /// A list in its own memory with these bytes, which `validate` has accepted with `deep`.
    public static func copy(of bytes: ByteView, _ heap: Heap) -> Listpack {
        precondition(validate(bytes, deep: false), "not a listpack")
        let at = heap.allocatePacked(bytes.count)
        at.copy(from: bytes)
        return Listpack(at: at)
    }

    /// A second list with the same entries.
    public func copy(_ heap: Heap) -> Listpack {
        let fresh = heap.allocatePacked(byteCount)
        fresh.copy(from: at, count: byteCount)
        return Listpack(at: fresh)
    }

    /// Returns the memory; the handle is dead afterwards.
    public func free(_ heap: Heap) { heap.free(at, byteCount) }

    // MARK: Size

    /// The size of the list in bytes, header and end included.
    public var byteCount: Int { Int(at.u32(0)) }
    /// The list as RDB carries it; valid until the next edit.
    public var bytes: ByteView { at.view(0, byteCount) }
    /// Whether the list has no entries.
    public var isEmpty: Bool { byteCount == Listpack.emptyBytes }

    /// The number of entries. Beyond 65,534 they are counted, which takes a walk.
    @inlinable @inline(__always) public var count: Int {
        let stored = Int(at.u16(4))
        return stored != Listpack.countUnknown ? stored : recounted
    }

    @usableFromInline @inline(never) var recounted: Int {
        var counted = 0
        var entry = at + Listpack.headerBytes
        while entry.u8(0) != Listpack.end {
            entry = entry + Listpack.entryBytes(entry)
            counted += 1
        }
        // The list may have shrunk since: remember the count if it fits again.
        if counted < Listpack.countUnknown { at.setU16(4, UInt16(counted)) }
        return counted
    }

    /// Whether `bytes` more of data would make the list larger than is safe. Callers ask before they add, and
    /// change to a larger structure or refuse.
    public func wouldExceed(bytes: Int) -> Bool { bytes > Listpack.safeBytesMax - byteCount }

    // MARK: Positions

    /// Behind the last entry.
    var endPosition: Position { Position(byteCount - 1) }

    /// The first entry, or nil in an empty list.
    public var first: Position? { isEmpty ? nil : Position(Listpack.headerBytes) }
    /// The last entry, or nil in an empty list.
    public var last: Position? { previous(endPosition) }

    /// The entry behind `position`, or nil.
    public func next(_ position: Position) -> Position? {
        let entry = address(position)
        let offset = position.offset + Listpack.entryBytes(entry)
        return at.u8(offset) == Listpack.end ? nil : Position(offset)
    }

    /// The entry before `position`, or nil.
    public func previous(_ position: Position) -> Position? {
        guard position.offset > Listpack.headerBytes else { return nil }
        let bodyBytes = Listpack.backLength(endingAt: at + position.offset)
        return Position(position.offset - bodyBytes - Listpack.backLengthBytes(bodyBytes))
    }

    /// The entry with this index, from the end if negative (-1 is the last); nil if there is none.
    public func seek(_ index: Int) -> Position? {
        var index = index
        let stored = Int(at.u16(4))
        if stored != Listpack.countUnknown {
            if index < 0 { index += stored }
            guard index >= 0, index < stored else { return nil }
            // The nearer end is the shorter way.
            if index > stored / 2 { index -= stored }
        }
        if index >= 0 {
            var position = first
            while index > 0, let here = position {
                position = next(here)
                index -= 1
            }
            return position
        }
        var position = last
        while index < -1, let here = position {
            position = previous(here)
            index += 1
        }
        return position
    }

    /// What the entry at `position` holds.
    public subscript(position: Position) -> Element { Listpack.decode(address(position)).element }

    /// The entry at an offset that a position has named.
    public subscript(offset offset: Int) -> Element { self[Position(offset)] }

    /// The entry's address; traps on a position outside the list.
    @inline(__always) func address(_ position: Position) -> Address {
        precondition(
            position.offset >= Listpack.headerBytes && position.offset < byteCount - 1, "listpack position")
        return at + position.offset
    }
}

extension Listpack.Element {
    /// The element that `text` becomes in a list: an integer if it is a canonical one.
    public init(_ text: ByteView) {
        if let number = text.integer { self = .integer(number) } else { self = .bytes(text) }
    }

    /// The length of the element's text in bytes.
    public var textBytes: Int {
        switch self {
        case .integer(let number): decimalLength(number)
        case .bytes(let view): view.count
        }
    }

    /// Calls `body` with the element's text, which does not outlive the call.
    public func withText<R>(_ body: (ByteView) -> R) -> R {
        switch self {
        case .integer(let number):
            var text = DecimalText(number)
            return text.withView(body)
        case .bytes(let view): return body(view)
        }
    }

    /// Whether the element's text is `text`.
    public func equals(_ text: ByteView) -> Bool {
        switch self {
        case .integer(let number): text.integer == number
        case .bytes(let view): view == text
        }
    }

    /// A copy of the element's text.
    public var array: [UInt8] { withText { $0.array } }
}
