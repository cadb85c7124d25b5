// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// SET, GET and the commands that do parts of them.
@Suite struct StringTests {
    static let now = Rig.startMs

    @Test func setConditions() {
        let rig = Rig()
        #expect(rig.run("SET", "a", "1", "XX") == "$-1")
        #expect(rig.run("SET", "a", "1", "nx") == "+OK")
        #expect(rig.run("SET", "a", "2", "NX") == "$-1")
        #expect(rig.run("SET", "a", "2", "XX", "XX") == "+OK")
        #expect(rig.run("SET", "a", "3", "NX", "GET") == "$1 2")
        #expect(rig.run("SET", "b", "3", "NX", "GET") == "$-1")
        #expect(rig.run("GET", "b") == "$1 3")
        #expect(rig.run("SET", "a", "3", "XX", "GET") == "$1 2")
        #expect(rig.run("SET", "c", "3", "XX", "GET") == "$-1")
        #expect(rig.run("EXISTS", "c") == ":0")
        #expect(rig.run("GET", "a") == "$1 3")
        #expect(rig.mismatch == nil)
    }

    @Test func setIfEqual() {
        let rig = Rig()
        #expect(rig.run("SET", "s", "old") == "+OK")
        #expect(rig.run("SET", "s", "new", "IFEQ", "old") == "+OK")
        #expect(rig.run("SET", "s", "x", "IFEQ", "old") == "$-1")
        #expect(rig.run("SET", "s", "y", "IFEQ", "new", "GET") == "$3 new")
        #expect(rig.run("SET", "s", "z", "IFEQ", "nomatch", "GET") == "$1 y")
        #expect(rig.run("SET", "none", "v", "IFEQ", "a") == "$-1")
        #expect(rig.run("SET", "none", "v", "IFEQ", "a", "GET") == "$-1")
        #expect(rig.run("SET", "none", "v", "IFEQ", "") == "$-1")
        #expect(rig.run("SET", "n", "12") == "+OK")
        #expect(rig.run("SET", "n", "13", "IFEQ", "12", "PX", "50") == "+OK")
        #expect(rig.run("PTTL", "n") == ":50")
        #expect(rig.run("SET", "s", "v", "IFEQ", "y", "NX") == "-ERR syntax error")
        #expect(rig.run("SET", "s", "v", "XX", "IFEQ", "y") == "-ERR syntax error")
        #expect(rig.run("SET", "s", "v", "IFEQ") == "-ERR syntax error")
        #expect(rig.mismatch == nil)
    }

    @Test func setSyntax() {
        let rig = Rig()
        let wrong: [[String]] = [
            ["FOO"], ["NX", "XX"], ["XX", "NX"], ["EX"], ["PX"], ["EXAT"], ["PXAT"], ["EX", "1", "PX", "2"],
            ["KEEPTTL", "EX", "1"], ["EX", "1", "KEEPTTL"], ["PERSIST"], ["EX", "1", "EXAT", "9"], [""],
            ["IFEQ"],
        ]
        for options in wrong {
            #expect(rig.run(["SET", "a", "b"] + options) == "-ERR syntax error", "\(options)")
        }
        #expect(rig.run("SET", "a", "b", "EX", "10", "ex", "20") == "+OK")
        #expect(rig.run("TTL", "a") == ":20")
        #expect(rig.run("SET", "a") == "-ERR wrong number of arguments for 'set' command")
        #expect(rig.mismatch == nil)
    }

    @Test func setWithTime() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("SET", "a", "v", "EX", "10") == "+OK")
        #expect(tap.commands == ["SET a v PXAT \(StringTests.now + 10000)"])
        #expect(tap.events == ["set a", "expire a"])
        #expect(rig.run("SET", "a", "w", "KEEPTTL") == "+OK")
        #expect(tap.commands == ["SET a w KEEPTTL"])
        #expect(rig.run("PTTL", "a") == ":10000")
        #expect(rig.run("SET", "a", "w", "KEEPTTL", "GET") == "$1 w")
        #expect(tap.commands == ["SET a w KEEPTTL"])
        #expect(rig.run("SET", "a", "w", "PX", "7", "NX", "GET") == "$1 w")
        #expect(tap.commands == [])
        #expect(rig.run("SET", "a", "w", "PX", "7", "GET") == "$1 w")
        #expect(tap.commands == ["SET a w PXAT \(StringTests.now + 7)"])
        rig.advance(ms: 6)
        #expect(rig.run("GET", "a") == "$1 w")
        rig.advance(ms: 1)
        #expect(tap.commands == ["DEL a"])
        #expect(rig.run("GET", "a") == "$-1")
        #expect(rig.run("SET", "a", "w", "EXAT", "1800000000") == "+OK")
        #expect(tap.commands == ["SET a w PXAT 1800000000000"])
        #expect(rig.run("SET", "a", "x") == "+OK")
        #expect(rig.run("TTL", "a") == ":-1")
        #expect(tap.commands == ["SET a x"])
        #expect(rig.run("SET", "a", "y", "IFEQ", "x") == "+OK")
        #expect(tap.commands == ["SET a y"])
        #expect(rig.mismatch == nil)
    }

    @Test func aPastTimeDeletes() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("SET", "a", "v", "PXAT", "1") == "+OK")
        #expect(tap.commands == [])
        rig.run("SET", "a", "v")
        _ = (tap.commands, tap.events)
        #expect(rig.run("SET", "a", "w", "GET", "EXAT", "1") == "$1 v")
        #expect(tap.commands == ["DEL a"])
        #expect(tap.events == ["del a"])
        #expect(rig.run("DBSIZE") == ":0")
        rig.run("SET", "a", "v")
        #expect(rig.run("GETEX", "a", "PXAT", "\(StringTests.now)") == "$1 v")
        #expect(rig.run("EXISTS", "a") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func invalidTimes() {
        let rig = Rig()
        rig.run("SET", "k", "old")
        let max = "\(Int64.max)"
        for (option, amount) in [
            ("EX", "0"), ("PX", "-1"), ("EX", max), ("EX", "9223372036854775"), ("EXAT", "9223372036854776"),
            ("PX", max),
            ("PXAT", "-5"), ("EXAT", "0"),
        ] {
            #expect(
                rig.run("SET", "k", "v", option, amount) == "-ERR invalid expire time in 'set' command",
                "\(option) \(amount)")
            #expect(rig.run("GETEX", "k", option, amount) == "-ERR invalid expire time in 'getex' command")
        }
        #expect(rig.run("SETEX", "k", "0", "v") == "-ERR invalid expire time in 'setex' command")
        #expect(rig.run("PSETEX", "k", max, "v") == "-ERR invalid expire time in 'psetex' command")
        #expect(rig.run("SET", "k", "v", "EX", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("SETEX", "k", "1.5", "v") == "-ERR value is not an integer or out of range")
        #expect(rig.run("GET", "k") == "$3 old")
        #expect(rig.run("GETEX", "none", "EX", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("SET", "k", "v", "PXAT", max) == "+OK")
        #expect(rig.run("EXPIRETIME", "k") == ":9223372036854776")
        #expect(rig.mismatch == nil)
    }

    @Test func setVariants() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("SETNX", "a", "1") == ":1")
        #expect(rig.run("SETNX", "a", "2") == ":0")
        #expect(tap.commands == ["SETNX a 1"])
        #expect(rig.run("SETEX", "a", "100", "x") == "+OK")
        #expect(tap.commands == ["SET a x PXAT \(StringTests.now + 100_000)"])
        #expect(rig.run("GETSET", "a", "y") == "$1 x")
        #expect(rig.run("TTL", "a") == ":-1")
        #expect(tap.commands == ["SET a y"])
        #expect(rig.run("PSETEX", "a", "100", "z") == "+OK")
        #expect(tap.commands == ["SET a z PXAT \(StringTests.now + 100)"])
        #expect(rig.run("GETSET", "n", "y") == "$-1")
        _ = (tap.commands, tap.events)
        #expect(rig.run("GETDEL", "a") == "$1 z")
        #expect(rig.run("GETDEL", "a") == "$-1")
        #expect(tap.commands == ["DEL a"])
        #expect(tap.events == ["del a"])
        #expect(rig.mismatch == nil)
    }

    @Test func getEx() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "v")
        _ = (tap.commands, tap.events)
        #expect(rig.run("GETEX", "a") == "$1 v")
        #expect(rig.run("GETEX", "a", "PERSIST") == "$1 v")
        #expect(tap.commands == [])
        #expect(rig.run("GETEX", "a", "EX", "5") == "$1 v")
        #expect(tap.commands == ["PEXPIREAT a \(StringTests.now + 5000)"])
        #expect(tap.events == ["expire a"])
        #expect(rig.run("GETEX", "a", "PERSIST") == "$1 v")
        #expect(tap.commands == ["PERSIST a"])
        #expect(tap.events == ["persist a"])
        #expect(rig.run("GETEX", "a", "PXAT", "5") == "$1 v")
        #expect(tap.commands == ["DEL a"])
        #expect(rig.run("GETEX", "a") == "$-1")
        for options in [
            ["NX"], ["GET"], ["KEEPTTL"], ["EX"], ["EX", "1", "PERSIST"], ["PERSIST", "PX", "1"],
            ["IFEQ", "v"],
        ] {
            #expect(rig.run(["GETEX", "a"] + options) == "-ERR syntax error", "\(options)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func manyAtOnce() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("MSET", "a", "1", "b", "2", "a", "3") == "+OK")
        #expect(tap.commands == ["MSET a 1 b 2 a 3"])
        #expect(tap.events == ["set a", "set b", "set a"])
        #expect(rig.run("MGET", "a", "none", "b") == "*3 $1 3 $-1 $1 2")
        #expect(rig.run("MSETNX", "c", "1", "a", "9") == ":0")
        #expect(rig.run("EXISTS", "c") == ":0")
        #expect(rig.run("MSETNX", "c", "1", "c", "2") == ":1")
        #expect(rig.run("GET", "c") == "$1 2")
        #expect(rig.run("MSET", "a", "1", "b") == "-ERR wrong number of arguments for 'mset' command")
        #expect(rig.run("MSETNX", "a", "1", "b") == "-ERR wrong number of arguments for 'msetnx' command")
        #expect(rig.run("EXPIRE", "a", "100") == ":1")
        #expect(rig.run("MSET", "a", "1") == "+OK")
        #expect(rig.run("TTL", "a") == ":-1")
        #expect(rig.mismatch == nil)
    }

    /// What was written into is `raw`, what was stored whole is `embstr` up to 44 bytes, whatever the key: one too long to
    /// stand in an entry with it makes no difference.
    @Test(arguments: [1, 100, 450, 500, 2000, 20_000]) func encodingsUnderKeysOfAnyLength(_ bytes: Int) {
        let rig = Rig()
        let key = String(repeating: "k", count: bytes)
        func encoding() -> String {
            String(rig.run("OBJECT", "ENCODING", key).split(separator: " ").last ?? "")
        }
        rig.run("SET", "x", "abc")
        for (words, name) in [
            (["SET", key, "abc"], "embstr"), (["SET", key, String(repeating: "x", count: 15)], "embstr"),
            (["SET", key, String(repeating: "x", count: 44)], "embstr"), (["APPEND", key, ""], "raw"),
            (["SET", key, String(repeating: "x", count: 45)], "raw"), (["SET", key, "abc"], "embstr"),
            (["SETRANGE", key, "0", "a"], "raw"), (["SET", key, "abc"], "embstr"),
            (["SETBIT", key, "0", "0"], "raw"),
            (["SET", key, "abc"], "embstr"), (["SETBIT", key, "0", "1"], "raw"), (["SET", key, "7"], "int"),
            (["BITOP", "OR", key, "x"], "raw"), (["BITOP", "NOT", key, key], "raw"),
            (["SET", key, "abc"], "embstr"),
            (["BITFIELD", key, "SET", "u8", "0", "1"], "raw"), (["RENAME", key, "r"], ""),
        ] {
            rig.run(words)
            if name.isEmpty {
                #expect(rig.run("OBJECT", "ENCODING", "r") == "$3 raw")
                rig.run("SET", key, "abc")
                rig.run("COPY", key, "r", "REPLACE")
                #expect(rig.run("OBJECT", "ENCODING", "r") == "$6 embstr")
                continue
            }
            #expect(encoding() == name, "\(words.map { $0.prefix(20) })")
        }
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func ranges() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("APPEND", "a", "12") == ":2")
        #expect(rig.run("OBJECT", "ENCODING", "a") == "$3 int")
        #expect(rig.run("APPEND", "a", "34") == ":4")
        #expect(rig.run("OBJECT", "ENCODING", "a") == "$3 raw")
        #expect(rig.run("INCR", "a") == ":1235")
        #expect(rig.run("OBJECT", "ENCODING", "a") == "$3 int")
        #expect(tap.events == ["append a", "append a", "incrby a"])
        #expect(rig.run("SETRANGE", "a", "6", "xy") == ":8")
        #expect(rig.run("GET", "a") == "$8 1235\0\0xy")
        #expect(rig.run("STRLEN", "a") == ":8")
        #expect(rig.run("SETRANGE", "a", "1", "") == ":8")
        #expect(rig.run("SETRANGE", "none", "5", "") == ":0")
        #expect(rig.run("EXISTS", "none") == ":0")
        #expect(rig.run("STRLEN", "none") == ":0")
        #expect(tap.events == ["setrange a"])
        rig.run("SET", "s", "This is a string")
        for (start, end, want) in [
            ("0", "3", "This"), ("-3", "-1", "ing"), ("0", "-1", "This is a string"), ("10", "100", "string"),
            ("5", "3", ""), ("-1", "-3", ""), ("100", "200", ""), ("1", "-100", ""), ("-100", "-101", ""),
            // An end in front of the first byte means the first byte.
            ("0", "-100", "T"), ("-100", "-99", "T"), ("0", "\(Int64.min)", "T"),
            ("\(Int64.min)", "\(Int64.min)", "T"),
            ("\(Int64.max)", "\(Int64.min)", ""),
            ("\(Int64.min)", "\(Int64.max)", "This is a string"), ("\(Int64.max)", "\(Int64.max)", ""),
        ] {
            #expect(rig.run("GETRANGE", "s", start, end) == "$\(want.utf8.count) \(want)", "\(start) \(end)")
            #expect(rig.run("SUBSTR", "s", start, end) == "$\(want.utf8.count) \(want)")
        }
        rig.run("SET", "n", "12345")
        #expect(rig.run("GETRANGE", "n", "0", "-100") == "$1 1")
        rig.run("SET", "e", "")
        #expect(rig.run("GETRANGE", "e", "0", "-100") == "$0 " && rig.run("GETRANGE", "e", "0", "0") == "$0 ")
        #expect(rig.run("GETRANGE", "n", "1", "2") == "$2 23")
        #expect(rig.run("GETRANGE", "none", "0", "-1") == "$0 ")
        #expect(rig.run("SETRANGE", "s", "-1", "x") == "-ERR offset is out of range")
        #expect(rig.run("SETRANGE", "s", "x", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.mismatch == nil)
    }

    @Test func growingStringsKeepTheirBytes() {
        let rig = Rig()
        var want = ""
        for step in 0..<60 {
            let part = String(
                repeating: Character(UnicodeScalar(UInt8(97 + step % 26))), count: step * 17 % 401)
            want += part
            #expect(rig.run("APPEND", "a", part) == ":\(want.utf8.count)")
            #expect(rig.run("GET", "a") == "$\(want.utf8.count) \(want)")
        }
        rig.run("COPY", "a", "b")
        rig.run("SETRANGE", "a", "3", "###")
        #expect(rig.run("GETRANGE", "a", "3", "5") == "$3 ###")
        #expect(rig.run("GET", "b") == "$\(want.utf8.count) \(want)")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func sizeLimit() {
        let rig = Rig { $0.bulkBytesMax = 1000 }
        let refusal = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        #expect(rig.run("SETRANGE", "a", "999", "x") == ":1000")
        #expect(rig.run("SETRANGE", "a", "1000", "x") == refusal)
        #expect(rig.run("SETRANGE", "a", "999", "xy") == refusal)
        #expect(rig.run("SETRANGE", "a", "\(Int64.max)", "x") == refusal)
        #expect(rig.run("SETRANGE", "none", "\(Int64.max)", "x") == refusal)
        #expect(rig.run("APPEND", "a", "x") == refusal)
        #expect(rig.run("APPEND", "a", "") == ":1000")
        #expect(rig.run("EXISTS", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func largeValues() {
        let rig = Rig()
        let large = String(repeating: "0123456789abcdef", count: 4000)
        #expect(rig.run("SET", "a", large) == "+OK")
        #expect(rig.run("SET", "a", "x", "GET") == "$64000 \(large)")
        #expect(rig.run("SET", "a", large, "EX", "9") == "+OK")
        #expect(rig.run("COPY", "a", "b") == ":1")
        #expect(rig.run("GETDEL", "a") == "$64000 \(large)")
        #expect(rig.run("APPEND", "b", "!") == ":64001")
        #expect(rig.run("GETRANGE", "b", "63998", "-1") == "$3 ef!")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func nullsOfRESP3() {
        let rig = Rig()
        rig.session().isRESP3 = true
        #expect(rig.run("GET", "a") == "_")
        #expect(rig.run("MGET", "a") == "*1 _")
        #expect(rig.run("SET", "a", "1", "XX") == "_")
        #expect(rig.run("GETDEL", "a") == "_")
        #expect(rig.run("RANDOMKEY") == "_")
        #expect(rig.run("OBJECT", "ENCODING", "a") == "_")
        #expect(rig.mismatch == nil)
    }
}
