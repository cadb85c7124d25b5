// SPDX-License-Identifier: Apache-2.0

// Bytes on their way out, in order: written at the end of a chain of nodes, sent from its beginning.
//
// *Idea*. Small pieces are copied side by side into chunks that belong to the chain, so that a message of thirty bytes
// costs thirty bytes. Large ones stay where they are: the chain holds their block.
//
// *Layout*. A node, from the heap:
//
//     0 next node   8 u64 first byte that is left   16 u64 end of the bytes   24 u64 capacity (0: holds a block)
//     32 … capacity bytes of a chunk, or the address of a block
//
// The first chunk of an empty chain takes 512 bytes with its header, from a slab: mostly it is sent within the turn. The
// second one takes 3.5 KB, all others take 14 KB, the last class of jemalloc's that lies in pages of its own kind (16 KB
// would take 20), or 256 KB where so much comes at once.
//
// *Invariants*. Every node has bytes left; `count`, `nodeCount` and `memoryBytes` are sums over the nodes. Chunks are
// written to behind their end only: what stands before it may be in the kernel's hands meanwhile, and does not move.
//
// *Who frees*. `drop` frees nodes and gives up their blocks, as far as they have been sent. The chain does not know its
// heap, so it must be empty when it goes.

/// A chain of counted bytes that grows at its end and shrinks at its beginning.
///
/// All calls take the heap that the chain's memory comes from; it must be the same each time.
public struct ByteChain: ~Copyable {
    private var head = Address.null
    private var tail = Address.null
    /// Bytes that are left.
    public private(set) var count = 0
    /// Pieces in which they lie.
    public private(set) var nodeCount = 0
    /// What the chain takes, in bytes: its chunks as allocated, and the blocks it holds.
    public private(set) var memoryBytes = 0

    /// Blocks of this size and more are held, smaller ones copied.
    public static let sharedBytesMin = 4096
    static let headerBytes = 32
    private static let referenceBytes = headerBytes + 8
    private static let firstBytes = 512
    private static let secondBytes = 3584
    static let chunkBytes = 14 << 10
    private static let largeChunkBytes = 256 << 10

    public init() {}

    deinit { assert(head.isNull, "bytes that were to be sent are lost") }

    /// Whether nothing waits to be sent.
    public var isEmpty: Bool { count == 0 }

    // MARK: Nodes

    private static func next(_ node: Address) -> Address { node.address(0) }
    private static func begin(_ node: Address) -> Int { Int(node.u64(8)) }
    private static func end(_ node: Address) -> Int { Int(node.u64(16)) }
    private static func capacity(_ node: Address) -> Int { Int(node.u64(24)) }
    private static func isChunk(_ node: Address) -> Bool { capacity(node) > 0 }
    private static func block(_ node: Address) -> Block { Block(at: node.address(headerBytes)) }

    private static func view(_ node: Address) -> ByteView {
        let bytes = isChunk(node) ? node + headerBytes : block(node).bytes
        return bytes.view(begin(node), end(node) - begin(node))
    }

    /// What a node takes, with the block that it holds.
    private static func memory(_ node: Address) -> Int {
        isChunk(node)
            ? headerBytes + capacity(node) : referenceBytes + Block.headerBytes + block(node).capacity
    }

    private static func free(_ node: Address, _ heap: Heap) {
        if isChunk(node) { return heap.free(node, headerBytes + capacity(node)) }
        block(node).release(heap)
        heap.free(node, referenceBytes)
    }

    /// Room behind the bytes of the last chunk.
    private var room: Int {
        if tail.isNull || !ByteChain.isChunk(tail) { return 0 }
        return ByteChain.capacity(tail) - ByteChain.end(tail)
    }

    private mutating func link(_ node: Address) {
        node.setAddress(0, .null)
        if tail.isNull { head = node } else { tail.setAddress(0, node) }
        tail = node
        nodeCount += 1
        count += ByteChain.end(node) - ByteChain.begin(node)
        memoryBytes += ByteChain.memory(node)
    }

    /// Takes the first node out, without freeing it.
    private mutating func unlinkHead() -> Address {
        let node = head
        head = ByteChain.next(node)
        if head.isNull { tail = .null }
        nodeCount -= 1
        count -= ByteChain.end(node) - ByteChain.begin(node)
        memoryBytes -= ByteChain.memory(node)
        return node
    }

    // MARK: Growing

    /// Appends a copy of a few bytes, if there is room for them behind the last ones: then nothing is allocated.
    @inline(__always) public mutating func appendInPlace(_ bytes: ByteView) -> Bool {
        guard !tail.isNull, bytes.count < ByteChain.sharedBytesMin else { return false }
        let end = Int(tail.u64(16))
        // A node that holds a block has no capacity.
        guard end &+ bytes.count <= Int(tail.u64(24)) else { return false }
        (tail + (ByteChain.headerBytes &+ end)).copy(from: bytes)
        tail.setU64(16, UInt64(end &+ bytes.count))
        count &+= bytes.count
        return true
    }

    /// How much more memory the chain takes, at least, when `bytes` are appended to it.
    public func growth(for bytes: Int) -> Int { max(0, bytes - room) }

    /// Appends a copy of `bytes`.
    public mutating func append(_ bytes: ByteView, _ heap: Heap) {
        let fits = min(bytes.count, room)
        if fits > 0 { fill(bytes[0..<fits]) }
        if fits < bytes.count { appendChunks(bytes.dropFirst(fits), heap) }
    }

    /// Copies bytes behind those of the last chunk, which has room for them.
    private mutating func fill(_ bytes: ByteView) {
        let end = ByteChain.end(tail)
        (tail + (ByteChain.headerBytes + end)).copy(from: bytes)
        tail.setU64(16, UInt64(end + bytes.count))
        count += bytes.count
    }

    @inline(never) private mutating func appendChunks(_ bytes: ByteView, _ heap: Heap) {
        var rest = bytes
        while rest.count > 0 {
            var size = ByteChain.chunkBytes
            if head.isNull, rest.count <= ByteChain.firstBytes - ByteChain.headerBytes {
                size = ByteChain.firstBytes
            } else if nodeCount == 1,
                ByteChain.capacity(tail) + ByteChain.headerBytes == ByteChain.firstBytes,
                rest.count <= ByteChain.secondBytes - ByteChain.headerBytes
            {
                size = ByteChain.secondBytes
            } else if rest.count > ByteChain.largeChunkBytes - ByteChain.headerBytes {
                size = ByteChain.largeChunkBytes
            }
            let taken = min(rest.count, size - ByteChain.headerBytes)
            let node = heap.allocate(size)
            node.setU64(8, 0)
            node.setU64(16, UInt64(taken))
            node.setU64(24, UInt64(size - ByteChain.headerBytes))
            (node + ByteChain.headerBytes).copy(from: rest[0..<taken])
            link(node)
            rest = rest.dropFirst(taken)
        }
    }

    /// Appends the bytes of a block: a copy of few, a hold on the block of many. `from` is the first one of them, `end`
    /// the first one behind them.
    public mutating func append(_ block: Block, from first: Int = 0, upTo end: Int? = nil, _ heap: Heap) {
        let end = end ?? block.count
        let bytes = block.view[first..<end]
        guard bytes.count >= ByteChain.sharedBytesMin else { return append(bytes, heap) }
        block.retain()
        let node = heap.allocate(ByteChain.referenceBytes)
        node.setU64(8, UInt64(first))
        node.setU64(16, UInt64(end))
        node.setU64(24, 0)
        node.setAddress(ByteChain.headerBytes, block.at)
        link(node)
    }

    /// Moves everything from another chain behind what is here. Chunks are handed over as they are unless that would
    /// leave much room unused.
    public mutating func append(all other: inout ByteChain, _ heap: Heap) {
        while !other.head.isNull {
            let node = other.unlinkHead()
            let room = self.room
            let isCopied =
                ByteChain.isChunk(node) && room > 0
                && (ByteChain.view(node).count <= room || room >= ByteChain.chunkBytes / 16
                    || ByteChain.capacity(node) < ByteChain.chunkBytes / 16)
            if isCopied {
                append(ByteChain.view(node), heap)
                ByteChain.free(node, heap)
            } else {
                link(node)
            }
        }
    }

    /// Moves the first `bytes` bytes to the end of another chain.
    public mutating func move(first bytes: Int, to other: inout ByteChain, _ heap: Heap) {
        precondition(bytes <= count, "more is to be moved than there is")
        var left = bytes
        while left > 0 {
            let view = first
            if view.count <= left {
                left -= view.count
                other.link(unlinkHead())
            } else {
                // The rest of the node stays: what goes is copied, or the block held by both.
                if ByteChain.isChunk(head) {
                    other.append(view[0..<left], heap)
                } else {
                    other.append(
                        ByteChain.block(head), from: ByteChain.begin(head),
                        upTo: ByteChain.begin(head) + left, heap)
                }
                return drop(first: left, heap)
            }
        }
    }

    // MARK: Shrinking

    /// The first piece, empty when there is none.
    public var first: ByteView { head.isNull ? .empty : ByteChain.view(head) }

    /// Gives the first `max` pieces to `body`, in order. They stay where they are until they are dropped.
    @inline(__always) public func forEachPiece(max: Int = .max, _ body: (ByteView) -> Void) {
        var node = head
        var left = max
        while !node.isNull, left > 0 {
            body(ByteChain.view(node))
            node = ByteChain.next(node)
            left -= 1
        }
    }

    /// Frees the first `bytes` bytes.
    public mutating func drop(first bytes: Int, _ heap: Heap) {
        if bytes == count { return drop(heap) }
        var left = bytes
        while left > 0 {
            precondition(!head.isNull, "more was sent than there is")
            let there = ByteChain.end(head) - ByteChain.begin(head)
            if left < there {
                head.setU64(8, UInt64(ByteChain.begin(head) + left))
                count -= left
                return
            }
            left -= there
            ByteChain.free(unlinkHead(), heap)
        }
    }

    /// Frees everything.
    public mutating func drop(_ heap: Heap) {
        var node = head
        while !node.isNull {
            let next = ByteChain.next(node)
            ByteChain.free(node, heap)
            node = next
        }
        head = .null
        tail = .null
        (count, nodeCount, memoryBytes) = (0, 0, 0)
    }

    /// Traps on a broken invariant (tests and fuzzers).
    public func checkInvariants() {
        var (bytes, nodes, memory) = (0, 0, 0)
        var last = Address.null
        var node = head
        while !node.isNull {
            let view = ByteChain.view(node)
            precondition(view.count > 0, "a node without bytes")
            precondition(
                !ByteChain.isChunk(node) || ByteChain.end(node) <= ByteChain.capacity(node),
                "a chunk overflows")
            bytes += view.count
            nodes += 1
            memory += ByteChain.memory(node)
            last = node
            node = ByteChain.next(node)
        }
        precondition(last == tail, "the last node is not the tail")
        precondition(bytes == count && nodes == nodeCount && memory == memoryBytes, "a wrong sum")
    }
}
