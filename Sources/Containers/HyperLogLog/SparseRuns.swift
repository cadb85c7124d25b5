// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

// The registers of a sparse HyperLogLog: runs of equal ones, in their order, Redis's opcodes.
//
//     00zzzzzz            zeros: z + 1 of them, up to 64
//     01zzzzzz zzzzzzzz   more zeros: z + 1, up to 16,384, high bits first
//     1rrrrrcc            rank r + 1 (1 to 32) in c + 1 registers, up to 4
//
// *Invariants*. Of a sound one: the runs add up to 16,384 registers. A run of two bytes whose second is missing counts as if
// that were zero, which is what Redis reads there.
//
// *Looking for a register* adds up the runs in front of it, which takes most of the time of PFADD. Most runs of a long
// string have one byte, so that up to sixteen are added up at a time.

/// One run of a sparse HyperLogLog: what it covers, and where it stands among the bytes of the runs.
public struct SparseRun: Equatable, Sendable {
    /// Where it begins.
    var offset: Int
    /// Where the run in front of it begins; -1 when it is the first.
    var previous: Int
    /// Its first register.
    var first: Int

    static let beginning = SparseRun(offset: 0, previous: -1, first: 0)
}

/// Runs in bytes that belong to others.
@safe struct SparseRuns {
    /// The highest rank that has a form here.
    static let rankMax: UInt8 = 32
    /// The most registers of a run of one byte of zeros.
    static let zerosMax = 64
    /// The most registers of a run of a rank.
    static let ranksMax = 4

    let at: Address
    let count: Int

    // MARK: One run

    static func isRank(_ byte: UInt8) -> Bool { byte & 0x80 != 0 }
    static func isLong(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x40 }
    /// Bytes of the run that begins with this one.
    static func length(_ byte: UInt8) -> Int { isLong(byte) ? 2 : 1 }
    /// The rank of the run that begins with this byte.
    static func rank(_ byte: UInt8) -> UInt8 { isRank(byte) ? (byte >> 2 & 31) + 1 : 0 }
    static func byte(rank: UInt8, span: Int) -> UInt8 { 0x80 | (rank - 1) << 2 | UInt8(span - 1) }

    /// How many registers the run that begins at an offset covers.
    func span(_ offset: Int) -> Int {
        let byte = at.u8(offset)
        if SparseRuns.isRank(byte) { return Int(byte & 3) + 1 }
        guard SparseRuns.isLong(byte) else { return Int(byte) + 1 }
        let low = offset + 1 < count ? at.u8(offset + 1) : 0
        return (Int(byte & 63) << 8 | Int(low)) + 1
    }

    func rank(_ run: SparseRun) -> UInt8 { SparseRuns.rank(at.u8(run.offset)) }

    // MARK: All runs

    /// The run that covers a register, looked for from another one on, which must not lie behind it; nil when none does.
    func find(_ index: Int, from start: SparseRun = .beginning) -> SparseRun? {
        var run = start
        while run.offset &+ 16 <= count {
            let step = unsafe nt_sparse_runs((at + run.offset).pointer)
            let next = run.first &+ Int(step & 0xFFFF)
            // It is one of these.
            if next > index { break }
            let short = Int(step >> 16)
            if short > 0 {
                let offset = run.offset &+ short
                run = SparseRun(offset: offset, previous: offset &- 1, first: next)
            }
            if short == 16 { continue }
            if index < run.first &+ span(run.offset) { return run }
            run = self.run(behind: run)
        }
        while run.offset < count {
            if index < run.first &+ span(run.offset) { return run }
            run = self.run(behind: run)
        }
        return nil
    }

    /// The next run; only where this one is.
    private func run(behind run: SparseRun) -> SparseRun {
        let length = SparseRuns.length(at.u8(run.offset))
        return SparseRun(
            offset: run.offset &+ length, previous: run.offset, first: run.first &+ span(run.offset))
    }

    /// The run in front of the one at an offset, looked for from another one on; that one if it is no earlier.
    func run(before offset: Int, from start: SparseRun) -> SparseRun {
        var run = start
        while true {
            let next = self.run(behind: run)
            guard next.offset < offset else { return run }
            run = next
        }
    }

    /// Whether the runs add up to all registers.
    var isSound: Bool {
        var counts = RankCounts()
        return count(into: &counts)
    }

    /// Whether they may be sound: each register a run of two bytes.
    private var isShortEnough: Bool { count <= HyperLogLog.sparseBytesMax - HyperLogLog.headerBytes }

    /// Counts the ranks.
    /// - Returns: false when the runs are not sound.
    func count(into counts: inout RankCounts) -> Bool {
        guard isShortEnough else { return false }
        // First how often each byte occurs, in four places in turn: adding twice to the same one has to wait.
        var occurrences = InlineArray<1024, UInt16>(repeating: 0)
        var total = 0
        var offset = 0
        while offset < count {
            let byte = at.u8(offset)
            if SparseRuns.isLong(byte) {
                total &+= span(offset)
                offset &+= 2
                continue
            }
            occurrences[(offset & 3) << 8 | Int(byte)] &+= 1
            offset &+= 1
        }
        var ranked = 0
        for byte in UInt8.min...UInt8.max where !SparseRuns.isLong(byte) {
            let places = Int(byte)
            let times =
                Int(occurrences[places]) + Int(occurrences[places + 256]) + Int(occurrences[places + 512])
                + Int(occurrences[places + 768])
            guard SparseRuns.isRank(byte) else {
                total += times * (Int(byte) + 1)
                continue
            }
            let registers = times * (Int(byte & 3) + 1)
            counts.add(SparseRuns.rank(byte), registers)
            ranked += registers
        }
        // One that reached beyond the last register would have added up to more.
        guard total + ranked == HyperLogLog.registerCount else { return false }
        counts.add(0, total)
        return true
    }

    /// Raises registers of a byte each to those of the runs.
    /// - Returns: false when the runs are not sound.
    func merge(into registers: Address) -> Bool {
        guard isShortEnough else { return false }
        var first = 0
        var offset = 0
        while offset < count {
            let byte = at.u8(offset)
            guard SparseRuns.isRank(byte) else {
                first &+= span(offset)
                offset &+= SparseRuns.length(byte)
                continue
            }
            let rank = SparseRuns.rank(byte)
            let end = first &+ Int(byte & 3) &+ 1
            guard end <= HyperLogLog.registerCount else { return false }
            while first < end {
                registers.setU8(first, max(registers.u8(first), rank))
                first &+= 1
            }
            offset &+= 1
        }
        return first == HyperLogLog.registerCount
    }

    /// See `HyperLogLog.decoded`. Nothing is checked: it is for looking at what is wrong.
    var decoded: [UInt8] {
        var text: [UInt8] = []
        var offset = 0
        while offset < count {
            let byte = at.u8(offset)
            if offset > 0 { text.append(UInt8(ascii: " ")) }
            if SparseRuns.isRank(byte) {
                text += Array("v:\(SparseRuns.rank(byte)),\(span(offset))".utf8)
            } else {
                text += Array("\(SparseRuns.isLong(byte) ? "Z" : "z"):\(span(offset))".utf8)
            }
            offset += SparseRuns.length(byte)
        }
        return text
    }
}
