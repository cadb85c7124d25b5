// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// Reading what RDB files are made of, from bytes that may be anybody's.
//
// *Items*. A file arrives in windows. Readers take one item after the other, an element of a value, say, and `commit`
// each; where an item is not all there they throw `needsMore`, and reading begins anew behind the last that was
// committed. Every length is compared with what is left of the whole file before anything is made of it.

/// Where decompressed strings lie until the next one is read into the same place.
final class RDBScratch {
    private let heap: Heap
    private var places: [(at: Address, bytes: Int)] = []

    init(_ heap: Heap) { self.heap = heap }

    deinit { for place in places where place.bytes > 0 { heap.free(place.at, place.bytes) } }

    /// Memory of `bytes` bytes; what was there before is gone.
    func room(_ place: Int, bytes: Int) -> Address {
        while places.count <= place { places.append((.null, 0)) }
        if places[place].bytes < bytes {
            if places[place].bytes > 0 { heap.free(places[place].at, places[place].bytes) }
            let roomy = max(bytes, 1024)
            places[place] = (heap.allocate(roomy), roomy)
        }
        return places[place].at
    }

    /// A copy of bytes that lie elsewhere.
    func copy(_ bytes: ByteView, to place: Int) -> ByteView {
        let at = room(place, bytes: bytes.count)
        at.copy(from: bytes)
        return at.view(0, bytes.count)
    }
}

/// A position in the bytes of a file or a payload.
struct RDBInput {
    /// What is there.
    let bytes: ByteView
    /// How many bytes of the file come behind that.
    let behind: Int
    private(set) var at: Int
    /// Behind the last item that was taken whole.
    private(set) var committed: Int
    private let scratch: RDBScratch

    /// - Parameter behind: how many bytes of the file come behind `bytes`.
    init(_ bytes: ByteView, from at: Int = 0, behind: Int, _ scratch: RDBScratch) {
        self.bytes = bytes
        self.behind = behind
        self.at = at
        committed = at
        self.scratch = scratch
    }

    /// Bytes of the file from here on.
    @inline(__always) var left: Int { bytes.count &- at &+ behind }

    /// What was read so far need not be read again.
    @inline(__always) mutating func commit() { committed = at }

    /// Begins anew behind the last item that was taken whole.
    mutating func rollBack() { at = committed }

    /// Makes sure that so many bytes are there.
    @inline(__always) func require(_ count: Int) throws(RDBStop) {
        if count > bytes.count &- at { throw missing(count) }
    }

    @inline(never) private func missing(_ count: Int) -> RDBStop {
        count > left ? .cutOff : .needsMore(at - committed + count)
    }

    // MARK: Numbers

    @inline(__always) mutating func byte() throws(RDBStop) -> UInt8 {
        try require(1)
        at &+= 1
        return bytes.start.u8(at &- 1)
    }

    mutating func u32() throws(RDBStop) -> UInt32 {
        try require(4)
        at += 4
        return bytes.start.u32(at - 4)
    }

    mutating func u64() throws(RDBStop) -> UInt64 {
        try require(8)
        at += 8
        return bytes.start.u64(at - 8)
    }

    mutating func float64() throws(RDBStop) -> Double { Double(bitPattern: try u64()) }

    /// So many bytes, which lie in the window.
    mutating func take(_ count: Int) throws(RDBStop) -> ByteView {
        guard count >= 0 else { throw .damaged("A length out of range") }
        try require(count)
        at &+= count
        return bytes[(at &- count)..<at]
    }

    /// What the first byte of a length announces.
    private enum Length {
        case plain(UInt64)
        /// A string in a form of its own.
        case form(UInt8)
    }

    @inline(__always) private mutating func anyLength() throws(RDBStop) -> Length {
        let first = try byte()
        switch first >> 6 {
        case 0: return .plain(UInt64(first & 63))
        case 1: return .plain(UInt64(first & 63) << 8 | UInt64(try byte()))
        case 3: return .form(first & 63)
        default:
            if first == 0x80 { return .plain(UInt64(try u32().byteSwapped)) }
            if first == 0x81 { return .plain(try u64().byteSwapped) }
            throw .damaged("Unknown length encoding")
        }
    }

    /// A number in the form of a length.
    mutating func length() throws(RDBStop) -> UInt64 {
        guard case .plain(let length) = try anyLength() else {
            throw .damaged("A string where a length belongs")
        }
        return length
    }

    /// How many items follow, each of which takes `bytesEach` at least.
    mutating func count(bytesEach: Int = 1) throws(RDBStop) -> Int {
        let count = try length()
        guard count <= UInt64(left / bytesEach) else { throw .cutOff }
        return Int(count)
    }

    // MARK: Strings

    /// A string. It lies in the window, or decompressed in a place of the scratch, until that is used again.
    mutating func string(_ place: Int = 0) throws(RDBStop) -> StoredBytes {
        switch try anyLength() {
        case .plain(let length):
            guard length <= UInt64(left) else { throw .cutOff }
            return .bytes(try take(Int(length)))
        case .form(0): return .integer(Int64(Int8(bitPattern: try byte())))
        case .form(1):
            let low = try byte()
            return .integer(Int64(Int16(bitPattern: UInt16(low) | UInt16(try byte()) << 8)))
        case .form(2): return .integer(Int64(Int32(bitPattern: try u32())))
        case .form(3): return .bytes(try compressedString(place))
        case .form: throw .damaged("Unknown string encoding")
        }
    }

    private mutating func compressedString(_ place: Int) throws(RDBStop) -> ByteView {
        let compressed = try length()
        let count = try length()
        guard compressed <= UInt64(left) else { throw .cutOff }
        guard count <= UInt64(UInt32.max), LZF.isPlausible(Int(compressed), unfoldTo: Int(count)) else {
            throw .damaged("Invalid LZF compressed string")
        }
        let bytes = try take(Int(compressed))
        let room = scratch.room(place, bytes: Int(count))
        guard LZF.decompress(bytes, to: room, count: Int(count)) else {
            throw .damaged("Invalid LZF compressed string")
        }
        return room.view(0, Int(count))
    }

    /// A value in one piece, which may be compressed but is no number.
    mutating func blob(_ place: Int = 0) throws(RDBStop) -> ByteView {
        guard case .bytes(let view) = try string(place) else { throw .damaged("A number where bytes belong") }
        return view
    }

    /// A score as old files have it: text behind its length, or a byte of its own for what is no number.
    mutating func textScore() throws(RDBStop) -> Double {
        switch try byte() {
        case 255: return -.infinity
        case 254: return .infinity
        case 253: return .nan
        case let count:
            guard let score = try take(Int(count)).double else { throw .damaged("A score that is no number") }
            return score
        }
    }
}
