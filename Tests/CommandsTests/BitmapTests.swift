// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// Single bits, counting, searching and combining. The answers were compared with Redis's.
@Suite struct BitmapTests {
    static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    static let notInteger = "-ERR value is not an integer or out of range"
    static let syntax = "-ERR syntax error"
    static let badOffset = "-ERR bit offset is not an integer or out of range"

    @Test func setAndGetBit() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("SETBIT", "b", "7", "1") == ":0")
        #expect(tap.commands == ["SETBIT b 7 1"])
        #expect(tap.events == ["setbit b"])
        #expect(rig.run("GET", "b") == "$1 \u{1}")
        #expect(rig.run("OBJECT", "ENCODING", "b") == "$3 raw")
        #expect(rig.run("SETBIT", "b", "7", "0") == ":1")
        #expect(rig.run("SETBIT", "b", "20", "0") == ":0")
        #expect(tap.commands == ["SETBIT b 7 0", "SETBIT b 20 0"])
        #expect(rig.run("STRLEN", "b") == ":3")
        // Nothing changes: nothing is said.
        #expect(rig.run("SETBIT", "b", "20", "0") == ":0")
        #expect(tap.commands == [])
        #expect(tap.events == ["setbit b", "setbit b"])
        #expect(rig.run("GETBIT", "b", "20") == ":0")
        #expect(rig.run("GETBIT", "b", "4294967295") == ":0")
        #expect(rig.run("GETBIT", "none", "100") == ":0")
        #expect(rig.run("EXISTS", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func bitsOfAnInteger() {
        let rig = Rig()
        rig.run("SET", "n", "1")
        #expect(rig.run("OBJECT", "ENCODING", "n") == "$3 int")
        #expect(rig.run("GETBIT", "n", "2") == ":1")
        #expect(rig.run("BITCOUNT", "n") == ":3")
        #expect(rig.run("BITPOS", "n", "1") == ":2")
        // Even a bit that is set already makes it raw.
        #expect(rig.run("SETBIT", "n", "2", "1") == ":1")
        #expect(rig.run("OBJECT", "ENCODING", "n") == "$3 raw")
        #expect(rig.run("SETBIT", "n", "6", "1") == ":0")
        #expect(rig.run("GET", "n") == "$1 3")
        #expect(rig.run("INCR", "n") == ":4")
        rig.run("SET", "s", "short", "EX", "100")
        #expect(rig.run("SETBIT", "s", "2", "1") == ":1")
        #expect(rig.run("SETBIT", "s", "2", "0") == ":1")
        #expect(rig.run("GET", "s") == "$5 Short")
        #expect(rig.run("TTL", "s") == ":100")
        #expect(rig.mismatch == nil)
    }

    @Test func badBits() {
        let rig = Rig { $0.bulkBytesMax = 1000 }
        rig.run("SADD", "set", "x")
        for offset in ["-1", "x", "", "#1", "8000", "9223372036854775808", "01"] {
            #expect(rig.run("SETBIT", "b", offset, "1") == BitmapTests.badOffset)
            #expect(rig.run("GETBIT", "b", offset) == BitmapTests.badOffset)
        }
        for bit in ["2", "-1", "x", ""] {
            #expect(rig.run("SETBIT", "b", "1", bit) == "-ERR bit is not an integer or out of range")
        }
        #expect(rig.run("SETBIT", "b", "7999", "1") == ":0")
        #expect(rig.run("STRLEN", "b") == ":1000")
        #expect(rig.run("SETBIT", "set", "1", "1") == BitmapTests.wrongType)
        #expect(rig.run("GETBIT", "set", "1") == BitmapTests.wrongType)
        #expect(rig.run("SETBIT", "set", "-1", "1") == BitmapTests.badOffset)
        #expect(rig.run("EXISTS", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func farOffsets() {
        // Without a twin: digests of half a gigabyte take their time.
        let rig = Rig(withTwin: false)
        #expect(rig.run("SETBIT", "b", "4294967295", "1") == ":0")
        #expect(rig.run("SETBIT", "b", "4294967296", "1") == BitmapTests.badOffset)
        #expect(rig.run("STRLEN", "b") == ":536870912")
        #expect(rig.run("BITCOUNT", "b", "-1000", "-1") == ":1")
        #expect(rig.run("BITCOUNT", "b", "4294967295", "4294967295", "BIT") == ":1")
        #expect(rig.run("GETBIT", "b", "4294967295") == ":1")
        #expect(rig.run("DEL", "b") == ":1")
        rig.engine.keys.checkInvariants()
    }

    @Test func sharedBlocksAreNotWritten() {
        let rig = Rig()
        let large = String(repeating: "a", count: 40_000)
        rig.run("SET", "a", large)
        // The copy and a waiting reply hold the same block.
        rig.run("COPY", "a", "b")
        #expect(rig.run("SETBIT", "a", "6", "1") == ":0")
        #expect(rig.run("BITFIELD", "a", "SET", "u8", "#39999", "98") == "*1 :97")
        #expect(rig.run("GET", "b") == "$40000 \(large)")
        #expect(rig.run("GET", "a") == "$40000 c\(large.dropLast(2))b")
        let both = rig.feed(
            Rig.encode([Array("GET".utf8), Array("b".utf8)])
                + Rig.encode(["SETBIT", "b", "6", "1"].map { Array($0.utf8) }))
        #expect(String(decoding: both, as: UTF8.self) == "$40000\r\n\(large)\r\n:0\r\n")
        #expect(rig.run("BITOP", "NOT", "b", "b") == ":40000")
        #expect(rig.run("GETRANGE", "a", "0", "2") == "$3 caa")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func count() {
        let rig = Rig()
        rig.run("SET", "s", "foobar")
        rig.run("SADD", "set", "x")
        for (range, want) in [
            ("", 26), ("0 0", 4), ("1 1", 6), ("0 -1", 26), ("1 -2", 18), ("-2 1", 0), ("0 1000", 26),
            ("5 30 BIT", 17), ("0 -1 bit", 26), ("10 14 BIT", 4), ("3 29 BIT", 16), ("0 -100", 4),
            ("-100 -99", 4), ("-99 -100", 0), ("0 -100 BIT", 0), ("1", 22), ("-1", 4), ("6", 0),
            ("5 5 BYTE", 4),
            ("\(Int64.min) \(Int64.max)", 26), ("\(Int64.max) \(Int64.max) BIT", 0),
        ] {
            let words = range.split(separator: " ").map(String.init)
            #expect(rig.run(["BITCOUNT", "s"] + words) == ":\(want)", "\(range)")
        }
        for range in ["0 1 foo", "0 1 BIT x"] {
            let words = range.split(separator: " ").map(String.init)
            for key in ["s", "none", "set"] {
                #expect(rig.run(["BITCOUNT", key] + words) == BitmapTests.syntax, "\(range)")
            }
        }
        #expect(rig.run("BITCOUNT", "none", "a", "1") == BitmapTests.notInteger)
        #expect(rig.run("BITCOUNT", "s", "1", "a", "BIT") == BitmapTests.notInteger)
        #expect(rig.run("BITCOUNT", "none") == ":0")
        #expect(rig.run("BITCOUNT", "none", "1", "2", "BIT") == ":0")
        #expect(rig.run("BITCOUNT", "set", "-6", "-7") == BitmapTests.wrongType)
        rig.run("SET", "empty", "")
        #expect(rig.run("BITCOUNT", "empty", "0", "-1", "BIT") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func position() {
        let rig = Rig()
        _ = rig.raw([Array("SET".utf8), Array("s".utf8), [0xFF, 0xF0, 0x00]])
        _ = rig.raw([Array("SET".utf8), Array("z".utf8), [0, 0, 0]])
        _ = rig.raw([Array("SET".utf8), Array("o".utf8), [255, 255, 255]])
        rig.run("SET", "empty", "")
        for (question, want) in [
            ("s 0", 12), ("s 1 2", -1), ("s 1 2 -1 BYTE", -1), ("s 1", 0), ("s 1 1", 8), ("s 0 2", 16),
            ("s 1 9 -1 BIT", 9), ("s 0 3 11 BIT", -1), ("s 0 3 12 BIT", 12), ("s 0 -1 -1 BIT", 23),
            ("z 1", -1), ("z 1 0 -1", -1), ("z 0 1 1", 8), ("o 0", 24), ("o 0 2", 24), ("o 0 0 -1", -1),
            ("o 0 3", -1), ("o 1 2 1", -1), ("o 0 0 -1 BIT", -1), ("o 0 0 100", -1), ("o 0 -9", 24),
            ("o 1 -100 -50", 0), ("empty 0", -1), ("empty 1", -1), ("none 0", 0), ("none 1", -1),
            ("none 0 5 9", 0), ("none 1 5 9 BIT", -1), ("s 1 \(Int64.min) \(Int64.max)", 0),
        ] {
            let words = question.split(separator: " ").map(String.init)
            #expect(rig.run(["BITPOS"] + words) == ":\(want)", "\(question)")
        }
        rig.run("SADD", "set", "x")
        #expect(rig.run("BITPOS", "s", "2") == "-ERR The bit argument must be 1 or 0.")
        #expect(rig.run("BITPOS", "none", "-1") == "-ERR The bit argument must be 1 or 0.")
        #expect(rig.run("BITPOS", "s", "x") == BitmapTests.notInteger)
        #expect(rig.run("BITPOS", "s", "1", "x") == BitmapTests.notInteger)
        #expect(rig.run("BITPOS", "s", "1", "0", "x", "BIT") == BitmapTests.notInteger)
        #expect(rig.run("BITPOS", "none", "1", "0", "1", "foo") == BitmapTests.syntax)
        #expect(rig.run("BITPOS", "s", "1", "0", "1", "BIT", "x") == BitmapTests.syntax)
        #expect(rig.run("BITPOS", "set", "0") == BitmapTests.wrongType)
        #expect(rig.mismatch == nil)
    }

    @Test func combine() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("MSET", "a", "ab", "b", "c", "n", "12")
        rig.run("SADD", "set", "x")
        _ = (tap.commands, tap.events)
        func result() -> [UInt8] {
            Array(rig.raw([Array("GET".utf8), Array("d".utf8)]).dropFirst(4).dropLast(2))
        }
        for (operation, sources, want) in [
            ("AND", "a b", [0x61, 0]), ("and", "a", [0x61, 0x62]), ("OR", "a b", [0x63, 0x62]),
            ("XOR", "a b", [2, 0x62]), ("NOT", "a", [0x9E, 0x9D]), ("AND", "a none", [0, 0]),
            ("OR", "none a n", [0x71, 0x72]), ("DIFF", "a b", [0, 0x62]), ("DIFF1", "a b", [2, 0]),
            ("ANDOR", "a b n", [0x61, 0x22]), ("ONE", "a b n", [0x12, 0x50]),
            ("ONE", "a", [0x61, 0x62]),
            ("XOR", "n n n", [0x31, 0x32]), ("or", "n n n a", [0x71, 0x72]),
        ] as [(String, String, [UInt8])] {
            let words = sources.split(separator: " ").map(String.init)
            #expect(rig.run(["BITOP", operation, "d"] + words) == ":2")
            #expect(result() == want, "\(operation) \(sources)")
            #expect(rig.run("OBJECT", "ENCODING", "d") == "$3 raw")
            #expect(tap.commands == ["BITOP \(operation) d \(sources)"])
            #expect(tap.events == ["set d"])
        }
        #expect(rig.mismatch == nil)
    }

    @Test func combineReplacesTheDestination() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("MSET", "a", "ab", "b", "c")
        rig.run("SADD", "d", "x")
        rig.run("EXPIRE", "d", "100")
        #expect(rig.run("BITOP", "OR", "d", "a") == ":2")
        #expect(rig.run("TTL", "d") == ":-1")
        #expect(rig.run("TYPE", "d") == "+string")
        _ = (tap.commands, tap.events)
        // An empty result deletes.
        #expect(rig.run("BITOP", "AND", "d", "none", "none2") == ":0")
        #expect(rig.run("EXISTS", "d") == ":0")
        #expect(tap.commands == ["BITOP AND d none none2"])
        #expect(tap.events == ["del d"])
        #expect(rig.run("BITOP", "NOT", "d", "none") == ":0")
        #expect(tap.commands == [])
        // Over its own source, small and large.
        #expect(rig.run("BITOP", "XOR", "a", "b", "a") == ":2")
        #expect(rig.run("GET", "a") == "$2 \u{2}b")
        let large = String(repeating: "a", count: 20_000)
        rig.run("SET", "l", large)
        rig.run("SET", "m", String(repeating: "b", count: 10_000))
        #expect(rig.run("BITOP", "XOR", "l", "m", "l") == ":20000")
        #expect(rig.run("GETRANGE", "l", "9999", "10000") == "$2 \u{3}a")
        #expect(rig.run("BITOP", "AND", "l", "b", "none") == ":1")
        #expect(rig.run("GET", "l") == "$1 \0")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func badCombinations() {
        let rig = Rig()
        rig.run("SET", "a", "x")
        rig.run("SADD", "set", "x")
        #expect(
            rig.run("BITOP", "NOT", "d", "a", "a")
                == "-ERR BITOP NOT must be called with a single source key.")
        for word in ["DIFF", "DIFF1", "ANDOR"] {
            let refusal = "-ERR BITOP \(word) must be called with at least two source keys."
            #expect(rig.run("BITOP", word.lowercased(), "d", "a") == refusal)
        }
        #expect(rig.run("BITOP", "NAND", "d", "a") == BitmapTests.syntax)
        #expect(rig.run("BITOP", "AND", "d", "a", "set") == BitmapTests.wrongType)
        #expect(rig.run("BITOP", "AND", "d") == "-ERR wrong number of arguments for 'bitop' command")
        #expect(rig.run("EXISTS", "d") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func deadSources() {
        let rig = Rig()
        rig.run("SET", "a", "x", "PX", "10")
        rig.run("SET", "d", "y", "PX", "10")
        rig.sleepWithoutExpiry(ms: 20)
        #expect(rig.run("BITOP", "OR", "d", "a", "d") == ":0")
        #expect(rig.run("DBSIZE") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func cutsKeepWhatWas() {
        let rig = Rig()
        rig.run("SET", "a", String(repeating: "a", count: 20_000))
        let sink = CutText()
        #expect(rig.engine.keys.cut(sink) != nil)
        #expect(rig.run("SETBIT", "a", "6", "1") == ":0")
        #expect(rig.run("BITOP", "NOT", "a", "a") == ":20000")
        while rig.engine.keys.walkCuts(max: 100) {}
        #expect(sink.elements == [Array(repeating: 97, count: 20_000)])
        #expect(rig.mismatch == nil)
    }
}
