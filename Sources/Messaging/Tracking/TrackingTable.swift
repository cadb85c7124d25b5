// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine

// Which sessions may keep a copy of which key.
//
// *Layout*. A table of the store, keys at offset 8 of its entries. An entry is one allocation: 0 u32 sessions, 4 u32
// room for sessions, 8 the key behind its length (see `Table`), then the sessions' ids, 8 bytes each, rising. A key of
// 16 bytes that one client has read takes 33 bytes and its slot.
//
// *Invariants*. No entry without a session; ids are unique and rise. Ids of sessions that have gone stay until the key
// changes: whoever takes them has to look.
//
// *Who frees*. `take` frees an entry, `deinit` all of them and the table.

/// The keys that clients have read and may keep copies of, each with the ids of those clients.
final class TrackingTable {
    private let store: Store
    private let table: Table
    /// Pairs of a key and a session.
    private(set) var itemCount = 0

    init(_ store: Store) {
        self.store = store
        table = Table.create(store, keyOffset: 8)
    }

    deinit {
        while !drain(max: 1 << 20) {}
        table.destroy(store)
    }

    /// Frees up to `max` entries of a table that nobody asks any more.
    /// - Returns: true when it is empty.
    func drain(max: Int) -> Bool {
        let heap = store.heap
        return table.drain(max: max, store) { heap.free($0, TrackingTable.bytes($0)) }
    }

    var keyCount: Int { table.count }
    /// Memory of the table and its entries.
    var bytes: Int { table.bytes }

    /// Remembers that a session has read a key.
    func remember(_ key: ByteView, _ id: UInt64) {
        let hash = Table.hash(key, store)
        let slot = table.find(hash, key)
        guard !slot.isNone else {
            let entry = make(key, room: 1)
            entry.setU32(0, 1)
            entry.setU64(TrackingTable.idsOffset(entry), id)
            table.insert(entry, hash, store)
            itemCount += 1
            return
        }
        var entry = slot.entry
        let count = Int(entry.u32(0))
        let place = TrackingTable.place(of: id, entry, count)
        let ids = TrackingTable.idsOffset(entry)
        if place < count, entry.u64(ids + place * 8) == id { return }
        if count == Int(entry.u32(4)) {
            let larger = make(key, room: count * 2)
            (larger + ids).copy(from: entry + ids, count: count * 8)
            table.replace(slot, with: larger)
            free(entry)
            entry = larger
        }
        let at = entry + (ids + place * 8)
        (at + 8).move(from: at, count: (count - place) * 8)
        at.setU64(0, id)
        entry.setU32(0, UInt32(count + 1))
        itemCount += 1
    }

    /// Forgets a key.
    /// - Returns: the ids of the sessions that had read it.
    func take(_ key: ByteView) -> [UInt64] {
        guard table.count > 0 else { return [] }
        let slot = table.find(Table.hash(key, store), key)
        guard !slot.isNone else { return [] }
        let entry = slot.entry
        let at = TrackingTable.idsOffset(entry)
        let ids = (0..<Int(entry.u32(0))).map { entry.u64(at + $0 * 8) }
        table.remove(slot, store)
        free(entry)
        itemCount -= ids.count
        return ids
    }

    /// A key picked at random; nil when there is none.
    func randomKey(_ random: inout SeededRandom) -> [UInt8]? {
        let slot = table.randomSlot(&random)
        return slot.isNone ? nil : Table.key(slot.entry + 8).array
    }

    /// Traps on a broken invariant (tests).
    func checkInvariants() {
        table.checkInvariants(store)
        var items = 0
        table.forEach { entry in
            let count = Int(entry.u32(0))
            let at = TrackingTable.idsOffset(entry)
            precondition(count > 0 && count <= Int(entry.u32(4)), "an entry with a wrong count")
            for i in 1..<max(count, 1) {
                precondition(entry.u64(at + i * 8 - 8) < entry.u64(at + i * 8), "ids do not rise")
            }
            items += count
        }
        precondition(items == itemCount, "a wrong count of items")
    }

    // MARK: Entries

    private func make(_ key: ByteView, room: Int) -> Address {
        let isLong = key.count >= 127
        let bytes = 8 + (isLong ? 5 : 1) + key.count + room * 8
        let entry = store.heap.allocate(bytes)
        entry.setU32(4, UInt32(room))
        entry.setU8(8, isLong ? 127 : UInt8(key.count))
        if isLong { entry.setU32(9, UInt32(key.count)) }
        (entry + (isLong ? 13 : 9)).copy(from: key)
        table.addBytes(Heap.roundedBytes(bytes))
        return entry
    }

    private func free(_ entry: Address) {
        let bytes = TrackingTable.bytes(entry)
        table.addBytes(-Heap.roundedBytes(bytes))
        store.heap.free(entry, bytes)
    }

    private static func bytes(_ entry: Address) -> Int { idsOffset(entry) + Int(entry.u32(4)) * 8 }

    private static func idsOffset(_ entry: Address) -> Int {
        let length = Int(entry.u8(8) & 127)
        return length == 127 ? 13 + Int(entry.u32(9)) : 9 + length
    }

    /// Where an id stands or would stand.
    private static func place(of id: UInt64, _ entry: Address, _ count: Int) -> Int {
        let ids = idsOffset(entry)
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if entry.u64(ids + middle * 8) < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
