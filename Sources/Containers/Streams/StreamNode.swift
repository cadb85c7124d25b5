// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where the fields of a stream's node lie.
enum StreamNodeField {
    /// The links of `NodeChain`.
    static var next: Int { 0 }
    static var previous: Int { 8 }
    /// The listpack.
    static var content: Int { 16 }
    /// Two u32: the last cut of each lane that has the node.
    static var epochs: Int { 24 }
    /// Two u64: the ID from which the listpack counts.
    static var id: Int { 32 }
    /// u32: bytes that there is room for, the listpack's included.
    static var room: Int { 48 }
    /// u8: lanes whose walkers still want this ghost; 0: it is none.
    static var wanted: Int { 52 }
    /// u8: 1 when no more entries are added.
    static var isClosed: Int { 53 }
    static var size: Int { 56 }
}

/// A node of a stream.
struct StreamNode: Equatable, GhostNode {
    let at: Address
    static var epochs: Int { StreamNodeField.epochs }
    static var wantedLanes: Int { StreamNodeField.wanted }

    var next: Address { at.address(StreamNodeField.next) }
    var previous: Address { at.address(StreamNodeField.previous) }
    var listpack: Listpack { Listpack(at: at.address(StreamNodeField.content)) }
    @inline(__always) var id: StreamID { at.streamID(StreamNodeField.id) }
    var room: Int { Int(at.u32(StreamNodeField.room)) }
    /// Deleted entries of the node come behind the stream's last ID: what is added next must not.
    var isClosed: Bool {
        get { at.u8(StreamNodeField.isClosed) != 0 }
        nonmutating set { at.setU8(StreamNodeField.isClosed, newValue ? 1 : 0) }
    }

    /// The content as its reader sees it.
    @inline(__always) var entries: StreamEntries { StreamEntries(listpack.at, id) }

    func set(_ listpack: Listpack, room: Int) {
        at.setAddress(StreamNodeField.content, listpack.at)
        at.setU32(StreamNodeField.room, UInt32(room))
    }

    /// What the node occupies.
    var bytes: Int { StreamNodeField.size + Heap.roundedBytes(room) }

    func freeContent(_ heap: Heap) { heap.free(listpack.at, room) }
}

extension StreamLog {
    /// A node that is in neither the chain nor the tree. It was not there when any cut was opened.
    func newNode(_ id: StreamID, _ listpack: Listpack, room: Int, _ store: Store) -> StreamNode {
        let node = StreamNode(at: store.heap.allocateZeroed(StreamNodeField.size))
        node.set(listpack, room: room)
        node.at.setStreamID(StreamNodeField.id, id)
        for lane in 0..<Store.laneCount { node.markSaved(lane, store) }
        addBytes(node.bytes)
        return node
    }

    /// Frees a node that nothing leads to any more, with its content.
    func free(_ node: StreamNode, _ store: Store) {
        addBytes(-node.bytes)
        node.freeContent(store.heap)
        store.heap.free(node.at, StreamNodeField.size)
    }

    /// Gives up the room behind a node's listpack.
    func trimRoom(_ node: StreamNode, _ store: Store) {
        let listpack = node.listpack
        let (room, wanted) = (node.room, listpack.byteCount)
        guard Heap.roundedBytes(room) != Heap.roundedBytes(wanted) else {
            return node.at.setU32(StreamNodeField.room, UInt32(wanted))
        }
        addBytes(Heap.roundedBytes(wanted) - Heap.roundedBytes(room))
        let isLarge = room > Heap.slabBytesMax && wanted > Heap.slabBytesMax
        if isLarge {
            return node.set(Listpack(at: store.heap.resizeLarge(listpack.at, wanted)), room: wanted)
        }
        let copy = listpack.copy(store.heap)
        node.freeContent(store.heap)
        node.set(copy, room: wanted)
    }

    /// Lets a listpack's own edit loose on a node.
    func edit(_ node: StreamNode, _ store: Store, _ body: (inout Listpack) -> Void) {
        trimRoom(node, store)
        var listpack = node.listpack
        let before = node.bytes
        body(&listpack)
        node.set(listpack, room: listpack.byteCount)
        addBytes(node.bytes - before)
    }
}

/// Nodes that were cut out of a stream and belong to nobody else any more: freed at once or in slices.
@frozen public struct StreamRest {
    /// Nodes in a row by their `next`.
    private var first = Address.null
    /// How many nodes there are.
    public private(set) var count = 0
    /// What they occupy.
    public private(set) var bytes = 0

    init() {}

    mutating func add(_ node: StreamNode) {
        node.at.setAddress(StreamNodeField.next, first)
        first = node.at
        count += 1
        bytes += node.bytes
    }

    /// Frees up to `max` nodes.
    /// - Returns: how many were freed; nothing is left when `count` is 0.
    @discardableResult public mutating func free(max: Int, _ store: Store) -> Int {
        var freed = 0
        while freed < max, !first.isNull {
            let node = StreamNode(at: first)
            first = node.next
            freed += 1
            bytes -= node.bytes
            node.freeContent(store.heap)
            store.heap.free(node.at, StreamNodeField.size)
        }
        count -= freed
        return freed
    }
}
