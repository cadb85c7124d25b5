// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

/// Bytes that somebody has changed: an error, or a key like any other, never a trap.
@Suite struct MutationTests {
    /// Gives a payload the checksum that it should have.
    private static func sealed(_ payload: [UInt8]) -> [UInt8] {
        var bytes = Array(payload.dropLast(8))
        var sum = bytes.withView { CRC64().update(0, $0) }
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: sum))
            sum >>= 8
        }
        return bytes
    }

    /// Changes some bytes in front of the version.
    private static func mutated(_ payload: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = payload
        let body = payload.count - 10
        for _ in 0...random.below(3) {
            let place = random.below(body)
            switch random.below(5) {
            case 0: bytes[place] ^= 1 << UInt8(random.below(8))
            case 1: bytes[place] = UInt8(random.below(256))
            case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0x81, 0xC0, 0xC3, 0xF0, 0xFE, 0xFF][random.below(10)]
            case 3 where bytes.count > 12: bytes.remove(at: min(place, bytes.count - 11))
            default: bytes.insert(UInt8(random.below(256)), at: place)
            }
        }
        return sealed(bytes)
    }

    /// Commands that look at all of a value and change it.
    private static func exercise(_ rig: Rig, _ key: String) {
        rig.run("DEBUG", "DIGEST-VALUE", key)
        rig.run("OBJECT", "ENCODING", key)
        rig.run("MEMORY", "USAGE", key)
        rig.run("DUMP", key)
        rig.run("COPY", key, "copy", "REPLACE")
        switch rig.run("TYPE", key) {
        case "+string":
            for words in [["APPEND", key, "x"], ["SETRANGE", key, "3", "abc"], ["BITCOUNT", key]] {
                rig.run(words)
            }
        case "+list":
            rig.run("LRANGE", key, "0", "-1")
            rig.run("LPUSH", key, "front")
            rig.run("LINSERT", key, "BEFORE", "1", "middle")
            rig.run("LREM", key, "0", "a")
            while rig.run("RPOP", key) != "$-1", rig.run("LPOP", key) != "$-1" {}
        case "+set":
            rig.run("SMEMBERS", key)
            rig.run("SADD", key, "new", "12345678901")
            rig.run("SRANDMEMBER", key, "-5")
            rig.run("SUNIONSTORE", "union", key, "copy")
            while rig.run("SPOP", key) != "$-1" {}
        case "+zset":
            rig.run("ZRANGE", key, "0", "-1", "WITHSCORES")
            rig.run("ZADD", key, "3", "new")
            rig.run("ZINCRBY", key, "-2", "new")
            rig.run("ZRANGEBYSCORE", key, "-inf", "+inf")
            while rig.run("ZPOPMIN", key) != "*0" {}
        case "+hash":
            rig.run("HGETALL", key)
            rig.run("HSET", key, "new", "value", "a", "b")
            rig.run("HPEXPIRE", key, "100000", "FIELDS", "1", "new")
            rig.run("HRANDFIELD", key, "-5", "WITHVALUES")
            rig.run("HDEL", key, "a", "new", "name")
        case "+stream":
            rig.run("XINFO", "STREAM", key, "FULL")
            rig.run("XRANGE", key, "-", "+")
            rig.run("XREVRANGE", key, "+", "-")
            rig.run("XADD", key, "*", "a", "b")
            rig.run("XINFO", "GROUPS", key)
            rig.run("XPENDING", key, "g", "-", "+", "10")
            rig.run("XAUTOCLAIM", key, "g", "carol", "0", "0")
            rig.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", key, ">")
            rig.run("XREADGROUP", "GROUP", "g", "carol", "STREAMS", key, "0")
            rig.run("XGROUP", "DELCONSUMER", key, "g", "bob")
            rig.run("XDEL", key, "2-1")
            rig.run("XACK", key, "g", "1-1", "3-1")
            rig.run("XTRIM", key, "MAXLEN", "1")
        default: break
        }
        rig.run("DEL", key)
    }

    private static let values: [[String]] = [
        ["SET", "k", "hello world, hello world, hello world"], ["SET", "k", "12345"],
        ["RPUSH", "k", "a", "1", "-5000", "100000", "some text that is longer"],
        ["SADD", "k", "1", "2", "-70000"], ["SADD", "k", "a", "1", "b", "text"],
        ["ZADD", "k", "1", "a", "-1.5", "b", "inf", "c", "3.25", "d"],
        ["HSET", "k", "name", "value", "a", "17", "", "empty", "text", "text text text text text text"],
    ]
    private static let stream = [
        ["XADD", "k", "1-1", "name", "value", "n", "1"], ["XADD", "k", "2-1", "name", "other", "n", "2"],
        ["XADD", "k", "3-1", "text", "text"], ["XADD", "k", "4-1", "name", "last", "n", "4"],
        ["XGROUP", "CREATE", "k", "g", "0"], ["XGROUP", "CREATE", "k", "h", "$"],
        ["XREADGROUP", "GROUP", "g", "alice", "COUNT", "2", "STREAMS", "k", ">"],
        ["XREADGROUP", "GROUP", "g", "bob", "COUNT", "1", "STREAMS", "k", ">"], ["XDEL", "k", "2-1"],
    ]
    private static let limits = [
        "hash-max-listpack-entries", "set-max-listpack-entries", "zset-max-listpack-entries",
    ]

    /// Restores damaged payloads with right checksums, and works on what comes of them.
    /// - Returns: how many got past the first look.
    private static func attack(
        _ rig: Rig, _ payload: [UInt8], rounds: Int, _ random: inout SeededRandom
    ) -> Int {
        var restored = 0
        for round in 0..<rounds {
            let bytes = mutated(payload, &random)
            guard rig.restore("k", bytes) == "+OK" else { continue }
            restored += 1
            rig.engine.keys.checkInvariants()
            exercise(rig, "k")
            if round % 16 == 0 { rig.engine.keys.checkInvariants() }
        }
        return restored
    }

    @Test(arguments: ["9", "10", "11", "12", "80"], [1, 2]) func payloads(_ version: String, _ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let rig = Rig(saving: ["rdb-save-version \(version)"], withTwin: false)
        var restored = 0
        for packed in ["512", "0"] {
            for limit in Self.limits { rig.run("CONFIG", "SET", limit, packed) }
            rig.run("CONFIG", "SET", "list-max-listpack-size", packed == "0" ? "2" : "-2")
            for (index, value) in (Self.values + [Self.values[6]]).enumerated() {
                rig.run(value)
                if index == 7, version == "12" || version == "80" {
                    rig.run("HPEXPIRE", "k", "100000", "FIELDS", "2", "name", "a")
                }
                let payload = rig.bulk(["DUMP", "k"])
                rig.run("DEL", "k")
                restored += Self.attack(rig, payload, rounds: 150, &random)
            }
        }
        rig.engine.keys.checkInvariants()
        #expect(restored > 100, "hardly anything got past the first look")
    }

    @Test(arguments: ["9", "10", "11", "80"], [1, 2, 3]) func streams(_ version: String, _ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let rig = Rig(saving: ["rdb-save-version \(version)"], withTwin: false)
        rig.run("CONFIG", "SET", "stream-node-max-entries", "2")
        for words in Self.stream { rig.run(words) }
        let payload = rig.bulk(["DUMP", "k"])
        rig.run("DEL", "k")
        #expect(rig.restore("k", payload) == "+OK")
        Self.exercise(rig, "k")
        let restored = Self.attack(rig, payload, rounds: 1500, &random)
        rig.engine.keys.checkInvariants()
        #expect(restored > 50, "hardly anything got past the first look: \(restored)")
    }

    /// Without a new checksum every change is noticed.
    @Test func aChangedPayloadIsRefused() {
        var random = SeededRandom(seed: 9)
        let rig = Rig(withTwin: false)
        for value in Self.values {
            rig.run(value)
            let payload = rig.bulk(["DUMP", "k"])
            rig.run("DEL", "k")
            for place in payload.indices {
                var bytes = payload
                bytes[place] ^= UInt8(1 + random.below(255))
                #expect(rig.restore("k", bytes) == "-ERR DUMP payload version or checksum are wrong")
                #expect(rig.restore("k", Array(payload[..<place])).hasPrefix("-ERR DUMP payload"))
            }
        }
    }

    /// Whole files: a flipped bit or a torn end is told, and what was there before stays where nothing was emptied.
    @Test(arguments: ["auto", "10", "80"]) func files(_ version: String) {
        var random = SeededRandom(seed: 3)
        let rig = Rig(saving: ["rdb-save-version \(version)"], withTwin: false)
        for (index, value) in Self.values.enumerated() {
            rig.run([value[0], "k\(index)"] + value.dropFirst(2))
        }
        rig.run("SET", "mortal", "x", "PX", "100000")
        #expect(rig.run("SAVE") == "+OK")
        let whole = rig.host.memory["dump.rdb"] ?? []
        let refusal = "-ERR Error trying to load the RDB dump, check server logs."
        for round in 0..<600 {
            var bytes = whole
            if round % 3 == 0 {
                bytes.removeLast(1 + random.below(whole.count - 1))
            } else {
                bytes[random.below(whole.count)] ^= 1 << UInt8(random.below(8))
            }
            rig.host.memory["dump.rdb"] = bytes
            // The date of the header is nobody's data, but it is summed like all of it.
            #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == refusal)
            if round % 32 == 0 { rig.engine.keys.checkInvariants() }
        }
        rig.host.memory["dump.rdb"] = whole
        #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK" && rig.run("DBSIZE") == ":8")
    }

    /// The same without anybody comparing checksums: nothing traps, and what is loaded is sound.
    @Test func filesWithoutChecksums() {
        var random = SeededRandom(seed: 4)
        let rig = Rig(saving: ["rdb-save-version 12"], withTwin: false)
        for (index, value) in Self.values.enumerated() {
            rig.run([value[0], "k\(index)"] + value.dropFirst(2))
        }
        rig.run("HPEXPIRE", "k6", "100000", "FIELDS", "1", "name")
        #expect(rig.run("SAVE") == "+OK")
        let whole = rig.host.memory["dump.rdb"] ?? []
        rig.run("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1")
        var loaded = 0
        for _ in 0..<1500 {
            var bytes = whole
            for _ in 0...random.below(2) {
                bytes[9 + random.below(whole.count - 9)] = UInt8(random.below(256))
            }
            rig.host.memory["dump.rdb"] = bytes
            if rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK" { loaded += 1 }
            rig.engine.keys.checkInvariants()
            for key in ["k0", "k2", "k3", "k4", "k5", "k6"] { Self.exercise(rig, key) }
        }
        #expect(loaded > 100)
    }
}
