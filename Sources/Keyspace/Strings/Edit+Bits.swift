// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to single bits of string values, and strings combined bit by bit.

extension Edit {
    /// Makes the value raw bytes that may be written in place, at least `count` of them, the new ones zero. What else
    /// holds the bytes keeps them as they were.
    /// - Returns: whether the string is longer than it was, or new.
    @discardableResult public mutating func makeWritable(_ count: Int, _ keys: Keyspace) -> Bool {
        let isNew = !exists
        let old = isNew ? 0 : value.stringCount
        let length = max(old, count)
        if Edit.isGap(from: old, to: length) {
            let room = Edit.roomy(length, grew: !isNew)
            let block = Block.createZeroed(keys.heap, count: length, capacity: room)
            if old > 0 { block.bytes.copy(from: keys.string(value)) }
            setBlock(block, keys)
            return true
        }
        if !isNew, length == old, value.encoding == Encoding.raw8 || value.encoding == Encoding.raw16 {
            return false
        }
        let isBlock = !isNew && value.encoding == Encoding.block
        let bytes = isBlock ? growBlock(to: length, keys) : makeRaw(length, old, keys)
        (bytes + old).zero(count: length - old)
        return isNew || length > old
    }

    /// Whether growing leaves so many zeros behind the old bytes that it is cheaper to get them from the kernel, even
    /// if the old bytes have to be copied.
    static func isGap(from old: Int, to length: Int) -> Bool { length - old >= max(old, 64 << 10) }

    /// Where the bytes are; only after `makeWritable`.
    var writableBytes: Address { value.stringBytes.start }

    /// Writes the lower `width` bits (1 to 64) of a number from bit `offset` on; only after `makeWritable` for all of
    /// them.
    public func setBitField(at offset: Int, width: Int, _ number: UInt64) {
        precondition(offset >= 0 && offset + width <= value.stringBytes.bitsTotal, "bit field out of bounds")
        writableBytes.setBitField(at: offset, width: width, number)
    }

    /// Makes the value the first `count` bytes of the combination, as raw bytes. Any source may be the present value.
    public mutating func setCombination(
        _ operation: BitOperation, _ sources: [ByteView], count: Int, _ keys: Keyspace
    ) {
        if exists, let block = value.block, !block.isShared, block.capacity >= count,
            block.capacity / 2 <= count
        {
            operation.combine(sources, into: block.bytes, count: count)
            recount(length: count, keys)
            block.count = count
        } else if Value.headerBytes(key.count) + count + 2 > Heap.slabBytesMax {
            let block = Block.create(keys.heap, capacity: count)
            operation.combine(sources, into: block.bytes, count: count)
            block.count = count
            setBlock(block, keys)
        } else {
            let room = keys.heap.allocate(count)
            operation.combine(sources, into: room, count: count)
            // The old value may have been a source, so it is replaced only now.
            makeRaw(count, 0, keys).copy(from: room, count: count)
            keys.heap.free(room, count)
        }
    }
}
