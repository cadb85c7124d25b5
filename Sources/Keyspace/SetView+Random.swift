// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

extension SetView {
    /// Visits `count` different members, every choice being equally likely; `count` is at most the number of members.
    ///
    /// A few members of a large table are drawn and drawn again when they repeat; otherwise one pass over the set picks
    /// as it goes.
    public func forEachRandom(_ count: Int, _ random: inout SeededRandom, _ visit: (ByteView) -> Void) {
        precondition(count >= 0 && count <= self.count, "more members wanted than there are")
        guard count > 0 else { return }
        if isTable, count <= self.count / 4 { return drawDistinct(count, &random, visit) }
        var sampler = Sampler(picks: count, of: self.count)
        forEachWhile { member in
            if sampler.takesNext(&random) { visit(member) }
            return !sampler.isDone
        }
    }

    /// Draws with a memory of what was drawn: an open-addressing table of entries, less than half full.
    private func drawDistinct(_ count: Int, _ random: inout SeededRandom, _ visit: (ByteView) -> Void) {
        var bits: UInt64 = 4
        while 1 << bits < count * 2 { bits += 1 }
        let mask = (1 << Int(bits)) - 1
        var drawn = [UInt](repeating: 0, count: mask + 1)
        var left = count
        while left > 0 {
            let entry = table.random(&random)
            var at = Int(truncatingIfNeeded: (UInt64(entry.bits) &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
            while drawn[at] != 0, drawn[at] != entry.bits { at = (at + 1) & mask }
            guard drawn[at] == 0 else { continue }
            drawn[at] = entry.bits
            visit(Table.key(entry))
            left -= 1
        }
    }
}
