// SPDX-License-Identifier: Apache-2.0
import Bytes

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
// string have one byte, so eight at a time are added up within a word.

/// One run: what it covers, and where it stands among the bytes of the runs.
struct SparseRun {
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
        while run.offset < count {
            while run.offset &+ 8 <= count {
                let word = at.u64(run.offset)
                guard SparseRuns.hasNoLong(word) else { break }
                let next = run.first &+ SparseRuns.span(ofWord: word)
                guard next <= index else { break }
                run = SparseRun(offset: run.offset &+ 8, previous: run.offset &+ 7, first: next)
            }
            guard run.offset < count else { return nil }
            let next = run.first &+ span(run.offset)
            if index < next { return run }
            run = SparseRun(
                offset: run.offset &+ SparseRuns.length(at.u8(run.offset)), previous: run.offset, first: next)
        }
        return nil
    }

    /// The run in front of the one at an offset, looked for from another one on; that one if it is no earlier.
    func run(before offset: Int, from start: SparseRun) -> SparseRun {
        var run = start
        while true {
            let next = run.offset + SparseRuns.length(at.u8(run.offset))
            guard next < offset else { return run }
            run = SparseRun(offset: next, previous: run.offset, first: run.first + span(run.offset))
        }
    }

    private static var tops: UInt64 { 0x8080_8080_8080_8080 }

    /// Whether none of eight bytes would begin a run of two.
    private static func hasNoLong(_ word: UInt64) -> Bool { word & tops >> 1 & ~(word & tops) >> 1 == 0 }

    /// The registers of eight runs of one byte each.
    private static func span(ofWord word: UInt64) -> Int {
        let ranks = (word & tops) >> 7 &* 0xFF
        let spans = word & (ranks & 0x0303_0303_0303_0303 | ~ranks & 0x3F3F_3F3F_3F3F_3F3F)
        let odd: UInt64 = 0x00FF_00FF_00FF_00FF
        // Up to 63 each, so that the sum needs more than a byte.
        let pairs = (spans & odd) &+ (spans >> 8 & odd)
        return Int((pairs &* 0x0001_0001_0001_0001) >> 48) &+ 8
    }

    /// Visits the runs in their order; stops with the first that would reach beyond the last register.
    /// - Returns: whether they add up to all registers.
    private func forEach(_ visit: (_ first: Int, _ span: Int, _ rank: UInt8) -> Void) -> Bool {
        guard count <= HyperLogLog.sparseBytesMax - HyperLogLog.headerBytes else { return false }
        var offset = 0
        var first = 0
        while offset < count {
            let byte = at.u8(offset)
            let span = self.span(offset)
            guard first + span <= HyperLogLog.registerCount else { return false }
            visit(first, span, SparseRuns.rank(byte))
            first += span
            offset += SparseRuns.length(byte)
        }
        return first == HyperLogLog.registerCount
    }

    /// Whether the runs add up to all registers.
    var isSound: Bool { forEach { _, _, _ in } }

    /// Counts the ranks.
    /// - Returns: false when the runs are not sound.
    func count(into counts: inout RankCounts) -> Bool {
        forEach { _, span, rank in counts.add(rank, span) }
    }

    /// Raises registers of a byte each to those of the runs.
    /// - Returns: false when the runs are not sound.
    func merge(into registers: Address) -> Bool {
        forEach { first, span, rank in
            guard rank > 0 else { return }
            for index in first..<first + span where registers.u8(index) < rank {
                registers.setU8(index, rank)
            }
        }
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
