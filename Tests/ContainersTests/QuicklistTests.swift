// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

@Suite struct QuicklistTests {
    /// Invariants after every step, on lists of a few nodes, under every kind of limit.
    @Test(arguments: [(1, 0), (3, 1), (128, 0), (-1, 1), (-2, 2), (-5, 0)])
    func smallLists(fill: Int, compressDepth: Int) {
        let pair = QuicklistPair(seed: packedSeed(), fill: fill, compressDepth: compressDepth)
        for step in 0..<2500 {
            var weights = QuicklistPair.Weights(cut: step / 400 % 2 * 4)
            if step / 500 % 2 == 1 { weights.pop = 40 }
            pair.step(weights)
            pair.check()
        }
        pair.finish()
    }

    /// A hundred thousand steps on thousands of elements, growing and shrinking, with cuts half of the time and limits
    /// that change.
    @Test func growsAndShrinks() {
        let pair = QuicklistPair(seed: packedSeed(), fill: -1, compressDepth: 0, largest: 6000)
        var most = 0
        for step in 0..<100_000 {
            let grows = step / 20_000 % 2 == 0
            let weights = QuicklistPair.Weights(
                push: grows ? 60 : 10, pop: grows ? 5 : 40, remove: step % 40 == 0 ? 4 : 0,
                removeEqual: step % 20 == 0 ? 4 : 0, walk: 1, defragment: step % 1000 == 0 ? 5 : 0,
                options: step % 100 == 0 ? 5 : 0, cut: step / 5000 % 2 * 3)
            pair.step(weights)
            if step % 2500 == 0 { pair.check() }
            most = max(most, pair.list.nodeCount)
        }
        #expect(pair.cutsFinished > 1 && most > 100)
        pair.finish()
    }

    private func free(_ list: Quicklist, _ store: Store) {
        while list.drain(max: 1000, store) > 0 {}
        list.destroy(store)
    }

    /// The limits of nodes, as `list-max-listpack-size` says them.
    @Test func nodesObeyTheirLimit() {
        let expected = [(-1, 4096), (-2, 8192), (-3, 16384), (-4, 32768), (-5, 65536), (10_000, 8192)]
        for (fill, bytesMax) in expected {
            let store = Store(key: HashKey(seed: 1, isShared: false))
            let list = Quicklist.create(fill: fill, compressDepth: 0, store)
            let text = [UInt8](repeating: 97, count: 98)
            for _ in 0..<3000 { text.withView { list.pushBack($0, store) } }
            // An entry of 98 bytes takes 102: a header of two, and the length behind.
            let perNode = (bytesMax - 7) / 101
            #expect(list.nodeCount == (3000 + perNode - 1) / perNode, "fill \(fill)")
            free(list, store)
        }
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let list = Quicklist.create(fill: 5, compressDepth: 0, store)
        for _ in 0..<100 { list.pushFront(ByteView("x"), store) }
        #expect(list.nodeCount == 20)
        free(list, store)
    }

    /// Popping joins the first two nodes, and the third is then within the depth of its end.
    @Test func poppingLaysOpenWhatComesToTheEnd() {
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let list = Quicklist.create(fill: -1, compressDepth: 2, store)
        let text = [UInt8](repeating: 97, count: 500)
        for _ in 0..<80 { text.withView { list.pushBack($0, store) } }
        list.checkInvariants(store)
        while list.count > 1 {
            list.remove(from: list.count % 3 == 0 ? list.count - 1 : 0, count: 1, store)
            list.checkInvariants(store)
        }
        free(list, store)
    }

    /// Where the ends take in the whole list nothing is compressed, and what was is laid open once.
    @Test func aDepthBeyondTheList() {
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let list = Quicklist.create(fill: 1, compressDepth: 3, store)
        let text = [UInt8](repeating: 97, count: 200)
        for _ in 0..<20 { text.withView { list.pushBack($0, store) } }
        #expect(list.root.u8(QuicklistField.hasCompressed) == 1)
        for _ in 0..<14 { list.remove(from: 0, count: 1, store) }
        list.checkInvariants(store)
        #expect(list.nodeCount == 6 && list.root.u8(QuicklistField.hasCompressed) == 0)
        free(list, store)
    }

    /// The middle of a long list is compressed, its ends are not, and it reads as before.
    @Test func theMiddleIsCompressed() {
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let (plain, compressed) = (
            Quicklist.create(fill: -2, compressDepth: 0, store),
            Quicklist.create(fill: -2, compressDepth: 2, store)
        )
        for number in 0..<50_000 {
            let text = Array("a line of a log that looks like the one before, \(number)".utf8)
            for list in [plain, compressed] { text.withView { list.pushBack($0, store) } }
        }
        compressed.checkInvariants(store)
        #expect(compressed.bytes * 2 < plain.bytes)
        for index in stride(from: 0, to: 50_000, by: 777) {
            let (left, right) = (
                plain.withElement(index, store) { $0.withText(\.array) },
                compressed.withElement(index, store) { $0.withText(\.array) }
            )
            #expect(left == right)
        }
        for list in [plain, compressed] { free(list, store) }
    }

    /// A cut of a list that is emptied and filled again meanwhile shows it as it was, and all memory comes back.
    @Test func aCutOutlivesItsList() throws {
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let startBytes = store.heap.usedBytes
        let list = Quicklist.create(fill: -2, compressDepth: 0, store)
        for number in 0..<100_000 { Array("\(number)".utf8).withView { list.pushBack($0, store) } }
        let lane = try #require(store.openLane())
        list.join(lane)
        var seen: [Int] = []
        func walk(_ position: UInt64) -> UInt64? {
            list.walkUnits(from: position, lane, store, max: 5000) { piece in
                piece.forEach { seen.append(Int(String(decoding: $0.withText(\.array), as: UTF8.self))!) }
            }
        }
        var position = walk(0)
        list.remove(from: 10, count: 99_980, store)
        list.checkInvariants(store)
        for _ in 0..<1000 { list.pushFront(ByteView("new"), store) }
        list.remove(from: 0, count: list.count, store)
        list.checkInvariants(store)
        #expect(list.count == 0 && list.bytes > 300_000)
        while let from = position { position = walk(from) }
        #expect(seen == Array(0..<100_000))
        list.leave(lane, store)
        store.closeLane(lane)
        list.checkInvariants(store)
        list.destroy(store)
        #expect(store.heap.usedBytes == startBytes)
    }

    /// A million elements of 10 bytes: what they take.
    @Test func aMillionElements() {
        let store = Store(key: HashKey(seed: 1, isShared: false))
        let startBytes = store.heap.usedBytes
        let list = Quicklist.create(fill: -2, compressDepth: 0, store)
        let count = 1_000_000
        for number in 0..<count {
            Array("el:\(1_000_000 + number)".utf8).withView { list.pushBack($0, store) }
        }
        let used = Double(store.heap.usedBytes - startBytes) / Double(count)
        print("bytes per element: \(Double(list.bytes) / Double(count)), as lent \(used)")
        #expect(used < 12.5)
        list.checkInvariants(store)
        while list.drain(max: 10_000, store) > 0 {}
        list.destroy(store)
        #expect(store.heap.usedBytes == startBytes)
    }
}
