// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// MSETEX and DELIFEQ, which Valkey has.
@Suite struct ManyStringTests {
    static let now = Rig.startMs

    private static func mset(_ rig: Rig, _ words: String) -> String {
        rig.run(["MSETEX"] + words.split(separator: " ").map(String.init))
    }

    @Test func conditions() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(ManyStringTests.mset(rig, "2 a 1 b 2") == ":1")
        #expect(tap.commands == ["SET a 1", "SET b 2"])
        #expect(tap.events == ["set a", "set b"])
        #expect(ManyStringTests.mset(rig, "2 a 9 c 9 NX") == ":0")
        #expect(ManyStringTests.mset(rig, "2 a 9 c 9 xx") == ":0")
        #expect(tap.commands == [])
        #expect(rig.run("MGET", "a", "b", "c") == "*3 $1 1 $1 2 $-1")
        #expect(ManyStringTests.mset(rig, "2 a 3 b 4 XX") == ":1")
        #expect(ManyStringTests.mset(rig, "2 c 5 d 6 NX") == ":1")
        #expect(ManyStringTests.mset(rig, "2 e 1 e 2") == ":1")
        #expect(rig.run("MGET", "a", "b", "c", "d", "e") == "*5 $1 3 $1 4 $1 5 $1 6 $1 2")
        #expect(rig.mismatch == nil)
    }

    @Test func times() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(ManyStringTests.mset(rig, "2 a 1 b 2 EX 100") == ":1")
        let deadline = ManyStringTests.now + 100_000
        #expect(tap.commands == ["SET a 1 PXAT \(deadline)", "SET b 2 PXAT \(deadline)"])
        #expect(tap.events == ["set a", "expire a", "set b", "expire b"])
        #expect(rig.run("TTL", "a") == ":100")
        #expect(ManyStringTests.mset(rig, "2 a 9 c 9 KEEPTTL") == ":1")
        #expect(tap.commands == ["SET a 9 KEEPTTL", "SET c 9 KEEPTTL"])
        #expect(rig.run("TTL", "a") == ":100")
        #expect(rig.run("TTL", "c") == ":-1")
        #expect(ManyStringTests.mset(rig, "1 a 1 XX PX 50") == ":1")
        #expect(rig.run("PTTL", "a") == ":50")
        #expect(ManyStringTests.mset(rig, "1 a 1") == ":1")
        #expect(rig.run("TTL", "a") == ":-1")
        _ = tap.commands
        // A time that has passed leaves no keys.
        #expect(ManyStringTests.mset(rig, "3 a 1 b 2 none 3 PXAT 5") == ":1")
        #expect(tap.commands == ["DEL a", "DEL b"])
        #expect(rig.run("EXISTS", "a", "b", "none") == ":0")
        #expect(ManyStringTests.mset(rig, "1 a 1 EXAT 1800000000") == ":1")
        #expect(rig.run("EXPIRETIME", "a") == ":1800000000")
        #expect(rig.mismatch == nil)
    }

    @Test func refusals() {
        let rig = Rig()
        for count in ["0", "-1", "x", "2147483648", "9223372036854775808", ""] {
            let reply = rig.run("MSETEX", count, "a", "1")
            #expect(reply == "-ERR invalid numkeys value or out of range", "\(count)")
        }
        for words in [
            "2 a 1 b", "2147483647 a 1", "1 a 1 FOO", "1 a 1 NX XX", "1 a 1 EX", "1 a 1 GET", "1 a 1 IFEQ 1",
            "1 a 1 EX 1 PX 1", "1 a 1 EX 1 KEEPTTL", "1 a 1 PERSIST", "1 a 1 b 2", "3 a 1 EX 100 NX",
        ] {
            #expect(ManyStringTests.mset(rig, words) == BitmapTests.syntax, "\(words)")
        }
        #expect(ManyStringTests.mset(rig, "1 a 1 EX 0") == "-ERR invalid expire time in 'msetex' command")
        #expect(ManyStringTests.mset(rig, "1 a 1 EX x") == BitmapTests.notInteger)
        #expect(ManyStringTests.mset(rig, "1 a") == "-ERR wrong number of arguments for 'msetex' command")
        #expect(rig.run("DBSIZE") == ":0")
        #expect(
            rig.run("COMMAND", "GETKEYS", "MSETEX", "2", "a", "1", "b", "2", "EX", "10") == "*2 $1 a $1 b")
        #expect(rig.mismatch == nil)
    }

    @Test func deleteIfEqual() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "s", "old")
        rig.run("SET", "n", "12")
        rig.run("SADD", "set", "x")
        _ = (tap.commands, tap.events)
        #expect(rig.run("DELIFEQ", "s", "other") == ":0")
        #expect(rig.run("DELIFEQ", "none", "") == ":0")
        #expect(tap.commands == [])
        #expect(rig.run("DELIFEQ", "s", "old") == ":1")
        #expect(rig.run("DELIFEQ", "s", "old") == ":0")
        #expect(tap.commands == ["DEL s"])
        #expect(tap.events == ["del s"])
        #expect(rig.run("DELIFEQ", "n", "12") == ":1")
        #expect(rig.run("DELIFEQ", "set", "x") == BitmapTests.wrongType)
        #expect(rig.run("DBSIZE") == ":1")
        #expect(rig.mismatch == nil)
    }
}
