// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A member of a set kept as a table: one allocation, `[length][bytes]`, with a u32 length behind 127 for long ones.
enum Member {
    static func make(_ bytes: ByteView, _ heap: Heap) -> Address {
        if bytes.count < 127 {
            let at = heap.allocate(1 + bytes.count)
            at.setU8(0, UInt8(bytes.count))
            (at + 1).copy(from: bytes)
            return at
        }
        let at = heap.allocate(5 + bytes.count)
        at.setU8(0, 127)
        at.setU32(1, UInt32(bytes.count))
        (at + 5).copy(from: bytes)
        return at
    }

    static func bytes(_ at: Address) -> Int {
        let length = Int(at.u8(0) & 127)
        return length == 127 ? 5 + Int(at.u32(1)) : 1 + length
    }

    static func copy(_ at: Address, _ heap: Heap) -> Address {
        let count = bytes(at)
        let new = heap.allocate(count)
        new.copy(from: at, count: count)
        return new
    }
}
