// SPDX-License-Identifier: Apache-2.0
import Bytes

// A HyperLogLog: how many different elements have been seen, in a string of at most 12 KB, to within 0.81 %.
//
// *Idea*. An element's hash picks one of 16,384 registers with its lower 14 bits; the register keeps the longest run of
// zeros that the other 50 bits of such hashes have begun with, plus one: the rank. n elements in a register make ranks of
// about log2 n, and the mean over all registers tells n (Flajolet and others, "HyperLogLog", 2007; see
// `CardinalityEstimate` for the mean). Unions are exact: the larger of each pair of registers.
//
// *Layout*, Redis's, byte for byte, because clients GET such strings and SET them elsewhere:
//
//     0  "HYLL"     4  encoding: 0 dense, 1 sparse     5  three bytes that mean nothing yet
//     8  u64 little-endian: the count as it was last estimated; its top bit: the registers have changed since
//     16 the registers
//
// Dense: 6 bits each, lowest bits of the first byte first, 12,288 bytes. Sparse: runs of equal registers, see
// `SparseRuns`. An empty one takes 18 bytes.
//
// *Invariants*. None that can be relied on: it is a string, and any client may have written any bytes into it. Each look
// checks what it needs; `isSound` looks at everything.
//
// *Who frees*. A view of bytes that belong to others; `HyperLogLogDraft` is one with memory of its own.

/// A string that begins as a HyperLogLog does. Valid as long as its bytes.
@safe public struct HyperLogLog {
    /// How many registers there are.
    public static let registerCount = 1 << ElementPlace.indexBits
    /// Bytes in front of the registers.
    public static let headerBytes = 16
    /// Bytes of a dense one.
    public static let denseBytes = headerBytes + registerCount / 4 * 3
    /// The longest that a sparse one of sound runs can be, in bytes: each register a run of two.
    public static let sparseBytesMax = headerBytes + registerCount * 2

    let at: Address
    /// The length of the string in bytes.
    public let count: Int

    /// The HyperLogLog in these bytes; nil when they are not the beginning of one, or not as long as a dense one.
    public init?(_ bytes: ByteView) {
        guard bytes.count >= HyperLogLog.headerBytes, bytes.start.u32(0) == HyperLogLog.magic else {
            return nil
        }
        let encoding = bytes.start.u8(4)
        guard encoding == 1 || encoding == 0 && bytes.count == HyperLogLog.denseBytes else { return nil }
        at = bytes.start
        count = bytes.count
    }

    private static var magic: UInt32 { UInt32(littleEndian: 0x4C4C_5948) }

    /// Whether the registers have a place each.
    public var isDense: Bool { at.u8(4) == 0 }

    /// The count as it was last estimated; nil when registers have changed since.
    public var cachedCount: Int64? {
        let word = UInt64(littleEndian: at.u64(8))
        return word >> 63 == 0 ? Int64(word) : nil
    }

    /// Notes an estimate, or that there is none with a negative number. The bytes must be writable.
    public func setCachedCount(_ estimate: Int64) { at.setU64(8, UInt64(bitPattern: estimate).littleEndian) }

    /// The registers have changed: what was estimated counts no more. The bytes must be writable.
    public func forgetCount() { at.setU8(15, at.u8(15) | 0x80) }

    /// Writes the header of an empty one with nothing cached.
    static func writeHeader(_ at: Address, isDense: Bool) {
        at.setU32(0, magic)
        at.setU32(4, UInt32(littleEndian: isDense ? 0 : 1))
        at.setU64(8, (UInt64(1) << 63).littleEndian)
    }

    // MARK: Registers

    /// The packed registers; only of a dense one.
    var packed: PackedRegisters { PackedRegisters(at: at + HyperLogLog.headerBytes) }
    /// The runs; only of a sparse one.
    var runs: SparseRuns {
        SparseRuns(at: at + HyperLogLog.headerBytes, count: count - HyperLogLog.headerBytes)
    }

    /// What an element would do.
    public enum Effect: Equatable {
        /// Nothing: its register is as high already.
        case none
        /// It raises its register. Of a sparse one, the run that the register is in, if it was looked for.
        case raises(SparseRun?)
        /// Nobody knows: there is no sound run for its register.
        case corrupt
    }

    /// What an element would do here.
    public func effect(of place: ElementPlace) -> Effect {
        if isDense { return packed[place.index] < place.rank ? .raises(nil) : .none }
        // Such a rank has no sparse form, so that the register can't have it.
        if place.rank > SparseRuns.rankMax { return runs.isSound ? .raises(nil) : .corrupt }
        guard count <= HyperLogLog.sparseBytesMax, let run = runs.find(place.index) else { return .corrupt }
        return runs.rank(run) < place.rank ? .raises(run) : .none
    }

    /// Raises a register of a dense one, if its rank is lower. The bytes must be writable.
    /// - Returns: whether it was lower.
    public func raise(_ place: ElementPlace) -> Bool {
        precondition(isDense, "a sparse HyperLogLog cannot be written in place")
        guard packed[place.index] < place.rank else { return false }
        packed.set(place.index, place.rank)
        return true
    }

    /// Whether the registers can all be read.
    public var isSound: Bool { isDense || runs.isSound }

    /// An estimate of how many different elements there were; nil when a sparse one is corrupt. See `SpreadRegisters` for
    /// the steps.
    public func estimate(inWideSteps wide: Bool) -> Int64? {
        var counts = RankCounts()
        if isDense {
            let registers = SpreadRegisters(inWideSteps: wide)
            _ = registers.merge(self)
            registers.count(into: &counts)
        } else {
            guard runs.count(into: &counts) else { return nil }
        }
        return counts.estimate
    }

    /// The runs of a sparse one as PFDEBUG DECODE shows them: `z:` and `Z:` for zeros with how many there are, in one
    /// byte and two, `v:` for others with their rank and how many there are. Nil when it is too long to be sound.
    public var decoded: [UInt8]? {
        guard count <= HyperLogLog.sparseBytesMax else { return nil }
        return runs.decoded
    }
}
