// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// How deadlines are kept beside the slots.
@Suite struct TableDeadlineTests {
    /// Bytes of each deadline in the segments of a table, 0 for pairs.
    private func widths(_ table: Table) -> Swift.Set<Int> {
        Swift.Set((0..<table.segmentCount).map { Int(table.segmentAt($0).u8(SegmentField.dense)) })
    }

    @Test func formsReachFromEndToEnd() {
        let ends: [Int64] = [Int64.min, Int64.min + 1, -1, 0, 1, 1_700_000_000_000, Table.noDeadline - 1]
        for earliest in ends {
            for span: UInt64 in [0, 1, 3 << 30, 3 << 30 + 1, 1 << 32, UInt64.max - 1] {
                let (latest, isOver) = earliest.addingReportingOverflow(Int64(bitPattern: span))
                let isWrong = span > UInt64(Int64.max) ? latest < earliest : isOver
                if isWrong || latest == Table.noDeadline { continue }
                let form = Table.DenseForm(from: earliest, through: latest)
                #expect(form.width == (span <= 3 << 30 ? 4 : 8))
                guard form.width == 4 else { continue }
                #expect(form.base <= earliest)
                #expect(UInt64(bitPattern: latest &- form.base) < UInt64(UInt32.max))
            }
        }
    }

    /// Deadlines within a month take four bytes for each slot; with one a year away its segment takes eight, and four
    /// again when it is filled anew.
    @Test func fourBytesAreEnoughForAMonth() {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<4000 { pair.insert(id) }
        let month: Int64 = 30 * 86_400_000
        for id in 0..<4000 {
            pair.setDeadline(id, pair.nowMs + 1 + Int64(pair.random.below(Int(month))))
        }
        #expect(widths(pair.table) == [4])
        #expect(pair.table.ownBytes().deadlines < 4000 * 6)
        pair.check()

        pair.setDeadline(17, pair.nowMs + 12 * month)
        #expect(widths(pair.table) == [4, 8])
        pair.check()
        pair.setDeadline(17, pair.nowMs + month)
        for id in 4000..<8000 { pair.insert(id) }
        #expect(widths(pair.table).contains(4) && !widths(pair.table).contains(8))
        pair.check()
        pair.finish()
    }

    /// Time goes on for a year, and with it the deadlines: they stay in four bytes.
    @Test func theBaseMovesAlong() {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<300 { pair.insert(id) }
        for round in 0..<1500 {
            for id in stride(from: round % 3, to: 300, by: 3) {
                pair.setDeadline(id, pair.nowMs + Int64(pair.random.below(86_400_000)) + 86_400_000)
            }
            if round > 3 { #expect(widths(pair.table) == [4]) }
            if round % 50 == 0 { pair.check() }
            pair.advance(by: 21_600_000)
        }
        #expect(pair.count == 300)
        pair.finish()
    }

    /// Deadlines from one end of the numbers to the other, all the time.
    @Test func deadlinesFromEndToEnd() {
        let pair = TablePair(seed: packedSeed())
        for id in 0..<1000 { pair.insert(id) }
        let ends: [Int64] = [
            Int64.min, Int64.min + 1, -1, 0, 1, 1_700_000_000_000, Table.noDeadline - 2, Table.noDeadline - 1,
        ]
        for step in 0..<6000 {
            let id = pair.random.below(1000)
            let deadline = pair.random.below(3) == 0 ? Table.noDeadline : ends[pair.random.below(ends.count)]
            pair.setDeadline(id, deadline)
            if step % 500 == 0 { pair.check() }
        }
        for id in 1000..<4000 { pair.insert(id) }
        pair.check()
        pair.advance(by: 0)
        pair.finish()
    }
}
