// SPDX-License-Identifier: Apache-2.0
import Bytes

// A member of a sorted set with its score: one allocation, which the table of members and the tree both name.
//
// *Layout*. 0 length; 127: a u32 length follows (as entries of a `Table` have it, at the key offset 0); the member's
// bytes; a byte that says how the score is kept; the score. At least 8 bytes in all.
//
//     0 … 6        an integer of so many bytes, its sign extended
//     17 … 24      the upper 1 to 8 bytes of a double, whose other bytes are 0
//
// Most scores are counts, times and prices: an integer below 2^31 takes 4 bytes, so that a member of 16 bytes takes 24.
// A score of which nothing can be left out takes 9.
//
// Reading needs no loop: the eight bytes that end with the entry end with the score.

/// A sorted set's member and its score.
public enum ScoredMember {
    private static let double: UInt8 = 16
    /// Integers below are kept as such.
    private static let integerMax = 140_737_488_355_328.0

    /// Where the byte stands that says how the score is kept.
    @inline(__always) private static func formOffset(_ entry: Address) -> Int {
        let length = Int(entry.u8(0) & 127)
        return length == 127 ? 5 &+ Int(entry.u32(1)) : 1 &+ length
    }

    /// How a score is kept, and the bytes that it takes, as the lower ones of a word.
    private static func form(_ score: Double) -> (form: UInt8, count: Int, word: UInt64) {
        precondition(!score.isNaN, "a score that is no number")
        let isMinusZero = score == 0 && score.sign == .minus
        if abs(score) < integerMax, score == score.rounded(.towardZero), !isMinusZero {
            let integer = Int64(score)
            let bits = 65 - (integer < 0 ? ~integer : integer).leadingZeroBitCount
            let count = integer == 0 ? 0 : (bits + 7) / 8
            return (UInt8(count), count, UInt64(bitPattern: integer))
        }
        let left = score.bitPattern.trailingZeroBitCount / 8
        return (double + UInt8(8 - left), 8 - left, score.bitPattern >> UInt64(left * 8))
    }

    /// A new entry.
    public static func make(_ member: ByteView, _ score: Double, _ heap: Heap) -> Address {
        let form = form(score)
        let header = member.count < 127 ? 1 : 5
        let entry = heap.allocate(max(8, header + member.count + 1 + form.count))
        if header == 1 {
            entry.setU8(0, UInt8(member.count))
        } else {
            entry.setU8(0, 127)
            entry.setU32(1, UInt32(member.count))
        }
        (entry + header).copy(from: member)
        write(form, at: entry + (header + member.count))
        return entry
    }

    private static func write(_ form: (form: UInt8, count: Int, word: UInt64), at place: Address) {
        place.setU8(0, form.form)
        for index in 0..<form.count {
            place.setU8(1 + index, UInt8(truncatingIfNeeded: form.word >> UInt64(index * 8)))
        }
    }

    /// The size of an entry, as it was asked for.
    public static func bytes(_ entry: Address) -> Int {
        let offset = formOffset(entry)
        return max(8, offset + 1 + Int(entry.u8(offset) & 15))
    }

    /// Frees an entry, whatever its form.
    public static func free(_ entry: Address, _ heap: Heap) { heap.free(entry, bytes(entry)) }

    /// The member's bytes.
    @inline(__always) public static func member(_ entry: Address) -> ByteView { Table.key(entry) }

    /// The score; -0 stays -0.
    @inline(__always) public static func score(_ entry: Address) -> Double {
        let offset = formOffset(entry)
        let form = entry.u8(offset)
        if form == 0 { return 0 }
        // 8 is written as 24, whose lower four bits are 8 as well.
        let count = Int(form & 15)
        let end = offset &+ 1 &+ count
        let word = end >= 8 ? entry.u64(end &- 8) : entry.u64(0) << UInt64((8 &- end) &* 8)
        let dropped = UInt64((8 &- count) &* 8)
        if form < double { return Double(Int64(bitPattern: word) >> Int64(dropped)) }
        return Double(bitPattern: (word >> dropped) << dropped)
    }

    /// The score as a number that orders alike; -0 is 0.
    @inline(__always) static func order(_ entry: Address) -> UInt64 { order(score(entry)) }

    /// A score as a number that orders alike; -0 is 0. NaN traps.
    @inline(__always) public static func order(_ score: Double) -> UInt64 {
        precondition(!score.isNaN, "a score that is no number")
        let bits = (score + 0).bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }

    /// Below 0, 0 or above 0, as the member comes before the bytes, is them, or comes behind them.
    @inline(__always) static func compare(_ entry: Address, _ bytes: ByteView) -> Int {
        member(entry).order(to: bytes)
    }

    /// Gives an entry another score. Whoever names the entry must name it anew if it has moved.
    /// - Returns: where the entry is now.
    public static func rewrite(_ entry: Address, _ score: Double, _ heap: Heap) -> Address {
        let form = form(score)
        let offset = formOffset(entry)
        let old = bytes(entry)
        let new = max(8, offset + 1 + form.count)
        var place = entry
        if Heap.roundedBytes(old) != Heap.roundedBytes(new) {
            place = heap.allocate(new)
            place.copy(from: entry, count: offset)
            heap.free(entry, old)
        }
        write(form, at: place + offset)
        assert(bytes(place) == new, "an entry of another size")
        return place
    }
}
