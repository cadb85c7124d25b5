// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// PFADD and its like as clients see them. The answers were compared with those of Redis 8.0 and Valkey 9.1.
@Suite struct HyperLogLogTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private static let invalid = "-WRONGTYPE Key is not a valid HyperLogLog string value."
    private static let corrupt = "-INVALIDOBJ Corrupted HLL object detected"

    private static let header = Array("HYLL".utf8) + [1] + [UInt8](repeating: 0, count: 10) + [0x80]

    private func value(_ rig: Rig, _ key: String) -> [UInt8] {
        let reply = rig.raw([Array("GET".utf8), Array(key.utf8)])
        guard let lineEnd = reply.firstIndex(of: 10) else { return [] }
        return Array(reply[(lineEnd + 1)...].dropLast(2))
    }

    private func set(_ rig: Rig, _ key: String, _ bytes: [UInt8]) {
        #expect(rig.raw([Array("SET".utf8), Array(key.utf8), bytes]) == Array("+OK\r\n".utf8))
    }

    @Test func adding() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("PFADD", "h") == ":1")
        #expect(tap.commands == ["PFADD h"])
        #expect(tap.events == ["pfadd h"])
        #expect(value(rig, "h") == HyperLogLogTests.header + [0x7F, 0xFF])
        #expect(rig.run("OBJECT", "ENCODING", "h") == "$3 raw")
        #expect(rig.run("TYPE", "h") == "+string")
        #expect(rig.run("PFADD", "h") == ":0")
        #expect(rig.run("PFADD", "h", "a", "b", "c", "a") == ":1")
        #expect(tap.commands == ["PFADD h a b c a"])
        #expect(tap.events == ["pfadd h"])
        #expect(
            value(rig, "h") == HyperLogLogTests.header
                + [0x60, 0xF3, 0x80, 0x50, 0xB1, 0x84, 0x4B, 0xFB, 0x80, 0x42, 0x5A])
        #expect(rig.run("PFADD", "h", "a", "b") == ":0")
        #expect(rig.run("PFADD", "h", "") == ":1")
        #expect(tap.commands == ["PFADD h "])
        #expect(rig.run("PFADD", "fresh", "x", "y") == ":1")
        #expect(rig.run("PFCOUNT", "fresh") == ":2")
        #expect(rig.mismatch == nil)
    }

    @Test func changesAreCounted() {
        let rig = Rig()
        func dirty() -> Int { rig.engine.keys.stats.dirty }
        let start = dirty()
        rig.run("PFADD", "h", "a", "b", "c")
        #expect(dirty() - start == 4)
        rig.run("PFADD", "h", "a", "d", "e")
        #expect(dirty() - start == 6)
        rig.run("PFCOUNT", "h")
        #expect(dirty() - start == 7)
        rig.run("PFCOUNT", "h")
        rig.run("PFCOUNT", "h", "h")
        #expect(dirty() - start == 7)
        rig.run("PFMERGE", "h")
        #expect(dirty() - start == 8)
    }

    /// The estimate is kept in the value, and replicas hear of that.
    @Test func counting() {
        let rig = Rig()
        let tap = Tap(rig, eventMask: ~0)
        #expect(rig.run("PFCOUNT", "none") == ":0")
        #expect(tap.events == ["keymiss none"])
        rig.run("PFADD", "h", "a", "b", "c")
        rig.run("EXPIRE", "h", "100")
        _ = (tap.commands, tap.events)
        rig.run("WATCH", "h")
        #expect(rig.run("PFCOUNT", "h") == ":3")
        #expect(tap.commands == ["PFCOUNT h"])
        #expect(tap.events == [])
        #expect(value(rig, "h")[8..<16] == [3, 0, 0, 0, 0, 0, 0, 0])
        rig.run("MULTI")
        rig.run("PING")
        #expect(rig.run("EXEC") == "*-1")
        #expect(rig.run("PFCOUNT", "h") == ":3")
        #expect(tap.commands == [])
        #expect(rig.run("PFADD", "h", "b") == ":0")
        #expect(value(rig, "h")[15] == 0)
        #expect(rig.run("PFADD", "h", "1", "2", "3") == ":1")
        #expect(value(rig, "h")[8..<16] == [3, 0, 0, 0, 0, 0, 0, 0x80])
        _ = tap.commands
        #expect(rig.run("PFCOUNT", "h", "none") == ":6")
        #expect(tap.commands == [])
        #expect(rig.run("PFCOUNT", "h") == ":6")
        #expect(rig.run("TTL", "h") == ":100")
        // What is cached is believed.
        set(rig, "lie", HyperLogLogTests.header.dropLast() + [0x7F])
        #expect(rig.run("PFCOUNT", "lie") == ":9151314442816847872")
        #expect(rig.mismatch == nil)
    }

    @Test func countingWhileWritesArePaused() {
        let rig = Rig()
        rig.run("PFADD", "h", "a")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        #expect(rig.run(as: "other", "GET", "nothing") == "$-1")
        #expect(rig.run(as: "other", "PFCOUNT", "h") == "")
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.mismatch == nil)
    }

    @Test func merging() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("PFADD", "x", "a", "b", "c")
        rig.run("PFADD", "y", "b", "c", "d")
        rig.run("PFADD", "z", "c", "d", "e")
        _ = (tap.commands, tap.events)
        #expect(rig.run("PFMERGE", "all", "x", "y", "z") == "+OK")
        #expect(tap.commands == ["PFMERGE all x y z"])
        #expect(tap.events == ["pfadd all"])
        #expect(rig.run("PFCOUNT", "all") == ":5")
        #expect(rig.run("PFCOUNT", "x", "y", "none", "z") == ":5")
        #expect(rig.run("PFDEBUG", "ENCODING", "all") == "+sparse")
        // The destination counts too, and keeps its deadline.
        rig.run("EXPIRE", "x", "100")
        #expect(rig.run("PFMERGE", "x", "z") == "+OK")
        #expect(rig.run("PFCOUNT", "x") == ":5")
        #expect(rig.run("TTL", "x") == ":100")
        #expect(rig.run("PFMERGE", "new") == "+OK")
        #expect(rig.run("PFMERGE", "new2", "none", "nothing") == "+OK")
        #expect(value(rig, "new") == HyperLogLogTests.header + [0x7F, 0xFF])
        #expect(value(rig, "new2") == value(rig, "new"))
        // One dense source makes it dense.
        rig.run("PFDEBUG", "TODENSE", "y")
        #expect(rig.run("PFMERGE", "all", "y") == "+OK")
        #expect(rig.run("PFDEBUG", "ENCODING", "all") == "+dense")
        #expect(rig.run("PFCOUNT", "all") == ":5")
        #expect(rig.run("PFMERGE", "all", "z") == "+OK")
        #expect(rig.run("PFMERGE", "dense", "x", "y") == "+OK")
        #expect(rig.run("PFCOUNT", "dense", "all") == ":5")
        #expect(rig.run("STRLEN", "dense") == ":12304")
        // What was shared stays as it was.
        rig.run("COPY", "dense", "copy")
        rig.run("PFADD", "dense", "another")
        #expect(rig.run("PFCOUNT", "copy") == ":5")
        #expect(rig.run("PFCOUNT", "dense") == ":6")
        #expect(rig.mismatch == nil)
    }

    @Test func sparseLimit() {
        // Without a twin: it would go by its own limit.
        let rig = Rig(withTwin: false)
        #expect(rig.run("CONFIG", "GET", "hll-sparse-max-bytes") == "*2 $20 hll-sparse-max-bytes $4 3000")
        rig.run("PFADD", "h", "a", "b", "c")
        #expect(rig.run("CONFIG", "SET", "hll-sparse-max-bytes", "20b") == "+OK")
        #expect(rig.run("PFDEBUG", "ENCODING", "h") == "+sparse")
        #expect(rig.run("PFADD", "h", "d") == ":1")
        #expect(rig.run("PFDEBUG", "ENCODING", "h") == "+dense")
        #expect(rig.run("PFCOUNT", "h") == ":4")
        #expect(rig.run("PFADD", "empty") == ":1")
        #expect(rig.run("PFDEBUG", "ENCODING", "empty") == "+sparse")
        #expect(rig.run("CONFIG", "SET", "hll-sparse-max-bytes", "1gb") == "+OK")
        for start in stride(from: 0, to: 20_000, by: 1000) {
            rig.run(["PFADD", "large"] + (start..<start + 1000).map { "e\($0)" })
        }
        #expect(rig.run("PFDEBUG", "ENCODING", "large") == "+sparse")
        let count = rig.run("PFCOUNT", "large")
        rig.run("PFDEBUG", "TODENSE", "large")
        rig.run("PFADD", "large", "e1")
        #expect(rig.run("PFCOUNT", "large", "none") == count)
    }

    @Test func notOnOtherStrings() {
        let rig = Rig()
        rig.run("SADD", "set", "x")
        rig.run("SET", "text", "bar")
        rig.run("SET", "number", "1234567890123456789")
        rig.run("PFADD", "h", "x")
        for words in [
            ["PFADD", "K", "x"], ["PFADD", "K"], ["PFCOUNT", "K"], ["PFCOUNT", "h", "K"],
            ["PFMERGE", "K", "h"],
            ["PFMERGE", "new", "h", "K"], ["PFDEBUG", "ENCODING", "K"],
        ] {
            for (key, error) in [
                ("set", HyperLogLogTests.wrongType), ("text", HyperLogLogTests.invalid),
                ("number", HyperLogLogTests.invalid),
            ] { #expect(rig.run(words.map { $0 == "K" ? key : $0 }) == error, "\(words) \(key)") }
        }
        #expect(rig.run("EXISTS", "new") == ":0")
        #expect(rig.run("PFADD") == "-ERR wrong number of arguments for 'pfadd' command")
        #expect(rig.mismatch == nil)
    }

    @Test func corrupt() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("PFADD", "good", "x")
        // No runs; one that is cut off; one too many; a run that reaches too far; more than can be sound.
        let header = HyperLogLogTests.header
        for body in [
            [], [0x7F], [0x7F, 0xFF, 0x00], [0x7F, 0xFE, 0x81], [UInt8](repeating: 0xFF, count: 40_000),
        ] {
            set(rig, "bad", header + body)
            let before = value(rig, "bad")
            _ = tap.commands
            #expect(rig.run("PFCOUNT", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFCOUNT", "good", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFMERGE", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFMERGE", "good", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFDEBUG", "TODENSE", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFDEBUG", "GETREG", "bad") == HyperLogLogTests.corrupt)
            #expect(rig.run("PFADD", "bad") == ":0")
            #expect(value(rig, "bad") == before)
            #expect(tap.commands == [])
        }
        #expect(rig.run("PFADD", "bad", "x") == HyperLogLogTests.corrupt)
        // The first errors win, key by key.
        rig.run("SADD", "set", "x")
        #expect(rig.run("PFCOUNT", "bad", "set") == HyperLogLogTests.corrupt)
        #expect(rig.run("PFCOUNT", "set", "bad") == HyperLogLogTests.wrongType)
        // All or nothing: the second element finds no register to go to.
        set(rig, "short", header + [0x60, 0xF3])
        let short = value(rig, "short")
        #expect(rig.run("PFADD", "short", "a", "b") == HyperLogLogTests.corrupt)
        #expect(value(rig, "short") == short)
        #expect(rig.mismatch == nil)
    }

    @Test func debugging() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("PFADD", "h", "a", "b", "c")
        _ = (tap.commands, tap.events)
        let text = "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"
        #expect(rig.run("PFDEBUG", "decode", "h") == "$\(text.utf8.count) \(text)")
        #expect(rig.run("PFDEBUG", "ENCODING", "h") == "+sparse")
        #expect(tap.commands == [])
        #expect(rig.run("PFDEBUG", "GETREG", "h").hasPrefix("*16384 :0 :0"))
        #expect(tap.commands == ["PFDEBUG GETREG h"])
        #expect(tap.events == [])
        #expect(rig.run("PFDEBUG", "DECODE", "h") == "-ERR HLL encoding is not sparse")
        #expect(rig.run("PFDEBUG", "TODENSE", "h") == ":0")
        #expect(rig.run("PFDEBUG", "GETREG", "none") == "-ERR The specified key does not exist")
        #expect(rig.run("PFDEBUG", "what", "none") == "-ERR The specified key does not exist")
        #expect(rig.run("PFDEBUG", "what", "h") == "-ERR Unknown PFDEBUG subcommand 'what'")
        for word in ["GETREG", "DECODE", "ENCODING", "TODENSE", "SIMD"] {
            #expect(
                rig.run("PFDEBUG", word, "h", "x") == "-ERR wrong number of arguments for 'pfdebug' command")
        }
        #expect(rig.run("PFDEBUG", "SIMD", "yes") == "-ERR Argument must be ON or OFF")
        let counts = ["off", "ON"].map { word in
            #expect(rig.run("PFDEBUG", "SIMD", word) == (word == "ON" ? "+enabled" : "+disabled"))
            rig.run("PFMERGE", "merged" + word, "h")
            return rig.run("PFCOUNT", "h", "merged" + word)
        }
        #expect(counts == [":3", ":3"])
        #expect(value(rig, "mergedON") == value(rig, "mergedoff"))
        #expect(rig.run("PFSELFTEST") == "+OK")
        #expect(rig.mismatch == nil)
    }
}
