// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Random picks. Dead fields are passed over, so that every live one has the same chance whoever lies beside it.

extension HashView {
    /// So many dead fields in a row mean that nearly all are dead: then the live ones are counted.
    private static let triesMax = 64

    /// A live field picked uniformly; nil when all are dead. What `body` is lent lives for its time.
    public func withRandomField<R>(
        _ random: inout SeededRandom, _ body: (_ name: ByteView, _ value: FieldValue) -> R
    ) -> R? {
        guard count > 0 else { return nil }
        if isTable {
            for _ in 0..<HashView.triesMax {
                let entry = hash.table.random(&random)
                if isLive(entry) { return lend(entry, body) }
            }
        } else if !mayHoldDead {
            return lend(hash.pairs.seekPair(random.below(count)), body)
        }
        let live = liveCount
        guard live > 0 else { return nil }
        var left = random.below(live)
        var result: R?
        forEachWhile { name, value, _ in
            if left == 0 { result = body(name, value) }
            left -= 1
            return result == nil
        }
        return result
    }

    /// Visits `count` different live fields, every choice being equally likely; `count` is at most `liveCount`.
    ///
    /// A few fields of a large table are drawn and drawn again when they repeat; otherwise one pass over the hash picks
    /// as it goes.
    public func forEachRandom(
        _ count: Int, _ random: inout SeededRandom, _ visit: (_ name: ByteView, _ value: FieldValue) -> Void
    ) {
        let live = liveCount
        precondition(count >= 0 && count <= live, "more fields wanted than there are")
        guard count > 0 else { return }
        if isTable, count <= live / 4, live >= self.count / 2 {
            var draw = DistinctDraw(count)
            while !draw.isDone {
                let entry = hash.table.random(&random)
                if isLive(entry), draw.takes(entry.bits) { lend(entry, visit) }
            }
            return
        }
        var sampler = Sampler(picks: count, of: live)
        forEachWhile { name, value, _ in
            if sampler.takesNext(&random) { visit(name, value) }
            return !sampler.isDone
        }
    }

    private func isLive(_ entry: Address) -> Bool { hash.table.deadline(of: entry, store) > deadMs }

    private func lend<R>(_ entry: Address, _ body: (ByteView, FieldValue) -> R) -> R {
        body(Table.key(entry), Field.value(entry))
    }

    private func lend<R>(_ pair: Listpack.Pair, _ body: (ByteView, FieldValue) -> R) -> R {
        hash.pairs[pair.name].withText { body($0, FieldValue(hash.pairs[pair.value])) }
    }
}
