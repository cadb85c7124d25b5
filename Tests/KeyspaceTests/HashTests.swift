// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers
@testable import Keyspace

/// A keyspace whose effects and events are read as lines of text.
final class HashRig {
    static let startMs: Int64 = 1_700_000_000_000
    let keys: Keyspace

    init(_ limits: EncodingLimits = EncodingLimits()) {
        keys = Keyspace(databases: 4, seed: 1, hashKey: HashKey(low: 3, high: 4), nowMs: HashRig.startMs)
        keys.limits = limits
        keys.effects.readers = EffectLog.Reader.twin
        keys.effects.eventMask = ~EventClass.new
    }

    func set(_ key: StaticString, _ fields: [(String, String)], deadlineMs: Int64? = nil) {
        let keys = keys
        var edit = keys.edit(keys.locate(ByteView(key)))
        for (name, value) in fields {
            Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { value in
                    let name = ByteView(start: Address(name.baseAddress!), count: name.count)
                    let value = ByteView(start: Address(value.baseAddress!), count: value.count)
                    edit.setField(name, value, keys)
                    if let deadlineMs { edit.setFieldDeadline(edit.field(name, keys), deadlineMs, keys) }
                }
            }
        }
        edit.commit(Event("hset", EventClass.hash), keys)
        keys.effects.clear()
    }

    func get(_ key: StaticString, _ name: StaticString) -> String? {
        var found = keys.read(ByteView(key))
        let field = keys.field(ByteView(name), in: &found)
        return field.exists ? String(decoding: field.value.array, as: UTF8.self) : nil
    }

    func view(_ key: StaticString) -> HashView { HashView(keys.peek(ByteView(key)).value, keys) }
    func encoding(_ key: StaticString) -> String { "\(keys.peek(ByteView(key)).value.encodingName)" }

    /// What was recorded since the last look: events by their names, commands in protocol form without line breaks.
    var effects: [String] {
        defer { keys.effects.clear() }
        return keys.effects.effects.map { effect in
            let bytes = keys.effects.bytes[effect.range]
            if effect.kind == .event {
                return String(decoding: bytes.prefix(effect.nameCount), as: UTF8.self)
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").filter {
                !"*$".contains($0.first!)
            }.joined(separator: " ")
        }
    }
}

private func numbered(_ count: Int, value: String = "v") -> [(String, String)] {
    (0..<count).map { ("f\($0)", value) }
}

@Suite struct HashEncodingTests {
    @Test func limitsDecideTheEncoding() {
        let rig = HashRig()
        rig.set("h", numbered(512))
        #expect(rig.encoding("h") == "listpack")
        rig.set("h", [("one more", "v")])
        #expect(rig.encoding("h") == "hashtable")
        rig.set("long", [("f", String(repeating: "x", count: 64))])
        #expect(rig.encoding("long") == "listpack")
        rig.set("long", [("f", String(repeating: "x", count: 65))])
        #expect(rig.encoding("long") == "hashtable")
        rig.set("name", [(String(repeating: "x", count: 65), "")])
        #expect(rig.encoding("name") == "hashtable")
        rig.keys.checkInvariants()
    }

    @Test func deadlinesMakeItListpackEx() {
        let rig = HashRig()
        let keys = rig.keys
        let deadline = HashRig.startMs + 500
        rig.set("h", numbered(3))
        rig.set("h", [("f1", "w")], deadlineMs: deadline)
        #expect(rig.encoding("h") == "listpackex")
        #expect(rig.view("h").field(ByteView("f1")).deadline == deadline)
        #expect(rig.view("h").field(ByteView("f2")).deadline == nil)
        // A value of more than 64 bytes makes it a table; the deadline is taken along.
        rig.set("h", [("f2", String(repeating: "x", count: 100))])
        #expect(rig.encoding("h") == "hashtable")
        #expect(rig.view("h").field(ByteView("f1")).deadline == deadline)
        // Setting a field clears its deadline, unless it is to stay.
        var edit = keys.edit(keys.locate(ByteView("h")))
        edit.setField(ByteView("f1"), ByteView("x"), keepsDeadline: true, keys)
        let kept = edit.field(ByteView("f1"), keys).deadline
        #expect(kept == deadline)
        edit.setField(ByteView("f1"), ByteView("y"), keys)
        let cleared = edit.field(ByteView("f1"), keys).deadline
        #expect(cleared == nil)
        edit.commit(Event("hset", EventClass.hash), keys)
        keys.nowMs = deadline + 1
        while keys.expireSlice(max: 10) {}
        #expect(keys.nextExpiryMs == nil && rig.view("h").count == 3)
        keys.checkInvariants()
    }

    @Test func manyFieldsAreExpectedAtOnce() {
        let rig = HashRig()
        let keys = rig.keys
        var edit = keys.edit(keys.locate(ByteView("h")))
        edit.expectFields(600, keys)
        edit.setField(ByteView("f"), ByteView("v"), keys)
        edit.commit(Event("hset", EventClass.hash), keys)
        #expect(rig.encoding("h") == "hashtable")
    }

    /// What a deadline on each field costs, beside what the hash takes anyway.
    @Test(arguments: [(10, 16), (10, 32), (100, 32)]) func deadlinesCostLittle(count: Int, valueBytes: Int) {
        let rig = HashRig()
        let value = String(repeating: "v", count: valueBytes)
        let fields = (0..<count).map { ("field:\($0)", value) }
        rig.set("plain", fields)
        rig.set("dated", fields, deadlineMs: HashRig.startMs + 3_600_000)
        #expect(rig.encoding("dated") == "listpackex")
        let plain = rig.keys.peek(ByteView("plain")).value.totalBytes
        let dated = rig.keys.peek(ByteView("dated")).value.totalBytes
        #expect(Double(dated) <= Double(plain) * 1.15, "\(dated) bytes beside \(plain)")
    }
}

@Suite struct FieldDeathTests {
    /// Packed, and as a table.
    static let limits = [EncodingLimits(), EncodingLimits(hashListpackEntries: 0)]

    @Test(arguments: limits) func aReaderMeetsADeadField(limits: EncodingLimits) {
        let rig = HashRig(limits)
        rig.set("h", [("a", "1"), ("b", "2")], deadlineMs: HashRig.startMs + 10)
        rig.set("h", [("c", "3")])
        rig.keys.nowMs += 9
        #expect(rig.get("h", "a") == "1" && rig.effects == [])
        rig.keys.nowMs += 1
        #expect(rig.view("h").count == 3 && rig.view("h").liveCount == 1)
        #expect(rig.get("h", "a") == nil)
        #expect(rig.effects == ["HDEL h a", "hexpired"])
        #expect(rig.get("h", "c") == "3" && rig.view("h").count == 2)
        #expect(rig.keys.stats.expiredFields == 1 && rig.keys.stats.expired == 0)
        rig.keys.checkInvariants()
    }

    @Test(arguments: limits) func theKeyGoesWithTheLastField(limits: EncodingLimits) {
        let rig = HashRig(limits)
        rig.set("h", [("a", "1")], deadlineMs: HashRig.startMs + 10)
        rig.keys.nowMs += 10
        // Nobody has met the field: the key is still there, and shows nothing.
        #expect(rig.keys.peek(ByteView("h")).exists && rig.view("h").liveCount == 0)
        var found = rig.keys.read(ByteView("h"))
        #expect(!rig.keys.field(ByteView("a"), in: &found).exists && !found.exists)
        #expect(rig.effects == ["HDEL h a", "hexpired", "del"])
        #expect(!rig.keys.peek(ByteView("h")).exists)
        rig.keys.checkInvariants()
    }

    @Test(arguments: limits) func theWheelDeletesOnTheMillisecond(limits: EncodingLimits) {
        let rig = HashRig(limits)
        rig.set("h", [("a", "1"), ("b", "2")], deadlineMs: HashRig.startMs + 1000)
        rig.set("h", [("c", "3")], deadlineMs: HashRig.startMs + 1001)
        #expect(rig.keys.nextExpiryMs ?? .max <= HashRig.startMs + 1000)
        rig.keys.nowMs += 999
        while rig.keys.expireSlice(max: 100) {}
        #expect(rig.effects == [] && rig.view("h").count == 3)
        rig.keys.nowMs += 1
        while rig.keys.expireSlice(max: 100) {}
        let first = rig.effects
        #expect(first == ["HDEL h a b", "hexpired"] || first == ["HDEL h b a", "hexpired"])
        rig.keys.nowMs += 1
        while rig.keys.expireSlice(max: 100) {}
        #expect(rig.effects == ["HDEL h c", "hexpired", "del"])
        #expect(rig.keys.count(of: 0) == 0 && rig.keys.nextExpiryMs == nil)
        #expect(rig.keys.stats.expiredFields == 3)
    }

    /// Writers meet dead fields too: the death comes first, then what they do.
    @Test(arguments: limits) func aWriterMeetsADeadField(limits: EncodingLimits) {
        let rig = HashRig(limits)
        let keys = rig.keys
        rig.set("h", [("a", "1")], deadlineMs: HashRig.startMs + 10)
        rig.set("h", [("b", "2")])
        keys.nowMs += 10
        var edit = keys.edit(keys.locate(ByteView("h")))
        let isNew = edit.setField(ByteView("a"), ByteView("5"), keepsDeadline: true, keys)
        #expect(isNew)
        edit.commit(Event("hset", EventClass.hash), keys)
        #expect(rig.effects == ["HDEL h a", "hexpired", "hset"])
        #expect(rig.view("h").field(ByteView("a")).deadline == nil)
        // A removal takes the dead like the living: that is no death.
        rig.set("h", [("a", "1")], deadlineMs: HashRig.startMs + 20)
        keys.nowMs += 20
        var removal = keys.edit(keys.locate(ByteView("h")))
        let wasThere = removal.removeField(ByteView("a"), keys)
        let isThere = removal.removeField(ByteView("a"), keys)
        #expect(wasThere && !isThere)
        removal.commit(Event("hdel", EventClass.hash), keys)
        #expect(rig.effects == ["hdel"] && keys.stats.expiredFields == 1)
    }

    /// Whoever repeats the deletions has lost the key, and its deadline with it.
    @Test(arguments: limits) func aHashThatDiedIsMadeAnew(limits: EncodingLimits) {
        let rig = HashRig(limits)
        let keys = rig.keys
        rig.set("h", [("a", "1")], deadlineMs: HashRig.startMs + 10)
        let before = keys.edit(keys.locate(ByteView("h")))
        before.setDeadline(HashRig.startMs + 5000, keys)
        before.abandon(keys)
        keys.nowMs += 10
        var edit = keys.edit(keys.locate(ByteView("h")))
        let (isNew, deadline) = (edit.setField(ByteView("a"), ByteView("2"), keys), edit.deadline)
        #expect(isNew && deadline == nil)
        edit.commit(Event("hset", EventClass.hash), keys)
        #expect(rig.effects == ["HDEL h a", "hexpired", "del", "hset"])
        keys.checkInvariants()
    }

    @Test(arguments: limits) func hiddenAndLivingDead(limits: EncodingLimits) {
        let rig = HashRig(limits)
        rig.set("h", [("a", "1"), ("b", "2")], deadlineMs: HashRig.startMs + 10)
        rig.keys.nowMs += 10
        rig.keys.expiryIsPaused = true
        rig.keys.deadKeys = .hidden
        #expect(rig.get("h", "a") == nil && rig.view("h").count == 2 && rig.view("h").liveCount == 0)
        var found = rig.keys.peek(ByteView("h"))
        rig.keys.expireFields(of: &found, max: 10)
        #expect(found.exists)
        rig.keys.deadKeys = .alive
        #expect(rig.get("h", "a") == "1" && rig.view("h").liveCount == 2)
        #expect(rig.view("h").field(ByteView("a")).deadline == HashRig.startMs + 10)
        #expect(!rig.keys.expireSlice(max: 10) && rig.effects == [])
        rig.keys.deadKeys = .deleted
        rig.keys.expiryIsPaused = false
        while rig.keys.expireSlice(max: 1) {}
        #expect(rig.keys.count(of: 0) == 0 && rig.keys.stats.expiredFields == 2)
    }

    /// A key that was renamed, copied, moved to another database or swapped takes the deaths of its fields along.
    @Test(arguments: limits) func deathFollowsTheKey(limits: EncodingLimits) {
        let rig = HashRig(limits)
        let keys = rig.keys
        rig.set("h", [("a", "1"), ("b", "2")], deadlineMs: HashRig.startMs + 10)
        let copy = keys.copy(keys.peek(ByteView("h")))
        var target = keys.edit(keys.peek(ByteView("copy")))
        target.put(copy, keys)
        target.commit(Event("copy_to", EventClass.generic), keys)
        var source = keys.edit(keys.peek(ByteView("h")))
        let taken = source.take(keys)
        source.commit(Event("move_from", EventClass.generic), keys)
        var moved = keys.edit(keys.peek(ByteView("moved"), in: 2))
        moved.put(taken, keys)
        moved.commit(Event("move_to", EventClass.generic), keys)
        keys.swap(0, 1)
        keys.swap(2, 3)
        keys.checkInvariants()
        #expect(keys.count(of: 1) == 1 && keys.count(of: 3) == 1)
        keys.nowMs += 10
        while keys.expireSlice(max: 1) {}
        #expect(keys.count(of: 1) == 0 && keys.count(of: 3) == 0 && keys.stats.expiredFields == 4)
        // A flushed database's hashes are nobody's any more when they fall due.
        rig.set("h", [("a", "1")], deadlineMs: keys.nowMs + 10)
        keys.flush(0)
        keys.nowMs += 10
        while keys.expireSlice(max: 1) {}
        #expect(keys.stats.expiredFields == 4 && keys.nextExpiryMs == nil)
        while keys.reclaimSlice(max: 10) {}
        keys.heap.checkInvariants()
    }

    /// A hundred thousand fields with one deadline go in slices, each of which does no more than it was told.
    @Test func manyDieInSlices() {
        let rig = HashRig()
        let keys = rig.keys
        rig.set("h", (0..<100_000).map { ("field:\($0)", "v") }, deadlineMs: HashRig.startMs + 10)
        keys.effects.readers = 0
        keys.nowMs += 10
        var slices = 0
        while true {
            let before = keys.stats.expiredFields
            let more = keys.expireSlice(max: 500)
            #expect(keys.stats.expiredFields - before <= 500)
            slices += 1
            if !more { break }
        }
        #expect(slices >= 200 && keys.stats.expiredFields == 100_000 && keys.count(of: 0) == 0)
    }
}

@Suite struct HashPickTests {
    /// The statistic of Pearson's test over equally likely cells.
    private static func chiSquare(_ counts: [String: Int], cells: Int) -> Double {
        let total = counts.values.reduce(0, +)
        let expected = Double(total) / Double(cells)
        let met = counts.values.reduce(0.0) {
            $0 + (Double($1) - expected) * (Double($1) - expected) / expected
        }
        return met + Double(cells - counts.count) * expected
    }

    /// Every live field has the same chance, however many dead ones lie about.
    @Test(arguments: [(100, 50), (400, 390), (3000, 1500), (3000, 2990)])
    func picksAreFair(count: Int, dead: Int) {
        let rig = HashRig()
        rig.keys.random = SeededRandom(seed: 7)
        rig.set("h", numbered(count))
        rig.set("h", numbered(dead), deadlineMs: HashRig.startMs + 1)
        rig.keys.nowMs += 1
        let cells = count - dead
        let bound = Double(cells) + 8 * (2 * Double(cells)).squareRoot()
        var counts: [String: Int] = [:]
        for _ in 0..<(cells * 40) {
            let name = rig.view("h").withRandomField(&rig.keys.random) { name, _ in
                ByteString(name).description
            }
            counts[name ?? "none", default: 0] += 1
        }
        #expect(HashPickTests.chiSquare(counts, cells: cells) < bound)
        counts = [:]
        let several = max(1, cells / 10)
        for _ in 0..<400 {
            rig.view("h").forEachRandom(several, &rig.keys.random) { name, _ in
                counts[ByteString(name).description, default: 0] += 1
            }
        }
        #expect(counts.values.reduce(0, +) == several * 400)
        #expect(HashPickTests.chiSquare(counts, cells: cells) < bound)
        rig.keys.nowMs += 1
    }

    @Test func nothingToPickAmongTheDead() {
        let rig = HashRig()
        rig.set("h", numbered(2000), deadlineMs: HashRig.startMs + 1)
        rig.keys.nowMs += 1
        #expect(rig.view("h").withRandomField(&rig.keys.random) { _, _ in true } == nil)
        rig.view("h").forEachRandom(0, &rig.keys.random) { _, _ in
            #expect(Bool(false), "a dead field was picked")
        }
    }

    /// What is there throughout a scan is seen, while the table grows and shrinks meanwhile.
    @Test(arguments: [(20, 6000), (6000, 20)]) func scansSeeWhatStays(from: Int, to: Int) {
        let rig = HashRig(EncodingLimits(hashListpackEntries: 0))
        let keys = rig.keys
        rig.set("h", (0..<20).map { ("stays\($0)", "v") })
        rig.set("h", numbered(from))
        var seen: Set<String> = []
        var cursor: UInt64 = 0
        var at = from
        repeat {
            cursor = rig.view("h").scan(cursor, count: 10) { name, _, _ in
                seen.insert(ByteString(name).description)
            }
            var edit = keys.edit(keys.locate(ByteView("h")))
            for _ in 0..<200 where at != to {
                let name = Array("f\(at < to ? at : at - 1)".utf8)
                name.withUnsafeBytes { bytes in
                    let view = ByteView(start: Address(bytes.baseAddress!), count: bytes.count)
                    if at < to { edit.setField(view, view, keys) } else { edit.removeField(view, keys) }
                }
                at += at < to ? 1 : -1
            }
            edit.commit(Event("hset", EventClass.hash), keys)
        } while cursor != 0
        for i in 0..<20 { #expect(seen.contains("stays\(i)")) }
        keys.checkInvariants()
    }
}
