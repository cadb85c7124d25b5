// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Persistence

@Suite struct BatchMarkTests {
    private func line(_ mark: BatchMark, _ data: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        data.withView { view in BatchMark.write(mark, [view]) { out.append($0) } }
        return out
    }

    private func read(_ line: [UInt8]) -> BatchMark? {
        Array(line.dropLast(2)).withView { BatchMark(line: $0) }
    }

    private func data(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8(random.below(256)) }
    }

    @Test func aMarkCoversWhatWasWritten() throws {
        var random = SeededRandom(seed: 9)
        for count in [0, 1, 100, 512, 513, 5000, 30_000, 100_000] {
            var mark = BatchMark()
            (mark.at, mark.back, mark.count) = (random.below(100_000), random.below(500), count)
            (mark.synced, mark.position) = (random.below(1000), UInt64(random.below(1 << 40)))
            let data = data(count, &random)
            mark.backSum = 77
            let line = line(mark, data)
            #expect(line.count < 1024, "Redis reads remarks of at most 1024 bytes")
            #expect(line.suffix(2) == [13, 10])
            let back = try #require(read(line))
            #expect(
                (back.at, back.back, back.count, back.synced) == (mark.at, mark.back, count, mark.synced)
                    && back.position == mark.position && back.backSum == 77)
            let text = Array(line.dropLast(2))
            data.withView { data in
                text.withView { text in
                    #expect(back.covers(data, line: text))
                }
            }
        }
    }

    /// Each single bit of a batch and of its mark that is turned over is noticed.
    @Test func everyBitCounts() {
        var random = SeededRandom(seed: 4)
        var mark = BatchMark()
        (mark.at, mark.count) = (1000, 700)
        let data = data(700, &random)
        let line = Array(line(mark, data).dropLast(2))
        func isSound(_ line: [UInt8], _ data: [UInt8]) -> Bool {
            line.withView { line in
                guard let mark = BatchMark(line: line), mark.at == 1000 else { return false }
                return data.withView { mark.covers($0, line: line) }
            }
        }
        #expect(isSound(line, data))
        for bit in 0..<(line.count * 8) {
            var broken = line
            broken[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isSound(broken, data), "bit \(bit) of the line")
        }
        for bit in 0..<(data.count * 8) {
            var broken = data
            broken[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!isSound(line, broken), "bit \(bit)")
        }
    }

    /// Of a batch that was cut off everything is sound but what a sector has lost.
    @Test func theFrontOfATornBatchIsKnown() throws {
        var random = SeededRandom(seed: 5)
        for at in [0, 17, 500, 511, 512, 100_000] {
            var mark = BatchMark()
            (mark.at, mark.count) = (at, 4000)
            let data = data(4000, &random)
            let line = line(mark, data)
            let back = try #require(read(line))
            let from = at + line.count
            for there in [0, 1, 300, 512, 1024, 3000, 3999] {
                let front = Array(data.prefix(there))
                #expect(front.withView { back.soundPrefix(of: $0, from: from) } == there)
                // The sector that holds the byte 700 was never written.
                guard there > 1300 else { continue }
                let lost = (from + 700) / 512 * 512 - from
                var torn = front
                for index in max(0, lost)..<(lost + 512) { torn[index] = 0 }
                #expect(torn.withView { back.soundPrefix(of: $0, from: from) } == max(0, lost))
            }
        }
    }

    @Test func whatIsNoMark() {
        for text in [
            "#NT:1", "#NT:2 0 0 0 0 0 0 - 00000000", "#NT:1 0 0 0 0 0 0 -", "#NT:1 g 0 0 0 0 0 - 00000000",
            "#TS:17",
        ] {
            #expect(Array(text.utf8).withView { BatchMark(line: $0) } == nil, "\(text)")
        }
        for text in ["#NT:1 0 0\r\n", "#NT:x\r\n"] {
            Array(text.utf8).withView {
                if case .bad = LogScanner.scan($0, from: 0) { return }
                Issue.record("a broken mark passes")
            }
        }
    }
}
