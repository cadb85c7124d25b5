// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

@Suite struct ListpackExTests {
    /// The list under test beside an array that it must equal.
    struct Pair {
        struct Field: Equatable {
            var name: [UInt8]
            var value: [UInt8]
            var deadline: Int64
        }

        let store = Store(key: HashKey(low: 1, high: 2), nowMs: 1_700_000_000_000)
        var list: ListpackEx
        var model: [Field] = []
        var random: SeededRandom
        var nowMs: Int64 = 1_700_000_000_000
        /// Any address: nobody looks there.
        private let holder: Address
        private let startBytes: Int

        init(seed: UInt64, isHeld: Bool) {
            random = SeededRandom(seed: seed)
            startBytes = store.heap.usedBytes
            list = ListpackEx.adopt(Listpack.create(store.heap), store.heap)
            holder = store.heap.allocate(8)
            if isHeld { list.take(holder: holder, store) }
        }

        func end() {
            list.free(store)
            store.heap.free(holder, 8)
            #expect(store.heap.usedBytes == startBytes, "bytes leaked")
        }

        private mutating func anyDeadline() -> Int64 {
            switch random.below(9) {
            case 0: Table.noDeadline
            case 1: nowMs
            case 2: Int64(random.next() >> 2)
            case 3: Table.noDeadline - 1
            case 4: 0
            case 5: nowMs + 200
            case 6: nowMs + Int64(random.below(100_000_000))
            default: nowMs + 1 + Int64(random.below(300))
            }
        }

        mutating func step() {
            switch random.below(10) {
            case 0...2: append()
            case 3: replace()
            case 4: remove()
            case 5...7: setDeadlines()
            case 8: pass()
            default: copy()
            }
            check()
        }

        private mutating func append() {
            let name = Array("f\(random.next() % 100_000)".utf8)
            guard model.count < 80, !model.contains(where: { $0.name == name }) else { return }
            let value = random.packedText(longMax: 600)
            name.withView { name in value.withView { list.append(name, $0, store) } }
            model.append(Field(name: name, value: value, deadline: Table.noDeadline))
        }

        private func find(_ index: Int) -> Listpack.Pair {
            guard let pair = model[index].name.withView({ list.pairs.findPair($0) }) else {
                preconditionFailure("a pair is gone")
            }
            #expect(pair.index == index)
            return pair
        }

        private mutating func replace() {
            guard !model.isEmpty else { return }
            let index = random.below(model.count)
            model[index].value = random.packedText(longMax: 600)
            let pair = find(index)
            model[index].value.withView { list.replaceValue(pair, with: $0, store) }
        }

        private mutating func remove() {
            guard !model.isEmpty else { return }
            if random.below(3) > 0 {
                let index = random.below(model.count)
                list.remove(find(index), store)
                model.remove(at: index)
                return
            }
            let gone = model.indices.filter { _ in random.below(3) == 0 }
            list.remove(gone.map { find($0) }, store)
            for index in gone.reversed() { model.remove(at: index) }
        }

        private mutating func setDeadlines() {
            guard !model.isEmpty else { return }
            let together = random.below(2) == 0 ? anyDeadline() : nil
            for index in model.indices where random.below(together == nil ? 6 : 2) == 0 || model.count < 3 {
                let deadline = together ?? anyDeadline()
                list.setDeadline(index, deadline, store)
                model[index].deadline = deadline
            }
        }

        private mutating func pass() {
            nowMs += Int64(random.below(300))
            store.wheel.advance(toMs: nowMs)
            let due = list.duePairs(nowMs: nowMs, max: 1 + random.below(20))
            #expect(
                due.map(\.index)
                    == Array(model.indices.filter { model[$0].deadline <= nowMs }.prefix(due.count)))
            #expect(due.isEmpty == !model.contains { $0.deadline <= nowMs })
            if list.holder.isNull {
                #expect(!store.wheel.hasDue)
            } else if !due.isEmpty {
                guard case .packed(let shown) = store.wheel.due else {
                    return #expect(Bool(false), "nothing is due")
                }
                #expect(shown.at == list.at)
            }
            list.remove(due, store)
            for pair in due.reversed() { model.remove(at: pair.index) }
        }

        private mutating func copy() {
            let second = list.copy(store.heap)
            #expect(second.holder.isNull && !store.wheel.holds(node: second.at))
            let isHeld = !list.holder.isNull
            list.free(store)
            list = second
            if isHeld { list.take(holder: holder, store) }
        }

        private func check() {
            list.checkInvariants(store)
            var shown: [Field] = []
            var next = list.pairs.firstPair
            while let pair = next {
                shown.append(
                    Field(
                        name: list.pairs[pair.name].array, value: list.pairs[pair.value].array,
                        deadline: list.deadline(pair.index)))
                next = list.pairs.nextPair(pair)
            }
            #expect(shown == model)
            #expect(list.count == model.count)
            #expect(list.volatileCount == model.count { $0.deadline != Table.noDeadline })
        }
    }

    @Test(arguments: [true, false]) func randomEditsMatchAnArray(isHeld: Bool) {
        var pair = Pair(seed: packedSeed(), isHeld: isHeld)
        for _ in 0..<6000 { pair.step() }
        pair.end()
    }

    /// Deadlines that were given together take no byte each.
    @Test func equalDeadlinesAreFree() {
        let store = Store(key: HashKey(low: 1, high: 2))
        var pairs = Listpack.create(store.heap)
        for i in 0..<10 {
            pairs.append(.init(ByteView("field")), store.heap)
            pairs.append(.integer(Int64(i)), store.heap)
        }
        let plain = pairs.byteCount
        var list = ListpackEx.adopt(pairs, store.heap)
        for i in 0..<10 { list.setDeadline(i, 5_000, store) }
        #expect(list.byteCount == plain + 33)
        list.setDeadline(3, 5_200, store)
        #expect(list.byteCount == plain + 33 + 10)
        list.setDeadline(3, 5_000 + 3_600_000, store)
        #expect(list.byteCount == plain + 33 + 30)
        list.setDeadline(3, 5_000, store)
        list.settleEarliest(store)
        #expect(list.byteCount == plain + 33)
        list.free(store)
    }

    /// A wheel that holds both kinds of nodes says of each what it is, wherever it has been meanwhile.
    @Test func theWheelKnowsKinds() {
        let store = Store(key: HashKey(low: 1, high: 2), nowMs: 1000)
        var lists: [ListpackEx] = []
        var segments: [Address] = []
        var random = SeededRandom(seed: 4)
        for _ in 0..<200 {
            var list = ListpackEx.adopt(Listpack.create(store.heap), store.heap)
            list.append(ByteView("f"), ByteView("v"), store)
            list.take(holder: list.at, store)
            list.setDeadline(0, 1000 + Int64(random.below(1 << 20)), store)
            lists.append(list)
            let segment = store.heap.allocateZeroed(SegmentField.size)
            segment.setI64(SegmentField.earliest, 1000 + Int64(random.below(1 << 20)))
            store.wheel.schedule(segment)
            segments.append(segment)
        }
        var nowMs: Int64 = 1000
        var seen = 0
        while let next = store.wheel.nextEventMs {
            nowMs = max(nowMs, next)
            store.wheel.advance(toMs: nowMs)
            while let due = store.wheel.due {
                seen += 1
                switch due {
                case .segment(let segment):
                    #expect(segments.contains(segment) && segment.i64(SegmentField.earliest) <= nowMs)
                    store.wheel.remove(segment)
                case .packed(let list):
                    #expect(lists.contains { $0.at == list.at } && list.earliest <= nowMs)
                    store.unschedule(list)
                }
            }
        }
        #expect(seen == 400)
        for list in lists { list.free(store) }
        for segment in segments { store.heap.free(segment, SegmentField.size) }
    }
}
