// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

/// The faster of two ways to handle registers.
public enum WideRegisters {
    /// Whether this processor handles them in steps of 32 bytes.
    public static let areThere = nt_bits_has_wide()
}

/// The registers of a dense HyperLogLog, in place: 6 bits each, lowest bits of the first byte first.
@safe struct PackedRegisters {
    let at: Address

    /// The rank in a register.
    subscript(index: Int) -> UInt8 {
        let bit = index * 6
        let shift = UInt8(truncatingIfNeeded: bit & 7)
        var rank = at.u8(bit >> 3) >> shift
        // A register that ends with its byte has no part in the next one, which may not be there.
        if shift > 2 { rank |= at.u8(bit >> 3 + 1) << (8 - shift) }
        return rank & 63
    }

    func set(_ index: Int, _ rank: UInt8) {
        let bit = index * 6
        let shift = UInt8(truncatingIfNeeded: bit & 7)
        let byte = bit >> 3
        at.setU8(byte, at.u8(byte) & ~(63 << shift) | rank << shift)
        guard shift > 2 else { return }
        at.setU8(byte + 1, at.u8(byte + 1) & ~(63 >> (8 - shift)) | rank >> (8 - shift))
    }
}

/// All registers side by side, a byte each, in memory of its own: where HyperLogLogs are united.
@safe public struct SpreadRegisters: ~Copyable {
    private let at: Address
    private let isWide: Bool

    /// Registers of rank 0, handled in one of two ways: the wide one only where `WideRegisters.areThere`.
    public init(inWideSteps wide: Bool) {
        precondition(!wide || WideRegisters.areThere, "steps that this processor does not have")
        at = unsafe Address(.allocate(byteCount: HyperLogLog.registerCount, alignment: 8))
        at.zero(count: HyperLogLog.registerCount)
        isWide = wide
    }

    deinit { unsafe at.pointer.deallocate() }

    /// The rank in a register.
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < HyperLogLog.registerCount, "no such register")
        return at.u8(index)
    }

    func set(_ index: Int, _ rank: UInt8) { at.setU8(index, rank) }

    /// Raises registers to those of a HyperLogLog where these are higher.
    /// - Returns: false when it is sparse and corrupt; some registers may be raised then.
    public func merge(_ other: HyperLogLog) -> Bool {
        guard other.isDense else { return other.runs.merge(into: at) }
        unsafe nt_registers_merge(
            at.pointer.assumingMemoryBound(to: UInt8.self),
            other.packed.at.pointer.assumingMemoryBound(to: UInt8.self), isWide)
        return true
    }

    /// Makes these the registers of a dense HyperLogLog, whose bytes must be writable.
    public func write(to target: HyperLogLog) {
        precondition(target.isDense, "registers have no place in a sparse HyperLogLog")
        unsafe nt_registers_pack(
            target.packed.at.pointer.assumingMemoryBound(to: UInt8.self),
            at.pointer.assumingMemoryBound(to: UInt8.self), isWide)
    }

    /// Visits the registers that are not 0, in their order.
    /// - Returns: false as soon as the visitor does.
    func forEachRaised(_ visit: (ElementPlace) -> Bool) -> Bool {
        for base in stride(from: 0, to: HyperLogLog.registerCount, by: 8) where at.u64(base) != 0 {
            for index in base..<base + 8 where at.u8(index) != 0 {
                guard visit(ElementPlace(index: index, rank: at.u8(index))) else { return false }
            }
        }
        return true
    }

    func count(into counts: inout RankCounts) {
        unsafe counts.withPointer {
            unsafe nt_registers_count(at.pointer.assumingMemoryBound(to: UInt8.self), $0, isWide)
        }
    }

    /// An estimate of how many different elements there were.
    public var estimate: Int64 {
        var counts = RankCounts()
        count(into: &counts)
        return counts.estimate
    }
}
