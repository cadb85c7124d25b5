// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The arguments of the running command, its name first. Views into the receive buffer: they die with the call.
@frozen public struct Arguments: Sendable {
    @usableFromInline let base: Address
    /// How many arguments there are, the command's name included.
    public let count: Int

    @inlinable @inline(__always) init(base: Address, count: Int) {
        self.base = base
        self.count = count
    }

    /// Argument `index`, which must be below `count`.
    @inlinable @inline(__always) public subscript(index: Int) -> ByteView {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "argument index out of range")
        return ByteView(start: base.address(index &* 16), count: Int(base.i64(index &* 16 &+ 8)))
    }

    /// The arguments from `first` on, as if they were a command of their own.
    public func dropFirst(_ first: Int) -> Arguments {
        precondition(first <= count, "argument index out of range")
        return Arguments(base: base + first * 16, count: count - first)
    }
}

/// Room for arguments while a command is gathered: a growing array of views, and the blocks that large ones came in.
public final class ArgumentList {
    @usableFromInline var base: Address
    private var capacity: Int
    private let heap: Heap
    @usableFromInline var used = 0
    /// Blocks that hold whole arguments, by argument index. The list holds one reference to each.
    private var blocks: [(index: Int, block: Block)] = []
    @usableFromInline var hasBlocks = false

    /// How many arguments have been added.
    public var count: Int { used }

    /// An empty list; its memory comes from `heap`.
    public init(_ heap: Heap) {
        self.heap = heap
        capacity = 32
        base = heap.allocate(capacity * 16)
    }

    deinit {
        reset()
        heap.free(base, capacity * 16)
    }

    /// The arguments added so far; valid until the next change of the list.
    @inlinable public var arguments: Arguments {
        @inline(__always) get { Arguments(base: base, count: used) }
    }

    /// Forgets all arguments; drops the references to their blocks.
    @inlinable @inline(__always) public func reset() {
        used = 0
        if hasBlocks { dropBlocks() }
    }

    @usableFromInline @inline(never) func dropBlocks() {
        for item in blocks { item.block.release(heap) }
        blocks.removeAll()
        hasBlocks = false
        if capacity > 4096 { shrink() }
    }

    /// Adds an argument by its view: the bytes are not copied and have to outlive the list's use.
    @inline(__always) public func append(_ view: ByteView) {
        if used == capacity { grow(to: capacity * 2) }
        base.setAddress(used &* 16, view.start)
        base.setI64(used &* 16 &+ 8, Int64(view.count))
        used &+= 1
    }

    /// Where `count` more arguments may be written at once; `add` makes them count.
    @inline(__always) func room(for count: Int) -> Address {
        if used &+ count > capacity { grow(to: max(used + count, capacity * 2)) }
        return base + used &* 16
    }
    @inline(__always) func add(_ count: Int) { used = used &+ count }

    /// The arguments from `first` on: those of the last command of several.
    @inlinable @inline(__always) public func arguments(from first: Int) -> Arguments {
        Arguments(base: base + first &* 16, count: used &- first)
    }
    /// The arguments of one command of several. They stay where they are until another is added.
    @inlinable @inline(__always) public func arguments(from first: Int, count: Int) -> Arguments {
        precondition(first >= 0 && count >= 0 && first &+ count <= used, "arguments out of range")
        return Arguments(base: base + first &* 16, count: count)
    }

    /// Appends an argument that fills a block; the list takes over the caller's reference.
    public func append(_ block: Block) {
        blocks.append((count, block))
        hasBlocks = true
        append(block.view)
    }

    /// The block that argument `index` fills, if it came in one.
    @inlinable @inline(__always) public func block(_ index: Int) -> Block? { hasBlocks ? find(index) : nil }

    @usableFromInline func find(_ index: Int) -> Block? {
        // Indices ascend; a command may have tens of thousands of large arguments.
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < blocks.count && blocks[low].index == index ? blocks[low].block : nil
    }

    @inline(never) private func grow(to larger: Int) {
        let moved = heap.allocate(larger * 16)
        moved.copy(from: base, count: used * 16)
        heap.free(base, capacity * 16)
        base = moved
        capacity = larger
    }

    private func shrink() {
        heap.free(base, capacity * 16)
        capacity = 32
        base = heap.allocate(capacity * 16)
    }

    /// Gives back the room of an extraordinarily long command.
    public func trim() {
        if capacity > 4096, count == 0 { shrink() }
    }
}
