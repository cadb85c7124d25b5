// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// Tables that are made for many entries.
@Suite struct TableSizeTests {
    private func add(_ range: Range<Int>, to table: Table, _ store: Store) {
        for id in range {
            Array("entry \(id)".utf8).withView { key in
                let entry = store.heap.allocate(1 + key.count)
                entry.setU8(0, UInt8(key.count))
                (entry + 1).copy(from: key)
                table.insert(entry, Table.hash(key, store), store)
            }
        }
    }

    private func free(_ table: Table, _ store: Store) {
        while !table.drain(max: 1000, store, { store.heap.free($0, 1 + Int($0.u8(0))) }) {}
        table.destroy(store)
    }

    /// A table that was told is no larger than one that grew by itself, and hardly any segment splits.
    @Test(arguments: [0, 1, 5, 300, 340, 341, 1000, 5000, 40_000])
    func whatIsExpectedHasItsPlace(count: Int) {
        let store = Store(key: HashKey(low: 5, high: 6))
        let startBytes = store.heap.usedBytes
        let grown = Table.create(store, keyOffset: 0)
        add(0..<count, to: grown, store)
        let table = Table.create(store, keyOffset: 0, expecting: count)
        table.checkInvariants(store)
        let segments = table.segmentCount
        add(0..<count, to: table, store)
        table.checkInvariants(store)
        #expect(table.count == count)
        #expect(table.segmentCount <= segments + segments / 8 + 1)
        #expect(table.bytes <= grown.bytes + grown.bytes / 6 + 512)
        // It grows on as any other does, and shrinks.
        add(count..<(2 * count + 100), to: table, store)
        table.checkInvariants(store)
        free(grown, store)
        free(table, store)
        #expect(store.heap.usedBytes == startBytes)
    }

    /// What is expected may be wrong: a table that nothing comes to is bounded, and goes back to one segment.
    @Test(arguments: [Int.max, 1 << 40, -1, Int.min]) func expectationsMayBeWrong(expected: Int) {
        let store = Store(key: HashKey(low: 5, high: 6))
        let startBytes = store.heap.usedBytes
        let table = Table.create(store, keyOffset: 0, expecting: expected)
        #expect(table.bytes < 16 << 20)
        add(0..<1, to: table, store)
        var position: UInt64 = 0
        repeat { position = table.tidy(from: position, max: 100, store) } while position != 0
        while table.isResizing { _ = table.tidy(from: 0, max: 1, store) }
        table.checkInvariants(store)
        #expect(table.segmentCount == 1 && table.depth == 0)
        free(table, store)
        #expect(store.heap.usedBytes == startBytes)
    }
}
