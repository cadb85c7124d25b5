// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Bounds on what a client may send.
public struct ProtocolLimits: Sendable {
    /// The most arguments of one command, its name included.
    public var argumentsMax = Int(Int32.max)
    /// The largest argument in bytes (`proto-max-bulk-len`).
    public var bulkBytesMax = 512 << 20
    /// What is too large for an authenticated client as well; tells the two error texts apart.
    public var authenticatedBulkBytesMax = 512 << 20
    /// Whether the client has yet to authenticate; the limits then have error texts of their own.
    public var isUnauthenticated = false
    public init() {}

    /// What Redis grants a client before AUTH.
    public static let unauthenticatedArgumentsMax = 10
    public static let unauthenticatedBulkBytesMax = 16384
}

/// The beginning of the command before: a pipeline mostly repeats its command, and then count and name need no
/// parsing and no lookup, only a comparison of two words.
@frozen public struct CommandMemo {
    /// Bytes up to the end of the name, 8 to 16; 0 when there is nothing to compare with.
    @usableFromInline var length = 0
    @usableFromInline var head: UInt64 = 0
    @usableFromInline var tail: UInt64 = 0
    @usableFromInline var count = 0
    @usableFromInline var nameOffset = 0
    @usableFromInline var nameCount = 0
    /// What the owner knows of the command; meaningful when `isHit`.
    public var index = -1
    /// Whether the last parsed command began like the one before.
    public internal(set) var isHit = false

    public init() {}

    @inline(__always) func matches(_ at: Address) -> Bool {
        length != 0 && at.u64(0) == head && at.u64(length &- 8) == tail
    }

    /// Remembers the command that began at `start`, whose name ends (line break included) at `end`.
    @inline(__always) mutating func remember(_ start: Address, _ name: ByteView, _ count: Int) {
        let end = name.count &+ 2 &+ (name.start - start)
        guard end >= 8, end <= 16 else {
            length = 0
            return
        }
        length = end
        head = start.u64(0)
        tail = start.u64(end &- 8)
        self.count = count
        nameOffset = name.start - start
        nameCount = name.count
    }
}

/// The common case: a whole, well-formed multibulk command that lies in the buffer. Everything else (torn, inline,
/// malformed, oversized) is for `CommandAssembler`, which decides all questions of the protocol.
public enum FastParser {
    /// Parses one command at `position`.
    /// - Returns: true with the arguments appended and `position` behind the command; false with nothing changed.
    @inline(__always)
    public static func parse(
        _ input: ByteView, _ position: inout Int, _ list: ArgumentList, _ limits: borrowing ProtocolLimits,
        _ memo: inout CommandMemo
    ) -> Bool {
        let end = input.start + input.count
        let start = input.start + position
        var at = start
        let bulkBytesMax = limits.bulkBytesMax
        let argumentsMax = limits.argumentsMax
        let isHit = end - at >= 16 && memo.matches(at) && memo.count <= argumentsMax
        let count: Int
        if isHit {
            count = memo.count
        } else {
            guard let number = argumentCount(&at, end), number > 0, number <= argumentsMax else {
                return false
            }
            // Every argument takes at least six bytes, so a count that lies cannot make the list grow.
            guard number &* 6 <= end - at else { return false }
            count = number
        }
        let first = list.room(for: count)
        var slot = first
        var left = count
        if isHit {
            slot.setAddress(0, at + memo.nameOffset)
            slot.setI64(8, Int64(memo.nameCount))
            slot = slot + 16
            at = at + memo.length
            left &-= 1
        }
        while left > 0 {
            guard let length = bulkLength(&at, end), length <= bulkBytesMax, length &+ 2 <= end - at
            else { return false }
            slot.setAddress(0, at)
            slot.setI64(8, Int64(length))
            slot = slot + 16
            at = at + (length &+ 2)
            left &-= 1
        }
        guard at.u16(-2) == 0x0A0D else { return false }
        list.add(count)
        position = at - input.start
        memo.isHit = isHit
        if !isHit { memo.remember(start, ByteView(start: first.address(0), count: Int(first.i64(8))), count) }
        return true
    }

    /// Reads `*<digits>\r\n`; at most nine digits, no sign, no leading zero but zero itself.
    @inline(__always)
    private static func argumentCount(_ at: inout Address, _ end: Address) -> Int? {
        guard end - at >= 5 else { return nil }
        let word = at.u32(0)
        let first = Int(word >> 8 & 255) &- 48
        if word & 0xFFFF_00FF == 0x0A0D_002A {
            guard UInt(bitPattern: first) <= 9 else { return nil }
            at = at + 4
            return first
        }
        guard word & 255 == 0x2A, UInt(bitPattern: first &- 1) <= 8 else { return nil }
        return longNumber(&at, end, first)
    }

    /// Reads `$<digits>\r\n` and sees to it that a line end stands in front; otherwise as `argumentCount`.
    ///
    /// One and two digits are by far the most frequent; they are told by comparing a whole word, with the line end of
    /// what came before.
    @inline(__always)
    private static func bulkLength(_ at: inout Address, _ end: Address) -> Int? {
        guard end - at >= 6 else { return nil }
        let word = at.u64(-2)
        let first = Int(truncatingIfNeeded: word >> 24 & 255) &- 48
        if word & 0xFFFF_00FF_FFFF == 0x0A0D_0024_0A0D {
            guard UInt(bitPattern: first) <= 9 else { return nil }
            at = at + 4
            return first
        }
        guard word & 0xFF_FFFF == 0x24_0A0D, UInt(bitPattern: first &- 1) <= 8 else { return nil }
        let second = Int(truncatingIfNeeded: word >> 32 & 255) &- 48
        if word >> 40 & 0xFFFF == 0x0A0D {
            guard UInt(bitPattern: second) <= 9 else { return nil }
            at = at + 5
            return first &* 10 &+ second
        }
        return longNumber(&at, end, first)
    }

    @inline(never)
    private static func longNumber(_ at: inout Address, _ end: Address, _ first: Int) -> Int? {
        var value = first
        var cursor = at + 2
        var digits = 1
        while end - cursor >= 2 {
            let byte = cursor.u8(0)
            if byte == 13 {
                guard cursor.u8(1) == 10 else { return nil }
                at = cursor + 2
                return value
            }
            let digit = Int(byte) &- 48
            guard digit >= 0, digit <= 9, digits < 9 else { return nil }
            value = value &* 10 &+ digit
            digits &+= 1
            cursor = cursor + 1
        }
        return nil
    }
}
