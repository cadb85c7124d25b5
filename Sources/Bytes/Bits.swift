// SPDX-License-Identifier: Apache-2.0
import CShims

// Bits of byte strings. Bit 0 is the highest bit of the first byte; behind the last byte there are zeros without end.

extension ByteView {
    /// How many bits there are.
    @inlinable public var bitsTotal: Int { count * 8 }

    /// The bit at an offset, which must not be negative.
    public func bit(at offset: Int) -> Bool {
        precondition(offset >= 0, "negative bit offset")
        guard offset >> 3 < count else { return false }
        return start.u8(offset >> 3) >> UInt8(7 - offset & 7) & 1 != 0
    }

    /// How many bits are set.
    public var bitCount: Int {
        var sum = 0
        forEachTouched { sum += $0.countBits(inWideSteps: WideBits.areThere) }
        return sum
    }

    /// How many bits are set, counted in one of two ways: the wide one needs a processor that has it.
    func countBits(inWideSteps wide: Bool) -> Int {
        Int(unsafe nt_bits_count(start.pointer, count, wide))
    }

    /// How many bits of a range are set; the range must lie within the string.
    public func bitCount(_ range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= bitsTotal, "bit range out of bounds")
        guard !range.isEmpty else { return 0 }
        let first = range.lowerBound >> 3
        let end = (range.upperBound + 7) >> 3
        // Whole bytes are counted, then the bits outside the range at either end taken off.
        let before = start.u8(first) & ~(0xFF >> UInt8(range.lowerBound & 7))
        let behind = start.u8(end - 1) & (0x7F >> UInt8((range.upperBound - 1) & 7))
        return self[first..<end].bitCount - before.nonzeroBitCount - behind.nonzeroBitCount
    }

    /// The first bit of this value in a range, which must lie within the string.
    public func firstBit(_ wanted: Bool, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= bitsTotal, "bit range out of bounds")
        guard !range.isEmpty else { return nil }
        let flip: UInt64 = wanted ? 0 : .max
        var at = range.lowerBound >> 3
        let end = (range.upperBound + 7) >> 3
        let head = (start.u8(at) ^ UInt8(truncatingIfNeeded: flip)) & (0xFF >> UInt8(range.lowerBound & 7))
        var hit: Int?
        if head != 0 {
            hit = at * 8 + head.leadingZeroBitCount
        } else {
            at = skip(flip, from: at + 1, to: end)
            if at + 8 <= end {
                hit = at * 8 + (start.u64(at).bigEndian ^ flip).leadingZeroBitCount
            } else {
                while at < end, start.u8(at) == UInt8(truncatingIfNeeded: flip) { at += 1 }
                if at < end {
                    hit = at * 8 + (start.u8(at) ^ UInt8(truncatingIfNeeded: flip)).leadingZeroBitCount
                }
            }
        }
        guard let hit, hit < range.upperBound else { return nil }
        return hit
    }

    /// Steps over words that equal `word`; stops at one that does not, or less than a word before `end`.
    private func skip(_ word: UInt64, from first: Int, to end: Int) -> Int {
        var at = first
        while at + 32 <= end {
            let a = (start.u64(at) ^ word) | (start.u64(at + 8) ^ word)
            let b = (start.u64(at + 16) ^ word) | (start.u64(at + 24) ^ word)
            if a | b != 0 { break }
            at += 32
        }
        while at + 8 <= end, start.u64(at) == word { at += 8 }
        return at
    }

    /// The unsigned number in `width` bits (1 to 64) from an offset on, its highest bit first.
    public func bitField(at offset: Int, width: Int) -> UInt64 {
        precondition(offset >= 0 && (1...64).contains(width), "no such bit field")
        var number: UInt64 = 0
        var (at, left) = (offset, width)
        while left > 0 {
            let bits = min(8 - at & 7, left)
            let byte = at >> 3 < count ? start.u8(at >> 3) : 0
            number = number << UInt64(bits) | UInt64((byte << UInt8(at & 7)) >> UInt8(8 - bits))
            at += bits
            left -= bits
        }
        return number
    }
}

extension Address {
    /// Writes the lower `width` bits (1 to 64) of a number from bit `offset` on. All of the bytes must be there.
    public func setBitField(at offset: Int, width: Int, _ number: UInt64) {
        var (at, left) = (offset, width)
        while left > 0 {
            let bits = min(8 - at & 7, left)
            let shift = UInt8(8 - at & 7 - bits)
            let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1) << shift
            let part = UInt8(truncatingIfNeeded: number >> UInt64(left - bits)) << shift
            setU8(at >> 3, u8(at >> 3) & ~mask | part & mask)
            at += bits
            left -= bits
        }
    }
}

/// Whether this processor counts and combines bits in steps of 32 bytes.
enum WideBits {
    static let areThere = nt_bits_has_wide()
}
