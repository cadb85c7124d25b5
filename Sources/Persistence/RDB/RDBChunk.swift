// SPDX-License-Identifier: Apache-2.0
import Bytes

// What an RDB stream is collected in on its way to a file.
//
// *Idea*. The loop only copies: strings lie in a chunk as they are, and the chunk notes where those are that may be
// compressed. A thread of the pool compresses, computes the checksum and writes. Large strings are not even copied: the
// chunk shares their blocks.
//
// *Layout*. Memory of the heap, filled from the front. A spot says that at its offset a string begins with its length;
// the string lies behind that, or in a block of its own.
//
// *Who frees*. The loop, by `release`, when nobody reads the chunk any more; the pool only reads.

/// Bytes of an RDB stream with the strings in them that may be compressed.
final class RDBChunk: @unchecked Sendable {
    /// A string that may be compressed, or lies elsewhere.
    struct Spot {
        /// Where its length begins, and how many bytes that has.
        let offset: Int
        let lengthBytes: Int
        /// The string's own length, in bytes.
        let count: Int
        /// Where it lies, if not in the chunk.
        let block: Block?
    }

    static let bytesUsual = 1 << 20

    let at: Address
    let capacity: Int
    private(set) var count = 0
    private(set) var spots: [Spot] = []
    /// Bytes of blocks that are shared.
    private(set) var sharedBytes = 0

    init(_ heap: Heap, capacity: Int) {
        at = heap.allocate(capacity)
        self.capacity = capacity
    }

    /// Gives memory and blocks back.
    func release(_ heap: Heap) {
        for spot in spots { spot.block?.release(heap) }
        spots = []
        heap.free(at, capacity)
    }

    /// What waits to be written because of it.
    var waitingBytes: Int { count + sharedBytes }
    var isEmpty: Bool { count == 0 }
    @inline(__always) var room: Int { capacity &- count }

    // MARK: Filling

    @inline(__always) func put(_ byte: UInt8) {
        at.setU8(count, byte)
        count &+= 1
    }

    @inline(__always) func put(_ bytes: ByteView) {
        (at + count).copy(from: bytes)
        count &+= bytes.count
    }

    @inline(__always) func put(u64 number: UInt64) {
        at.setU64(count, number)
        count &+= 8
    }

    func put(u32 number: UInt32) {
        at.setU32(count, number)
        count += 4
    }

    func put(u16 number: UInt16) {
        at.setU16(count, number)
        count += 2
    }

    /// A number in the form of a length: `RDBLength.bytesMax` bytes at most.
    func put(number: UInt64) {
        if number < 1 << 6 {
            put(UInt8(number))
        } else if number < 1 << 14 {
            put(0x40 | UInt8(number >> 8))
            put(UInt8(number & 255))
        } else if number <= UInt64(UInt32.max) {
            put(0x80)
            put(u32: UInt32(number).byteSwapped)
        } else {
            put(0x81)
            put(u64: number.byteSwapped)
        }
    }

    /// A string of so many bytes begins here, whose length is `lengthBytes` long.
    func note(lengthBytes: Int, count: Int, block: Block?) {
        if let block {
            block.retain()
            sharedBytes += count
        }
        spots.append(Spot(offset: self.count, lengthBytes: lengthBytes, count: count, block: block))
    }

    // MARK: Reading

    /// Gives the stream's bytes to `emit`, in pieces and in order. Any thread may do this, one at a time.
    func render(compressing: Bool, _ press: LZFPress, _ emit: (ByteView) -> Void) {
        var from = 0
        for spot in spots where compressing || spot.block != nil {
            let text = spot.block?.view ?? at.view(spot.offset + spot.lengthBytes, spot.count)
            let packed = compressing ? press.compress(text) : nil
            if let packed {
                emit(at.view(from, spot.offset - from))
                emit(packed)
            } else {
                emit(at.view(from, spot.offset + spot.lengthBytes - from))
                emit(text)
            }
            from = spot.offset + spot.lengthBytes + (spot.block == nil ? spot.count : 0)
        }
        emit(at.view(from, count - from))
    }
}

/// Compresses strings on one thread at a time.
@safe final class LZFPress: @unchecked Sendable {
    private var memory: Address = .null
    private var bytes = 0
    /// The mark of a compressed string, and two lengths.
    private static let headerBytes = 19

    deinit { if bytes > 0 { unsafe memory.pointer.deallocate() } }

    /// The string in its compressed form with everything that belongs to it; nil when that is not shorter.
    func compress(_ text: ByteView) -> ByteView? {
        guard text.count >= LZF.bytesMin, text.count <= Int(UInt32.max) else { return nil }
        reserve(text.count + LZFPress.headerBytes)
        // The lengths come in front, and how long they are is known afterwards.
        let body = memory + LZFPress.headerBytes
        let count = LZF.compress(text, to: body, room: text.count - LZF.gainMin + 1)
        guard count > 0 else { return nil }
        var header: [UInt8] = [0xC3]
        RDBLength.append(count, &header)
        RDBLength.append(text.count, &header)
        let begin = LZFPress.headerBytes - header.count
        header.withView { (memory + begin).copy(from: $0) }
        return memory.view(begin, header.count + count)
    }

    private func reserve(_ wanted: Int) {
        guard wanted > bytes else { return }
        if bytes > 0 { unsafe memory.pointer.deallocate() }
        bytes = max(wanted, 4096)
        memory = unsafe Address(UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16))
    }
}

/// Lengths as RDB files have them.
enum RDBLength {
    /// The most bytes that one takes.
    static let bytesMax = 9

    /// How many bytes a length takes.
    @inline(__always) static func bytes(_ length: Int) -> Int {
        if length < 1 << 6 { return 1 }
        if length < 1 << 14 { return 2 }
        return length <= Int(UInt32.max) ? 5 : 9
    }

    /// Adds a length to bytes.
    static func append(_ length: Int, _ bytes: inout [UInt8]) {
        switch RDBLength.bytes(length) {
        case 1: bytes.append(UInt8(length))
        case 2:
            bytes.append(0x40 | UInt8(length >> 8))
            bytes.append(UInt8(length & 255))
        case 5:
            bytes.append(0x80)
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        default:
            bytes.append(0x81)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
    }
}
