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
        if isTable, count <= self.count / 4 {
            var draw = DistinctDraw(count)
            while !draw.isDone {
                let entry = table.random(&random)
                if draw.takes(entry.bits) { visit(Table.key(entry)) }
            }
            return
        }
        var sampler = Sampler(picks: count, of: self.count)
        forEachWhile { member in
            if sampler.takesNext(&random) { visit(member) }
            return !sampler.isDone
        }
    }
}
