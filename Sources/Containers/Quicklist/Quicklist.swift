// SPDX-License-Identifier: Apache-2.0
import Bytes

// A list of any length: packed nodes in a row, with an index.
//
// *Idea*. Elements lie in listpacks of a few kilobytes, so that an element costs its bytes and two more, and a push moves
// nothing but the end of one listpack. A tree of positions over the nodes knows how many elements come before each, so
// that an element in the middle of millions is found in one descent and a short walk. An element that is too large for a
// listpack has a node of its own and lies in a counted `Block`, which can be shared with replies and snapshots. Nodes far
// from both ends may be compressed. (Nodes of listpacks, their limits and the compressed middle: Redis's quicklist, whose
// nodes are found by walking.)
//
// *Layout*. All raw memory of one `Heap`.
//
//     root (64 B)   see `QuicklistField`
//     node (48 B)   see `NodeField`: the chain, the content, how many elements, which cuts have it
//     content       a listpack; a block with the one element; or the compressed bytes of a listpack behind
//                   u32 size of the listpack, u32 size of the compressed bytes
//     tree          `Tree` of positions: a node's address and its number of elements, 8 bytes
//
// Arithmetic: a million elements of 10 bytes in nodes of 8 KB lie in 1,466 nodes: 12 bytes each, and 0.1 for nodes and
// the tree.
//
// *Cuts*. Nodes are the units of a cut. Elements must be handed over in order, so that a pre-image cannot be handed over
// at once, as those of unordered collections are: it stays in the chain, in its place, as a *ghost*, until the walker has
// passed. A node that changes leaves a ghost with a copy of its content in front of it; a node that goes becomes a ghost
// itself. The tree leads to no ghosts. A node that was made after the cut counts as saved from the beginning. Every
// change here preserves by itself what it touches.
//
// *Invariants*. The tree names the nodes that are not ghosts in the order of the chain, each with its number of elements,
// and no node is empty. A ghost is wanted by at least one lane of an open cut. A packed node with more than one element
// is within the limit it was filled under. Only nodes at least `compressDepth` away from both ends are compressed.
//
// *Who frees*. `drain` frees elements with their nodes, `destroy` what is left. A block is released once for each node
// that holds it, ghosts included.
//
// *Rejected*. Keeping pre-images beside the list, to be merged in by number: numbers shift with every push. A chain
// without a tree: LINDEX, LSET and LINSERT in the middle of a million elements walk through 700 nodes.

/// Where the fields of a quicklist's root lie.
enum QuicklistField {
    /// The root of the tree.
    static var tree: Int { 0 }
    /// The chain of nodes, ghosts included, 32 bytes; see `NodeChain`.
    static var chain: Int { 8 }
    /// i64: bytes of everything but the tree.
    static var bytes: Int { 40 }
    /// i16: the limit of a node, as `list-max-listpack-size` says it.
    static var fill: Int { 48 }
    /// u16: how many nodes at each end stay as they are; 0: none is compressed.
    static var compressDepth: Int { 50 }
    /// u8: lanes of cuts that want pre-images.
    static var lanes: Int { 52 }
    /// u8: 1 when a node may be compressed.
    static var hasCompressed: Int { 53 }
    /// u32: ghosts in the chain.
    static var ghosts: Int { 56 }
    static var size: Int { 64 }
}

/// A handle to a quicklist; copies name the same list.
@frozen public struct Quicklist {
    /// Where the list's root lies: all that a value has to keep.
    public let root: Address

    /// The handle of the list with this root.
    @inlinable public init(root: Address) { self.root = root }

    /// A new empty list.
    /// - Parameters:
    ///   - fill: the limit of a node: a number of elements if positive, -1 … -5 for 4, 8, 16, 32 and 64 KB.
    ///   - compressDepth: how many nodes at each end are never compressed; 0: none ever is.
    public static func create(fill: Int, compressDepth: Int, _ store: Store) -> Quicklist {
        let root = store.heap.allocateZeroed(QuicklistField.size)
        let list = Quicklist(root: root)
        root.setAddress(QuicklistField.tree, Tree.create(.position, store).root)
        root.setI64(QuicklistField.bytes, Int64(QuicklistField.size))
        list.fill = fill
        list.compressDepth = compressDepth
        return list
    }

    var tree: Tree { Tree(root: root.address(QuicklistField.tree)) }

    /// How many elements there are.
    public var count: Int { tree.weight }
    /// How many nodes they lie in.
    public var nodeCount: Int { tree.count }
    /// What the list is known by: no other structure of the store has ever had this number, nor will have.
    public var identity: UInt64 { tree.identity }
    /// An address of the caller's own, such as the entry of the key that holds the list.
    public var companion: Address {
        get { tree.companion }
        nonmutating set { tree.companion = newValue }
    }
    /// Everything that the list occupies, its blocks and what cuts still want of it included.
    public var bytes: Int { Int(root.i64(QuicklistField.bytes)) + tree.bytes }

    /// The limit of a node, which later changes obey.
    public var fill: Int {
        get { Int(root.i16(QuicklistField.fill)) }
        nonmutating set {
            let fill = newValue == 0 ? 1 : min(max(newValue, -5), 32_767)
            root.setU16(QuicklistField.fill, UInt16(bitPattern: Int16(fill)))
        }
    }
    /// How many nodes at each end stay as they are; 0: none is compressed. Later changes obey it.
    public var compressDepth: Int {
        get { Int(root.u16(QuicklistField.compressDepth)) }
        nonmutating set { root.setU16(QuicklistField.compressDepth, UInt16(clamping: newValue)) }
    }

    func addBytes(_ n: Int) {
        root.setI64(QuicklistField.bytes, root.i64(QuicklistField.bytes) &+ Int64(n))
    }

    // MARK: Limits

    /// The most bytes of a node that holds more than one element.
    var nodeBytesMax: Int { fill < 0 ? 2048 << -fill : 8192 }
    /// The most elements of a node.
    var nodeElementsMax: Int { fill < 0 ? Int(UInt16.max) : fill }

    /// Whether an element of so many bytes has a node of its own.
    func isPlain(_ bytes: Int, _ store: Store) -> Bool {
        if bytes >= Block.adoptBytesMin { return true }
        return store.plainBytesMin > 0 ? bytes >= store.plainBytesMin : bytes > nodeBytesMax
    }

    // MARK: Taking apart

    /// Frees about `max` elements from the end with their nodes, for taking a list apart that nobody reads any more.
    /// - Returns: how many were freed; 0 when none is left.
    public func drain(max: Int, _ store: Store) -> Int {
        assert(lanes == 0 && ghostCount == 0, "a cut still reads the list")
        var freed = 0
        while freed < max, let last = tree.last {
            let node = QuicklistNode(at: last.entry)
            freed += node.count
            tree.remove(at: count - node.count, store)
            chain.remove(node.at)
            free(node, store)
        }
        return freed
    }

    /// Frees the list, which is empty.
    public func destroy(_ store: Store) {
        precondition(count == 0 && ghostCount == 0, "a list with elements")
        tree.destroy(store)
        store.heap.free(root, QuicklistField.size)
    }

    // MARK: The chain

    var chain: NodeChain { NodeChain(at: root + QuicklistField.chain) }

    var ghostCount: Int {
        get { Int(root.u32(QuicklistField.ghosts)) }
        nonmutating set { root.setU32(QuicklistField.ghosts, UInt32(newValue)) }
    }
}
