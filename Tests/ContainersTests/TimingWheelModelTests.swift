// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

@Suite struct TimingWheelModelTests {
    /// Nodes with deadlines near and far against a plain array of deadlines.
    @Test(arguments: [0, 1000, 1_700_000_000_000, Int64(1) << 49])
    func modelAgrees(startMs: Int64) {
        var random = SeededRandom(seed: packedSeed())
        let heap = Heap()
        let startBytes = heap.usedBytes
        do {
            let wheel = TimingWheel(heap: heap, nowMs: startMs)
            let count = 200
            let nodes = (0..<count).map { _ in heap.allocateZeroed(SegmentField.size) }
            var index: [UInt: Int] = [:]
            for (i, node) in nodes.enumerated() { index[node.bits] = i }
            var deadlines = [Int64?](repeating: nil, count: count)
            var nowMs = startMs
            for _ in 0..<30_000 {
                switch random.below(10) {
                case 0...4:
                    let i = random.below(count)
                    let deadline = TimingWheelModelTests.deadline(nowMs, &random)
                    deadlines[i] = deadline == Int64.max ? nil : deadline
                    nodes[i].setI64(TimingWheel.deadlineOffset, deadline)
                    wheel.schedule(nodes[i])
                case 5:
                    let i = random.below(count)
                    deadlines[i] = nil
                    wheel.remove(nodes[i])
                default:
                    nowMs += TimingWheelModelTests.jump(&random)
                    wheel.advance(toMs: nowMs)
                    #expect(wheel.nowMs == nowMs)
                }
                let earliest = deadlines.lazy.compactMap { $0 }.min()
                if let earliest {
                    #expect((wheel.nextEventMs ?? .max) <= max(earliest, nowMs), "the wheel wakes too late")
                }
                if earliest ?? .max > nowMs { #expect(wheel.firstDue.isNull, "due before its time") }
                if random.below(4) == 0 { continue }
                // Take all that is due: exactly those whose deadline has come.
                var taken: Set<Int> = []
                while !wheel.firstDue.isNull {
                    let i = index[wheel.firstDue.bits]!
                    #expect((deadlines[i] ?? .max) <= nowMs)
                    taken.insert(i)
                    wheel.remove(nodes[i])
                }
                for i in 0..<count where (deadlines[i] ?? .max) <= nowMs {
                    #expect(taken.contains(i), "a due node was lost")
                    deadlines[i] = nil
                }
            }
            // However far the rest lies, it falls due in order and on its millisecond.
            while let next = wheel.nextEventMs {
                #expect(next >= wheel.nowMs)
                wheel.advance(toMs: next)
                while !wheel.firstDue.isNull {
                    let i = index[wheel.firstDue.bits]!
                    #expect(deadlines[i]! == max(deadlines[i]!, wheel.nowMs) || deadlines[i]! <= nowMs)
                    deadlines[i] = nil
                    wheel.remove(nodes[i])
                }
            }
            #expect(deadlines.allSatisfy { $0 == nil })
            for node in nodes { heap.free(node, SegmentField.size) }
        }
        #expect(heap.usedBytes == startBytes)
    }

    private static func deadline(_ nowMs: Int64, _ random: inout SeededRandom) -> Int64 {
        switch random.below(12) {
        case 0: nowMs
        case 1: -Int64(random.next() >> 1)
        case 2: nowMs &+ 1
        case 3: Int64.max - Int64(random.below(3))
        case 4: Int64(random.next() >> UInt64(14))
        default: nowMs + Int64(random.next() >> UInt64(14 + random.below(50)))
        }
    }

    private static func jump(_ random: inout SeededRandom) -> Int64 {
        switch random.below(8) {
        case 0: 0
        case 1: Int64(random.next() >> UInt64(20 + random.below(44)))
        default: Int64(random.below(100))
        }
    }
}
