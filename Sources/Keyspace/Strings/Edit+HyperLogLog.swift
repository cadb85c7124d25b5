// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to strings that are HyperLogLogs.

extension Edit {
    /// The value as a HyperLogLog that may be written in place; only after `makeWritable`, and where it is one.
    public var hyperLogLog: HyperLogLog {
        guard let view = HyperLogLog(value.stringBytes) else { preconditionFailure("no HyperLogLog") }
        return view
    }

    /// Makes the value a copy of these bytes, which are none of its own, as raw bytes. The deadline stays.
    /// - Parameter room: bytes that it may soon grow by.
    public mutating func setRaw(_ bytes: ByteView, room: Int = 0, _ keys: Keyspace) {
        if exists, let block = value.block, !block.isShared, block.capacity >= bytes.count,
            block.capacity / 2 <= bytes.count
        {
            recount(length: bytes.count, keys)
            block.bytes.copy(from: bytes)
            block.count = bytes.count
        } else if Value.headerBytes(key.count) + bytes.count + 2 > Heap.slabBytesMax {
            let block = Block.create(keys.heap, capacity: bytes.count + room)
            block.bytes.copy(from: bytes)
            block.count = bytes.count
            setBlock(block, keys)
        } else {
            makeRaw(bytes.count, 0, keys).copy(from: bytes)
        }
    }
}
