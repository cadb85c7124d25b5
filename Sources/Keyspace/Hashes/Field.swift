// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// A field of a hash that is kept as a table: name and value in one allocation.
//
// *Layout*. 0 length of the name; bit 7: has a deadline (kept in the table's segment); 127: a u32 length follows; the
// name; then the value: a byte with its length up to 253 and its bytes, or 254, a u16 length and its bytes, or 255 and
// the address of a counted block.
//
// A 10-byte field with a 32-byte value takes 1 + 10 + 1 + 32 = 44 bytes, a class of the heap without waste.

enum Field {
    private static let wide: UInt8 = 254
    private static let shared: UInt8 = 255

    private static func nameEnd(_ at: Address) -> Int {
        let length = Int(at.u8(0) & 127)
        return length == 127 ? 5 + Int(at.u32(1)) : 1 + length
    }

    /// A new field without a deadline. A value of 16 KB and more goes into a block: the one given, which must hold
    /// exactly these bytes and is retained, or a new one.
    static func make(_ name: ByteView, _ value: ByteView, adopting block: Block?, _ heap: Heap) -> Address {
        let header = name.count < 127 ? 1 + name.count : 5 + name.count
        let usesBlock = value.count >= Block.adoptBytesMin
        let valueBytes = usesBlock ? 9 : value.count < 254 ? 1 + value.count : 3 + value.count
        let at = heap.allocate(header + valueBytes)
        if name.count < 127 {
            at.setU8(0, UInt8(name.count))
            (at + 1).copy(from: name)
        } else {
            at.setU8(0, 127)
            at.setU32(1, UInt32(name.count))
            (at + 5).copy(from: name)
        }
        if usesBlock {
            at.setU8(header, shared)
            at.setAddress(header + 1, holding(value, block, heap).at)
        } else if value.count < 254 {
            at.setU8(header, UInt8(value.count))
            (at + (header + 1)).copy(from: value)
        } else {
            at.setU8(header, wide)
            at.setU16(header + 1, UInt16(value.count))
            (at + (header + 3)).copy(from: value)
        }
        return at
    }

    private static func holding(_ value: ByteView, _ given: Block?, _ heap: Heap) -> Block {
        if let given {
            given.retain()
            return given
        }
        return Block.create(copying: value, heap)
    }

    static func value(_ at: Address) -> FieldValue {
        let end = nameEnd(at)
        switch at.u8(end) {
        case shared: return .block(Block(at: at.address(end + 1)))
        case wide: return .bytes(at.view(end + 3, Int(at.u16(end + 1))))
        case let count: return .bytes(at.view(end + 1, Int(count)))
        }
    }

    /// Bytes of the field itself, without a block.
    static func bytes(_ at: Address) -> Int {
        let end = nameEnd(at)
        switch at.u8(end) {
        case shared: return end + 9
        case wide: return end + 3 + Int(at.u16(end + 1))
        case let count: return end + 1 + Int(count)
        }
    }

    /// Everything that the field occupies, its block included.
    static func totalBytes(_ at: Address) -> Int {
        let own = Heap.roundedBytes(bytes(at))
        guard case .block(let block) = value(at) else { return own }
        return own + Block.headerBytes + block.capacity
    }

    /// Puts a value of the same length class in the place of another, if neither is in a block.
    /// - Returns: false when it does not fit.
    static func rewrite(_ at: Address, _ value: ByteView) -> Bool {
        let end = nameEnd(at)
        let before = at.u8(end)
        guard before < wide, value.count < Int(wide),
            Heap.roundedBytes(end + 1 + Int(before)) == Heap.roundedBytes(end + 1 + value.count)
        else { return false }
        at.setU8(end, UInt8(value.count))
        (at + (end + 1)).move(from: value.start, count: value.count)
        return true
    }

    static func free(_ at: Address, _ heap: Heap) {
        if case .block(let block) = value(at) { block.release(heap) }
        heap.free(at, bytes(at))
    }

    /// A second field with the same bytes, deadline bit and all; a block is shared.
    static func copy(_ at: Address, _ heap: Heap) -> Address {
        let count = bytes(at)
        let new = heap.allocate(count)
        new.copy(from: at, count: count)
        if case .block(let block) = value(at) { block.retain() }
        return new
    }
}
