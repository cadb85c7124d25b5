// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What an entry of a stream is known by: a time in Unix ms, and a number that tells entries of one ms apart.
@frozen public struct StreamID: Equatable, Comparable, Sendable {
    /// Unix ms, by whoever's clock.
    public let ms: UInt64
    /// The number within the ms, from 0.
    public let sequence: UInt64

    /// The ID of these two parts.
    @inlinable public init(_ ms: UInt64, _ sequence: UInt64) {
        self.ms = ms
        self.sequence = sequence
    }

    /// 0-0: no entry has this ID.
    @inlinable public static var zero: StreamID { StreamID(0, 0) }
    /// The largest ID that an entry can have.
    @inlinable public static var max: StreamID { StreamID(.max, .max) }

    /// Whether one ID comes in front of another.
    @inlinable @inline(__always) public static func < (left: StreamID, right: StreamID) -> Bool {
        left.ms != right.ms ? left.ms < right.ms : left.sequence < right.sequence
    }

    /// The ID behind this one; nil behind the largest.
    @inlinable public var next: StreamID? {
        if sequence < .max { return StreamID(ms, sequence &+ 1) }
        return ms < .max ? StreamID(ms &+ 1, 0) : nil
    }

    /// The ID in front of this one; nil in front of 0-0.
    @inlinable public var previous: StreamID? {
        if sequence > 0 { return StreamID(ms, sequence &- 1) }
        return ms > 0 ? StreamID(ms &- 1, .max) : nil
    }

    /// The text that clients are told, `ms-sequence`, for the time of `body`.
    @inlinable public func withText<R>(_ body: (ByteView) -> R) -> R {
        var storage: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let end = unsafe Address(bytes.baseAddress!) + 48
            var count = StreamID.write(sequence, endingAt: end)
            (end + (-1 &- count)).setU8(0, UInt8(ascii: "-"))
            count &+= 1
            count &+= StreamID.write(ms, endingAt: end + (0 &- count))
            return body(ByteView(start: end + (0 &- count), count: count))
        }
    }

    /// Writes a number's digits so that they end before `end`.
    /// - Returns: how many there are.
    @inlinable static func write(_ number: UInt64, endingAt end: Address) -> Int {
        var (left, at) = (number, 0)
        repeat {
            let (quotient, digit) = left.quotientAndRemainder(dividingBy: 10)
            at &-= 1
            end.setU8(at, UInt8(truncatingIfNeeded: digit) &+ 48)
            left = quotient
        } while left > 0
        return 0 &- at
    }
}
