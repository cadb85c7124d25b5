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
                    #expect(deadlines[i]! == wheel.nowMs || deadlines[i]! <= nowMs)
                    deadlines[i] = nil
                    wheel.remove(nodes[i])
                }
            }
            #expect(deadlines.allSatisfy { $0 == nil })
            for node in nodes { heap.free(node, SegmentField.size) }
        }
        #expect(heap.usedBytes == startBytes)
    }

    /// Time jumps forwards and back, and the wheel follows in steps of a few nodes: it never shows a node that is not due,
    /// and shows all that are once it has caught up.
    @Test(arguments: [0, 1_700_000_000_000]) func slicesAgree(startMs: Int64) {
        var random = SeededRandom(seed: packedSeed())
        let heap = Heap()
        let startBytes = heap.usedBytes
        do {
            let wheel = TimingWheel(heap: heap, nowMs: startMs)
            let nodes = (0..<100).map { _ in heap.allocateZeroed(SegmentField.size) }
            let index = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.bits, $0) })
            var deadlines = [Int64?](repeating: nil, count: nodes.count)
            var nowMs = startMs
            var caughtUp = 0
            for _ in 0..<40_000 {
                let i = random.below(nodes.count)
                switch random.below(8) {
                case 0, 1:
                    let deadline = TimingWheelModelTests.deadline(nowMs, &random)
                    deadlines[i] = deadline == Int64.max ? nil : deadline
                    nodes[i].setI64(TimingWheel.deadlineOffset, deadline)
                    wheel.schedule(nodes[i])
                case 2:
                    deadlines[i] = nil
                    wheel.remove(nodes[i])
                case 3:
                    let jump = TimingWheelModelTests.jump(&random) / 2
                    nowMs = random.below(4) == 0 ? max(0, nowMs - jump) : min(nowMs, 1 << 60) + jump
                default: break
                }
                let max = 1 + random.below(12)
                #expect(wheel.advance(toMs: nowMs, max: max) <= max)
                if wheel.isBehind {
                    #expect((wheel.nextEventMs ?? .max) <= nowMs, "work is left, and the wheel sleeps")
                } else {
                    caughtUp += 1
                    #expect(wheel.nowMs == nowMs)
                    let due = deadlines.count { ($0 ?? .max) <= nowMs }
                    #expect(wheel.hasDue == (due > 0), "a due node is not shown")
                }
                guard random.below(3) == 0, !wheel.firstDue.isNull else { continue }
                let first = index[wheel.firstDue.bits]!
                // Where time has been set back since, the node is retired with the others and shown no more.
                #expect((deadlines[first] ?? .max) <= nowMs, "due before its time")
                wheel.remove(nodes[first])
                deadlines[first] = nil
            }
            #expect(caughtUp > 10_000)
            wheel.advance(toMs: Int64.max)
            for i in nodes.indices {
                #expect(wheel.holds(nodes[i]) == (deadlines[i] != nil))
                heap.free(nodes[i], SegmentField.size)
            }
        }
        #expect(heap.usedBytes == startBytes)
    }

    /// A jump of time over ten thousand nodes costs as many steps, in slices of any size.
    @Test func aJumpIsDividedIntoSlices() {
        let heap = Heap()
        let wheel = TimingWheel(heap: heap, nowMs: 1_700_000_000_000)
        let nodes = (0..<10_000).map { _ in heap.allocateZeroed(SegmentField.size) }
        for (i, node) in nodes.enumerated() {
            node.setI64(TimingWheel.deadlineOffset, wheel.nowMs + 1 + Int64(i) * 977)
            wheel.schedule(node)
        }
        for toMs in [wheel.nowMs + 20_000_000, 1_600_000_000_000] {
            var steps = 0
            repeat {
                let taken = wheel.advance(toMs: toMs, max: 50)
                #expect(taken <= 50)
                steps += 1
            } while wheel.isBehind && steps < 10_000
            #expect(!wheel.isBehind && wheel.nowMs == toMs)
            #expect(steps >= 10_000 / 50 && steps < 100_000 / 50)
            #expect(wheel.hasDue == (toMs > 1_700_000_000_000))
        }
        for node in nodes {
            wheel.remove(node)
            heap.free(node, SegmentField.size)
        }
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
