// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// The EXPIRE family and what asks for deadlines.
@Suite struct KeyDeadlineTests {
    static let now = Rig.startMs

    @Test func allForms() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "v")
        _ = (tap.commands, tap.events)
        #expect(rig.run("EXPIRE", "a", "100") == ":1")
        #expect(rig.run("PEXPIRE", "a", "1500") == ":1")
        #expect(rig.run("TTL", "a") == ":2")
        #expect(rig.run("PTTL", "a") == ":1500")
        #expect(rig.run("EXPIREAT", "a", "1800000000") == ":1")
        #expect(rig.run("EXPIRETIME", "a") == ":1800000000")
        #expect(rig.run("PEXPIREAT", "a", "1800000000499") == ":1")
        #expect(rig.run("PEXPIRETIME", "a") == ":1800000000499")
        #expect(rig.run("EXPIRETIME", "a") == ":1800000000")
        #expect(
            tap.commands == [
                "PEXPIREAT a \(KeyDeadlineTests.now + 100_000)", "PEXPIREAT a \(KeyDeadlineTests.now + 1500)",
                "PEXPIREAT a 1800000000000", "PEXPIREAT a 1800000000499",
            ])
        #expect(tap.events == ["expire a", "expire a", "expire a", "expire a"])
        #expect(rig.run("PERSIST", "a") == ":1")
        #expect(rig.run("PERSIST", "a") == ":0")
        #expect(tap.commands == ["PERSIST a"])
        #expect(tap.events == ["persist a"])
        #expect(rig.run("TTL", "a") == ":-1")
        #expect(rig.run("EXPIRETIME", "a") == ":-1")
        for name in ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] { #expect(rig.run(name, "none") == ":-2") }
        #expect(rig.run("EXPIRE", "none", "1") == ":0")
        #expect(rig.run("PERSIST", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func secondsAreRounded() {
        let rig = Rig()
        rig.run("SET", "a", "v")
        for (ms, seconds) in [(1, 0), (499, 0), (500, 1), (1499, 1), (1500, 2)] {
            rig.run("PEXPIRE", "a", "\(ms)")
            #expect(rig.run("TTL", "a") == ":\(seconds)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func conditions() {
        let rig = Rig()
        rig.run("SET", "a", "v")
        #expect(rig.run("EXPIRE", "a", "100", "XX") == ":0")
        #expect(rig.run("EXPIRE", "a", "100", "GT") == ":0")
        #expect(rig.run("EXPIRE", "a", "100", "XX", "GT") == ":0")
        #expect(rig.run("EXPIRE", "a", "100", "LT") == ":1")
        #expect(rig.run("EXPIRE", "a", "200", "NX") == ":0")
        #expect(rig.run("EXPIRE", "a", "100", "gt") == ":0")
        #expect(rig.run("EXPIRE", "a", "101", "GT") == ":1")
        #expect(rig.run("EXPIRE", "a", "101", "LT") == ":0")
        #expect(rig.run("EXPIRE", "a", "50", "XX", "LT") == ":1")
        #expect(rig.run("EXPIRE", "a", "60", "XX") == ":1")
        #expect(rig.run("TTL", "a") == ":60")
        rig.run("PERSIST", "a")
        #expect(rig.run("EXPIRE", "a", "60", "NX", "NX") == ":1")
        #expect(rig.run("EXPIRE", "a", "10", "FOO") == "-ERR Unsupported option FOO")
        let mixed = "-ERR NX and XX, GT or LT options at the same time are not compatible"
        #expect(rig.run("EXPIRE", "a", "10", "NX", "XX") == mixed)
        #expect(rig.run("EXPIRE", "a", "10", "LT", "NX") == mixed)
        #expect(
            rig.run("EXPIRE", "a", "10", "GT", "LT")
                == "-ERR GT and LT options at the same time are not compatible")
        // Options are read before the time.
        #expect(rig.run("EXPIRE", "a", "x", "FOO") == "-ERR Unsupported option FOO")
        #expect(rig.mismatch == nil)
    }

    @Test func aPastTimeDeletes() {
        let rig = Rig()
        let tap = Tap(rig)
        for words in [
            ["EXPIRE", "a", "0"], ["PEXPIRE", "a", "-1"], ["EXPIREAT", "a", "1"], ["PEXPIREAT", "a", "-5"],
        ] {
            rig.run("SET", "a", "v")
            _ = (tap.commands, tap.events)
            #expect(rig.run(words) == ":1")
            #expect(tap.commands == ["DEL a"])
            #expect(tap.events == ["del a"])
            #expect(rig.run("EXISTS", "a") == ":0")
        }
        rig.run("SET", "a", "v")
        #expect(rig.run("EXPIRE", "a", "-1", "GT") == ":0")
        #expect(rig.run("GET", "a") == "$1 v")
        #expect(rig.mismatch == nil)
    }

    /// The largest number of milliseconds is a deadline like any other.
    @Test func theLastDeadlineThereIs() {
        let rig = Rig()
        let last = "\(Int64.max)"
        for words in [
            ["PEXPIREAT", "a", last], ["GETEX", "a", "PXAT", last], ["SET", "a", "v", "PXAT", last],
            ["MSETEX", "1", "a", "v", "PXAT", last], ["COPY", "a", "b", "REPLACE"], ["RENAME", "b", "a"],
        ] {
            if words[0] != "RENAME", words[0] != "COPY" { rig.run("SET", "a", "v") }
            #expect(!rig.run(words).hasPrefix("-"))
            #expect(rig.run("PEXPIRETIME", words[0] == "COPY" ? "b" : "a") == ":" + last, "\(words)")
        }
        #expect(rig.run("EXPIRETIME", "a") == ":9223372036854776")
        #expect(rig.run("PTTL", "a") == ":\(Int64.max - Rig.startMs)")
        for earlier in [last, "\(Int64.max - 1)", "\(Int64.max - 2)"] {
            #expect(rig.run("PEXPIREAT", "a", earlier, "GT") == ":0")
        }
        #expect(rig.run("PEXPIREAT", "a", last, "LT") == ":0")
        #expect(rig.run("PEXPIREAT", "a", "\(Int64.max - 2)", "LT") == ":1")
        #expect(rig.run("PEXPIRETIME", "a") == ":\(Int64.max - 2)")
        #expect(rig.run("PEXPIREAT", "a", last, "GT") == ":1")
        #expect(rig.run("PERSIST", "a") == ":1" && rig.run("PTTL", "a") == ":-1")
        #expect(rig.mismatch == nil)
    }

    /// What is stored for a time that has passed, or given one, has expired.
    @Test func pastTimesCountAsExpired() {
        let rig = Rig()
        for (count, words) in [
            ["SET", "new", "v", "PXAT", "1"], ["SET", "a", "v", "PXAT", "1"], ["GETEX", "a", "EXAT", "1"],
            ["PEXPIREAT", "a", "1"], ["EXPIRE", "a", "-1"],
            ["MSETEX", "2", "a", "v", "new", "v", "PXAT", "1"],
        ].enumerated() {
            rig.run("SET", "a", "v")
            rig.run(words)
            #expect(rig.run("EXISTS", "a", "new") == (count == 0 ? ":1" : ":0"))
            #expect(rig.engine.keys.stats.expired == count + (count == 5 ? 2 : 1), "\(words)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func deathIsPunctualAndPropagated() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "1", "PX", "100")
        rig.run("SET", "b", "2", "PX", "200")
        _ = (tap.commands, tap.events)
        rig.advance(ms: 99)
        #expect(rig.run("DBSIZE") == ":2")
        rig.advance(ms: 1)
        #expect(tap.commands == ["DEL a"])
        #expect(tap.events == ["expired a"])
        #expect(rig.run("DBSIZE") == ":1")
        // A read meets the dead key before the clock has swept it away.
        rig.engine.keys.nowMs += 100
        #expect(rig.run("GET", "b") == "$-1")
        #expect(tap.commands == ["DEL b"])
        #expect(tap.events == ["expired b"])
        #expect(rig.engine.keys.stats.expired == 2)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func writesMeetDeadKeys() {
        let rig = Rig()
        let tap = Tap(rig)
        for (words, answer) in [
            (["INCR", "a"], ":1"), (["APPEND", "a", "xy"], ":2"), (["SETNX", "a", "v"], ":1"),
            (["SETRANGE", "a", "1", "x"], ":2"),
            (["GETSET", "a", "v"], "$-1"), (["SET", "a", "v", "KEEPTTL"], "+OK"),
            (["MSETNX", "a", "v"], ":1"),
        ] {
            rig.run("SET", "a", "5", "PX", "10")
            _ = tap.commands
            rig.engine.keys.nowMs += 10
            #expect(rig.run(words) == answer)
            #expect(tap.commands.first == "DEL a", "\(words)")
            #expect(rig.run("TTL", "a") == ":-1", "\(words)")
        }
        #expect(rig.mismatch == nil)
    }

    /// A wrong time is told also where there is no key, or one of another type.
    @Test func getexLooksAtTheTimeFirst() {
        let rig = Rig()
        rig.run("HSET", "h", "f", "v")
        for key in ["none", "h"] {
            #expect(rig.run("GETEX", key, "EX", "abcd") == "-ERR value is not an integer or out of range")
            #expect(rig.run("GETEX", key, "PX", "-1") == "-ERR invalid expire time in 'getex' command")
        }
        #expect(rig.run("GETEX", "none", "EX", "10") == "$-1")
    }
}
