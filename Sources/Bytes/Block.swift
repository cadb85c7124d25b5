// SPDX-License-Identifier: Apache-2.0

// A counted block of bytes: one large string, shared without a copy by the receive buffer, the store, replies, replica
// feeds and snapshots.
//
// *Layout*. 0 u32 references, 8 u64 length, 16 u64 capacity, 32 … bytes. From the heap: `headerBytes + capacity`.
//
// *Invariants*. A block with more than one reference is never written to: writers copy it first.
//
// *Who frees*. Each holder calls `release` once; the last one frees.

/// A handle to a counted block of bytes.
@frozen public struct Block: Equatable, Sendable {
    /// Bytes in front of the content: references, length, capacity.
    public static let headerBytes = 32
    /// Arguments of this size and more are received straight into a block.
    public static let adoptBytesMin = 16384

    /// Where the block's header begins.
    public let at: Address

    /// The block whose header begins here; takes no reference.
    @inlinable public init(at: Address) { self.at = at }

    /// A block with one reference and room for `capacity` bytes, none of them in use.
    public static func create(_ heap: Heap, capacity: Int) -> Block {
        let at = heap.allocate(headerBytes + capacity)
        at.setU32(0, 1)
        at.setU64(8, 0)
        at.setU64(16, UInt64(capacity))
        return Block(at: at)
    }

    /// A block with one reference and a copy of these bytes.
    public static func create(copying bytes: ByteView, _ heap: Heap) -> Block {
        let block = create(heap, capacity: bytes.count)
        block.bytes.copy(from: bytes)
        block.count = bytes.count
        return block
    }

    /// A block with one reference whose `count` bytes in use are zero, and room for `capacity`. Large ones come zeroed
    /// from the kernel, page by page when they are touched.
    public static func createZeroed(_ heap: Heap, count: Int, capacity: Int) -> Block {
        precondition(count <= capacity, "more bytes than room")
        let at = heap.allocateZeroed(headerBytes + capacity)
        at.setU32(0, 1)
        at.setU64(8, UInt64(count))
        at.setU64(16, UInt64(capacity))
        return Block(at: at)
    }

    /// How many bytes are in use. Setting it moves nothing and must not exceed `capacity`.
    @inlinable public var count: Int {
        get { Int(at.u64(8)) }
        nonmutating set { at.setU64(8, UInt64(newValue)) }
    }
    /// How many bytes there is room for.
    @inlinable public var capacity: Int { Int(at.u64(16)) }
    /// The bytes in use; valid while somebody holds a reference.
    @inlinable public var view: ByteView { at.view(Block.headerBytes, count) }
    /// Where the content begins.
    @inlinable public var bytes: Address { at + Block.headerBytes }
    /// Whether somebody else holds the block too: then nobody may write to it.
    @inlinable public var isShared: Bool { at.u32(0) > 1 }

    /// Takes one more reference, which its holder has to `release`.
    public func retain() { at.setU32(0, at.u32(0) + 1) }

    /// Gives one reference back; the last one frees the block. Traps when there is none left.
    public func release(_ heap: Heap) {
        let references = at.u32(0)
        precondition(references > 0, "a block was released once too often")
        at.setU32(0, references - 1)
        if references == 1 { heap.free(at, Block.headerBytes + capacity) }
    }

    /// The block with a new capacity; it must not be shared. Bytes behind the length are not cleared.
    public func resized(_ heap: Heap, capacity: Int) -> Block {
        precondition(!isShared && capacity >= count, "resizing a shared or larger block")
        let old = Block.headerBytes + self.capacity
        let new = Block.headerBytes + capacity
        let moved: Address
        if old > Heap.slabBytesMax, new > Heap.slabBytesMax {
            moved = heap.resizeLarge(at, new)
        } else {
            moved = heap.allocate(new)
            moved.copy(from: at, count: Block.headerBytes + count)
            heap.free(at, old)
        }
        moved.setU64(16, UInt64(capacity))
        return Block(at: moved)
    }
}
