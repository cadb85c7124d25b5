// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes
@testable import Containers
@testable import Keyspace

/// A keyspace beside plain dictionaries that must say the same after every step, with cuts under way meanwhile.
final class KeyspaceModel {
    struct OpenCut {
        let lane: Int
        let sink: CollectingSink
        let expected: [PlainDatabase]
        let nowMs: Int64
    }
    /// How often what happens.
    struct Mix {
        var keyCount = 40
        /// Members of a burst of SADD, at most.
        var burst = 300
        /// One of so many steps flushes or swaps.
        var sweeping = 200
        var walkMax = 30
        var checkEvery = 1
        /// The hashes of keys and members agree in their first 48 bits.
        var isFlooded = false
    }

    static let databaseCount = 4
    static let startMs: Int64 = 1_700_000_000_000

    let keys: Keyspace
    var random: SeededRandom
    var model: [PlainDatabase] = Array(repeating: [:], count: databaseCount)
    var mix: Mix
    private(set) var cuts: [OpenCut] = []
    private(set) var cutsFinished = 0
    private let startBytes: Int
    var lastStep = ""

    init(seed: UInt64, _ mix: Mix) {
        random = SeededRandom(seed: seed)
        self.mix = mix
        let key = HashKey(seed: random.next())
        let store = Store(
            mix.isFlooded ? KeyedHash(transparentWith: key) : KeyedHash(key), nowMs: KeyspaceModel.startMs)
        keys = Keyspace(
            store, databases: KeyspaceModel.databaseCount, seed: random.next(), nowMs: KeyspaceModel.startMs)
        keys.limits = EncodingLimits(
            setIntsetEntries: 40, setListpackEntries: 20, setListpackValueBytes: 32, hashListpackEntries: 20,
            hashListpackValueBytes: 40, listListpackSize: 12, listCompressDepth: 1)
        // So little that pre-images take the way through the spool.
        keys.cutBytesMax = 20_000
        startBytes = keys.heap.usedBytes
    }

    // MARK: Names and values
    func key(_ index: Int) -> [UInt8] {
        if index == 0 { return [] }
        var key = crowded(Array("key\(index)".utf8))
        // Around the limit of the narrow header, and far above it.
        if index % 9 == 0 { while key.count < 120 + index % 14 { key.append(120) } }
        if index % 13 == 0 { while key.count < 600 { key.append(0) } }
        return key
    }

    /// The name behind eight bytes that tables take for its hash, if they do.
    private func crowded(_ name: [UInt8]) -> [UInt8] {
        guard mix.isFlooded else { return name }
        var last = name.reduce(UInt64(7)) { ($0 ^ UInt64($1)) &* 0x9E37_79B9_7F4A_7C15 }
        last ^= last >> 29
        return [UInt8(truncatingIfNeeded: last), UInt8(truncatingIfNeeded: last >> 8)] + Array("crowds".utf8)
            + name
    }

    func anyKey() -> [UInt8] { key(random.below(mix.keyCount)) }
    func anyDatabase() -> Int { random.below(3) == 0 ? random.below(KeyspaceModel.databaseCount) : 0 }

    func anyBytes(_ count: Int) -> [UInt8] {
        let first = UInt8(truncatingIfNeeded: random.next())
        return (0..<count).map { first &+ UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    func anyString() -> [UInt8] {
        switch random.below(10) {
        case 0: Array("\(Int64(bitPattern: random.next()) >> Int64(random.below(64)))".utf8)
        case 1: []
        case 2: anyBytes(14 + random.below(4))
        case 3: anyBytes(230 + random.below(40))
        case 4: anyBytes(480 + random.below(40))
        case 5: anyBytes(random.below(40000))
        default: anyBytes(random.below(60))
        }
    }

    func anyMember(_ kind: Int) -> [UInt8] {
        let space = max(mix.burst, 30)
        switch kind {
        case 0: return Array("\(random.below(space) - 20)".utf8)
        case 1: return crowded(Array("m\(random.below(space))".utf8))
        case 2: return Array("\(Int64(bitPattern: random.next()) >> Int64(random.below(64)))".utf8)
        default: return crowded(anyBytes(random.below(200)))
        }
    }

    var now: Int64 { keys.nowMs }
    func stored(_ database: Int, _ key: [UInt8]) -> PlainKey? {
        guard let kept = model[database][key], (kept.deadline ?? .max) > now else { return nil }
        return kept
    }

    // MARK: Steps

    func step() {
        keys.current = anyDatabase()
        let key = anyKey()
        let database = keys.current
        if model[database][key] != nil, stored(database, key) == nil { model[database][key] = nil }
        meetDeadFields(of: key)
        if random.below(mix.sweeping) == 0 {
            sweep()
        } else {
            switch random.below(61) {
            case 0...3: set(key)
            case 4...5: overwrite(key, appends: true)
            case 6: overwrite(key, appends: false)
            case 7...11: addMembers(key)
            case 12...14: removeMembers(key)
            case 15: delete(key)
            case 16...17: expire(key)
            case 18...19: rename(key, toDatabase: database)
            case 20: rename(key, toDatabase: anyDatabase())
            case 21: copy(key)
            case 22: pass()
            case 23: _ = keys.reclaimer.slice(keys, max: 1 + random.below(50))
            case 24: read(key)
            case 25: pickRandom()
            case 26: defragment()
            case 27: evict()
            case 28...32: setFields(key)
            case 33...34: removeFields(key)
            case 35...37: expireFields(key)
            case 38: readFields(key)
            case 39: restore(key)
            case 52...60: changeList(key)
            default: goOnWithCuts()
            }
        }
    }

    private func set(_ key: [UInt8]) {
        let keys = keys
        lastStep = "set"
        let bytes = anyString()
        let keeps = random.below(2) == 0
        let deadline = keeps ? stored(keys.current, key)?.deadline : nil
        var block: Block?
        if bytes.count >= Block.adoptBytesMin, random.below(2) == 0 {
            block = Block.create(keys.heap, capacity: bytes.count)
            bytes.withView { block?.bytes.copy(from: $0) }
            block?.count = bytes.count
        }
        key.withView { key in
            bytes.withView { bytes in
                var edit = keys.edit(keys.locate(key))
                edit.setString(block?.view ?? bytes, adopting: block, keys)
                if !keeps { edit.setDeadline(nil, keys) }
                edit.commit(Event("set", EventClass.string), keys)
            }
        }
        block?.release(keys.heap)
        model[keys.current][key] = PlainKey(value: .string(bytes), deadline: deadline)
    }

    private func overwrite(_ key: [UInt8], appends: Bool) {
        let keys = keys
        lastStep = appends ? "append" : "setrange"
        let old = stored(keys.current, key)
        var bytes: [UInt8] = []
        switch old?.value {
        case .set, .hash, .list: return
        case .string(let existing): bytes = existing
        case nil: break
        }
        let piece = random.below(10) == 0 ? anyBytes(random.below(30000)) : anyBytes(1 + random.below(100))
        let offset = appends ? bytes.count : random.below(bytes.count + 300)
        key.withView { key in
            piece.withView { piece in
                var edit = keys.edit(keys.locate(key))
                let count = appends ? edit.append(piece, keys) : edit.overwrite(at: offset, with: piece, keys)
                #expect(count == max(bytes.count, offset + piece.count))
                edit.commit(Event("append", EventClass.string), keys)
            }
        }
        while bytes.count < offset + piece.count { bytes.append(0) }
        bytes.replaceSubrange(offset..<(offset + piece.count), with: piece)
        model[keys.current][key] = PlainKey(value: .string(bytes), deadline: old?.deadline)
    }

    private func addMembers(_ key: [UInt8]) {
        let keys = keys
        lastStep = "sadd"
        let old = stored(keys.current, key)
        var members: Set<[UInt8]> = []
        switch old?.value {
        case .string, .hash, .list: return
        case .set(let existing): members = existing
        case nil: break
        }
        let kind = random.below(4)
        let count = random.below(6) == 0 ? 1 + random.below(mix.burst) : 1 + random.below(4)
        let added = (0..<count).map { _ in anyMember(kind) }
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            if !edit.exists { added[0].withView { edit.makeSet(for: $0, expected: added.count, keys) } }
            if added.count > 1, random.below(2) == 0 { edit.expectMembers(added.count, keys) }
            for member in added {
                let isNew = Self.add(member, &edit, keys)
                #expect(isNew == members.insert(member).inserted)
            }
            edit.commit(Event("sadd", EventClass.set), changes: added.count, keys)
        }
        model[keys.current][key] = PlainKey(value: .set(members), deadline: old?.deadline)
    }

    private static func add(_ member: [UInt8], _ edit: inout Edit, _ keys: Keyspace) -> Bool {
        member.withUnsafeBytes { bytes in
            let view = bytes.baseAddress.map { ByteView(start: Address($0), count: bytes.count) } ?? .empty
            return edit.addMember(view, keys)
        }
    }

    private static func remove(_ member: [UInt8], _ edit: inout Edit, _ keys: Keyspace) -> Bool {
        member.withUnsafeBytes { bytes in
            let view = bytes.baseAddress.map { ByteView(start: Address($0), count: bytes.count) } ?? .empty
            return edit.removeMember(view, keys)
        }
    }

    private func removeMembers(_ key: [UInt8]) {
        let keys = keys
        lastStep = "srem"
        guard let old = stored(keys.current, key), case .set(var members) = old.value else { return }
        var removed: [[UInt8]] = []
        switch random.below(8) {
        case 0: removed = Array(members)
        case 1: removed = Array(members.prefix(members.count / 2))
        default: removed = Array(members.prefix(1 + random.below(5))) + [anyMember(random.below(4))]
        }
        key.withView { key in
            var edit = keys.edit(keys.locate(key))
            for member in removed {
                #expect(Self.remove(member, &edit, keys) == (members.remove(member) != nil))
            }
            edit.commit(Event("srem", EventClass.set), changes: removed.count, keys)
        }
        model[keys.current][key] =
            members.isEmpty ? nil : PlainKey(value: .set(members), deadline: old.deadline)
    }

    private func delete(_ key: [UInt8]) {
        lastStep = "del"
        key.withView { deleteFound($0, in: keys.current) }
        model[keys.current][key] = nil
    }

    func deleteFound(_ key: ByteView, in database: Int) {
        let keys = keys
        let found = keys.peek(key, in: database)
        guard found.exists else { return }
        var edit = keys.edit(found)
        edit.remove(keys)
        edit.commit(Event("del", EventClass.generic), keys)
    }

    private func expire(_ key: [UInt8]) {
        let keys = keys
        lastStep = "expire"
        guard stored(keys.current, key) != nil else { return }
        let deadline: Int64? =
            switch random.below(6) {
            case 0: nil
            case 1: now + Int64(random.next() >> 14)
            case 2: now
            default: now + 1 + Int64(random.below(500))
            }
        key.withView { key in
            let edit = keys.edit(keys.locate(key))
            edit.setDeadline(deadline, keys)
            edit.commit(Event("expire", EventClass.generic), keys)
        }
        model[keys.current][key]?.deadline = deadline
    }

    private func rename(_ key: [UInt8], toDatabase other: Int) {
        let keys = keys
        lastStep = "rename"
        let database = keys.current
        guard let old = stored(database, key) else { return }
        let name = random.below(3) == 0 ? key : anyKey()
        guard name != key || other != database else { return }
        key.withView { key in
            name.withView { name in
                deleteFound(name, in: other)
                var source = keys.edit(keys.peek(key))
                let taken = source.take(keys)
                source.commit(Event("rename_from", EventClass.generic), keys)
                var target = keys.edit(keys.peek(name, in: other))
                target.put(taken, keys)
                target.commit(Event("rename_to", EventClass.generic), keys)
            }
        }
        model[database][key] = nil
        model[other][name] = old
    }

    private func copy(_ key: [UInt8]) {
        let keys = keys
        lastStep = "copy"
        guard let old = stored(keys.current, key) else { return }
        let name = anyKey()
        let other = anyDatabase()
        guard name != key || other != keys.current else { return }
        key.withView { key in
            name.withView { name in
                deleteFound(name, in: other)
                let copy = keys.copy(keys.peek(key))
                var target = keys.edit(keys.peek(name, in: other))
                target.put(copy, keys)
                target.commit(Event("copy_to", EventClass.generic), keys)
            }
        }
        model[other][name] = old
    }

    /// Time passes; now and then the background expiry runs to its end.
    private func pass() {
        lastStep = "time"
        keys.nowMs += Int64(random.below(120))
        guard random.below(2) == 0 else {
            _ = keys.expireSlice(max: 1 + random.below(5))
            return
        }
        while keys.expireSlice(max: 1 + random.below(20)) {}
        for database in 0..<KeyspaceModel.databaseCount {
            model[database] = model[database].alive(now)
            #expect(keys.count(of: database) == model[database].count, "expiry is not exact")
        }
        if let next = keys.nextExpiryMs {
            let earliest = model.flatMap { $0.values.map(\.earliest) }.min() ?? .max
            #expect(next <= earliest && next >= now)
        }
    }

    private func sweep() {
        if random.below(2) == 0 {
            lastStep = "swap"
            let (a, b) = (
                random.below(KeyspaceModel.databaseCount), random.below(KeyspaceModel.databaseCount)
            )
            keys.swap(a, b)
            model.swapAt(a, b)
        } else {
            lastStep = "flush"
            let database = anyDatabase()
            keys.flush(database)
            model[database] = [:]
        }
    }

    // MARK: Reading

    private func read(_ key: [UInt8]) {
        lastStep = "read"
        key.withView { view in
            let found = keys.read(view)
            let shown = found.exists ? plain(found.value, keys.deadline(found)) : nil
            #expect(shown == stored(keys.current, key))
            guard found.exists, found.isType(.set) else { return }
            let set = SetView(found.value, keys)
            let member = set.withRandomMember(&random) { $0.array }
            #expect(member.withView { set.contains($0) })
            var seen: Set<[UInt8]> = []
            var cursor: UInt64 = 0
            repeat {
                cursor = set.scan(cursor, count: 1 + random.below(30)) { seen.insert($0.array) }
            } while cursor != 0
            #expect(Plain.set(seen) == stored(keys.current, key)?.value)
        }
    }

    func plain(_ value: Value, _ deadline: Int64?) -> PlainKey {
        var elements: [ElementParts] = []
        value.forEachElement(keys) { elements.append(ElementParts($0)) }
        #expect(elements.count == value.elementCount)
        let plain = Plain(value.type, elements)
        #expect(plain != nil, "an element twice")
        return PlainKey(value: plain ?? .string([]), deadline: deadline)
    }

    private func pickRandom() {
        lastStep = "randomkey"
        // A hash is there until somebody meets the last of its fields, all of which may be dead.
        let live = model[keys.current].filter { ($0.value.deadline ?? .max) > now }
        let picked = keys.randomKey()?.key.array
        if let picked { #expect(live[picked] != nil) } else { #expect(live.alive(now).isEmpty) }
        if picked == nil { model[keys.current] = [:] }
    }

    // MARK: Cuts

    func openCut() {
        let sink = CollectingSink(databases: KeyspaceModel.databaseCount)
        guard let lane = keys.cut(sink) else { return }
        cuts.append(OpenCut(lane: lane, sink: sink, expected: model.map { $0.alive(now) }, nowMs: now))
    }

    private func goOnWithCuts() {
        if cuts.count < Store.laneCount, random.below(cuts.isEmpty ? 4 : 20) == 0 { return openCut() }
        guard !cuts.isEmpty else { return }
        if random.below(150) == 0 {
            lastStep = "abandon"
            let i = random.below(cuts.count)
            keys.abandonCut(cuts[i].lane)
            #expect(cuts[i].sink.faults.isEmpty)
            cuts.remove(at: i)
            return
        }
        lastStep = "walk"
        walk(max: 1 + random.below(random.below(4) == 0 ? mix.walkMax * 20 : mix.walkMax))
    }

    private func walk(max: Int) {
        let more = keys.walkCuts(max: max)
        cuts.removeAll { cut in
            guard keys.cuts[cut.lane] == nil else { return false }
            judge(cut)
            return true
        }
        #expect(more == !cuts.isEmpty && more == keys.hasOpenCut)
    }

    private func judge(_ cut: OpenCut) {
        cutsFinished += 1
        #expect(cut.sink.faults.isEmpty)
        for database in 0..<KeyspaceModel.databaseCount {
            let shown = cut.sink.databases[database].alive(cut.nowMs)
            #expect(
                Set(shown.keys) == Set(cut.expected[database].keys),
                "keys of database \(database)")
            for (key, kept) in cut.expected[database] {
                // Compared outside the macro, which would print sets of thousands.
                let isSame = shown[key] == kept
                #expect(isSame, "key \(String(decoding: key.prefix(20), as: UTF8.self)) of \(database)")
            }
        }
    }

    // MARK: Checks

    /// The whole keyspace against the model.
    func check() {
        keys.checkInvariants()
        for database in 0..<KeyspaceModel.databaseCount {
            keys.current = database
            var shown: PlainDatabase = [:]
            keys.forEach { value in shown[value.key.array] = plain(value, keys.deadline(of: value)) }
            let live = model[database].alive(now)
            let isSame = shown.alive(now) == live
            #expect(isSame, "database \(database) differs after \(lastStep)")
            var seen: Set<[UInt8]> = []
            var cursor: UInt64 = 0
            repeat { cursor = keys.scan(cursor, count: 7) { seen.insert($0.key.array) } } while cursor != 0
            #expect(seen == Set(shown.keys), "a scan differs")
        }
    }

    /// Ends all cuts, empties the keyspace and drains the reclaimer: the heap is as it was at the start.
    func finish() {
        check()
        while !cuts.isEmpty { walk(max: 1000) }
        for database in 0..<KeyspaceModel.databaseCount {
            // A key more, so that the flush replaces even an empty database's grown table.
            keys.current = database
            Self.addFiller(keys)
            keys.flush(database)
        }
        while keys.reclaimer.slice(keys, max: 100) {}
        #expect(keys.reclaimer.isIdle && keys.reclaimer.pendingObjects == 0)
        #expect(keys.heap.usedBytes == startBytes, "bytes leaked")
        #expect(keys.nextExpiryMs == nil || keys.nextExpiryMs! >= now)
        keys.heap.checkInvariants()
    }

    private static func addFiller(_ keys: Keyspace) {
        var edit = keys.edit(keys.locate(ByteView("filler")))
        edit.setString(ByteView("1"), keys)
        edit.commit(Event("set", EventClass.string), keys)
    }
}
