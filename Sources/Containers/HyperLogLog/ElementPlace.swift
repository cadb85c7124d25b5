// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where an element goes: the register and the rank that its hash stands for.
///
/// The hash is MurmurHash64A (Austin Appleby, in the public domain) with Redis's seed: all servers have to agree on it. It is
/// no keyed hash, so whoever wants to can choose elements that falsify a count; that is so in all of them.
public struct ElementPlace: Equatable, Sendable {
    /// Bits of the hash that choose the register.
    public static let indexBits = 14
    /// The highest rank: all 50 other bits are zero.
    public static let rankMax: UInt8 = 51

    /// The number of the register, from 0.
    public let index: Int
    /// From 1.
    public let rank: UInt8

    /// A place of one's own choice.
    init(index: Int, rank: UInt8) {
        self.index = index
        self.rank = rank
    }

    /// The place of an element.
    public init(of element: ByteView) {
        let hash = ElementPlace.hash(element)
        index = Int(hash & UInt64(HyperLogLog.registerCount - 1))
        let rest = hash >> UInt64(ElementPlace.indexBits)
        // Of 50 bits; where all are zero the next one ends the run.
        rank = UInt8((rest | 1 << 50).trailingZeroBitCount + 1)
    }

    private static let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
    private static let seed: UInt64 = 0xADC8_3B19

    private static func hash(_ bytes: ByteView) -> UInt64 {
        var hash = seed ^ UInt64(bytes.count) &* multiplier
        var at = 0
        while at &+ 8 <= bytes.count {
            var word = UInt64(littleEndian: bytes.start.u64(at)) &* multiplier
            word ^= word >> 47
            hash = (hash ^ word &* multiplier) &* multiplier
            at &+= 8
        }
        if at < bytes.count {
            var tail: UInt64 = 0
            for i in (at..<bytes.count).reversed() { tail = tail << 8 | UInt64(bytes.start.u8(i)) }
            hash = (hash ^ tail) &* multiplier
        }
        hash = (hash ^ hash >> 47) &* multiplier
        return hash ^ hash >> 47
    }
}
