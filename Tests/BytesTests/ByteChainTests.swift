// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

/// The chain against an array of bytes, and what it takes.
@Suite struct ByteChainTests {
    private func block(_ heap: Heap, _ bytes: [UInt8]) -> Block {
        let block = Block.create(heap, capacity: max(1, bytes.count))
        bytes.withView { block.bytes.copy(from: $0) }
        block.count = bytes.count
        return block
    }

    private func contents(_ chain: borrowing ByteChain, max: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        chain.forEachPiece(max: max) { bytes += $0.array }
        return bytes
    }

    @Test func asAnArrayWouldBe() {
        var random = SeededRandom(seed: bytesSeed())
        let heap = Heap()
        var chain = ByteChain()
        var other = ByteChain()
        var (model, otherModel): ([UInt8], [UInt8]) = ([], [])
        let source = (0..<700_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        func bytes(_ max: Int) -> [UInt8] {
            // A cube: mostly few bytes, now and then many.
            let part = random.below(1000)
            let count = max * part / 1000 * part / 1000 * part / 1000
            let first = random.below(source.count - count)
            return Array(source[first..<(first + count)])
        }
        for _ in 0..<3000 {
            switch random.below(8) {
            case 0:
                let new = bytes(2000)
                new.withView { chain.append($0, heap) }
                model += new
            case 1:
                let new = bytes(6000)
                guard !new.isEmpty else { continue }
                let (used, memory) = (heap.usedBytes, chain.memoryBytes)
                let fits = chain.growth(for: new.count) == 0 && new.count < ByteChain.sharedBytesMin
                let isDone = new.withView { chain.appendInPlace($0) }
                #expect(isDone == (fits && memory > 0))
                #expect(heap.usedBytes == used && chain.memoryBytes == memory)
                if isDone { model += new }
            case 2:
                let new = bytes(600_000)
                new.withView { chain.append($0, heap) }
                model += new
            case 3:
                let new = bytes(50_000)
                let shared = block(heap, new)
                let from = random.below(new.count + 1)
                chain.append(shared, from: from, heap)
                shared.release(heap)
                model += new.dropFirst(from)
            case 4:
                let new = bytes(100_000)
                new.withView { other.append($0, heap) }
                otherModel += new
            case 5:
                chain.append(all: &other, heap)
                #expect(other.isEmpty && other.memoryBytes == 0)
                model += otherModel
                otherModel = []
            case 6:
                let count = random.below(model.count + 1)
                chain.drop(first: count, heap)
                model.removeFirst(count)
            default:
                #expect(chain.first.array == Array(model.prefix(chain.first.count)))
            }
            chain.checkInvariants()
            other.checkInvariants()
            #expect(chain.count == model.count && chain.isEmpty == model.isEmpty)
            #expect(contents(chain, max: 3) == Array(model.prefix(contents(chain, max: 3).count)))
            // Whoever holds a block alone is charged with all of it: the sum is what the heap gave.
            #expect(heap.usedBytes >= chain.memoryBytes + other.memoryBytes)
        }
        #expect(contents(chain) == model)
        chain.drop(heap)
        other.drop(heap)
        #expect(heap.usedBytes == 0)
    }

    /// A long chain of small pieces takes little more than their bytes, also when it grows by short chains.
    @Test(arguments: [1, 30, 400]) func itIsCompact(_ perTurn: Int) {
        let heap = Heap()
        var chain = ByteChain()
        let message = [UInt8](repeating: 65, count: 31)
        for _ in 0..<(60_000 / perTurn) {
            var turn = ByteChain()
            for _ in 0..<perTurn { message.withView { turn.append($0, heap) } }
            chain.append(all: &turn, heap)
        }
        chain.checkInvariants()
        #expect(chain.count > 1_800_000 && chain.memoryBytes < chain.count * 6 / 5)
        #expect(heap.usedBytes < chain.count * 6 / 5)
        #expect(chain.memoryBytes <= heap.usedBytes)
        chain.drop(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func largeBlocksAreShared() {
        let heap = Heap()
        let shared = block(heap, [UInt8](repeating: 7, count: 100_000))
        let before = heap.usedBytes
        var one = ByteChain()
        var two = ByteChain()
        one.append(shared, heap)
        two.append(shared, from: 60_000, heap)
        #expect(heap.usedBytes - before < 200 && shared.isShared)
        #expect(one.memoryBytes > 100_000 && two.count == 40_000)
        #expect(one.growth(for: 10) == 10)
        one.drop(first: 100_000, heap)
        two.drop(heap)
        #expect(!shared.isShared && heap.usedBytes == before)
        shared.release(heap)
    }

    @Test func growth() {
        let heap = Heap()
        var chain = ByteChain()
        #expect(chain.growth(for: 100) == 100)
        [UInt8](repeating: 1, count: 100).withView { chain.append($0, heap) }
        #expect(chain.memoryBytes == 512 && chain.growth(for: 380) == 0 && chain.growth(for: 381) == 1)
        chain.drop(heap)
    }
}
