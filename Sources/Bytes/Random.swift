// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: small, seeded, good enough for sampling; the same seed gives the same run everywhere.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    /// What the next number follows from: whoever restores it repeats the run.
    public var state: UInt64

    /// A generator that gives the same numbers for the same seed.
    @inlinable public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<bound; `bound` is positive. The bias is below bound / 2^64.
    @inlinable public mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
