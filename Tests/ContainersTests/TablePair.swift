// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Bytes
@testable import Containers

/// A table beside a dictionary that must say the same after every step, with scans and cuts under way meanwhile.
final class TablePair {
    struct Kept: Equatable {
        var version: UInt32
        var deadline: Int64
    }
    private struct Scan {
        var cursor: UInt64 = 0
        /// Keys present since the scan began, and those it has shown.
        var owed: Set<Int>
        var seen: Set<Int> = []
    }
    private struct OpenCut {
        let lane: Int
        var position: UInt64? = 0
        var owed: [Int: Kept]
    }
    /// How likely each kind of step is, in parts of their sum.
    struct Weights {
        var insert = 10
        var remove = 10
        var replace = 5
        var setDeadline = 5
        var clearDeadline = 3
        var find = 3
        var scan = 2
        var random = 2
        var advance = 1
        var cut = 0
    }

    let store: Store
    let table: Table
    var random: SeededRandom
    var nowMs: Int64 = 1000
    private(set) var model: [Int: Kept] = [:]
    private var ids: [Int] = []
    private var placeOf: [Int: Int] = [:]
    private var scans: [Scan] = []
    private var cuts: [OpenCut] = []
    private var versions: UInt32 = 0
    /// The most directory pointers that one change wrote.
    private(set) var mostPointersWritten = 0
    /// Cuts that were walked to their end.
    private(set) var cutsFinished = 0
    private let startBytes: Int
    private let keyOffset: Int
    /// The hash that a key is to have; nil: what the store's function makes of it.
    private let crafted: ((Int) -> UInt64)?

    /// - Parameter crafted: the hash of each id, as one who knew the store's key could choose it.
    init(seed: UInt64, pace: DirectoryPace = DirectoryPace(), crafted: ((Int) -> UInt64)? = nil) {
        self.crafted = crafted
        random = SeededRandom(seed: seed)
        let key = HashKey(seed: random.next(), isShared: random.below(2) == 0)
        store = Store(crafted == nil ? KeyedHash(key) : KeyedHash(transparentWith: key), nowMs: nowMs)
        store.pace = pace
        startBytes = store.heap.usedBytes
        keyOffset = random.below(5)
        table = Table.create(store, keyOffset: keyOffset)
    }

    var count: Int { model.count }

    // MARK: Entries

    /// Keys of all lengths from 0 to 300, most of them short, many around the limit of the narrow header.
    func key(_ id: Int) -> [UInt8] {
        if id == 0, crafted == nil { return [] }
        var key = Array("\(id)".utf8)
        if let hash = crafted?(id) {
            // Tables know the first eight bytes as the hash.
            key.insert(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 * 8)) }, at: 0)
        }
        var length = key.count
        if id % 7 == 0 { length = 120 + id / 7 % 16 }
        if id % 11 == 0 { length = 240 + id / 11 % 61 }
        while key.count < length { key.append(UInt8(truncatingIfNeeded: key.count)) }
        return key
    }

    private func makeEntry(_ id: Int, deadlineBit: UInt8) -> Address {
        let key = self.key(id)
        versions += 1
        let header = keyOffset + (key.count < 127 ? 1 : 5)
        let entry = store.heap.allocate(header + key.count + 8)
        if key.count < 127 {
            entry.setU8(keyOffset, UInt8(key.count) | deadlineBit)
        } else {
            entry.setU8(keyOffset, 127 | deadlineBit)
            entry.setU32(keyOffset + 1, UInt32(key.count))
        }
        key.withView { (entry + header).copy(from: $0) }
        entry.setU32(header + key.count, UInt32(id))
        entry.setU32(header + key.count + 4, versions)
        return entry
    }

    private func tail(_ entry: Address) -> Int {
        let key = Table.key(entry + keyOffset)
        return key.start - entry + key.count
    }
    private func id(_ entry: Address) -> Int { Int(entry.u32(tail(entry))) }
    private func version(_ entry: Address) -> UInt32 { entry.u32(tail(entry) + 4) }
    private func free(_ entry: Address) { store.heap.free(entry, tail(entry) + 8) }

    private func find(_ id: Int) -> Slot {
        self.key(id).withView { table.find(Table.hash($0, store), $0) }
    }
    private func hash(_ id: Int) -> UInt64 { self.key(id).withView { Table.hash($0, store) } }

    // MARK: Steps

    /// One random step; keys come from 0..<space.
    func step(_ weights: Weights, space: Int) {
        let all = [
            weights.insert, weights.remove, weights.replace, weights.setDeadline, weights.clearDeadline,
            weights.find,
            weights.scan, weights.random, weights.advance, weights.cut,
        ]
        var pick = random.below(all.reduce(0, +))
        var kind = 0
        while pick >= all[kind] {
            pick -= all[kind]
            kind += 1
        }
        switch kind {
        case 0: insert(random.below(space))
        case 1: if let id = anyID() { remove(id) }
        case 2: if let id = anyID() { replace(id) }
        case 3: if let id = anyID() { setDeadline(id, deadline()) }
        case 4: if let id = anyID() { setDeadline(id, Table.noDeadline) }
        case 5: lookUp(random.below(space))
        case 6: scan()
        case 7: pickRandom()
        case 8: advance(by: Int64(random.below(200)))
        default: cut()
        }
    }

    private func anyID() -> Int? { ids.isEmpty ? nil : ids[random.below(ids.count)] }

    private func deadline() -> Int64 {
        switch random.below(40) {
        case 0: Int64.min + Int64(random.below(2))
        case 1: Table.noDeadline - 1 - Int64(random.below(2))
        case 3...7: nowMs - Int64(random.below(100))
        case 8...12: nowMs + Int64(random.next() >> UInt64(14 + random.below(30)))
        case 13...17: -Int64(random.below(1 << 40))
        default: nowMs + Int64(random.below(2000))
        }
    }

    func insert(_ id: Int) {
        let slot = find(id)
        #expect(slot.isNone == (model[id] == nil))
        guard slot.isNone else { return }
        preserve(id)
        let entry = makeEntry(id, deadlineBit: 0)
        let before = store.pointersWritten
        let placed = table.insert(entry, hash(id), store)
        mostPointersWritten = max(mostPointersWritten, store.pointersWritten - before)
        #expect(placed.entry == entry && find(id).entry == entry)
        model[id] = Kept(version: versions, deadline: Table.noDeadline)
        placeOf[id] = ids.count
        ids.append(id)
    }

    func remove(_ id: Int) {
        preserve(id)
        let slot = find(id)
        let entry = slot.entry
        let before = store.pointersWritten
        table.remove(slot, store)
        mostPointersWritten = max(mostPointersWritten, store.pointersWritten - before)
        #expect(entry.u8(keyOffset) & 128 == 0, "a removed entry keeps its deadline bit")
        free(entry)
        model[id] = nil
        let place = placeOf.removeValue(forKey: id)!
        let last = ids.removeLast()
        if last != id {
            ids[place] = last
            placeOf[last] = place
        }
        for i in scans.indices { scans[i].owed.remove(id) }
    }

    private func replace(_ id: Int) {
        preserve(id)
        let slot = find(id)
        let old = slot.entry
        let entry = makeEntry(id, deadlineBit: old.u8(keyOffset) & 128)
        table.replace(slot, with: entry)
        free(old)
        model[id]!.version = versions
        #expect(find(id).entry == entry && table.deadline(find(id)) == model[id]!.deadline)
    }

    func setDeadline(_ id: Int, _ deadline: Int64) {
        preserve(id)
        table.setDeadline(find(id), deadline, store)
        model[id]!.deadline = deadline
        #expect(table.deadline(find(id)) == deadline)
    }

    private func lookUp(_ id: Int) {
        let slot = find(id)
        #expect(slot.isNone == (model[id] == nil))
        if let kept = model[id], !slot.isNone {
            #expect(Kept(version: version(slot.entry), deadline: table.deadline(slot)) == kept)
        }
    }

    private func pickRandom() {
        let entry = table.random(&random)
        #expect(entry.isNull == model.isEmpty)
        if !entry.isNull { #expect(model[id(entry)]?.version == version(entry)) }
    }

    /// Goes on with a scan, or begins one.
    private func scan() {
        if scans.count < 3, random.below(4) == 0 || scans.isEmpty { scans.append(Scan(owed: Set(ids))) }
        let i = random.below(scans.count)
        scans[i].cursor = table.scan(scans[i].cursor, count: 1 + random.below(20 + model.count / 20), store) {
            entry in
            let id = id(entry)
            #expect(model[id]?.version == version(entry))
            scans[i].seen.insert(id)
        }
        // Below 2^52, and with 14 bits free for the number of a slot.
        #expect(scans[i].cursor >> 52 == 0 && scans[i].cursor & 0x3FFF == 0)
        guard scans[i].cursor == 0 else { return }
        #expect(scans[i].owed.isSubset(of: scans[i].seen), "a scan missed what was there throughout")
        scans.remove(at: i)
    }

    /// Moves time on and removes what is due, as the owner of the table does.
    func advance(by ms: Int64) {
        nowMs += ms
        store.wheel.advance(toMs: nowMs)
        var due: [Address] = []
        while !store.wheel.firstDue.isNull {
            let segment = store.wheel.firstDue
            #expect(Table.ofSegment(segment).root == table.root)
            due.removeAll()
            _ = Table.collectDue(segment, nowMs: nowMs, max: 1 + random.below(30), store, into: &due)
            for entry in due {
                let id = id(entry)
                #expect((model[id]?.deadline ?? .max) <= nowMs, "removed before its time")
                remove(id)
            }
        }
        #expect(!model.values.contains { $0.deadline <= nowMs }, "a due entry was not found")
    }

    // MARK: Cuts

    /// Opens a cut, or goes on with one.
    private func cut() {
        if cuts.count < Store.laneCount, cuts.isEmpty || random.below(20) == 0 { return openCut() }
        let i = random.below(cuts.count)
        if cuts[i].position != nil { return walk(i, max: 1 + random.below(10 + model.count / 10)) }
        #expect(cuts[i].owed.isEmpty, "a cut missed entries")
        cutsFinished += 1
        table.lanes &= ~(1 << UInt8(cuts[i].lane))
        store.closeLane(cuts[i].lane)
        cuts.remove(at: i)
    }

    /// Opens a cut, if a lane is free.
    func openCut() {
        guard let lane = store.openLane() else { return }
        table.lanes |= 1 << UInt8(lane)
        cuts.append(OpenCut(lane: lane, owed: model))
    }

    private func walk(_ i: Int, max: Int) {
        guard let position = cuts[i].position else { return }
        cuts[i].position = table.walkUnits(from: position, cuts[i].lane, store, max: max) { hand($0, to: i) }
    }

    /// Goes on with every cut.
    func walkCuts(max: Int) { for i in cuts.indices { walk(i, max: max) } }

    func finishCuts() { while !cuts.isEmpty { cut() } }

    private func preserve(_ id: Int) {
        for i in cuts.indices where cuts[i].position != nil {
            table.preserve(unitOf: hash(id), lane: cuts[i].lane, store) { hand($0, to: i) }
        }
    }

    private func hand(_ slot: Slot, to i: Int) {
        let now = Kept(version: version(slot.entry), deadline: table.deadline(slot))
        let then = cuts[i].owed.removeValue(forKey: id(slot.entry))
        #expect(then == now, "a cut shows an entry twice or as it was not")
    }

    // MARK: Checks

    func check() {
        table.checkInvariants(store)
        store.heap.checkInvariants()
        #expect(table.count == model.count)
        #expect(
            table.volatileCount == model.values.reduce(0) { $0 + ($1.deadline == Table.noDeadline ? 0 : 1) })
        var visited = 0
        var entryBytes = 0
        table.forEach { entry in
            visited += 1
            entryBytes += Heap.roundedBytes(tail(entry) + 8)
            #expect(model[id(entry)]?.version == version(entry))
        }
        #expect(visited == model.count)
        // The table's own account is what the heap lent it, but for malloc's rounding of large pieces.
        let lent = store.heap.usedBytes - startBytes - entryBytes
        #expect(lent >= table.bytes && lent <= table.bytes + table.bytes / 4, "the table's ledger is off")
        let earliest = model.values.lazy.map(\.deadline).min() ?? Table.noDeadline
        if earliest != Table.noDeadline {
            #expect(
                (store.wheel.nextEventMs ?? .max) <= max(earliest, store.wheel.nowMs),
                "the wheel wakes too late")
        }
        if random.below(20) == 0 { checkCopy() }
    }

    /// A copy has the same entries and deadlines in the same places, and is sound.
    func checkCopy() {
        let before = store.heap.usedBytes
        let copy = table.copy(store) { entry in
            let duplicate = store.heap.allocate(tail(entry) + 8)
            duplicate.copy(from: entry, count: tail(entry) + 8)
            return duplicate
        }
        copy.checkInvariants(store)
        #expect(copy.count == model.count && copy.volatileCount == table.volatileCount)
        #expect(copy.segmentCount == table.segmentCount && copy.depth == table.depth)
        for (id, kept) in model {
            let slot = key(id).withView { copy.find(Table.hash($0, store), $0) }
            #expect(!slot.isNone && slot.entry != find(id).entry)
            #expect(Kept(version: version(slot.entry), deadline: copy.deadline(slot)) == kept)
        }
        // Old and new have nothing in common: the copy grows, and goes.
        var fresh: [Address] = []
        for id in (1 << 30)..<(1 << 30 + 500) where copy.count < 3000 {
            fresh.append(makeEntry(id, deadlineBit: 0))
            let slot = copy.insert(fresh[fresh.count - 1], hash(id), store)
            if id % 3 == 0 { copy.setDeadline(slot, nowMs + Int64(id % 1000), store) }
        }
        copy.checkInvariants(store)
        while !copy.drain(max: 100, store, { free($0) }) {}
        copy.destroy(store)
        #expect(store.heap.usedBytes == before, "bytes leaked")
        table.checkInvariants(store)
    }

    /// Finishes scans and cuts, empties and frees the table: not a byte may be left.
    func finish() {
        finishCuts()
        while !scans.isEmpty { scan() }
        check()
        checkCopy()
        let bytes = table.bytes
        #expect(bytes >= 64)
        while !table.drain(max: 1 + random.below(1000), store, { free($0) }) {}
        table.destroy(store)
        #expect(store.heap.usedBytes == startBytes, "bytes leaked")
        #expect(store.wheel.firstDue.isNull)
    }
}
