// SPDX-License-Identifier: Apache-2.0
import Bytes

// The ordered tree with ranks under sorted sets, streams, pending lists and lists.
//
// *Idea*. A B+tree: entries lie packed and in order in leaves, which are chained in both directions; inner nodes know
// the weight of each child, so that an entry is found by its rank, and a rank by its entry, in one descent. What an
// entry is, and what orders it, is one of three kinds; the rest is the same for all:
//
//     score      a `ScoredMember`, ordered by score and then by the member's bytes; weighs 1
//     id         any memory, ordered by a number of 128 bits that the leaf holds; weighs 1
//     position   any memory, in whatever order it was put; weighs what the caller says, up to 65,535
//
// The member's bytes and its score are held once, in the entry. A leaf of scores holds one byte beside each pointer, the
// score's distance from the leaf's *frame*, coarsely: a search looks at these bytes first and follows a pointer only
// where two of them are equal, so that it costs one or two cache misses in the leaf instead of six. (Partial keys in
// the nodes of a tree of pointers: Bohannon, McIlroy and Rastogi, 2001.)
//
// *Layout*. All raw memory of one `Heap`.
//
//     root (88 B)    see `TreeField`: the top node, counts, both ends of the chain, the walkers of cuts
//     leaf (512 B)   see `LeafField`: 40 bytes, then the keys of all entries (1, 16 or 2 bytes each), then their
//                    pointers (6 bytes each): 67 scores, 21 ids, 59 positions. A leaf without siblings may be smaller
//     inner (512 B)  see `InnerField`: 8 bytes, then weights, children and separators: 15 children, or 31 of positions
//
// A separator is the first entry of its child's leftmost leaf: for scores the score in a form that orders as a number,
// and the entry; for ids the id. The separator of a node's first child is not kept.
//
// Arithmetic: 512 / 67 = 7.6 bytes per member in full leaves. What is appended leaves full leaves behind; elsewhere a
// full leaf first shares with its neighbour, and two full ones become three (the B*-tree of Knuth), which keeps leaves
// 84 % full: 9.1 bytes. Inner nodes add 0.7. A million members of 16 bytes with integers for scores, inserted in random
// order, take 45.0 bytes each in all: the entry 24, the table of members 11.2, the tree 9.8; in ascending order 43.4.
// Doubles of which nothing can be left out make the entry 32.
//
// *Cuts*. A leaf is a unit of a cut: the caller preserves the leaf that `unit` names before anything in it changes.
// While lanes are set nothing moves between leaves that the caller does not know of: a full leaf splits, and the new one
// is as saved as the old one; small leaves do not merge. The walker of each lane stands at a leaf of the chain; whoever
// frees that leaf moves it on. As every leaf is handed over before it changes, nothing has to outlive its removal.
//
// *Invariants*. Entries ascend along the chain. All leaves are equally deep. A weight is the sum of what it leads to, a
// separator is its child's first entry. No node is empty but the only leaf of an empty tree. The top node has two
// children or more.
//
// *Who frees*. `drain` hands entries to the caller, who frees them, and `destroy` frees what is left of the tree.
//
// *Rejected*. A skiplist: 2 to 3 times the bytes, and a cache miss for every comparison. Scores in leaves: 7 bytes more
// per member, for half a miss. Parent pointers: they make every split write to all children.

/// What a tree's entries are ordered by.
public enum TreeKind: UInt8, Sendable {
    /// Entries are `ScoredMember`s, ordered by score, then by bytes.
    case score = 0
    /// Entries are ordered by a number of 128 bits.
    case id
    /// Entries lie where they were put, and weigh something.
    case position
}

/// A handle to a tree; copies name the same tree.
@frozen public struct Tree {
    /// Where the tree's root lies.
    public let root: Address

    /// The handle of the tree with this root.
    @inlinable public init(root: Address) { self.root = root }

    /// A new empty tree.
    public static func create(_ kind: TreeKind, _ store: Store) -> Tree {
        let root = store.heap.allocateZeroed(TreeField.size)
        let tree = Tree(root: root)
        root.setU8(TreeField.kind, kind.rawValue)
        root.setU64(TreeField.identity, store.nextIdentity())
        root.setI64(TreeField.bytes, Int64(TreeField.size))
        let leaf = tree.newLeaf(bytes: TreeLeaf.bytesMin, store)
        root.setAddress(TreeField.top, leaf.at)
        tree.chain.insert(leaf.at, behind: .null)
        return tree
    }

    /// What the entries are ordered by; fixed when the tree is made.
    @inline(__always) public var kind: TreeKind { TreeKind(rawValue: root.u8(TreeField.kind)) ?? .score }
    /// How many entries there are.
    @inlinable public var count: Int { Int(root.u64(TreeField.count)) }
    /// The weight of all entries: their count, but for a tree of positions.
    @inlinable public var weight: Int { Int(root.u64(TreeField.weight)) }
    /// Lanes of cuts that want the tree's leaves as they were.
    @inlinable public var lanes: UInt8 {
        get { root.u8(TreeField.lanes) }
        nonmutating set { root.setU8(TreeField.lanes, newValue) }
    }
    /// What the tree is known by: no other structure of the store has ever had this number, nor will have.
    public var identity: UInt64 { root.u64(TreeField.identity) }
    /// An address of the caller's own, such as the table of a sorted set's members.
    public var companion: Address {
        get { root.address(TreeField.companion) }
        nonmutating set { root.setAddress(TreeField.companion, newValue) }
    }
    /// Bytes of the tree and of what the caller added with `addBytes`.
    public var bytes: Int { Int(root.i64(TreeField.bytes)) }
    /// Adds to `bytes` what the caller allocates for the tree's entries; negative when it frees.
    public func addBytes(_ n: Int) { root.setI64(TreeField.bytes, root.i64(TreeField.bytes) + Int64(n)) }

    @inline(__always) var height: Int { Int(root.u8(TreeField.height)) }
    @inline(__always) var top: Address { root.address(TreeField.top) }
    var chain: NodeChain { NodeChain(at: root + TreeField.chain) }
    var firstLeaf: TreeLeaf { TreeLeaf(at: chain.first) }
    var lastLeaf: TreeLeaf { TreeLeaf(at: chain.last) }

    func addCount(_ entries: Int, weight: Int) {
        root.setU64(TreeField.count, root.u64(TreeField.count) &+ UInt64(bitPattern: Int64(entries)))
        root.setU64(TreeField.weight, root.u64(TreeField.weight) &+ UInt64(bitPattern: Int64(weight)))
    }

    // MARK: Taking apart

    /// Removes and visits up to `max` entries from the end, for taking a tree apart that nobody reads any more.
    /// - Returns: true when the tree is empty.
    public func drain(max: Int, _ store: Store, _ visit: (TreeCursor) -> Void) -> Bool {
        assert(lanes == 0, "a cut still reads the tree")
        var left = max
        while left > 0, count > 0 {
            let leaf = lastLeaf
            let from = Swift.max(0, leaf.count - left)
            left -= leaf.count - from
            var path = TreePath()
            descend(.end, &path)
            close(path, from: from, to: leaf.count, merges: false, store, visit)
        }
        return count == 0
    }

    /// Frees the tree, which is empty.
    public func destroy(_ store: Store) {
        precondition(count == 0 && height == 0, "a tree with entries")
        free(firstLeaf, store)
        store.heap.free(root, TreeField.size)
    }
}

// MARK: Memory

extension Tree {
    func newLeaf(bytes: Int, _ store: Store) -> TreeLeaf {
        let leaf = TreeLeaf(at: store.heap.allocate(bytes))
        leaf.initialize(kind, bytes: bytes)
        root.setU32(TreeField.leaves, root.u32(TreeField.leaves) + 1)
        addBytes(bytes)
        return leaf
    }

    /// Frees a leaf that nothing leads to any more.
    func free(_ leaf: TreeLeaf, _ store: Store) {
        root.setU32(TreeField.leaves, root.u32(TreeField.leaves) - 1)
        addBytes(-leaf.bytes)
        store.heap.free(leaf.at, leaf.bytes)
    }

    func newInner(_ store: Store) -> TreeInner {
        let inner = TreeInner(at: store.heap.allocate(TreeInner.bytes))
        inner.initialize(kind)
        addBytes(TreeInner.bytes)
        return inner
    }

    func free(_ inner: TreeInner, _ store: Store) {
        addBytes(-TreeInner.bytes)
        store.heap.free(inner.at, TreeInner.bytes)
    }
}
