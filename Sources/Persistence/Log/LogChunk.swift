// SPDX-License-Identifier: Apache-2.0
import Bytes

// Commands on their way to the log.
//
// *Layout*. Memory of the heap, filled from the front with whole units. Large arguments stay in their blocks: a splice
// says which one belongs in front of which byte.
//
// *Who frees*. The loop, by `release`, when the bytes are on the disk; the pool only reads.

/// A batch of whole units of commands.
final class LogChunk: @unchecked Sendable {
    /// Room of most chunks, in bytes.
    static let usualBytes = 32 << 10
    /// Smaller blocks are copied.
    private static let sharedBytesMin = 64 << 10

    private let heap: Heap
    private var at: Address
    private var capacity: Int
    /// Bytes in the memory of its own.
    private(set) var ownBytes = 0
    private var splices: [(offset: Int, block: Block)] = []
    private var sharedBytes = 0
    /// Where its first byte stands in the stream of commands.
    let position: UInt64
    /// When its first unit ended, in Unix microseconds.
    let beganUs: Int64
    /// The database that is selected in front of it; nil when it selects one itself.
    let database: Int?

    init(_ heap: Heap, position: UInt64, database: Int?, nowUs: Int64) {
        self.heap = heap
        capacity = LogChunk.usualBytes
        self.position = position
        self.database = database
        beganUs = nowUs
        at = heap.allocate(capacity)
    }

    /// Gives memory and blocks back.
    func release() {
        for splice in splices { splice.block.release(heap) }
        splices = []
        heap.free(at, capacity)
    }

    /// Bytes of the log in it.
    var count: Int { ownBytes + sharedBytes }
    var room: Int { capacity - ownBytes }
    /// Behind its last byte in the stream.
    var end: UInt64 { position + UInt64(count) }
    var hasSplices: Bool { !splices.isEmpty }

    /// Adds a piece of a unit; a large one may come in a block.
    @inline(__always) func append(_ piece: ByteView, _ block: Block?) {
        if let block, piece.count >= LogChunk.sharedBytesMin { return share(block) }
        if piece.count > capacity &- ownBytes { grow(piece.count) }
        (at + ownBytes).copy(from: piece)
        ownBytes &+= piece.count
    }

    private func share(_ block: Block) {
        block.retain()
        splices.append((ownBytes, block))
        sharedBytes += block.count
    }

    @inline(never) private func grow(_ bytes: Int) {
        let larger = max(capacity * 2, ownBytes + bytes)
        let fresh = heap.allocate(larger)
        fresh.copy(from: at, count: ownBytes)
        heap.free(at, capacity)
        (at, capacity) = (fresh, larger)
    }

    /// Its bytes in their order. Any thread may ask, one at a time.
    var pieces: [ByteView] {
        if splices.isEmpty { return [at.view(0, ownBytes)] }
        var pieces: [ByteView] = []
        var from = 0
        for splice in splices {
            if splice.offset > from { pieces.append(at.view(from, splice.offset - from)) }
            pieces.append(splice.block.view)
            from = splice.offset
        }
        if ownBytes > from { pieces.append(at.view(from, ownBytes - from)) }
        return pieces
    }
}
