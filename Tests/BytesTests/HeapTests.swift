// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct HeapTests {
    /// What is allocated, and the byte that fills it.
    struct Piece {
        let at: Address
        let bytes: Int
        let fill: UInt8

        func write() {
            for offset in 0..<bytes { at.setU8(offset, fill &+ UInt8(truncatingIfNeeded: offset)) }
        }
        var isIntact: Bool {
            for offset in 0..<bytes where at.u8(offset) != fill &+ UInt8(truncatingIfNeeded: offset) {
                return false
            }
            return true
        }
    }

    @Test func sizesAreRoundedToFourBytes() {
        #expect([1, 8, 9, 16, 504, 505, 512].map(Heap.roundedBytes) == [4, 8, 12, 16, 504, 508, 512])
        #expect(Heap.roundedBytes(513) == 513)
        let heap = Heap()
        let pieces = (1...512).map { (heap.allocate($0), $0) }
        #expect(heap.usedBytes == (1...128).reduce(0) { $0 + $1 * 16 })
        #expect(Set(pieces.map(\.0.bits)).count == 512)
        for (at, bytes) in pieces { heap.free(at, bytes) }
        #expect(heap.usedBytes == 0)
        heap.checkInvariants()
    }

    @Test func objectsOfWholeLinesAreAligned() {
        let heap = Heap()
        for bytes in stride(from: 8, through: 512, by: 8) {
            let pieces = (0..<40).map { _ in heap.allocate(bytes) }
            let alignment: UInt = [64, 128, 192, 256, 512].contains(bytes) ? 64 : 8
            #expect(pieces.allSatisfy { $0.bits % alignment == 0 }, "\(bytes) bytes")
            for at in pieces { heap.free(at, bytes) }
        }
        #expect(heap.usedBytes == 0)
    }

    @Test func clearedMemoryIsClear() {
        let heap = Heap()
        for bytes in [1, 8, 200, 512, 513, 5000, 65536, 65537, 300_000] {
            let dirty = Piece(at: heap.allocate(bytes), bytes: bytes, fill: 7)
            dirty.write()
            heap.free(dirty.at, bytes)
            let clear = heap.allocateZeroed(bytes)
            #expect((0..<bytes).allSatisfy { clear.u8($0) == 0 }, "\(bytes) bytes")
            heap.free(clear, bytes)
        }
        #expect(heap.usedBytes == 0)
    }

    @Test func largePiecesKeepTheirBytesWhenResized() {
        let heap = Heap()
        let piece = Piece(at: heap.allocate(600), bytes: 600, fill: 3)
        piece.write()
        let large = Piece(at: heap.resizeLarge(piece.at, 500_000), bytes: 600, fill: 3)
        #expect(large.isIntact && heap.usedBytes >= 500_000)
        let small = Piece(at: heap.resizeLarge(large.at, 600), bytes: 600, fill: 3)
        #expect(small.isIntact && heap.usedBytes >= 600 && heap.usedBytes < 5000)
        heap.free(small.at, 600)
        #expect(heap.usedBytes == 0)
    }

    @Test func thePeakIsRemembered() {
        let heap = Heap()
        let at = heap.allocate(100_000)
        heap.free(at, 100_000)
        #expect(heap.peakBytes >= 100_000 && heap.usedBytes == 0)
        heap.resetPeak()
        #expect(heap.peakBytes == 0)
        let slab = heap.allocate(80)
        heap.notePeak()
        heap.free(slab, 80)
        #expect(heap.peakBytes == 80)
    }

    @Test func emptiedPagesServeOtherClasses() {
        let heap = Heap()
        for bytes in [8, 48, 304, 512] {
            let pieces = (0..<5000).map { _ in heap.allocate(bytes) }
            #expect(heap.pageBytesInUse >= 5000 * bytes)
            #expect(!heap.isSparse(pieces[0], bytes))
            for at in pieces.dropFirst().dropLast() { heap.free(at, bytes) }
            // Two pages hold one object each: one of them is where the next object goes, so it is not sparse.
            let ends = [pieces[0], pieces[4999]]
            #expect(ends.filter { heap.isSparse($0, bytes) }.count == 1)
            let moved = ends.map { heap.isSparse($0, bytes) ? heap.move($0, bytes) : $0 }
            #expect(!heap.isSparse(moved[0], bytes) && !heap.isSparse(moved[1], bytes))
            for at in moved { heap.free(at, bytes) }
            // One page of each class may stay.
            #expect(heap.pageBytesInUse <= 5 * 16384)
        }
        heap.checkInvariants()
        while heap.giveBack(pages: 3, keep: 2) {}
        let pieces = (0..<5000).map {
            Piece(at: heap.allocate(96), bytes: 96, fill: UInt8(truncatingIfNeeded: $0))
        }
        for piece in pieces { piece.write() }
        #expect(pieces.allSatisfy { $0.isIntact })
        for piece in pieces { heap.free(piece.at, 96) }
        #expect(heap.usedBytes == 0)
    }

    @Test func givingBackKeepsWhatIsAskedFor() {
        let heap = Heap()
        let pieces = (0..<400).map { _ in heap.allocate(512) }
        for at in pieces { heap.free(at, 512) }
        #expect(heap.giveBack(pages: 1, keep: 4))
        #expect(!heap.giveBack(pages: 1000, keep: 4))
        #expect(!heap.giveBack(pages: 1000, keep: 4))
        #expect(heap.giveBack(pages: 1, keep: 1))
    }

    /// 100,000 random allocations and frees of 1…600 bytes. Every piece must hold its bytes until it is
    /// freed, so no two overlap; the ledger of the slabs must be exact.
    @Test func randomPiecesKeepTheirBytes() {
        var random = SeededRandom(seed: bytesSeed())
        let heap = Heap()
        var pieces: [Piece] = []
        var slabBytes = 0
        var largeCount = 0
        var target = 100
        for step in 0..<100_000 {
            // The number of pieces swings, so that pages fill, empty and change their class.
            if step % 1000 == 0 { target = [30, 3000, 300, 1][random.below(4)] }
            if pieces.isEmpty || random.below(2 * target) >= pieces.count {
                let bytes = random.below(3) == 0 ? 1 + random.below(600) : 1 + random.below(40)
                let piece = Piece(
                    at: heap.allocate(bytes), bytes: bytes, fill: UInt8(truncatingIfNeeded: random.next()))
                piece.write()
                pieces.append(piece)
                if bytes <= 512 { slabBytes += (bytes + 3) / 4 * 4 } else { largeCount += 1 }
            } else {
                let piece = pieces.remove(at: random.below(pieces.count))
                guard piece.isIntact else {
                    Issue.record("step \(step): a piece of \(piece.bytes) bytes was overwritten")
                    return
                }
                heap.free(piece.at, piece.bytes)
                if piece.bytes <= 512 { slabBytes -= (piece.bytes + 3) / 4 * 4 } else { largeCount -= 1 }
            }
            guard
                largeCount == 0 ? heap.usedBytes == slabBytes : heap.usedBytes >= slabBytes + 513 * largeCount
            else {
                Issue.record("step \(step): the ledger says \(heap.usedBytes), slabs hold \(slabBytes)")
                return
            }
            if step % 200 == 0 { heap.checkInvariants() }
            if step % 3000 == 0 { _ = heap.giveBack(pages: 5, keep: 1) }
        }
        #expect(pieces.allSatisfy { $0.isIntact })
        for piece in pieces { heap.free(piece.at, piece.bytes) }
        #expect(heap.usedBytes == 0)
        heap.checkInvariants()
    }

    /// Very large pieces are offered to whoever frees them elsewhere; the books know nothing of them any more.
    @Test func largePiecesAreHandedOn() {
        let heap = Heap()
        var taken: [DiscardedPiece] = []
        var wants = true
        heap.discard = { piece in
            if wants { taken.append(piece) }
            return wants
        }
        let before = heap.usedBytes
        for bytes in [100, 1000, DiscardedPiece.bytesMin / 2, DiscardedPiece.bytesMin, 3 << 20] {
            heap.free(heap.allocate(bytes), bytes)
            #expect(heap.usedBytes == before)
        }
        #expect(taken.count == 2 && taken[1].bytes >= 3 << 20)
        for piece in taken { piece.free() }
        wants = false
        heap.free(heap.allocate(3 << 20), 3 << 20)
        #expect(taken.count == 2 && heap.usedBytes == before)
    }
}
