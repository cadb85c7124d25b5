// SPDX-License-Identifier: Apache-2.0
import CShims

// Strings combined bit by bit.
//
// *Idea*. The strings are taken in pieces that stay in the first cache. A piece of the result is folded up in scratch
// memory and written only when all sources have been read at its place, so the result may overwrite a source.

/// How BITOP combines strings. X is the first of them, the Ys are the others.
public enum BitOperation: Sendable, CaseIterable {
    /// Bits set in all strings, in any, in an odd number of them.
    case and, or, xor
    /// Bits not set in the only string.
    case not
    /// Bits of X that no Y has.
    case diff
    /// Bits of any Y that X has not.
    case diff1
    /// Bits of X that any Y has.
    case andor
    /// Bits that exactly one string has.
    case one

    private static let pieceBytes = 8192

    /// Writes the first `count` bytes of the result to `out`, which may be where one of the sources starts.
    /// Shorter sources are continued with zeros. `sources` is not empty; only `not` ignores all but the first.
    public func combine(_ sources: [ByteView], into out: Address, count: Int) {
        combine(sources, into: out, count: count, inWideSteps: WideBits.areThere)
    }

    /// Whether nothing has to be kept between reading the sources and writing the result.
    private func isOneStep(_ sources: [ByteView], _ count: Int) -> Bool {
        guard sources[0].count >= count else { return false }
        switch self {
        case .and, .or, .xor, .diff: return sources.count <= 2
        case .not: return true
        case .diff1, .andor, .one: return false
        }
    }

    /// The same in one of two ways: the wide one needs a processor that has it.
    func combine(_ sources: [ByteView], into out: Address, count: Int, inWideSteps wide: Bool) {
        precondition(!sources.isEmpty, "nothing to combine")
        guard count > 0 else { return }
        if isOneStep(sources, count) {
            return BitPiece(sources, at: 0, count, 0, .null, wide).combine(self, into: out)
        }
        let step = min(count, BitOperation.pieceBytes)
        unsafe withUnsafeTemporaryAllocation(byteCount: step * 3, alignment: 8) { scratch in
            guard let base = scratch.baseAddress else { return }
            let memory = unsafe Address(base)
            var at = 0
            while at < count {
                let length = min(step, count - at)
                let piece = BitPiece(sources, at: at, length, step, memory, wide)
                piece.combine(self, into: out + at)
                at += length
            }
        }
    }
}

/// The same few kilobytes of all sources, and scratch memory for three results of that length.
private struct BitPiece {
    private let sources: [ByteView]
    private let offset: Int
    private let length: Int
    private let folded: Address
    private let repeated: Address
    private let padded: Address
    private let wide: Bool

    init(_ sources: [ByteView], at offset: Int, _ length: Int, _ step: Int, _ scratch: Address, _ wide: Bool)
    {
        self.sources = sources
        self.offset = offset
        self.length = length
        folded = scratch
        repeated = scratch + step
        padded = scratch + step * 2
        self.wide = wide
    }

    func combine(_ operation: BitOperation, into out: Address) {
        switch operation {
        case .and: fold(Int(NT_BITS_AND), 0, into: out)
        case .or: fold(Int(NT_BITS_OR), 0, into: out)
        case .xor: fold(Int(NT_BITS_XOR), 0, into: out)
        case .diff: fold(Int(NT_BITS_AND_NOT), 0, into: out)
        case .not:
            let only = whole(0)
            apply(Int(NT_BITS_NOT), only, only.view(0, length), into: out)
        case .diff1:
            fold(Int(NT_BITS_OR), 1, into: folded)
            apply(Int(NT_BITS_NOT_AND), whole(0), folded.view(0, length), into: out)
        case .andor:
            fold(Int(NT_BITS_OR), 1, into: folded)
            apply(Int(NT_BITS_AND), whole(0), folded.view(0, length), into: out)
        case .one:
            once(into: out)
        }
    }

    /// What a source has of the piece: nothing if it ends before.
    private func part(_ index: Int) -> ByteView {
        let source = sources[index]
        let from = min(offset, source.count)
        return source[from..<min(offset + length, source.count)]
    }

    /// The piece of a source, continued with zeros in scratch memory if it ends within.
    private func whole(_ index: Int) -> Address {
        let part = part(index)
        guard part.count < length else { return part.start }
        padded.copy(from: part)
        (padded + part.count).zero(count: length - part.count)
        return padded
    }

    /// Combines the sources from `first` on from left to right.
    private func fold(_ kind: Int, _ first: Int, into out: Address) {
        var left = whole(first)
        let last = sources.count - 1
        guard first < last else {
            if left != out { out.copy(from: left, count: length) }
            return
        }
        for index in first + 1..<last {
            apply(kind, left, part(index), into: folded)
            left = folded
        }
        apply(kind, left, part(last), into: out)
    }

    /// Bits that were met once; those met again leave for good.
    private func once(into out: Address) {
        let first = whole(0)
        folded.copy(from: first, count: length)
        repeated.zero(count: length)
        for index in sources.indices.dropFirst() {
            let part = part(index)
            apply(Int(NT_BITS_AND), folded, part, into: padded)
            apply(Int(NT_BITS_OR), repeated, padded.view(0, length), into: repeated)
            apply(Int(NT_BITS_XOR), folded, part, into: folded)
            apply(Int(NT_BITS_AND_NOT), folded, repeated.view(0, length), into: folded)
        }
        out.copy(from: folded, count: length)
    }

    /// One step: `right` may be shorter than the piece.
    private func apply(_ kind: Int, _ left: Address, _ right: ByteView, into out: Address) {
        let common = right.count
        unsafe nt_bits_combine(
            Int32(kind), out.pointer, left.pointer, right.start.pointer, common, wide)
        guard common < length else { return }
        switch kind {
        case Int(NT_BITS_AND), Int(NT_BITS_NOT_AND): (out + common).zero(count: length - common)
        default: if out != left { (out + common).copy(from: left + common, count: length - common) }
        }
    }
}
