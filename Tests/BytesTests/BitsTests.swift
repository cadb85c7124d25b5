// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

/// Bits of strings against a plain array of them, in both forms of the loops.
@Suite struct BitsTests {
    /// The forms that this processor has.
    static let forms = WideBits.areThere ? [false, true] : [false]

    private static func bits(_ bytes: [UInt8]) -> [Bool] {
        bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 != 0 } }
    }

    /// Mostly long runs of equal bits, which is where word-wise steps go wrong.
    private static func bytes(_ random: inout SeededRandom, _ count: Int) -> [UInt8] {
        let kind = random.below(4)
        var bytes = (0..<count).map { _ in
            kind == 0 ? UInt8(random.below(256)) : kind == 1 ? 0 : kind == 2 ? 255 : 0x55
        }
        if count > 0, kind > 0, random.below(3) > 0 {
            bytes[random.below(count)] ^= 1 << UInt8(random.below(8))
        }
        return bytes
    }

    @Test(arguments: forms) func counting(inWideSteps wide: Bool) {
        var random = SeededRandom(seed: bytesSeed())
        for count in Array(0...70) + [255, 256, 257, 511, 512, 1000, 4096, 70_001] {
            let bytes = BitsTests.bytes(&random, count)
            let want = BitsTests.bits(bytes).count { $0 }
            #expect(bytes.withView { $0.countBits(inWideSteps: wide) } == want, "\(count)")
            let full = [UInt8](repeating: 255, count: count)
            #expect(full.withView { $0.countBits(inWideSteps: wide) } == count * 8)
        }
    }

    @Test func ranges() {
        var random = SeededRandom(seed: bytesSeed())
        for _ in 0..<20_000 {
            let bytes = BitsTests.bytes(&random, random.below(90))
            let bits = BitsTests.bits(bytes)
            let a = random.below(bits.count + 1)
            let b = random.below(bits.count + 1)
            let range = min(a, b)..<max(a, b)
            bytes.withView { view in
                #expect(view.bitCount(range) == bits[range].count { $0 }, "\(bytes) \(range)")
                for wanted in [true, false] {
                    #expect(
                        view.firstBit(wanted, in: range) == bits[range].firstIndex(of: wanted),
                        "\(wanted) \(bytes) \(range)")
                }
                #expect(view.bit(at: a) == (a < bits.count && bits[a]))
            }
        }
    }

    @Test func fields() {
        var random = SeededRandom(seed: bytesSeed())
        for _ in 0..<20_000 {
            var bytes = BitsTests.bytes(&random, 1 + random.below(24))
            var bits = BitsTests.bits(bytes)
            let width = 1 + random.below(64)
            let offset = random.below(bits.count + 9)
            let want = (0..<width).reduce(UInt64(0)) {
                $0 << 1 | (offset + $1 < bits.count && bits[offset + $1] ? 1 : 0)
            }
            #expect(bytes.withView { $0.bitField(at: offset, width: width) } == want)
            guard offset + width <= bits.count else { continue }
            let number = random.next()
            bytes.withUnsafeMutableBytes {
                Address($0.baseAddress!).setBitField(at: offset, width: width, number)
            }
            for i in 0..<width { bits[offset + i] = number >> UInt64(width - 1 - i) & 1 != 0 }
            #expect(BitsTests.bits(bytes) == bits, "\(offset) \(width)")
        }
    }

    // MARK: Combining

    private static func combined(_ operation: BitOperation, _ sources: [[UInt8]], _ count: Int) -> [UInt8] {
        (0..<count).map { at in
            let bytes = sources.map { at < $0.count ? $0[at] : 0 }
            let others = bytes.dropFirst().reduce(0, |)
            switch operation {
            case .and: return bytes.reduce(255, &)
            case .or: return bytes.reduce(0, |)
            case .xor: return bytes.reduce(0, ^)
            case .not: return ~bytes[0]
            case .diff: return bytes[0] & ~others
            case .diff1: return ~bytes[0] & others
            case .andor: return bytes[0] & others
            case .one:
                return (0..<8).reduce(0) { result, bit in
                    let holders = bytes.count { $0 >> UInt8(bit) & 1 != 0 }
                    return result | (holders == 1 ? 1 << UInt8(bit) : 0)
                }
            }
        }
    }

    /// Views of all sources at once, the first of them in memory that may be written.
    private static func withViews(_ sources: [[UInt8]], _ body: ([ByteView]) -> Void) {
        let memory = sources.map { source in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count + 1, alignment: 1)
            copy.copyBytes(from: source)
            return copy
        }
        body(
            zip(memory, sources).map { ByteView(start: Address($0.baseAddress!), count: $1.count) })
        for copy in memory { copy.deallocate() }
    }

    @Test(arguments: forms) func combining(inWideSteps wide: Bool) {
        var random = SeededRandom(seed: bytesSeed())
        let sizes = [0, 1, 7, 8, 9, 31, 32, 33, 127, 128, 129, 500, 8191, 8192, 8193, 20_000]
        for round in 0..<600 {
            let operation = BitOperation.allCases[round % BitOperation.allCases.count]
            let number =
                operation == .not
                ? 1
                : [.diff, .diff1, .andor].contains(operation) ? 2 + random.below(4) : 1 + random.below(5)
            let common = sizes[random.below(sizes.count)]
            let sources = (0..<number).map { _ in
                BitsTests.bytes(&random, random.below(3) == 0 ? sizes[random.below(sizes.count)] : common)
            }
            let count = sources.map(\.count).max()!
            let want = BitsTests.combined(operation, sources, count)
            BitsTests.withViews(sources) { views in
                var out = [UInt8](repeating: 0xA5, count: count + 1)
                out.withUnsafeMutableBytes {
                    operation.combine(
                        views, into: Address($0.baseAddress!), count: count, inWideSteps: wide)
                }
                #expect(Array(out.dropLast()) == want, "\(operation) of \(sources.map(\.count))")
                #expect(out.last == 0xA5)
                // Over any source that is long enough, the result is the same.
                guard let place = views.indices.first(where: { views[$0].count == count }) else { return }
                operation.combine(views, into: views[place].start, count: count, inWideSteps: wide)
                #expect(views[place].array == want, "\(operation) over source \(place) of \(number)")
            }
        }
    }

    @Test func zeroedBlocks() {
        let heap = Heap()
        for count in [1, 1000, 100_000, 3 << 20] {
            // Memory that was in use before must be cleared, not only what comes fresh from the kernel.
            let used = Block.create(heap, capacity: count)
            used.count = count
            for at in stride(from: 0, to: count, by: 99) { used.bytes.setU8(at, 7) }
            used.release(heap)
            let block = Block.createZeroed(heap, count: count, capacity: count + 10)
            #expect(block.count == count && block.capacity == count + 10 && !block.isShared)
            #expect(block.view.array.allSatisfy { $0 == 0 })
            block.release(heap)
        }
        #expect(heap.usedBytes == 0)
        heap.checkInvariants()
    }
}
