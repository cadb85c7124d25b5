// SPDX-License-Identifier: Apache-2.0
import Bytes

// A HyperLogLog that is being changed, in memory of its own: sparse ones grow and shrink with each element, and one that
// turns out to be corrupt half-way must not have changed.
//
// *Raising a register* of a sparse one splits its run in up to three and writes them in its place. Runs of the same rank that
// come to lie side by side are then joined, looking at five runs from the one in front; Redis does just that, and a string
// that was changed by the same commands is the same here and there, to the byte. What a sparse form does not hold, a rank
// above 32 or more bytes than allowed, makes it dense.
//
// *Invariants*. `used` bytes are the string; behind them there is room for what raising one register can add.
//
// *Who frees*. The draft.

/// What became of an element.
public enum DraftOutcome {
    /// Its register was as high already.
    case unchanged
    /// Its register is higher now.
    case raised
    /// It could not be added, because the runs are not sound. The draft is useless from here on.
    case corrupt
}

/// A HyperLogLog in memory of its own.
@safe public struct HyperLogLogDraft: ~Copyable {
    /// Splitting one run makes up to five bytes of it.
    private static let spareBytes = 8

    private var at: Address
    private var used: Int
    private var capacity: Int
    /// The most bytes of a sparse one that grows: `hll-sparse-max-bytes`.
    private let sparseBytesMax: Int

    private init(bytes: Int, sparseBytesMax: Int) {
        used = bytes
        capacity = bytes + HyperLogLogDraft.spareBytes
        at = unsafe Address(.allocate(byteCount: capacity, alignment: 8))
        self.sparseBytesMax = sparseBytesMax
    }

    /// An empty one, sparse.
    public init(sparseBytesMax: Int) {
        self.init(bytes: HyperLogLog.headerBytes + 2, sparseBytesMax: sparseBytesMax)
        HyperLogLog.writeHeader(at, isDense: false)
        at.setU8(HyperLogLog.headerBytes, 0x7F)
        at.setU8(HyperLogLog.headerBytes + 1, 0xFF)
    }

    /// A copy of one; nil when it is too long to be sound.
    public init?(_ original: HyperLogLog, sparseBytesMax: Int) {
        guard original.count <= HyperLogLog.sparseBytesMax else { return nil }
        self.init(bytes: original.count, sparseBytesMax: sparseBytesMax)
        at.copy(from: original.at, count: used)
    }

    deinit { unsafe at.pointer.deallocate() }

    /// The bytes; valid until the next change, as long as the draft lives.
    public var bytes: ByteView { at.view(0, used) }

    /// The draft as it is; valid until the next change.
    public var current: HyperLogLog {
        guard let current = HyperLogLog(bytes) else { preconditionFailure("a draft without a header") }
        return current
    }

    private var isDense: Bool { at.u8(4) == 0 }
    private var runs: SparseRuns {
        SparseRuns(at: at + HyperLogLog.headerBytes, count: used - HyperLogLog.headerBytes)
    }

    // MARK: Dense

    /// Gives each register a place of its own.
    /// - Returns: false when the runs are not sound; nothing has changed then.
    public mutating func makeDense() -> Bool {
        guard !isDense else { return true }
        guard runs.isSound else { return false }
        let registers = SpreadRegisters(inWideSteps: WideRegisters.areThere)
        _ = registers.merge(current)
        let bytes = HyperLogLog.denseBytes
        let dense = unsafe Address(.allocate(byteCount: bytes + HyperLogLogDraft.spareBytes, alignment: 8))
        dense.copy(from: at, count: HyperLogLog.headerBytes)
        dense.setU8(4, 0)
        unsafe at.pointer.deallocate()
        at = dense
        used = bytes
        capacity = bytes + HyperLogLogDraft.spareBytes
        registers.write(to: current)
        return true
    }

    private mutating func raiseDense(_ place: ElementPlace) -> DraftOutcome {
        guard makeDense() else { return .corrupt }
        return current.raise(place) ? .raised : .unchanged
    }

    // MARK: Raising

    /// Raises a register to a rank, if it is lower.
    /// - Parameter run: where it is, as `HyperLogLog.effect` found out, if nothing has changed since.
    public mutating func raise(_ place: ElementPlace, in run: SparseRun? = nil) -> DraftOutcome {
        if isDense || place.rank > SparseRuns.rankMax { return raiseDense(place) }
        guard let run = run ?? runs.find(place.index) else { return .corrupt }
        return raiseSparse(place, in: run)
    }

    /// Raises registers to those of others, where these are higher.
    /// - Returns: false when the draft's runs are not sound; it is useless then.
    public mutating func raise(to registers: borrowing SpreadRegisters) -> Bool {
        // The next register is looked for from here on.
        var start = SparseRun.beginning
        return registers.forEachRaised { place in
            if isDense || place.rank > SparseRuns.rankMax { return raiseDense(place) != .corrupt }
            guard let run = runs.find(place.index, from: start) else { return false }
            // Joining begins with the run in front of this one: what lies in front of that stays as it is.
            start = runs.run(before: run.previous, from: start)
            return raiseSparse(place, in: run) != .corrupt
        }
    }

    private mutating func raiseSparse(_ place: ElementPlace, in run: SparseRun) -> DraftOutcome {
        let old = runs.rank(run)
        guard old < place.rank else { return .unchanged }
        let span = runs.span(run.offset)
        let isReplaced = span == 1 && !SparseRuns.isLong(runs.at.u8(run.offset))
        if isReplaced {
            runs.at.setU8(run.offset, SparseRuns.byte(rank: place.rank, span: 1))
        } else {
            guard split(run, span, old, place) else { return raiseDense(place) }
        }
        join(from: max(run.previous, 0))
        return .raised
    }

    /// Writes a run anew as up to three, with one register raised.
    /// - Returns: false when that would take more bytes than allowed; nothing has changed then.
    private mutating func split(_ run: SparseRun, _ span: Int, _ old: UInt8, _ place: ElementPlace) -> Bool {
        var pieces = SplitPieces()
        let before = place.index - run.first
        pieces.append(rank: old, span: before)
        pieces.append(rank: place.rank, span: 1)
        pieces.append(rank: old, span: span - before - 1)
        let oldLength = SparseRuns.length(runs.at.u8(run.offset))
        let growth = pieces.count - oldLength
        if growth > 0, used + growth > sparseBytesMax { return false }
        makeRoom(used + growth)
        let start = at + (HyperLogLog.headerBytes + run.offset)
        let behind = used - HyperLogLog.headerBytes - run.offset - oldLength
        if behind > 0, growth != 0 { (start + pieces.count).move(from: start + oldLength, count: behind) }
        for i in 0..<pieces.count { start.setU8(i, pieces[i]) }
        used += growth
        return true
    }

    private mutating func makeRoom(_ bytes: Int) {
        guard bytes + HyperLogLogDraft.spareBytes > capacity else { return }
        capacity = bytes * 2 + HyperLogLogDraft.spareBytes
        let roomier = unsafe Address(.allocate(byteCount: capacity, alignment: 8))
        roomier.copy(from: at, count: used)
        unsafe at.pointer.deallocate()
        at = roomier
    }

    /// Joins neighbours of the same rank among five runs from an offset on.
    private mutating func join(from start: Int) {
        let bytes = at + HyperLogLog.headerBytes
        var end = used - HyperLogLog.headerBytes
        var offset = start
        for _ in 0..<5 where offset < end {
            let byte = bytes.u8(offset)
            guard SparseRuns.isRank(byte), offset + 1 < end, SparseRuns.isRank(bytes.u8(offset + 1)),
                SparseRuns.rank(byte) == SparseRuns.rank(bytes.u8(offset + 1)),
                Int(byte & 3) + Int(bytes.u8(offset + 1) & 3) + 2 <= SparseRuns.ranksMax
            else {
                offset += SparseRuns.length(byte)
                continue
            }
            let span = Int(byte & 3) + Int(bytes.u8(offset + 1) & 3) + 2
            bytes.setU8(offset, SparseRuns.byte(rank: SparseRuns.rank(byte), span: span))
            (bytes + (offset + 1)).move(from: bytes + (offset + 2), count: end - offset - 2)
            end -= 1
        }
        used = end + HyperLogLog.headerBytes
    }
}

/// The bytes of the runs that one run becomes: at most five.
private struct SplitPieces {
    private var bytes: UInt64 = 0
    private(set) var count = 0

    subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: bytes >> UInt64(index * 8)) }

    private mutating func append(_ byte: UInt8) {
        bytes |= UInt64(byte) << UInt64(count * 8)
        count += 1
    }

    mutating func append(rank: UInt8, span: Int) {
        guard span > 0 else { return }
        if rank > 0 { return append(SparseRuns.byte(rank: rank, span: span)) }
        if span <= SparseRuns.zerosMax { return append(UInt8(span - 1)) }
        append(0x40 | UInt8((span - 1) >> 8))
        append(UInt8(truncatingIfNeeded: span - 1))
    }
}
