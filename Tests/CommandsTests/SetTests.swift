// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Foundation
import Testing

/// The words of an array, set or bulk reply without lengths, sorted.
func members(_ reply: String) -> [String] {
    reply.split(separator: " ").filter { !"*$~".contains($0.first ?? "x") }.map(String.init).sorted()
}

@Suite struct SetTests {
    @Test func addAndRemove() {
        let rig = Rig()
        #expect(rig.run("SADD", "s", "a", "b", "a") == ":2")
        #expect(rig.run("SADD", "s", "b", "c") == ":1")
        #expect(rig.run("SADD", "s", "c") == ":0")
        #expect(rig.run("SCARD", "s") == ":3")
        #expect(rig.run("SISMEMBER", "s", "a") == ":1")
        #expect(rig.run("SISMEMBER", "s", "x") == ":0")
        #expect(rig.run("SMISMEMBER", "s", "a", "x", "c") == "*3 :1 :0 :1")
        #expect(rig.run("SMISMEMBER", "none", "a", "x") == "*2 :0 :0")
        #expect(members(rig.run("SMEMBERS", "s")) == ["a", "b", "c"])
        #expect(rig.run("SREM", "s", "a", "x", "b") == ":2")
        #expect(rig.run("SREM", "s", "c") == ":1")
        #expect(rig.run("SREM", "s", "c") == ":0")
        #expect(rig.run("SCARD", "s") == ":0")
        #expect(rig.run("SMEMBERS", "s") == "*0")
        #expect(rig.engine.keys.count(of: 0) == 0)
        #expect(rig.mismatch == nil)
    }

    @Test func setRepliesOfRESP3() {
        let rig = Rig()
        rig.run("SADD", "s", "a")
        rig.run("SADD", "t", "a")
        rig.session().setRESP3ForTest(rig)
        #expect(rig.run("SMEMBERS", "s") == "~1 $1 a")
        #expect(rig.run("SMEMBERS", "none") == "~0")
        #expect(rig.run("SINTER", "s", "t") == "~1 $1 a")
        #expect(rig.run("SUNION", "s", "t") == "~1 $1 a")
        #expect(rig.run("SDIFF", "s", "none") == "~1 $1 a")
        #expect(rig.run("SDIFF", "none", "s") == "~0")
        #expect(rig.run("SRANDMEMBER", "s", "5") == "*1 $1 a")
        #expect(rig.run("SRANDMEMBER", "none") == "_")
        #expect(rig.run("SPOP", "s", "0") == "~0")
        #expect(rig.run("SPOP", "s", "1") == "~1 $1 a")
        #expect(rig.run("SPOP", "s", "1") == "~0")
        #expect(rig.run("SPOP", "s") == "_")
        #expect(rig.run("SMISMEMBER", "t", "a") == "*1 :1")
        #expect(rig.mismatch == nil)
    }

    @Test func move() {
        let rig = Rig()
        rig.run("SADD", "a", "1", "2", "x")
        rig.run("SADD", "b", "2", "3")
        rig.run("SET", "str", "v")
        #expect(rig.run("SMOVE", "a", "b", "9") == ":0")
        #expect(rig.run("SMOVE", "a", "b", "1") == ":1")
        #expect(rig.run("SMOVE", "a", "b", "2") == ":1")
        #expect(members(rig.run("SMEMBERS", "a")) == ["x"])
        #expect(members(rig.run("SMEMBERS", "b")) == ["1", "2", "3"])
        #expect(rig.run("SMOVE", "a", "a", "x") == ":1")
        #expect(rig.run("SMOVE", "a", "a", "y") == ":0")
        #expect(rig.run("SMOVE", "a", "new", "x") == ":1")
        #expect(rig.run("SCARD", "a") == ":0")
        #expect(rig.run("SMOVE", "gone", "str", "x") == ":0")
        #expect(rig.run("SMOVE", "b", "str", "1") == SetTests.wrongType)
        #expect(rig.run("SMOVE", "str", "b", "1") == SetTests.wrongType)
        #expect(rig.mismatch == nil)
    }

    @Test func moveBetweenDyingKeys() {
        let rig = Rig()
        rig.run("SADD", "a", "1")
        rig.run("SADD", "b", "2")
        rig.run("PEXPIRE", "a", "5")
        rig.run("PEXPIRE", "b", "5")
        rig.sleepWithoutExpiry(ms: 10)
        #expect(rig.run("SMOVE", "a", "b", "1") == ":0")
        #expect(rig.engine.keys.count(of: 0) == 0)
        #expect(rig.run("SUNIONSTORE", "c", "a", "b") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func algebra() {
        let rig = Rig()
        rig.run("SADD", "a", "1", "2", "3", "x")
        rig.run("SADD", "b", "2", "3", "4")
        rig.run("SADD", "c", "3", "y")
        #expect(members(rig.run("SINTER", "a", "b")) == ["2", "3"])
        #expect(members(rig.run("SINTER", "a", "b", "c")) == ["3"])
        #expect(rig.run("SINTER", "a", "none", "b") == "*0")
        #expect(members(rig.run("SUNION", "a", "b", "c")) == ["1", "2", "3", "4", "x", "y"])
        #expect(members(rig.run("SUNION", "a", "a", "none")) == ["1", "2", "3", "x"])
        #expect(members(rig.run("SUNION", "a", "b", "c", "a", "b")) == ["1", "2", "3", "4", "x", "y"])
        #expect(rig.run("SUNION", "none") == "*0")
        #expect(members(rig.run("SDIFF", "a", "b")) == ["1", "x"])
        #expect(members(rig.run("SDIFF", "a", "b", "c", "none")) == ["1", "x"])
        #expect(rig.run("SDIFF", "a", "a") == "*0")
        #expect(rig.run("SDIFF", "none", "a") == "*0")
        #expect(rig.run("SINTERCARD", "2", "a", "b") == ":2")
        #expect(rig.run("SINTERCARD", "2", "a", "b", "LIMIT", "1") == ":1")
        #expect(rig.run("SINTERCARD", "2", "a", "b", "limit", "0") == ":2")
        #expect(rig.run("SINTERCARD", "1", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func differenceBySubtraction() {
        // Many sets of about equal size make the second algorithm the cheaper one.
        let rig = Rig()
        for key in 0..<8 {
            rig.run(["SADD", "k\(key)"] + (0..<40).map { "\($0 + key * 30)" })
        }
        let expected = (0..<30).map(String.init).sorted()
        #expect(members(rig.run(["SDIFF"] + (0..<8).map { "k\($0)" })) == expected)
        #expect(rig.run("SDIFF", "k0", "k0", "k1", "k2", "k3", "k4", "k5", "k6") == "*0")
        #expect(rig.mismatch == nil)
    }

    @Test func storing() {
        let rig = Rig()
        rig.run("SADD", "a", "1", "2", "3")
        rig.run("SADD", "b", "2", "3", "4")
        rig.run("SET", "d", "a string")
        #expect(rig.run("SINTERSTORE", "d", "a", "b") == ":2")
        #expect(members(rig.run("SMEMBERS", "d")) == ["2", "3"])
        #expect(rig.encoding("d") == "intset")
        #expect(rig.run("SUNIONSTORE", "a", "a", "b") == ":4")
        #expect(members(rig.run("SMEMBERS", "a")) == ["1", "2", "3", "4"])
        #expect(rig.run("SDIFFSTORE", "d", "a", "b") == ":1")
        #expect(members(rig.run("SMEMBERS", "d")) == ["1"])
        #expect(rig.run("SDIFFSTORE", "d", "a", "a") == ":0")
        #expect(rig.run("SCARD", "d") == ":0")
        #expect(rig.run("SINTERSTORE", "d", "a", "none") == ":0")
        rig.run(["SADD", "big"] + (0..<1000).map { "m\($0)" })
        #expect(rig.run("SUNIONSTORE", "d", "big", "a") == ":1004")
        #expect(rig.encoding("d") == "hashtable")
        #expect(rig.run("SINTERSTORE", "big", "big", "none") == ":0")
        #expect(rig.run("SUNIONSTORE", "d", "a") == ":4")
        #expect(rig.encoding("d") == "intset")
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func storingForgetsTheDeadline() {
        let rig = Rig()
        rig.run("SADD", "a", "1")
        rig.run("SADD", "d", "2")
        rig.run("SET", "e", "v")
        rig.run("PEXPIRE", "d", "1000")
        rig.run("PEXPIRE", "e", "1000")
        #expect(rig.run("SUNIONSTORE", "d", "d", "a") == ":2")
        #expect(rig.run("SINTERSTORE", "e", "a") == ":1")
        rig.advance(ms: 2000)
        #expect(members(rig.run("SMEMBERS", "d")) == ["1", "2"])
        #expect(rig.run("SCARD", "e") == ":1")
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func eventsAndPropagation() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SADD", "a", "1", "2", "1")
        rig.run("SADD", "a", "1")
        rig.run("SREM", "a", "9")
        rig.run("SMOVE", "a", "b", "1")
        rig.run("SMOVE", "a", "b", "1")
        rig.run("SREM", "a", "2")
        #expect(tap.events == ["sadd a", "srem a", "sadd b", "srem a", "del a"])
        #expect(tap.commands == ["SADD a 1 2 1", "SMOVE a b 1", "SREM a 2"])
        rig.run("SUNIONSTORE", "c", "b", "a")
        rig.run("SINTERSTORE", "d", "b", "c")
        rig.run("SDIFFSTORE", "d", "b", "c")
        rig.run("SDIFFSTORE", "d", "b", "c")
        rig.run("SMOVE", "b", "c", "1")
        #expect(tap.events == ["sunionstore c", "sinterstore d", "del d", "srem b", "del b"])
        #expect(
            tap.commands == ["SUNIONSTORE c b a", "SINTERSTORE d b c", "SDIFFSTORE d b c", "SMOVE b c 1"])
        rig.run("SINTER", "c")
        #expect(tap.commands == [])
        #expect(rig.mismatch == nil)
    }

    @Test func encodings() {
        let rig = Rig()
        rig.run(["SADD", "i"] + (0..<512).map(String.init))
        #expect(rig.encoding("i") == "intset")
        rig.run("SADD", "i", "512")
        #expect(rig.encoding("i") == "hashtable")
        rig.run(["SADD", "l", "x"] + (0..<127).map(String.init))
        #expect(rig.encoding("l") == "listpack")
        rig.run("SADD", "l", "y")
        #expect(rig.encoding("l") == "hashtable")
        rig.run(["SADD", "j"] + (0..<128).map(String.init))
        rig.run("SADD", "j", "y")
        #expect(rig.encoding("j") == "hashtable")
        rig.run("SADD", "k", "1", "y")
        #expect(rig.encoding("k") == "listpack")
        rig.run("SADD", "k", String(repeating: "z", count: 64))
        #expect(rig.encoding("k") == "listpack")
        rig.run("SADD", "k", String(repeating: "z", count: 65))
        #expect(rig.encoding("k") == "hashtable")
        // More arguments than a compact set could hold make a table at once, even if most are the same.
        rig.run(["SADD", "m"] + Array(repeating: "q", count: 129))
        #expect(rig.encoding("m") == "hashtable")
        #expect(rig.mismatch == nil)
    }

    @Test func scanning() {
        let rig = Rig()
        rig.run("SADD", "i", "1", "2", "13")
        #expect(rig.run("SSCAN", "i", "0") == "*2 $1 0 *3 $1 1 $1 2 $2 13")
        #expect(rig.run("SSCAN", "i", "0", "MATCH", "1*", "COUNT", "1") == "*2 $1 0 *2 $1 1 $2 13")
        #expect(rig.run("SSCAN", "none", "0", "FOO") == "*2 $1 0 *0")
        rig.run(["SADD", "big"] + (0..<2000).map { "m\($0)" })
        var seen = Set<String>()
        var cursor = "0"
        var calls = 0
        repeat {
            let words = rig.run("SSCAN", "big", cursor, "MATCH", "m*", "COUNT", "20").split(separator: " ")
                .map(String.init)
            cursor = words[2]
            for word in words.dropFirst(4) where word.hasPrefix("m") { seen.insert(word) }
            calls += 1
        } while cursor != "0"
        #expect(seen.count == 2000)
        #expect(calls > 40)
        #expect(rig.mismatch == nil)
    }

    static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private static let notInteger = "-ERR value is not an integer or out of range"
    private static let mustBePositive = "-ERR value is out of range, must be positive"
    private static let syntax = "-ERR syntax error"

    @Test func wrongTypes() {
        let rig = Rig()
        rig.run("SET", "str", "v")
        rig.run("SADD", "s", "a")
        for line in [
            "SADD str a", "SREM str a", "SISMEMBER str a", "SMISMEMBER str a b", "SCARD str", "SMEMBERS str",
            "SPOP str",
            "SPOP str 1", "SPOP str 0", "SRANDMEMBER str", "SRANDMEMBER str 1", "SRANDMEMBER str -1",
            "SINTER s str",
            "SINTER none str", "SUNION str", "SDIFF s str", "SINTERSTORE d none str", "SUNIONSTORE d s str",
            "SDIFFSTORE d none str", "SINTERCARD 2 none str", "SSCAN str 0",
        ] {
            #expect(rig.run(line.split(separator: " ").map(String.init)) == SetTests.wrongType, "\(line)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func badInput() {
        let rig = Rig()
        rig.run("SADD", "st", "a", "b")
        let garbage = [
            "", " 1", "1 ", "+1", "0x10", "1.0", "1e3", "inf", "nan", "abc", "9223372036854775808", "01", "-",
        ]
        for text in garbage {
            #expect(rig.run("SPOP", "st", text) == SetTests.mustBePositive, "SPOP [\(text)]")
            #expect(rig.run("SRANDMEMBER", "st", text) == SetTests.notInteger, "SRANDMEMBER [\(text)]")
            #expect(rig.run("SINTERCARD", text, "st") == "-ERR numkeys should be greater than 0")
            #expect(rig.run("SINTERCARD", "1", "st", "LIMIT", text) == "-ERR LIMIT can't be negative")
            #expect(rig.run("SSCAN", "st", "0", "COUNT", text) == SetTests.notInteger)
        }
        for text in ["-1", "-2147483648", "-9223372036854775808"] {
            #expect(rig.run("SPOP", "st", text) == SetTests.mustBePositive)
            #expect(rig.run("SINTERCARD", text, "st") == "-ERR numkeys should be greater than 0")
            #expect(rig.run("SINTERCARD", "1", "st", "LIMIT", text) == "-ERR LIMIT can't be negative")
            #expect(rig.run("SSCAN", "st", "0", "COUNT", text) == SetTests.syntax)
        }
        for text in ["2147483647", "2147483648", "4294967296", "9223372036854775807"] {
            #expect(members(rig.run("SRANDMEMBER", "st", text)) == ["a", "b"])
            #expect(rig.run("SSCAN", "st", "0", "COUNT", text) == "*2 $1 0 *2 $1 a $1 b")
            #expect(
                rig.run("SINTERCARD", text, "st")
                    == "-ERR Number of keys can't be greater than number of args")
            #expect(rig.run("SINTERCARD", "1", "st", "LIMIT", text) == ":2")
        }
        let range =
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
        #expect(rig.run("SRANDMEMBER", "st", "-9223372036854775808") == range)
        #expect(rig.run("SRANDMEMBER", "st", "-9223372036854775807") == "-ERR value is out of range")
        #expect(rig.run("SRANDMEMBER", "st", "1", "x") == SetTests.syntax)
        #expect(rig.run("SPOP", "st", "1", "x") == SetTests.syntax)
        #expect(rig.run("SINTERCARD", "0", "a") == "-ERR numkeys should be greater than 0")
        #expect(rig.run("SINTERCARD", "1", "a", "b") == SetTests.syntax)
        #expect(rig.run("SINTERCARD", "1", "a", "LIMIT") == SetTests.syntax)
        #expect(rig.run("SSCAN", "st", "0", "COUNT", "0") == SetTests.syntax)
        #expect(rig.run("SSCAN", "st", "0", "FOO", "1") == SetTests.syntax)
        #expect(rig.run("SSCAN", "st", "0", "MATCH") == SetTests.syntax)
        #expect(rig.run("SSCAN", "st", "0", "NOVALUES") == "-ERR NOVALUES option can only be used in HSCAN")
        for cursor in ["abc", "", "-1", "18446744073709551616", "1 "] {
            #expect(rig.run("SSCAN", "st", cursor) == "-ERR invalid cursor", "cursor [\(cursor)]")
        }
        #expect(rig.run("SSCAN", "st", "18446744073709551615") == "*2 $1 0 *2 $1 a $1 b")
        #expect(members(rig.run("SPOP", "st", "9223372036854775807")) == ["a", "b"])
        #expect(rig.run("SADD", "st") == "-ERR wrong number of arguments for 'sadd' command")
        #expect(rig.mismatch == nil)
    }

    @Test func oddMembers() {
        let rig = Rig()
        let long = [UInt8](repeating: 7, count: 1 << 20)
        let all: [[UInt8]] = [
            [], [0], [255, 0, 13, 10], long, Array("-0".utf8), Array("007".utf8),
            Array("-9223372036854775808".utf8),
        ]
        for (i, member) in all.enumerated() {
            #expect(rig.raw([Array("SADD".utf8), Array("s".utf8), member]) == Array(":1\r\n".utf8), "\(i)")
            #expect(rig.raw([Array("SADD".utf8), Array("s".utf8), member]) == Array(":0\r\n".utf8), "\(i)")
        }
        #expect(rig.run("SCARD", "s") == ":7")
        for (i, member) in all.enumerated() {
            #expect(rig.raw([Array("SREM".utf8), Array("s".utf8), member]) == Array(":1\r\n".utf8), "\(i)")
        }
        #expect(rig.run("SCARD", "s") == ":0")
        #expect(rig.mismatch == nil)
    }
}
