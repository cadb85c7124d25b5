// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

/// Large strings of which only some pages were ever touched.
@Suite struct TouchedPagesTests {
    private let heap = Heap()

    private func parts(_ view: ByteView) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        view.forEachTouched { parts.append(($0.start - view.start)..<($0.start - view.start + $0.count)) }
        return parts
    }

    /// Everything that was written to is visited, at most a page around it, and the bits come out right.
    @Test func aSparseString() {
        let count = 64 << 20
        let block = Block.createZeroed(heap, count: count, capacity: count)
        defer { block.release(heap) }
        #expect(block.view.bitCount == 0)
        let places = [0, 5 << 20, (5 << 20) + 4096, 20_000_001, count - 1]
        for place in places { block.bytes.setU8(place, 7) }
        #expect(block.view.bitCount == 3 * places.count)
        let visited = parts(block.view)
        for place in places { #expect(visited.contains { $0.contains(place) }, "\(place)") }
        #expect(visited.reduce(0) { $0 + $1.count } < 4 << 20, "most of it is not read")
        for (one, next) in zip(visited, visited.dropFirst()) { #expect(one.upperBound < next.lowerBound) }
        // A part of the string, beginning and ending within pages.
        let part = block.view[3..<(count - 3)]
        #expect(part.bitCount == 3 * 3)
        #expect(parts(part).allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= part.count })
    }

    /// Strings that were written to, and short ones, are visited in one piece.
    @Test func aFullString() {
        for count in [0, 100, ByteView.sparseBytesMin + 12_345] {
            let block = Block.createZeroed(heap, count: count, capacity: count + 1)
            defer { block.release(heap) }
            for place in stride(from: 0, to: count, by: 1000) { block.bytes.setU8(place, 1) }
            #expect(parts(block.view) == [0..<count])
            #expect(block.view.bitCount == (count + 999) / 1000)
        }
    }
}
