// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Foundation
import Testing

/// The commands on hashes, but for deadlines.
@Suite struct HashTests {
    @Test func setAndGet() {
        let rig = Rig()
        #expect(rig.run("HSET", "h", "a", "1", "b", "2", "a", "3") == ":2")
        #expect(rig.run("HSET", "h", "b", "2", "c", "three") == ":1")
        #expect(rig.run("HGET", "h", "a") == "$1 3")
        #expect(rig.run("HGET", "h", "x") == "$-1")
        #expect(rig.run("HGET", "none", "x") == "$-1")
        #expect(rig.run("HMGET", "h", "c", "x", "a", "c") == "*4 $5 three $-1 $1 3 $5 three")
        #expect(rig.run("HMGET", "none", "a", "x") == "*2 $-1 $-1")
        #expect(rig.run("HLEN", "h") == ":3")
        #expect(rig.run("HLEN", "none") == ":0")
        #expect(rig.run("HEXISTS", "h", "a") == ":1")
        #expect(rig.run("HEXISTS", "h", "x") == ":0")
        #expect(rig.run("HEXISTS", "none", "x") == ":0")
        #expect(rig.run("HSTRLEN", "h", "c") == ":5")
        #expect(rig.run("HSTRLEN", "h", "x") == ":0")
        #expect(rig.run("HSTRLEN", "none", "x") == ":0")
        #expect(rig.fields("h") == ["a": "3", "b": "2", "c": "three"])
        #expect(members(rig.run("HKEYS", "h")) == ["a", "b", "c"])
        #expect(members(rig.run("HVALS", "h")) == ["2", "3", "three"])
        for name in ["HGETALL", "HKEYS", "HVALS"] { #expect(rig.run(name, "none") == "*0") }
        #expect(rig.run("TYPE", "h") == "+hash")
        #expect(rig.run("HDEL", "h", "a", "x", "a") == ":1")
        #expect(rig.run("HDEL", "h", "x") == ":0")
        #expect(rig.run("HDEL", "none", "x") == ":0")
        #expect(rig.run("HDEL", "h", "b", "c", "d") == ":2")
        #expect(rig.engine.keys.count(of: 0) == 0)
        #expect(rig.mismatch == nil)
    }

    @Test func setWithoutOverwriting() {
        let rig = Rig()
        #expect(rig.run("HMSET", "h", "a", "1", "b", "2") == "+OK")
        #expect(rig.run("HMSET", "h", "a", "3") == "+OK")
        #expect(rig.run("HSETNX", "h", "a", "4") == ":0")
        #expect(rig.run("HSETNX", "h", "c", "5") == ":1")
        #expect(rig.run("HSETNX", "new", "c", "6") == ":1")
        #expect(rig.fields("h") == ["a": "3", "b": "2", "c": "5"])
        #expect(rig.fields("new") == ["c": "6"])
        #expect(rig.mismatch == nil)
    }

    @Test func repliesOfRESP3() {
        let rig = Rig()
        rig.run("HSET", "h", "a", "1")
        rig.session().setRESP3ForTest(rig)
        #expect(rig.run("HGETALL", "h") == "%1 $1 a $1 1")
        #expect(rig.run("HGETALL", "none") == "%0")
        #expect(rig.run("HKEYS", "h") == "*1 $1 a")
        #expect(rig.run("HVALS", "h") == "*1 $1 1")
        #expect(rig.run("HKEYS", "none") == "*0")
        #expect(rig.run("HGET", "h", "x") == "_")
        #expect(rig.run("HMGET", "h", "a", "x") == "*2 $1 1 _")
        #expect(rig.run("HMSET", "h", "a", "2") == "+OK")
        #expect(rig.run("HINCRBYFLOAT", "h", "a", "1") == "$1 3")
        #expect(rig.run("HEXISTS", "h", "a") == ":1")
        #expect(rig.run("HSCAN", "h", "0") == "*2 $1 0 *2 $1 a $1 3")
        #expect(rig.run("HRANDFIELD", "none") == "_")
        #expect(rig.run("HRANDFIELD", "h") == "$1 a")
        #expect(rig.run("HRANDFIELD", "h", "5") == "*1 $1 a")
        #expect(rig.run("HRANDFIELD", "h", "5", "WITHVALUES") == "*1 *2 $1 a $1 3")
        #expect(rig.run("HRANDFIELD", "h", "-2", "WITHVALUES") == "*2 *2 $1 a $1 3 *2 $1 a $1 3")
        #expect(rig.run("HRANDFIELD", "h", "0", "WITHVALUES") == "*0")
        #expect(rig.run("HRANDFIELD", "none", "1", "WITHVALUES") == "*0")
        #expect(rig.run("HGETEX", "h", "FIELDS", "2", "a", "x") == "*2 $1 3 _")
        #expect(rig.run("HEXPIRE", "h", "9", "FIELDS", "2", "a", "x") == "*2 :1 :-2")
        #expect(rig.run("HTTL", "h", "FIELDS", "1", "a") == "*1 :9")
        #expect(rig.run("HGETDEL", "h", "FIELDS", "2", "a", "x") == "*2 $1 3 _")
        #expect(rig.mismatch == nil)
    }

    @Test func integers() {
        let rig = Rig()
        #expect(rig.run("HINCRBY", "h", "n", "5") == ":5")
        #expect(rig.run("HINCRBY", "h", "n", "-7") == ":-2")
        #expect(rig.run("HINCRBY", "h", "n", "0") == ":-2")
        #expect(rig.run("HGET", "h", "n") == "$2 -2")
        let edges = ["m", "9223372036854775807", "l", "-9223372036854775808"]
        rig.run(["HSET", "h"] + edges)
        let overflow = "-ERR increment or decrement would overflow"
        #expect(rig.run("HINCRBY", "h", "m", "1") == overflow)
        #expect(rig.run("HINCRBY", "h", "l", "-1") == overflow)
        #expect(rig.run("HINCRBY", "h", "l", "-9223372036854775808") == overflow)
        #expect(rig.run("HINCRBY", "h", "m", "-9223372036854775808") == ":-1")
        #expect(rig.run("HINCRBY", "h", "l", "9223372036854775807") == ":-1")
        for text in [" 1", "1 ", "1.0", "1e3", "", "+5", "007", "-0", "abc", "9223372036854775808", "1\0"] {
            rig.run("HSET", "h", "bad", text)
            #expect(rig.run("HINCRBY", "h", "bad", "1") == "-ERR hash value is not an integer", "[\(text)]")
            #expect(rig.run("HGET", "h", "bad") == "$\(text.utf8.count) \(text)")
        }
        // A value in a block is no number, and is not walked.
        rig.run("HSET", "h", "big", String(repeating: "1", count: 20_000))
        #expect(rig.run("HINCRBY", "h", "big", "1") == "-ERR hash value is not an integer")
        #expect(rig.mismatch == nil)
    }

    @Test func floats() {
        let rig = Rig()
        rig.run("HSET", "h", "f", "5200", "s", "abc", "e", "5.0e3", "x", "0x10", "i", "inf", "sp", " 1")
        for (field, increment, want) in [
            ("f", "10.43", "$22 5210.43000000000000016"), ("g", "1e-18", "$1 0"),
            ("g", "1e-17", "$19 0.00000000000000001"), ("new", "3.0e3", "$4 3000"), ("e", "2.0e2", "$4 5200"),
            ("x", "1", "$2 17"), ("x", "-17", "$1 0"), ("s", "1", "-ERR hash value is not a float"),
            ("sp", "1", "-ERR hash value is not a float"),
            ("i", "1", "-ERR increment would produce NaN or Infinity"),
            ("f", "inf", "-ERR value is NaN or Infinity"), ("s", "-inf", "-ERR value is NaN or Infinity"),
            ("s", "nan", "-ERR value is not a valid float"), ("s", "x", "-ERR value is not a valid float"),
            ("f", "1e5000", "-ERR value is not a valid float"), ("f", "", "-ERR value is not a valid float"),
        ] {
            #expect(rig.run("HINCRBYFLOAT", "h", field, increment) == want, "\(field) + \(increment)")
        }
        #expect(rig.run("HSTRLEN", "h", "new") == ":4")
        rig.run("HINCRBYFLOAT", "h", "huge", "1.1e4932")
        #expect(
            rig.run("HINCRBYFLOAT", "h", "huge", "1.1e4932")
                == "-ERR increment would produce NaN or Infinity")
        #expect(rig.run("HSTRLEN", "h", "huge") == ":4933")
        #expect(rig.mismatch == nil)
    }

    @Test func eventsAndPropagation() {
        let rig = Rig()
        let tap = Tap(rig, eventMask: .max)
        rig.run("HSET", "h", "a", "1", "b", "2")
        rig.run("HSET", "h", "a", "1")
        rig.run("HMSET", "h", "c", "3")
        rig.run("HSETNX", "h", "c", "4")
        rig.run("HSETNX", "h", "d", "4")
        rig.run("HINCRBY", "h", "d", "1")
        rig.run("HINCRBYFLOAT", "h", "d", "1.5")
        #expect(
            tap.commands == [
                "HSET h a 1 b 2", "HSET h a 1", "HMSET h c 3", "HSETNX h d 4", "HINCRBY h d 1",
                "HSET h d 6.5",
            ])
        #expect(
            tap.events == [
                "new h", "hset h", "hset h", "hset h", "hset h", "hincrby h", "hincrbyfloat h",
            ])
        rig.run("HDEL", "h", "x")
        rig.run("HDEL", "h", "a", "x", "a")
        rig.run("HDEL", "h", "b", "c", "d")
        #expect(tap.commands == ["HDEL h a x a", "HDEL h b c d"])
        #expect(tap.events == ["hdel h", "hdel h", "del h"])
        rig.run("HINCRBY", "n", "d", "1")
        rig.run("HINCRBYFLOAT", "f", "d", "1")
        rig.run("HSETNX", "x", "d", "1")
        #expect(tap.commands == ["HINCRBY n d 1", "HSET f d 1", "HSETNX x d 1"])
        #expect(tap.events == ["new n", "hincrby n", "new f", "hincrbyfloat f", "new x", "hset x"])
        for words in [
            "HGET n d", "HMGET n d", "HGETALL n", "HKEYS n", "HVALS n", "HLEN n", "HEXISTS n d",
            "HSTRLEN n d",
            "HRANDFIELD n", "HRANDFIELD n 2 WITHVALUES", "HSCAN n 0", "HTTL n FIELDS 1 d",
            "HGETEX n FIELDS 1 d", "HPERSIST n FIELDS 1 d", "HEXPIRE n 9 XX FIELDS 2 d x",
            "HGETDEL n FIELDS 1 x", "HINCRBY n d x", "HSETEX n FNX FIELDS 1 d 1",
        ] { rig.run(words.split(separator: " ").map(String.init)) }
        #expect(tap.commands == [])
        #expect(tap.events == [])
        #expect(rig.mismatch == nil)
    }

    @Test func missesAreEventsOfReadsOnly() {
        let rig = Rig()
        let tap = Tap(rig, eventMask: .max)
        for words in [
            "HGET n a", "HMGET n a b", "HSTRLEN n a", "HEXISTS n a", "HLEN n", "HKEYS n", "HVALS n",
            "HGETALL n", "HRANDFIELD n", "HRANDFIELD n -3", "HSCAN n 0", "HTTL n FIELDS 1 a",
            "HPEXPIRETIME n FIELDS 1 a",
        ] {
            rig.run(words.split(separator: " ").map(String.init))
            #expect(tap.events == ["keymiss n"], "\(words)")
        }
        let (hits, misses) = (rig.engine.keys.stats.hits, rig.engine.keys.stats.misses)
        for words in [
            "HPERSIST n FIELDS 1 a", "HEXPIRE n 1 FIELDS 1 a", "HGETEX n FIELDS 1 a", "HDEL n a",
            "HGETEX n EX 1 FIELDS 1 a", "HGETDEL n FIELDS 1 a", "HSETEX n FXX FIELDS 1 a 1",
        ] {
            rig.run(words.split(separator: " ").map(String.init))
            #expect(tap.events == [], "\(words)")
        }
        #expect(rig.engine.keys.stats.hits == hits && rig.engine.keys.stats.misses == misses)
        #expect(rig.mismatch == nil)
    }

    @Test func oddFields() {
        let rig = Rig()
        let long = [UInt8](repeating: 7, count: 1 << 20)
        let all: [[UInt8]] = [
            [], [0], [255, 0, 13, 10], long, Array("-0".utf8), Array("007".utf8), Array("12".utf8),
            Array("-9223372036854775808".utf8), [UInt8](repeating: 1, count: 126),
            [UInt8](repeating: 1, count: 127), [UInt8](repeating: 2, count: 253),
            [UInt8](repeating: 3, count: 254), [UInt8](repeating: 4, count: 16_383),
            [UInt8](repeating: 5, count: 16_384),
        ]
        let word = { (text: String) in Array(text.utf8) }
        let bulk = { (bytes: [UInt8]) in word("$\(bytes.count)\r\n") + bytes + [13, 10] }
        for (i, field) in all.enumerated() {
            let value = all[all.count - 1 - i]
            #expect(rig.raw([word("HSET"), word("h"), field, value]) == word(":1\r\n"), "\(i)")
            #expect(rig.raw([word("HSET"), word("h"), field, value]) == word(":0\r\n"), "\(i)")
        }
        #expect(rig.run("HLEN", "h") == ":\(all.count)")
        for (i, field) in all.enumerated() {
            let value = all[all.count - 1 - i]
            #expect(rig.raw([word("HGET"), word("h"), field]) == bulk(value), "\(i)")
            #expect(rig.raw([word("HSTRLEN"), word("h"), field]) == word(":\(value.count)\r\n"), "\(i)")
            #expect(
                rig.raw([word("HGETEX"), word("h"), word("FIELDS"), word("1"), field])
                    == word("*1\r\n") + bulk(value), "\(i)")
        }
        rig.engine.keys.checkInvariants()
        for (i, field) in all.enumerated() {
            let value = all[all.count - 1 - i]
            #expect(
                rig.raw([word("HGETDEL"), word("h"), word("FIELDS"), word("1"), field])
                    == word("*1\r\n") + bulk(value), "\(i)")
        }
        #expect(rig.run("EXISTS", "h") == ":0")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }
}
