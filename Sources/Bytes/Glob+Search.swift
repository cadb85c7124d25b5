// SPDX-License-Identifier: Apache-2.0

// Looking for a run of sets, all places at once.
//
// *Idea* (Shift-And; Baeza-Yates and Gonnet, Wu and Manber). Bit i of a state says that the first i + 1 elements match the
// text that ends here. For each byte value there is a mask of the elements that take it; a byte of text shifts the state
// by one, lets a new match begin, and is masked.
//
// *Layout*. 256 elements make a block of four words; masks are kept of one block only, 8 KB. The first block is the short
// one and its elements lie at the upper end, so that a match leaves each block by its highest bit. A run of one block
// reads the text to the first match. A longer one takes the text in chunks of about twice its length: block after block
// runs over the chunk, and which of its bytes end a match of what precedes the next block is handed on as a row of bits.

extension Glob {
    static let blockElements = 256

    /// The leftmost place of a run within a part of the text, all places at once.
    func find(_ run: Run, _ text: ByteView, _ from: Int, _ end: Int) -> Int? {
        let blocks = (run.count + Glob.blockElements - 1) / Glob.blockElements
        // Whole words of 64 bytes.
        let chunk = blocks == 1 ? end - from : (max(1024, 2 * run.count) + 63) / 64 * 64
        let search = BlockSearch(elements: run.count, blocks: blocks, chunkBytes: chunk)
        let row = FixedArray(repeating: UInt64(0), count: 4 * 256)
        var at = from
        while at < end {
            let count = min(chunk, end - at)
            for block in 0..<blocks {
                if blocks > 1 || at == from { fill(row, run, block, of: blocks) }
                if let last = search.pass(block, row, (text.start + at).view(0, count)) {
                    return at + last - run.count + 1
                }
            }
            at += count
        }
        return nil
    }

    /// The masks of one block: four words for each byte value.
    private func fill(_ masks: FixedArray<UInt64>, _ run: Run, _ block: Int, of blocks: Int) {
        let first = (block - blocks) * Glob.blockElements + run.count
        let square = FixedArray(repeating: UInt64(0), count: 64)
        for word in 0..<4 {
            for quarter in 0..<4 {
                // One row for each element, to be turned into one for each byte value.
                for i in 0..<64 {
                    let index = first + word * 64 + i
                    square[i] = index < 0 ? 0 : bits(elements[run.start + index], quarter)
                }
                transpose(square)
                for i in 0..<64 { masks[(quarter * 64 + i) * 4 + word] = square[i] }
            }
        }
    }

    /// A quarter of the set that an element is.
    private func bits(_ element: UInt32, _ quarter: Int) -> UInt64 {
        if element >= 256 { return sets[Int(element - 256) * 4 + quarter] }
        return Int(element >> 6) == quarter ? 1 << UInt64(element & 63) : 0
    }

    /// Exchanges rows and columns of 64 × 64 bits: halves across the diagonal, then quarters, down to single bits.
    private func transpose(_ square: FixedArray<UInt64>) {
        var width = 32
        var mask: UInt64 = 0xFFFF_FFFF
        while width > 0 {
            for i in 0..<64 where i & width == 0 {
                let differing = (square[i] >> UInt64(width) ^ square[i + width]) & mask
                square[i] ^= differing << UInt64(width)
                square[i + width] ^= differing
            }
            width /= 2
            mask ^= mask << UInt64(width)
        }
    }
}

/// The states of all blocks of a run, and what one hands to the next.
private struct BlockSearch {
    private let blocks: Int
    /// Where the first element of the first block lies.
    private let firstBegin: Int
    private let states: FixedArray<UInt64>
    /// The last bit that a block has handed on: it counts for the first byte of the next chunk.
    private let carries: FixedArray<UInt64>
    /// A bit for each byte of the chunk: what precedes the block matches up to the byte before.
    private let mayBegin: FixedArray<UInt64>

    init(elements: Int, blocks: Int, chunkBytes: Int) {
        self.blocks = blocks
        firstBegin = blocks * Glob.blockElements - elements
        states = FixedArray(repeating: 0, count: 4 * blocks)
        carries = FixedArray(repeating: 0, count: blocks)
        mayBegin = FixedArray(repeating: 0, count: blocks == 1 ? 0 : (chunkBytes + 63) / 64)
    }

    /// Runs one block over a chunk.
    /// - Returns: the index of the byte that ends the first match of the whole run, which only the last block can tell.
    func pass(_ block: Int, _ masks: FixedArray<UInt64>, _ chunk: ByteView) -> Int? {
        var word = 0
        var at = 0
        while at < chunk.count {
            let count = min(64, chunk.count - at)
            let begins = block == 0 ? UInt64.max : mayBegin[word]
            let ends = advance(block, masks, chunk[at..<(at + count)], begins)
            if block == blocks - 1 {
                if ends != 0 { return at + ends.trailingZeroBitCount }
            } else {
                mayBegin[word] = ends << 1 | carries[block]
                carries[block] = ends >> UInt64(count - 1) & 1
            }
            word += 1
            at += count
        }
        return nil
    }

    /// Runs a block over up to 64 bytes.
    /// - Parameter begins: at which of them a match of the block may begin.
    /// - Returns: which of them end one.
    @inline(__always)
    private func advance(
        _ block: Int, _ masks: FixedArray<UInt64>, _ bytes: ByteView, _ begins: UInt64
    ) -> UInt64 {
        var a = states[block * 4]
        var b = states[block * 4 + 1]
        var c = states[block * 4 + 2]
        var d = states[block * 4 + 3]
        if begins | a | b | c | d == 0 { return 0 }
        let begin = block == 0 ? firstBegin : 0
        let bit: UInt64 = 1 << UInt64(begin & 63)
        let first = (
            begin >> 6 == 0 ? bit : 0, begin >> 6 == 1 ? bit : 0, begin >> 6 == 2 ? bit : 0,
            begin >> 6 == 3 ? bit : 0
        )
        var ends: UInt64 = 0
        for i in 0..<bytes.count {
            let mask = unsafe masks.base + Int(bytes.start.u8(i)) &* 4
            let open = 0 &- (begins >> UInt64(i) & 1)
            d = unsafe (d << 1 | c >> 63 | first.3 & open) & mask[3]
            c = unsafe (c << 1 | b >> 63 | first.2 & open) & mask[2]
            b = unsafe (b << 1 | a >> 63 | first.1 & open) & mask[1]
            a = unsafe (a << 1 | first.0 & open) & mask[0]
            ends |= (d >> 63) << UInt64(i)
        }
        states[block * 4] = a
        states[block * 4 + 1] = b
        states[block * 4 + 2] = c
        states[block * 4 + 3] = d
        return ends
    }
}
