// SPDX-License-Identifier: Apache-2.0
import Bytes

// Where the fields of a tree's root, of its leaves and of its inner nodes lie, as offsets in bytes.

/// The root.
@usableFromInline enum TreeField {
    /// The top node: an inner one, or the only leaf while the height is 0.
    static var top: Int { 0 }
    /// u64: entries.
    @inlinable static var count: Int { 8 }
    /// u64: the weight of all entries.
    @inlinable static var weight: Int { 16 }
    /// i64: bytes of the tree, and what the caller has added.
    static var bytes: Int { 24 }
    /// u64: the tree's number, which no other structure of the store ever has.
    static var identity: Int { 32 }
    /// The chain of leaves, 32 bytes; see `NodeChain`.
    static var chain: Int { 40 }
    /// u8: a `TreeKind`.
    static var kind: Int { 72 }
    /// u8: how many inner nodes lie above a leaf.
    static var height: Int { 73 }
    /// u8: lanes of cuts that want pre-images.
    @inlinable static var lanes: Int { 74 }
    /// u32: leaves.
    static var leaves: Int { 76 }
    /// An address of the caller's own.
    static var companion: Int { 80 }
    static var size: Int { 88 }
}

/// A leaf's header.
enum LeafField {
    /// The links of `NodeChain`.
    static var next: Int { 0 }
    static var previous: Int { 8 }
    /// Two u32: the last cut of each lane that has the leaf.
    static func epoch(_ lane: Int) -> Int { 16 + lane * 4 }
    /// u64: a score, as a number that orders alike; a digest of 64 stands for it.
    static var base: Int { 24 }
    /// u16: entries.
    static var count: Int { 32 }
    /// u8: how many entries there is room for.
    static var capacity: Int { 34 }
    /// u8: bytes of a key.
    static var keyBytes: Int { 35 }
    /// u8: how many low bits of a score's distance from the base a digest leaves out.
    static var shift: Int { 36 }
    /// u8: the size of the leaf / 8.
    static var size: Int { 37 }
    /// The keys; behind them the pointers.
    static var keys: Int { 40 }
}

/// An inner node's header.
enum InnerField {
    /// u8: children.
    static var count: Int { 0 }
    /// u8: how many children there is room for.
    static var capacity: Int { 1 }
    /// u8: bytes of a separator.
    static var separatorBytes: Int { 2 }
    /// The weights (u64), behind them the children, then the separators.
    static var weights: Int { 8 }
}

extension TreeKind {
    /// Bytes of a key in a leaf: the digest of a score, an id, a weight.
    var keyBytes: Int {
        switch self {
        case .score: 1
        case .id: 16
        case .position: 2
        }
    }

    var separatorBytes: Int { self == .position ? 0 : 16 }
}

/// What stands in a leaf: the entry, and what is kept beside it.
struct TreeItem {
    let pointer: Address
    /// The score as a number, or the upper half of an id.
    let high: UInt64
    /// The lower half of an id, or a weight.
    let low: UInt64
}
