// SPDX-License-Identifier: Apache-2.0
import Bytes

// How one entry of a listpack is read and written. "Body" is the encoding with its data, without the back
// length.

extension Listpack {
    // MARK: Sizes

    /// The size of the body at `entry`, which is not the end of the list.
    @inline(__always) static func bodyBytes(_ entry: Address) -> Int {
        let byte = entry.u8(0)
        if byte < 0x80 { return 1 }
        if byte < 0xC0 { return 1 + Int(byte & 0x3F) }
        if byte < 0xE0 { return 2 }
        if byte < 0xF0 { return 2 + (Int(byte & 0x0F) << 8 | Int(entry.u8(1))) }
        switch byte {
        case 0xF0: return 5 + Int(entry.u32(1))
        case 0xF1: return 3
        case 0xF2: return 4
        case 0xF3: return 5
        case 0xF4: return 9
        default: preconditionFailure("listpack encoding")
        }
    }

    /// The size of the whole entry, back length included.
    @inline(__always) static func entryBytes(_ entry: Address) -> Int {
        let body = bodyBytes(entry)
        return body + backLengthBytes(body)
    }

    /// How many bytes the back length of such a body takes.
    @inline(__always) static func backLengthBytes(_ body: Int) -> Int {
        if body < 1 << 7 { return 1 }
        if body < (1 << 14) - 1 { return 2 }
        if body < (1 << 21) - 1 { return 3 }
        return body < (1 << 28) - 1 ? 4 : 5
    }

    /// Byte `index` of the back length of a body, out of `bytes`.
    @inline(__always) static func backLengthByte(_ body: Int, _ index: Int, of bytes: Int) -> UInt8 {
        let group = UInt8(truncatingIfNeeded: body >> (7 * (bytes - 1 - index))) & 0x7F
        return index == 0 ? group : group | 0x80
    }

    /// The body size that the back length in front of `end` tells.
    @inline(__always) static func backLength(endingAt end: Address) -> Int {
        var length = 0
        var shift = 0
        repeat {
            let byte = end.u8(-1 - shift / 7)
            length |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return length }
            shift += 7
        } while shift < 35
        preconditionFailure("listpack back length")
    }

    /// The size of the body that `element` becomes.
    static func bodyBytes(of element: Element) -> Int {
        switch element {
        case .integer(let number):
            if number >= 0, number <= 127 { return 1 }
            if number >= -4096, number <= 4095 { return 2 }
            if number == Int64(Int16(truncatingIfNeeded: number)) { return 3 }
            if number >= -1 << 23, number < 1 << 23 { return 4 }
            return number == Int64(Int32(truncatingIfNeeded: number)) ? 5 : 9
        case .bytes(let view):
            if view.count < 64 { return 1 + view.count }
            return view.count < 4096 ? 2 + view.count : 5 + view.count
        }
    }

    // MARK: Reading

    /// What the entry holds, and the size of its body.
    @inline(__always) static func decode(_ entry: Address) -> (element: Element, bodyBytes: Int) {
        let byte = entry.u8(0)
        if byte < 0x80 { return (.integer(Int64(byte)), 1) }
        if byte < 0xC0 {
            let length = Int(byte & 0x3F)
            return (.bytes(entry.view(1, length)), 1 + length)
        }
        if byte < 0xE0 {
            let raw = Int64(byte & 0x1F) << 8 | Int64(entry.u8(1))
            return (.integer(raw < 4096 ? raw : raw - 8192), 2)
        }
        if byte < 0xF0 {
            let length = Int(byte & 0x0F) << 8 | Int(entry.u8(1))
            return (.bytes(entry.view(2, length)), 2 + length)
        }
        switch byte {
        case 0xF0:
            let length = Int(entry.u32(1))
            return (.bytes(entry.view(5, length)), 5 + length)
        case 0xF1: return (.integer(Int64(entry.i16(1))), 3)
        case 0xF2: return (.integer(Int64(entry.i8(3)) << 16 | Int64(entry.u16(1))), 4)
        case 0xF3: return (.integer(Int64(entry.i32(1))), 5)
        case 0xF4: return (.integer(entry.i64(1)), 9)
        default: preconditionFailure("listpack encoding")
        }
    }

    // MARK: Writing

    /// Writes the entry with its back length; there is room for `body` bytes and the back length.
    static func write(_ element: Element, body: Int, at entry: Address) {
        switch element {
        case .integer(let number): writeInteger(number, body, entry)
        case .bytes(let view): writeBytes(view, entry)
        }
        let backBytes = backLengthBytes(body)
        for index in 0..<backBytes {
            entry.setU8(body + index, backLengthByte(body, index, of: backBytes))
        }
    }

    private static func writeInteger(_ number: Int64, _ body: Int, _ entry: Address) {
        switch body {
        case 1: entry.setU8(0, UInt8(truncatingIfNeeded: number))
        case 2:
            entry.setU8(0, 0xC0 | UInt8(truncatingIfNeeded: number >> 8) & 0x1F)
            entry.setU8(1, UInt8(truncatingIfNeeded: number))
        case 3:
            entry.setU8(0, 0xF1)
            entry.setU16(1, UInt16(truncatingIfNeeded: number))
        case 4:
            entry.setU8(0, 0xF2)
            entry.setU16(1, UInt16(truncatingIfNeeded: number))
            entry.setU8(3, UInt8(truncatingIfNeeded: number >> 16))
        case 5:
            entry.setU8(0, 0xF3)
            entry.setU32(1, UInt32(truncatingIfNeeded: number))
        default:
            entry.setU8(0, 0xF4)
            entry.setI64(1, number)
        }
    }

    private static func writeBytes(_ view: ByteView, _ entry: Address) {
        let count = view.count
        let headBytes: Int
        if count < 64 {
            entry.setU8(0, 0x80 | UInt8(truncatingIfNeeded: count))
            headBytes = 1
        } else if count < 4096 {
            entry.setU8(0, 0xE0 | UInt8(truncatingIfNeeded: count >> 8))
            entry.setU8(1, UInt8(truncatingIfNeeded: count))
            headBytes = 2
        } else {
            entry.setU8(0, 0xF0)
            entry.setU32(1, UInt32(count))
            headBytes = 5
        }
        (entry + headBytes).copy(from: view)
    }
}
