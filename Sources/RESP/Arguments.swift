// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The arguments of the running command, its name first. Views into the receive buffer: they die with the call.
@frozen public struct Arguments: Sendable {
    @usableFromInline let base: Address
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
    private var base: Address
    private var capacity: Int
    private let heap: Heap
    public private(set) var count = 0
    /// Blocks that hold whole arguments, by argument index. The list holds one reference to each.
    private var blocks: [(index: Int, block: Block)] = []

    public init(_ heap: Heap) {
        self.heap = heap
        capacity = 32
        base = heap.allocate(capacity * 16)
    }

    deinit {
        reset()
        heap.free(base, capacity * 16)
    }

    @inline(__always) public var arguments: Arguments { Arguments(base: base, count: count) }

    /// Forgets all arguments; drops the references to their blocks.
    @inline(__always) public func reset() {
        count = 0
        if !blocks.isEmpty { dropBlocks() }
    }

    private func dropBlocks() {
        for item in blocks { item.block.release(heap) }
        blocks.removeAll()
        if capacity > 4096 { shrink() }
    }

    @inline(__always) public func append(_ view: ByteView) {
        if count == capacity { grow() }
        base.setAddress(count &* 16, view.start)
        base.setI64(count &* 16 &+ 8, Int64(view.count))
        count &+= 1
    }

    /// Appends an argument that fills a block; the list takes over the caller's reference.
    public func append(_ block: Block) {
        blocks.append((count, block))
        append(block.view)
    }

    /// The block that argument `index` fills, if it came in one.
    public func block(_ index: Int) -> Block? {
        if blocks.isEmpty { return nil }
        // Indices ascend; a command may have tens of thousands of large arguments.
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < blocks.count && blocks[low].index == index ? blocks[low].block : nil
    }

    @inline(never) private func grow() {
        let larger = heap.allocate(capacity * 32)
        larger.copy(from: base, count: count * 16)
        heap.free(base, capacity * 16)
        base = larger
        capacity *= 2
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
