// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where the fields of a node lie.
enum NodeField {
    /// The links of `NodeChain`.
    static var next: Int { 0 }
    static var previous: Int { 8 }
    /// A listpack, a block, or compressed bytes.
    static var content: Int { 16 }
    /// Two u32: the last cut of each lane that has the node.
    static var epochs: Int { 24 }
    /// u64: bytes of the content, as the list's books have them.
    static var bytes: Int { 32 }
    /// u16: elements.
    static var count: Int { 40 }
    /// u8: see `QuicklistNode.Form`.
    static var form: Int { 42 }
    /// u8: lanes whose walkers still want this ghost; 0: it is none.
    static var wanted: Int { 43 }
    static var size: Int { 48 }
}

/// A node of a quicklist.
struct QuicklistNode: Equatable, GhostNode {
    enum Form: UInt8 {
        /// A listpack.
        case packed = 0
        /// A block with one element.
        case plain
        /// A listpack, compressed.
        case compressed
    }
    /// In front of compressed bytes: u32 size of the listpack, u32 size of the compressed bytes.
    static let compressedHeaderBytes = 8

    let at: Address
    static var epochs: Int { NodeField.epochs }
    static var wantedLanes: Int { NodeField.wanted }

    var next: Address { at.address(NodeField.next) }
    var previous: Address { at.address(NodeField.previous) }
    var count: Int {
        get { Int(at.u16(NodeField.count)) }
        nonmutating set { at.setU16(NodeField.count, UInt16(newValue)) }
    }
    @inline(__always) var form: Form { Form(rawValue: at.u8(NodeField.form)) ?? .packed }
    private var content: Address { at.address(NodeField.content) }

    /// The listpack of a packed node.
    var listpack: Listpack {
        assert(form == .packed, "not a packed node")
        return Listpack(at: content)
    }
    /// The block of a plain node.
    var block: Block {
        assert(form == .plain, "not a plain node")
        return Block(at: content)
    }
    /// The compressed bytes of a compressed node, and the size of its listpack.
    var compressed: (bytes: ByteView, listpackBytes: Int) {
        assert(form == .compressed, "not a compressed node")
        let header = QuicklistNode.compressedHeaderBytes
        return (content.view(header, Int(content.u32(4))), Int(content.u32(0)))
    }

    /// Bytes of the content as they were counted last.
    var keptBytes: Int {
        get { Int(at.u64(NodeField.bytes)) }
        nonmutating set { at.setU64(NodeField.bytes, UInt64(newValue)) }
    }

    /// Bytes of the content as it is.
    var contentBytes: Int {
        switch form {
        case .packed: Heap.roundedBytes(listpack.byteCount)
        case .plain: Block.headerBytes + block.capacity
        case .compressed:
            Heap.roundedBytes(QuicklistNode.compressedHeaderBytes + compressed.bytes.count)
        }
    }

    func set(_ form: Form, _ content: Address) {
        at.setU8(NodeField.form, form.rawValue)
        at.setAddress(NodeField.content, content)
    }

    /// A second content like this one's; a block is shared.
    func copyContent(_ heap: Heap) -> Address {
        switch form {
        case .packed: return listpack.copy(heap).at
        case .plain:
            block.retain()
            return block.at
        case .compressed:
            let bytes = QuicklistNode.compressedHeaderBytes + compressed.bytes.count
            let copy = heap.allocate(bytes)
            copy.copy(from: content, count: bytes)
            return copy
        }
    }

    func freeContent(_ heap: Heap) {
        switch form {
        case .packed: listpack.free(heap)
        case .plain: block.release(heap)
        case .compressed:
            heap.free(content, QuicklistNode.compressedHeaderBytes + compressed.bytes.count)
        }
    }
}

extension Quicklist {
    /// A node that is in neither the chain nor the tree. It was not there when any cut was opened.
    func newNode(_ form: QuicklistNode.Form, _ content: Address, count: Int, _ store: Store) -> QuicklistNode
    {
        let node = QuicklistNode(at: store.heap.allocateZeroed(NodeField.size))
        node.set(form, content)
        node.count = count
        node.keptBytes = node.contentBytes
        for lane in 0..<Store.laneCount { node.markSaved(lane, store) }
        addBytes(NodeField.size + node.keptBytes)
        assert(count > 0 && (form != .plain || count == 1), "a node of no elements")
        return node
    }

    /// Frees a node that nothing leads to any more, with its content.
    func free(_ node: QuicklistNode, _ store: Store) {
        addBytes(-NodeField.size - node.keptBytes)
        node.freeContent(store.heap)
        store.heap.free(node.at, NodeField.size)
    }

    /// Takes over a node's listpack as an edit has left it, and brings the books up to date.
    func update(_ node: QuicklistNode, _ listpack: Listpack) {
        node.set(.packed, listpack.at)
        recount(node)
    }

    func recount(_ node: QuicklistNode) {
        let bytes = node.contentBytes
        addBytes(bytes - node.keptBytes)
        node.keptBytes = bytes
    }
}
