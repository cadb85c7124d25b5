// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A place between entries: all entries are on one side of it or the other.
///
/// Bounds of ranges are points: `[2` begins at `.before(score: 2)`, `(2` at `.after(score: 2)`.
@frozen public struct TreePoint {
    /// How entries that are equal in what the point names lie to it.
    @usableFromInline enum Side {
        /// In front of all entries with the score, or behind them.
        case beforeScore, afterScore
        /// In front of the very entry, or behind it.
        case before, after
        /// In front of all entries, behind all, or by weight.
        case start, end, offset
    }

    @usableFromInline let high: UInt64
    @usableFromInline let low: UInt64
    @usableFromInline let member: ByteView
    @usableFromInline let side: Side

    private init(_ side: Side, high: UInt64 = 0, low: UInt64 = 0, member: ByteView? = nil) {
        self.side = side
        self.high = high
        self.low = low
        self.member = member ?? ByteView(start: .null, count: 0)
    }

    /// In front of the first entry, and behind the last one.
    public static var start: TreePoint { TreePoint(.start) }
    public static var end: TreePoint { TreePoint(.end) }
    /// In front of all entries with this score and higher ones.
    public static func before(score: Double) -> TreePoint {
        TreePoint(.beforeScore, high: ScoredMember.order(score))
    }
    /// Behind all entries with this score and lower ones.
    public static func after(score: Double) -> TreePoint {
        TreePoint(.afterScore, high: ScoredMember.order(score))
    }
    /// In front of the member, or of where it would lie with this score.
    public static func before(_ member: ByteView, score: Double) -> TreePoint {
        TreePoint(.before, high: ScoredMember.order(score), member: member)
    }
    /// Behind the member, or behind where it would lie with this score.
    public static func after(_ member: ByteView, score: Double) -> TreePoint {
        TreePoint(.after, high: ScoredMember.order(score), member: member)
    }
    /// In front of the entry that stands in a tree of scores.
    static func before(entry: Address) -> TreePoint {
        TreePoint(.before, high: ScoredMember.order(entry), member: ScoredMember.member(entry))
    }
    /// In front of the id, whose halves these are.
    public static func before(id high: UInt64, _ low: UInt64) -> TreePoint {
        TreePoint(.before, high: high, low: low)
    }
    /// Behind the id, whose halves these are.
    public static func after(id high: UInt64, _ low: UInt64) -> TreePoint {
        TreePoint(.after, high: high, low: low)
    }
    /// In front of the entry that so much weight comes before, which must not lie within another one.
    static func offset(_ weight: Int) -> TreePoint { TreePoint(.offset, high: UInt64(weight)) }

    // MARK: Comparing

    /// Whether an entry with the point's score comes in front of it.
    @inline(__always) func isBehind(tied entry: Address) -> Bool {
        switch side {
        case .beforeScore: false
        case .afterScore: true
        default:
            switch ScoredMember.compare(entry, member) {
            case ..<0: true
            case 0: side == .after
            default: false
            }
        }
    }

    /// Whether an entry comes in front of the point.
    @inline(__always) func isBehind(entry: Address) -> Bool {
        let score = ScoredMember.order(entry)
        return score != high ? score < high : isBehind(tied: entry)
    }

    /// Whether an id comes in front of the point.
    @inline(__always) func isBehind(id other: (high: UInt64, low: UInt64)) -> Bool {
        if other.high != high { return other.high < high }
        return other.low != low ? other.low < low : side == .after
    }

    /// Whether the first entry of a child comes in front of the point, or is the one that the point names: then the
    /// point lies in that child, at the entry, and not behind all others of the child before.
    @inline(__always) func isAtOrBehind(_ separator: TreeSeparator, _ kind: TreeKind) -> Bool {
        if separator.high != high { return separator.high < high }
        if kind == .id { return separator.low <= low }
        let entry = Address(bits: UInt(separator.low))
        switch side {
        case .beforeScore: return false
        case .afterScore: return true
        default: return ScoredMember.compare(entry, member) <= 0
        }
    }
}

/// A place in a tree, at an entry: valid until the tree's next change.
@frozen public struct TreeCursor: Equatable {
    @usableFromInline let leaf: TreeLeaf
    @usableFromInline let index: Int

    /// The entry that lies here.
    public var entry: Address { leaf.pointer(index) }
    /// The halves of the id, in a tree of ids.
    public var id: (high: UInt64, low: UInt64) { leaf.id(index) }
    /// What the entry weighs, in a tree of positions.
    public var weight: Int { leaf.weight(index) }

    /// The place of the entry behind this one; nil at the end.
    public var next: TreeCursor? {
        if index + 1 < leaf.count { return TreeCursor(leaf: leaf, index: index + 1) }
        let next = leaf.next
        return next.isNull ? nil : TreeCursor(leaf: TreeLeaf(at: next), index: 0)
    }
    /// The place of the entry in front of this one; nil at the beginning.
    public var previous: TreeCursor? {
        if index > 0 { return TreeCursor(leaf: leaf, index: index - 1) }
        guard !leaf.previous.isNull else { return nil }
        let previous = TreeLeaf(at: leaf.previous)
        return TreeCursor(leaf: previous, index: previous.count - 1)
    }
}

/// The way from the top to a place between entries.
struct TreePath {
    static let heightMax = 16

    var nodes = [16 of TreeInner](repeating: TreeInner(at: .null))
    /// Which child of each node.
    var indices = [16 of Int](repeating: 0)
    var leaf = TreeLeaf(at: .null)
    /// The entry of the leaf that the place is in front of; the count where it is behind all.
    var index = 0
}
