// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Writes what RDB files are made of into chunks.
final class RDBOutput {
    let heap: Heap
    private let chunkBytes: Int
    private var chunk: RDBChunk
    /// Takes chunks that are full; whoever takes one releases it.
    var onChunk: (RDBChunk) -> Void = { _ in }
    /// Bytes written so far, uncompressed.
    private(set) var byteCount = 0

    /// - Parameter chunkBytes: how much is collected before it is handed on.
    init(_ heap: Heap, chunkBytes: Int = RDBChunk.bytesUsual) {
        self.heap = heap
        self.chunkBytes = chunkBytes
        chunk = RDBChunk(heap, capacity: chunkBytes)
    }

    deinit { chunk.release(heap) }

    /// Bytes that were written and not handed on.
    var waitingBytes: Int { chunk.waitingBytes }

    /// Hands on what there is.
    func flush() {
        guard !chunk.isEmpty else { return }
        replaceChunk(capacity: chunkBytes)
    }

    private func replaceChunk(capacity: Int) {
        let full = chunk
        byteCount += full.waitingBytes
        chunk = RDBChunk(heap, capacity: capacity)
        if full.isEmpty { full.release(heap) } else { onChunk(full) }
    }

    @inline(__always) private func require(_ bytes: Int) {
        if chunk.room < bytes { replaceChunk(capacity: max(chunkBytes, bytes)) }
    }

    // MARK: Numbers

    func append(byte: UInt8) {
        require(1)
        chunk.put(byte)
    }

    /// Eight bytes, low ones first.
    func append(u64 number: UInt64) {
        require(8)
        chunk.put(u64: number)
    }

    /// A number in the form of a length.
    func append(length: Int) {
        require(RDBLength.bytesMax)
        put(length: length)
    }

    @inline(__always) private func put(length: Int) {
        if length < 1 << 6 { return chunk.put(UInt8(truncatingIfNeeded: length)) }
        chunk.put(number: UInt64(length))
    }

    /// Any number in the form of a length.
    func append(number: UInt64) {
        require(RDBLength.bytesMax)
        chunk.put(number: number)
    }

    // MARK: Chunks

    /// Smaller ones are copied.
    private static let adoptBytesMin = 1 << 16

    /// Takes over what was collected elsewhere.
    func append(_ filled: RDBChunk) {
        if filled.waitingBytes < RDBOutput.adoptBytesMin, filled.spots.isEmpty {
            append(raw: filled.at.view(0, filled.count))
            return filled.release(heap)
        }
        flush()
        byteCount += filled.waitingBytes
        onChunk(filled)
    }

    // MARK: Strings

    /// Bytes as they are, without their length.
    func append(raw bytes: ByteView) {
        require(bytes.count)
        chunk.put(bytes)
    }

    /// The bytes of a block as they are, without their length.
    func append(raw block: Block) {
        guard block.count >= Block.adoptBytesMin else { return append(raw: block.view) }
        require(1)
        chunk.note(lengthBytes: 0, count: block.count, block: block)
    }

    /// A string: as a number where it is a small one, and compressed where that pays.
    func append(_ text: StoredBytes) {
        switch text {
        case .integer(let number): append(number)
        case .bytes(let view): append(string: view)
        case .block(let block): append(block)
        }
    }

    /// A number as a string.
    func append(_ number: Int64) {
        require(5)
        if let small = Int8(exactly: number) {
            chunk.put(0xC0)
            chunk.put(UInt8(bitPattern: small))
        } else if let small = Int16(exactly: number) {
            chunk.put(0xC1)
            chunk.put(u16: UInt16(bitPattern: small))
        } else if let small = Int32(exactly: number) {
            chunk.put(0xC2)
            chunk.put(u32: UInt32(bitPattern: small))
        } else {
            var digits = DecimalText(number)
            digits.withView { putText($0) }
        }
    }

    /// A string from bytes.
    func append(string bytes: ByteView) {
        // The longest number of 32 bits has eleven characters.
        if bytes.count <= 11, let number = bytes.integer, Int32(exactly: number) != nil {
            return append(number)
        }
        putText(bytes)
    }

    private func putText(_ bytes: ByteView) {
        require(RDBLength.bytesMax &+ bytes.count)
        if bytes.count >= LZF.bytesMin {
            chunk.note(lengthBytes: RDBLength.bytes(bytes.count), count: bytes.count, block: nil)
        }
        put(length: bytes.count)
        chunk.put(bytes)
    }

    private func append(_ block: Block) {
        guard block.count >= Block.adoptBytesMin else { return append(string: block.view) }
        require(RDBLength.bytesMax)
        chunk.note(lengthBytes: RDBLength.bytes(block.count), count: block.count, block: block)
        put(length: block.count)
        // A chunk that is mostly empty may keep very much from being freed.
        if chunk.sharedBytes >= RDBOutput.sharedBytesMax { flush() }
    }

    /// Of large strings so many bytes are collected before they are handed on.
    private static let sharedBytesMax = 4 << 20
}
