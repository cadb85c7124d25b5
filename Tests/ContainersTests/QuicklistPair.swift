// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

/// A quicklist beside an array that must say the same after every step, with cuts under way meanwhile.
final class QuicklistPair {
    private struct OpenCut {
        let lane: Int
        var position: UInt64? = 0
        let expected: [[UInt8]]
        var seen: [[UInt8]] = []
    }
    /// How likely each kind of step is, in parts of their sum.
    struct Weights {
        var push = 20
        var pop = 12
        var insert = 12
        var set = 8
        var remove = 4
        var removeEqual = 2
        var read = 4
        var walk = 2
        var defragment = 1
        var options = 0
        var cut = 0
    }

    let store: Store
    let list: Quicklist
    var random: SeededRandom
    private(set) var model: [[UInt8]] = []
    private var cuts: [OpenCut] = []
    private(set) var cutsFinished = 0
    private let startBytes: Int
    /// How many bytes large elements have at most.
    private let largest: Int

    init(seed: UInt64, fill: Int, compressDepth: Int, largest: Int = 40_000) {
        random = SeededRandom(seed: seed)
        self.largest = largest
        store = Store(key: HashKey(seed: random.next(), isShared: false))
        startBytes = store.heap.usedBytes
        list = Quicklist.create(fill: fill, compressDepth: compressDepth, store)
    }

    /// Numbers, short and long texts; some that compress well, a few that are too large for a listpack.
    private func element() -> [UInt8] {
        switch random.below(40) {
        case 0: return [UInt8](repeating: 120, count: random.below(largest))
        case 1: return (0..<random.below(9000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case 2..<6: return (0..<random.below(200)).map { _ in UInt8(97 + random.below(3)) }
        case 6: return []
        case 7..<14: return Array("\(random.integer())".utf8)
        default: return Array("\(random.below(500))".utf8)
        }
    }

    // MARK: Steps

    func step(_ weights: Weights) {
        let all = [
            weights.push, weights.pop, weights.insert, weights.set, weights.remove, weights.removeEqual,
            weights.read, weights.walk, weights.defragment, weights.options, weights.cut,
        ]
        var pick = random.below(all.reduce(0, +))
        var kind = 0
        while pick >= all[kind] {
            pick -= all[kind]
            kind += 1
        }
        switch kind {
        case 0: push(element(), front: random.below(2) == 0)
        case 1: pop()
        case 2: insert()
        case 3: set()
        case 4: remove()
        case 5: removeEqual()
        case 6: read()
        case 7: walk()
        case 8: defragment()
        case 9:
            list.fill = [-5, -2, -1, 1, 3, 128, 32_767][random.below(7)]
            list.compressDepth = random.below(4)
            list.settle(nil, store)
        default: cut()
        }
    }

    /// Lends an element's bytes, now and then in a block to be adopted.
    private func lend(_ bytes: [UInt8], _ body: (ByteView, Block?) -> Void) {
        guard bytes.count >= Block.adoptBytesMin, random.below(2) == 0 else {
            return bytes.withView { body($0, nil) }
        }
        let block = bytes.withView { Block.create(copying: $0, store.heap) }
        body(block.view, block)
        block.release(store.heap)
    }

    func push(_ bytes: [UInt8], front: Bool) {
        lend(bytes) { view, block in
            if front {
                list.pushFront(view, adopting: block, store)
            } else {
                list.pushBack(view, adopting: block, store)
            }
        }
        model.insert(bytes, at: front ? 0 : model.count)
    }

    private func pop() {
        guard !model.isEmpty else { return #expect(list.count == 0) }
        let index = random.below(2) == 0 ? 0 : model.count - 1
        list.remove(from: index, count: 1, store)
        model.remove(at: index)
    }

    private func insert() {
        let (bytes, index) = (element(), random.below(model.count + 1))
        lend(bytes) { list.insert($0, adopting: $1, at: index, store) }
        model.insert(bytes, at: index)
    }

    private func set() {
        guard !model.isEmpty else { return }
        let (bytes, index) = (element(), random.below(model.count))
        lend(bytes) { list.set(index, $0, adopting: $1, store) }
        model[index] = bytes
    }

    func remove(_ wanted: Range<Int>? = nil) {
        guard !model.isEmpty else { return }
        let from = random.below(model.count)
        let length = random.below(random.below(6) == 0 ? model.count - from + 1 : 5)
        let range = wanted ?? from..<min(model.count, from + length)
        list.remove(from: range.lowerBound, count: range.count, store)
        model.removeSubrange(range)
    }

    private func removeEqual() {
        guard !model.isEmpty else { return }
        let text = model[random.below(model.count)]
        let (limit, backward) = ([1, 2, 5, Int.max][random.below(4)], random.below(2) == 0)
        let indices = model.indices.filter { model[$0] == text }
        let gone = backward ? indices.suffix(limit) : indices.prefix(limit)
        let removed = text.withView { list.remove(equalTo: $0, limit: limit, backward: backward, store) }
        #expect(removed == gone.count)
        for index in gone.reversed() { model.remove(at: index) }
    }

    private func read() {
        guard !model.isEmpty else { return }
        let index = random.below(model.count)
        #expect(list.withElement(index, store) { $0.withText(\.array) } == model[index])
    }

    private func walk() {
        guard !model.isEmpty else { return }
        let (from, wanted) = (random.below(model.count), 1 + random.below(300))
        var seen: [[UInt8]] = []
        list.forEach(from: from, store) {
            seen.append($0.withText(\.array))
            return seen.count < wanted
        }
        #expect(seen == Array(model[from...].prefix(wanted)))
        seen = []
        list.forEachBackward(from: from, store) {
            seen.append($0.withText(\.array))
            return seen.count < wanted
        }
        #expect(seen == Array(model[...from].reversed().prefix(wanted)))
    }

    private func defragment() {
        store.heap.isShaken = true
        let mover = Mover(store.heap)
        var position: UInt64? = 0
        while let from = position { position = list.defragment(from: from, mover) }
        store.heap.isShaken = false
    }

    // MARK: Cuts

    private func cut() {
        if cuts.count < Store.laneCount, cuts.isEmpty || random.below(20) == 0 {
            guard let lane = store.openLane() else { return }
            list.join(lane)
            return cuts.append(OpenCut(lane: lane, expected: model))
        }
        let i = random.below(cuts.count)
        if let position = cuts[i].position, random.below(60) > 0 {
            var seen: [[UInt8]] = []
            let next = list.walkUnits(from: position, cuts[i].lane, store, max: 1 + random.below(300)) {
                $0.forEach { seen.append($0.withText(\.array)) }
            }
            cuts[i].seen += seen
            cuts[i].position = next
            return
        }
        // Walked to its end, or given up.
        let (seen, expected) = (cuts[i].seen, cuts[i].expected)
        #expect(Array(expected.prefix(seen.count)) == seen, "a cut shows what was not there, or out of order")
        if cuts[i].position == nil {
            #expect(seen.count == expected.count, "a cut missed elements")
            cutsFinished += 1
        }
        list.leave(cuts[i].lane, store)
        store.closeLane(cuts[i].lane)
        cuts.remove(at: i)
    }

    // MARK: Checks

    func check() {
        list.checkInvariants(store)
        store.heap.checkInvariants()
        #expect(list.count == model.count)
        let lent = store.heap.usedBytes - startBytes
        // Malloc rounds large pieces up; blocks may be kept by two nodes.
        if cuts.isEmpty {
            #expect(lent >= list.bytes && lent <= 2 * list.bytes, "the ledger is off")
        }
    }

    func finish() {
        while !cuts.isEmpty { cut() }
        check()
        var index = 0
        if !model.isEmpty {
            list.forEach(from: 0, store) {
                #expect($0.withText(\.array) == model[index])
                index += 1
                return true
            }
        }
        #expect(index == model.count)
        while list.drain(max: 1 + random.below(1000), store) > 0 {}
        list.destroy(store)
        #expect(store.heap.usedBytes == startBytes, "bytes leaked")
    }
}
