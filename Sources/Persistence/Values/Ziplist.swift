// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

// The packed list of servers up to version 6, which files of every age may hold, and which every server reads.
//
// *Layout*, little-endian:
//
//     0  u32 total bytes   4  u32 where the last entry begins   8  u16 number of entries, 65535 = unknown
//    10  entries, then 0xFF
//
// An entry begins with the size of the entry before it, in one byte up to 253, else 0xFE and four bytes. Then:
//
//     00nnnnnn  01nnnnnn n8  10______ n32     a string of so many bytes, high ones first
//     0xC0  0xD0  0xE0  0xF0  0xFE            an integer of 2, 4, 8, 3 or 1 bytes, little-endian
//     0xF1 … 0xFD                             the integer 0 … 12

/// Reads and writes ziplists.
enum Ziplist {
    private static let headerBytes = 10
    private static let end: UInt8 = 0xFF
    private static let countUnknown = 65535

    // MARK: Reading

    /// Lends a ziplist's entries as a listpack.
    static func withListpack<R>(
        of bytes: ByteView, _ context: ReadingContext,
        failure: StaticString = "Ziplist integrity check failed", _ body: (ByteView) throws(RDBStop) -> R
    ) throws(RDBStop) -> R {
        let listpack = ListpackDraft(context.keys.heap, expectedBytes: bytes.count)
        do throws(RDBStop) {
            try forEach(bytes) { listpack.append($0) }
        } catch {
            throw .damaged(failure)
        }
        return try body(listpack.bytes)
    }

    /// Visits the entries of bytes that may be anybody's; everything in them is looked at.
    static func forEach(_ bytes: ByteView, _ visit: (Listpack.Element) -> Void) throws(RDBStop) {
        guard bytes.count > headerBytes, Int(bytes.start.u32(0)) == bytes.count,
            bytes[bytes.count - 1] == end
        else { throw damaged }
        let tail = Int(bytes.start.u32(4))
        var input = Cursor(bytes: bytes, at: headerBytes, end: bytes.count - 1)
        var count = 0
        var last = headerBytes
        var lastBytes = 0
        while input.at < input.end {
            let begin = input.at
            guard try input.previousSize() == lastBytes else { throw damaged }
            visit(try input.element())
            (last, lastBytes) = (begin, input.at - begin)
            count += 1
        }
        let stored = Int(bytes.start.u16(8))
        guard tail == last, stored == countUnknown || stored == count else { throw damaged }
    }

    private static var damaged: RDBStop { .damaged("Ziplist integrity check failed") }

    /// A place among the entries.
    private struct Cursor {
        let bytes: ByteView
        var at: Int
        /// Where the mark of the end stands.
        let end: Int

        mutating func take(_ count: Int) throws(RDBStop) -> Int {
            guard count <= end - at else { throw damaged }
            at += count
            return at - count
        }

        mutating func previousSize() throws(RDBStop) -> Int {
            let first = bytes[try take(1)]
            if first < 0xFE { return Int(first) }
            guard first == 0xFE else { throw damaged }
            return Int(bytes.start.u32(try take(4)))
        }

        mutating func element() throws(RDBStop) -> Listpack.Element {
            let first = bytes[try take(1)]
            switch first >> 6 {
            case 0: return try string(Int(first & 63))
            case 1: return try string(Int(first & 63) << 8 | Int(bytes[try take(1)]))
            case 2:
                guard first == 0x80 else { throw damaged }
                return try string(Int(bytes.start.u32(try take(4)).byteSwapped))
            default: return .integer(try integer(first))
            }
        }

        private mutating func string(_ count: Int) throws(RDBStop) -> Listpack.Element {
            let from = try take(count)
            return .bytes(bytes[from..<(from + count)])
        }

        private mutating func integer(_ first: UInt8) throws(RDBStop) -> Int64 {
            let start = bytes.start
            switch first {
            case 0xC0: return Int64(start.i16(try take(2)))
            case 0xD0: return Int64(start.i32(try take(4)))
            case 0xE0: return start.i64(try take(8))
            case 0xF0:
                let at = try take(3)
                let low = UInt32(start.u16(at)) | UInt32(start.u8(at + 2)) << 16
                return Int64(Int32(bitPattern: low << 8) >> 8)
            case 0xFE: return Int64(start.i8(try take(1)))
            case 0xF1...0xFD: return Int64(first & 15) - 1
            default: throw damaged
            }
        }
    }

    // MARK: Writing

    /// Writes the elements of a listpack as a ziplist, in one string.
    static func write(listpack bytes: ByteView, _ out: RDBOutput) {
        let listpack = Listpack(at: bytes.start)
        var ziplist = [UInt8](repeating: 0, count: headerBytes)
        ziplist.reserveCapacity(bytes.count + bytes.count / 4 + headerBytes)
        var count = 0
        var last = headerBytes
        var lastBytes = 0
        listpack.forEach(from: listpack.first) { element in
            let begin = ziplist.count
            appendSize(lastBytes, &ziplist)
            append(element, &ziplist)
            (last, lastBytes) = (begin, ziplist.count - begin)
            count += 1
            return true
        }
        ziplist.append(end)
        put(UInt32(truncatingIfNeeded: ziplist.count), 4, at: 0, &ziplist)
        put(UInt32(truncatingIfNeeded: last), 4, at: 4, &ziplist)
        put(UInt32(min(count, countUnknown)), 2, at: 8, &ziplist)
        ziplist.withView { out.append(string: $0) }
    }

    private static func put(_ number: UInt32, _ count: Int, at: Int, _ ziplist: inout [UInt8]) {
        for index in 0..<count { ziplist[at + index] = UInt8(truncatingIfNeeded: number >> (index * 8)) }
    }

    private static func append(_ number: UInt64, bytes count: Int, _ ziplist: inout [UInt8]) {
        for index in 0..<count { ziplist.append(UInt8(truncatingIfNeeded: number >> (index * 8))) }
    }

    private static func appendSize(_ size: Int, _ ziplist: inout [UInt8]) {
        if size < 0xFE { return ziplist.append(UInt8(size)) }
        ziplist.append(0xFE)
        append(UInt64(size), bytes: 4, &ziplist)
    }

    private static func append(_ element: Listpack.Element, _ ziplist: inout [UInt8]) {
        switch element {
        case .integer(let number): append(integer: number, &ziplist)
        case .bytes(let text):
            let count = text.count
            if count < 64 {
                ziplist.append(UInt8(count))
            } else if count < 1 << 14 {
                ziplist.append(0x40 | UInt8(count >> 8))
                ziplist.append(UInt8(count & 255))
            } else {
                ziplist.append(0x80)
                append(UInt64(UInt32(truncatingIfNeeded: count).byteSwapped), bytes: 4, &ziplist)
            }
            ziplist.append(text)
        }
    }

    private static func append(integer number: Int64, _ ziplist: inout [UInt8]) {
        let bits = UInt64(bitPattern: number)
        if (0...12).contains(number) { return ziplist.append(0xF1 + UInt8(number)) }
        let (mark, count): (UInt8, Int) =
            switch number {
            case -128...127: (0xFE, 1)
            case -32768...32767: (0xC0, 2)
            case -(1 << 23)...(1 << 23) - 1: (0xF0, 3)
            case Int64(Int32.min)...Int64(Int32.max): (0xD0, 4)
            default: (0xE0, 8)
            }
        ziplist.append(mark)
        append(bits, bytes: count, &ziplist)
    }
}

/// The packed hash of servers before version 2.6.
///
/// *Layout*. u8 number of pairs, 254 or 255 = unknown; then for each pair: the name's length and the name, the value's
/// length, a byte that tells how many bytes behind the value are not used, the value and those bytes; then 0xFF. A length
/// is one byte up to 253, else 0xFE and four bytes.
enum Zipmap {
    /// Adds the pairs of bytes that may be anybody's.
    /// - Returns: false when there are none.
    static func restore(_ bytes: ByteView, _ restorer: Restorer) throws(RDBStop) -> Bool {
        guard bytes.count >= 2, bytes[bytes.count - 1] == 0xFF else { throw damaged }
        let end = bytes.count - 1
        var at = 1
        var count = 0
        while at < end {
            let name = try length(bytes, &at, end)
            let nameAt = at
            at += name
            let value = try length(bytes, &at, end)
            guard at < end else { throw damaged }
            let unused = Int(bytes[at])
            at += 1
            guard value + unused <= end - at else { throw damaged }
            let element = ValueElement(
                .bytes(bytes[nameAt..<(nameAt + name)]), value: .bytes(bytes[at..<(at + value)]))
            guard restorer.add(element) else { throw .damaged("Hash zipmap with dup elements") }
            at += value + unused
            count += 1
        }
        // A hash without fields was never kept.
        guard count > 0, bytes[0] >= 254 || Int(bytes[0]) == count else { throw damaged }
        return true
    }

    private static var damaged: RDBStop { .damaged("Zipmap integrity check failed") }

    /// A length whose bytes are there.
    private static func length(_ bytes: ByteView, _ at: inout Int, _ end: Int) throws(RDBStop) -> Int {
        guard at < end else { throw damaged }
        let first = bytes[at]
        at += 1
        var count = Int(first)
        if first == 0xFE {
            guard end - at >= 4 else { throw damaged }
            count = Int(bytes.start.u32(at))
            at += 4
            // What fits into one byte has no other form.
            guard count >= 0xFE else { throw damaged }
        } else if first == 0xFF {
            throw damaged
        }
        guard count <= end - at else { throw damaged }
        return count
    }
}
