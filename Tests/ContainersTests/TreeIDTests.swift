// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

/// A tree of ids beside a sorted array, with a cut under way now and then.
private final class TreeIDPair {
    private struct ID: Comparable, Hashable {
        let high: UInt64
        let low: UInt64
        static func < (a: ID, b: ID) -> Bool { (a.high, a.low) < (b.high, b.low) }
        var point: TreePoint { .before(id: high, low) }
    }

    private let store = Store(key: HashKey(seed: 1, isShared: false))
    private let tree: Tree
    private let startBytes: Int
    private var random: SeededRandom
    private var model: [ID] = []
    /// What the open cut has still to show: the entry of each id.
    private var owed: [ID: UInt]?
    private var position: UInt64? = 0
    private var lane = 0
    private(set) var cutsFinished = 0

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        startBytes = store.heap.usedBytes
        tree = Tree.create(.id, store)
    }

    private func anyID() -> ID {
        func half(_ bound: Int) -> UInt64 {
            random.below(9) == 0 ? UInt64.max - UInt64(random.below(3)) : UInt64(random.below(bound))
        }
        return ID(high: half(400), low: half(40))
    }

    /// How many ids of the model come before one.
    private func place(_ id: ID) -> Int {
        var (low, high) = (0, model.count)
        while low < high {
            let middle = (low + high) / 2
            if model[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Looks for an id, then adds it or takes it out.
    func step(_ number: Int, grows: Bool) {
        let id = anyID()
        let at = place(id)
        let isThere = at < model.count && model[at] == id
        #expect((tree.find(id: id.high, id.low) == nil) == !isThere)
        #expect(tree.rank(id.point) == at)
        #expect(tree.rank(.after(id: id.high, id.low)) == at + (isThere ? 1 : 0))
        let adds = random.below(grows ? 3 : 5) < 2
        if adds, !isThere {
            preserve(id)
            tree.insert(id: id.high, id.low, Address(bits: UInt(number + 8)), store)
            model.insert(id, at: at)
        } else if !adds, isThere {
            preserve(id)
            #expect(!tree.remove(id: id.high, id.low, store).isNull)
            model.remove(at: at)
        } else if !adds {
            #expect(tree.remove(id: id.high, id.low, store).isNull)
        }
    }

    /// Opens a cut, or goes on with the one that is open.
    func cut() {
        if owed == nil {
            guard random.below(30) == 0, let lane = store.openLane() else { return }
            self.lane = lane
            tree.lanes = 1 << UInt8(lane)
            position = 0
            owed = entries()
            return #expect(owed?.count == model.count)
        }
        if let from = position {
            position = tree.walkUnits(from: from, lane, store, max: 1 + random.below(60), hand)
        } else {
            #expect(owed?.isEmpty == true, "a cut missed entries")
            owed = nil
            tree.lanes = 0
            store.closeLane(lane)
            cutsFinished += 1
        }
    }

    private func entries() -> [ID: UInt] {
        var all: [ID: UInt] = [:]
        var cursor = tree.first
        while let here = cursor {
            all[ID(high: here.id.high, low: here.id.low)] = here.entry.bits
            cursor = here.next
        }
        return all
    }

    private func preserve(_ id: ID) {
        if owed != nil { tree.preserve(tree.unit(of: id.point), lane: lane, store, hand) }
    }

    private func hand(_ cursor: TreeCursor) {
        let id = ID(high: cursor.id.high, low: cursor.id.low)
        #expect(owed?.removeValue(forKey: id) == cursor.entry.bits, "twice, or not as it was")
    }

    func check() { tree.checkInvariants(store) }

    func finish() {
        tree.lanes = 0
        #expect(tree.drain(max: .max, store) { _ in })
        tree.destroy(store)
        #expect(store.heap.usedBytes == startBytes)
    }
}

@Suite struct TreeIDTests {
    /// A hundred thousand steps, growing and shrinking.
    @Test func ids() {
        let pair = TreeIDPair(seed: packedSeed())
        for step in 0..<100_000 {
            pair.step(step, grows: step / 20_000 % 2 == 0)
            if step % 10 == 0 { pair.cut() }
            if step % 50 == 0 { pair.check() }
        }
        #expect(pair.cutsFinished > 3)
        pair.finish()
    }
}
