// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Commands on keys of any type.
@Suite struct KeyTests {
    @Test func deleteAndExists() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("MSET", "a", "1", "b", "2", "c", "3")
        _ = (tap.commands, tap.events)
        #expect(rig.run("EXISTS", "a", "b", "a", "none") == ":3")
        #expect(rig.run("TOUCH", "a", "none", "a") == ":2")
        #expect(rig.run("DEL", "a", "none", "a") == ":1")
        #expect(rig.run("DEL", "a") == ":0")
        #expect(rig.run("UNLINK", "b", "c") == ":2")
        #expect(tap.commands == ["DEL a none a", "UNLINK b c"])
        #expect(tap.events == ["del a", "del b", "del c"])
        #expect(rig.run("DEL") == "-ERR wrong number of arguments for 'del' command")
        #expect(rig.mismatch == nil)
    }

    @Test func typesAndEncodings() {
        let rig = Rig()
        rig.run("SADD", "ints", "1", "2")
        rig.run("SADD", "words", "x")
        rig.run(["SADD", "many"] + (0..<200).map { "member\($0)" })
        rig.run("SET", "s", "x")
        #expect(rig.run("TYPE", "s") == "+string")
        #expect(rig.run("TYPE", "ints") == "+set")
        #expect(rig.run("TYPE", "none") == "+none")
        let want = ["ints": "intset", "words": "listpack", "many": "hashtable", "s": "embstr"]
        for (key, name) in want { #expect(rig.run("OBJECT", "ENCODING", key) == "$\(name.count) \(name)") }
        let text = { (count: Int) in String(repeating: "x", count: count) }
        for (value, name) in [
            ("12", "int"), ("\(Int64.max)", "int"), ("9223372036854775808", "embstr"), ("007", "embstr"),
            ("", "embstr"), (text(44), "embstr"), (text(45), "raw"), (text(300), "raw"), (text(20000), "raw"),
        ] {
            rig.run("SET", "k", value)
            #expect(rig.run("OBJECT", "ENCODING", "k") == "$\(name.count) \(name)", "\(value.prefix(20))")
        }
        rig.run("SET", "k", "x")
        rig.run("SETRANGE", "k", "0", "y")
        #expect(rig.run("OBJECT", "ENCODING", "k") == "$3 raw")
        #expect(rig.mismatch == nil)
    }

    @Test func wrongTypes() {
        let rig = Rig()
        rig.run("SADD", "l", "x")
        let refusal = "-WRONGTYPE Operation against a key holding the wrong kind of value"
        for words in [
            ["GET", "l"], ["GETDEL", "l"], ["GETEX", "l"], ["GETSET", "l", "v"], ["APPEND", "l", "v"],
            ["STRLEN", "l"],
            ["SETRANGE", "l", "0", "v"], ["SETRANGE", "l", "0", ""], ["GETRANGE", "l", "0", "1"],
            ["SUBSTR", "l", "0", "1"],
            ["INCR", "l"], ["DECR", "l"], ["INCRBY", "l", "1"], ["DECRBY", "l", "1"],
            ["INCRBYFLOAT", "l", "1"],
            ["SET", "l", "v", "GET"], ["SET", "l", "v", "IFEQ", "x"], ["SET", "l", "v", "NX", "GET"],
            ["GETEX", "l", "EX", "10"],
        ] { #expect(rig.run(words) == refusal, "\(words)") }
        #expect(rig.run("MGET", "l") == "*1 $-1")
        #expect(rig.run("SET", "l", "v", "NX") == "$-1")
        #expect(rig.run("TYPE", "l") == "+set")
        #expect(rig.run("SET", "l", "v") == "+OK")
        #expect(rig.run("GET", "l") == "$1 v")
        #expect(rig.mismatch == nil)
    }

    @Test func otherTypesMove() {
        let rig = Rig()
        rig.run(["SADD", "s"] + (0..<300).map { "m\($0)" })
        #expect(rig.run("COPY", "s", "t") == ":1")
        #expect(rig.run("RENAME", "s", "u") == "+OK")
        #expect(rig.run("MOVE", "u", "3") == ":1")
        #expect(rig.run("DEL", "t") == ":1")
        #expect(rig.run("SELECT", "3") == "+OK")
        #expect(rig.run("OBJECT", "ENCODING", "u") == "$9 hashtable")
        #expect(rig.run("SET", "u", "1") == "+OK")
        while rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 1000) {}
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func rename() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "1", "PX", "500")
        rig.run("SET", "b", "2")
        _ = (tap.commands, tap.events)
        #expect(rig.run("RENAME", "a", "b") == "+OK")
        #expect(tap.commands == ["RENAME a b"])
        #expect(tap.events == ["rename_from a", "rename_to b"])
        #expect(rig.run("PTTL", "b") == ":500")
        #expect(rig.run("EXISTS", "a") == ":0")
        #expect(rig.run("RENAME", "b", "b") == "+OK")
        #expect(rig.run("RENAMENX", "b", "b") == ":0")
        #expect(tap.commands == [])
        rig.run("SET", "c", "3")
        #expect(rig.run("RENAMENX", "b", "c") == ":0")
        #expect(rig.run("RENAMENX", "b", "d") == ":1")
        #expect(rig.run("GET", "d") == "$1 1")
        #expect(rig.run("RENAME", "none", "x") == "-ERR no such key")
        #expect(rig.run("RENAME", "none", "none") == "-ERR no such key")
        #expect(rig.run("RENAMENX", "none", "c") == "-ERR no such key")
        rig.advance(ms: 500)
        #expect(rig.run("EXISTS", "d") == ":0")
        // A dead target does not count.
        rig.run("SET", "e", "1", "PX", "5")
        rig.engine.keys.nowMs += 5
        #expect(rig.run("RENAMENX", "c", "e") == ":1")
        #expect(rig.run("TTL", "e") == ":-1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func copy() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "1", "PX", "500")
        rig.run("SET", "b", "2")
        _ = (tap.commands, tap.events)
        #expect(rig.run("COPY", "a", "b") == ":0")
        #expect(rig.run("COPY", "none", "b") == ":0")
        #expect(rig.run("COPY", "a", "b", "replace") == ":1")
        #expect(tap.commands == ["COPY a b replace"])
        #expect(tap.events == ["copy_to b"])
        #expect(rig.run("PTTL", "b") == ":500")
        #expect(rig.run("COPY", "a", "a", "DB", "2") == ":1")
        #expect(tap.events == ["copy_to a @2"])
        #expect(rig.run("COPY", "a", "a", "DB", "2") == ":0")
        #expect(rig.run("APPEND", "a", "x") == ":2")
        rig.run("SELECT", "2")
        #expect(rig.run("GET", "a") == "$1 1")
        #expect(rig.run("PTTL", "a") == ":500")
        rig.run("SELECT", "0")
        let same = "-ERR source and destination objects are the same"
        #expect(rig.run("COPY", "a", "a") == same)
        #expect(rig.run("COPY", "none", "none") == same)
        #expect(rig.run("COPY", "a", "a", "DB", "1", "DB", "0") == same)
        #expect(rig.run("COPY", "a", "c", "DB", "16") == "-ERR DB index is out of range")
        #expect(rig.run("COPY", "a", "c", "DB", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("COPY", "a", "c", "DB") == "-ERR syntax error")
        #expect(rig.run("COPY", "a", "c", "FOO") == "-ERR syntax error")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func move() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "1", "PX", "500")
        _ = (tap.commands, tap.events)
        #expect(rig.run("MOVE", "a", "1") == ":1")
        #expect(tap.commands == ["MOVE a 1"])
        #expect(tap.events == ["move_from a", "move_to a @1"])
        #expect(rig.run("MOVE", "a", "1") == ":0")
        rig.run("SET", "a", "2")
        #expect(rig.run("MOVE", "a", "1") == ":0")
        #expect(rig.run("MOVE", "a", "0") == "-ERR source and destination objects are the same")
        #expect(rig.run("MOVE", "a", "16") == "-ERR DB index is out of range")
        #expect(rig.run("MOVE", "a", "abc") == "-ERR value is not an integer or out of range")
        rig.run("SELECT", "1")
        #expect(rig.run("PTTL", "a") == ":500")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func databases() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("MSET", "a", "1", "b", "2")
        rig.run("SELECT", "1")
        rig.run("SET", "c", "3")
        _ = (tap.commands, tap.events)
        #expect(rig.run("DBSIZE") == ":1")
        #expect(rig.run("SWAPDB", "0", "1") == "+OK")
        #expect(rig.run("DBSIZE") == ":2")
        let dirty = rig.engine.keys.stats.dirty
        #expect(rig.run("SWAPDB", "1", "1") == "+OK")
        #expect(rig.engine.keys.stats.dirty == dirty + 1)
        #expect(rig.run(as: "other", "DBSIZE") == ":1")
        #expect(rig.run(as: "other", "GET", "c") == "$1 3")
        #expect(rig.run("FLUSHDB", "sync") == "+OK")
        #expect(rig.run("FLUSHDB", "ASYNC") == "+OK")
        #expect(rig.run("DBSIZE") == ":0")
        #expect(tap.commands == ["SWAPDB 0 1 @1", "SWAPDB 1 1 @1", "FLUSHDB sync @1", "FLUSHDB ASYNC @1"])
        #expect(rig.run(as: "other", "DBSIZE") == ":1")
        #expect(rig.run("FLUSHALL") == "+OK")
        #expect(rig.run(as: "other", "DBSIZE") == ":0")
        #expect(rig.run("FLUSHALL", "FOO") == "-ERR syntax error")
        #expect(rig.run("FLUSHDB", "SYNC", "SYNC") == "-ERR syntax error")
        #expect(rig.run("SWAPDB", "a", "1") == "-ERR invalid first DB index")
        #expect(rig.run("SWAPDB", "1", "99999999999") == "-ERR invalid second DB index")
        #expect(rig.run("SWAPDB", "0", "9999") == "-ERR DB index is out of range")
        #expect(rig.run("SWAPDB", "-1", "0") == "-ERR DB index is out of range")
        #expect(rig.mismatch == nil)
    }

    @Test func keysAndRandomKey() {
        let rig = Rig()
        #expect(rig.run("RANDOMKEY") == "$-1")
        #expect(rig.run("KEYS", "*") == "*0")
        rig.run("MSET", "one", "1", "two", "2", "three", "3", "four", "4")
        rig.run("SET", "dead", "1", "PX", "10")
        let keys = { (pattern: String) in
            Set(
                rig.run("KEYS", pattern).split(separator: " ").filter { $0.first?.isLetter ?? false }.map(
                    String.init))
        }
        rig.engine.keys.nowMs += 10
        #expect(keys("*") == ["one", "two", "three", "four"])
        #expect(keys("t*") == ["two", "three"])
        #expect(keys("*o*") == ["one", "two", "four"])
        #expect(keys("[a-o]*e") == ["one"])
        #expect(keys("t??") == ["two"])
        #expect(keys("") == [])
        var seen: Set<String> = []
        for _ in 0..<200 { seen.insert(rig.run("RANDOMKEY")) }
        #expect(seen == ["$3 one", "$3 two", "$5 three", "$4 four"])
        #expect(rig.mismatch == nil)
    }

    @Test func scan() {
        let rig = Rig(withTwin: false)
        rig.run(["MSET"] + (0..<1000).flatMap { ["key:\($0)", "\($0)"] })
        rig.run("SET", "dead", "1", "PX", "10")
        rig.engine.keys.nowMs += 10
        let all = KeyTests.scanAll(rig, ["COUNT", "7"])
        #expect(all.count == 1000 && Set(all).count == 1000)
        #expect(
            Set(KeyTests.scanAll(rig, ["MATCH", "key:9?"])) == Set((90..<100).map { "key:\($0)" })
        )
        #expect(KeyTests.scanAll(rig, ["TYPE", "string", "COUNT", "100"]).count == 1000)
        #expect(KeyTests.scanAll(rig, ["TYPE", "set", "COUNT", "100"]).isEmpty)
        #expect(KeyTests.scanAll(rig, ["TYPE", "nosuch", "COUNT", "100"]).isEmpty)
        #expect(KeyTests.scanAll(rig, ["COUNT", "\(Int64.max)"]).count == 1000)
        #expect(rig.run("SCAN", "0", "COUNT", "0") == "-ERR syntax error")
        #expect(rig.run("SCAN", "0", "COUNT", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("SCAN", "0", "COUNT") == "-ERR syntax error")
        #expect(rig.run("SCAN", "0", "FOO", "1") == "-ERR syntax error")
        #expect(rig.run("SCAN", "abc") == "-ERR invalid cursor")
        #expect(rig.run("SCAN", "18446744073709551616") == "-ERR invalid cursor")
        #expect(rig.run("SCAN", "18446744073709551615").hasPrefix("*2"))
    }

    /// SCAN deletes the dead keys that its filters let through, and no others.
    @Test func scanDeletesDeadKeys() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "alive", "1")
        for key in ["a1", "a2", "b1"] { rig.run("SET", key, "1", "PX", "5") }
        rig.run("SADD", "a3", "x")
        rig.run("PEXPIRE", "a3", "5")
        _ = (tap.commands, tap.events)
        rig.engine.keys.nowMs += 5
        #expect(rig.run("DBSIZE") == ":5")
        #expect(rig.run("SCAN", "0", "TYPE", "nosuch") == "*2 $1 0 *0")
        #expect(rig.run("SCAN", "0", "MATCH", "c*") == "*2 $1 0 *0")
        #expect(rig.run("DBSIZE") == ":5")
        #expect(rig.run("SCAN", "0", "TYPE", "string", "MATCH", "a*") == "*2 $1 0 *1 $5 alive")
        #expect(Set(tap.commands) == ["DEL a1", "DEL a2"])
        #expect(Set(tap.events) == ["expired a1", "expired a2"])
        #expect(rig.run("DBSIZE") == ":3")
        #expect(rig.run("SCAN", "0") == "*2 $1 0 *1 $5 alive")
        #expect(rig.run("DBSIZE") == ":1")
        #expect(rig.engine.keys.stats.expired == 4)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// All keys that a full SCAN answers.
    static func scanAll(_ rig: Rig, _ options: [String]) -> [String] {
        var found: [String] = []
        var cursor = "0"
        repeat {
            let words = rig.run(["SCAN", cursor] + options).split(separator: " ").map(String.init)
            cursor = words[2]
            found += words.dropFirst(4).filter { !$0.hasPrefix("$") }
        } while cursor != "0"
        return found
    }

    @Test func objectTells() {
        let rig = Rig()
        rig.run("SET", "a", "text")
        rig.run("SET", "n", "10")
        #expect(rig.run("OBJECT", "REFCOUNT", "a") == ":1")
        #expect(rig.run("OBJECT", "REFCOUNT", "n") == ":2147483647")
        rig.advance(ms: 12_000)
        #expect(rig.run("OBJECT", "IDLETIME", "a") == ":12")
        #expect(rig.run("TTL", "a") == ":-1")
        #expect(rig.run("TYPE", "a") == "+string")
        #expect(rig.run("EXISTS", "a") == ":1")
        #expect(rig.run("OBJECT", "IDLETIME", "a") == ":12")
        #expect(rig.run("TOUCH", "a") == ":1")
        #expect(rig.run("OBJECT", "IDLETIME", "a") == ":0")
        rig.advance(ms: 5000)
        rig.run("SET", "n", "11")
        #expect(rig.run("OBJECT", "IDLETIME", "n") == ":0")
        #expect(rig.run("OBJECT", "IDLETIME", "a") == ":5")
        #expect(
            rig.run("OBJECT", "FREQ", "a").hasPrefix("-ERR An LFU maxmemory policy is not selected, access"))
        for sub in ["ENCODING", "REFCOUNT", "IDLETIME", "FREQ"] {
            #expect(rig.run("OBJECT", sub, "none") == "$-1")
        }
        #expect(rig.run("OBJECT", "NOSUCH", "a") == "-ERR unknown subcommand 'NOSUCH'. Try OBJECT HELP.")
        #expect(rig.run("OBJECT", "HELP", "x") == "-ERR wrong number of arguments for 'object|help' command")
        #expect(rig.run("OBJECT", "HELP").hasPrefix("*11 +OBJECT <subcommand>"))
        #expect(rig.mismatch == nil)
    }

    @Test func objectUnderLFU() {
        let rig = Rig { $0.maxmemoryPolicy = "allkeys-lfu" }
        rig.run("SET", "a", "text")
        #expect(rig.run("OBJECT", "FREQ", "a") == ":5")
        for _ in 0..<100 { rig.run("GET", "a") }
        let after = Int(rig.run("OBJECT", "FREQ", "a").dropFirst()) ?? 0
        #expect(after > 5 && after < 60)
        #expect(rig.run("OBJECT", "FREQ", "a") == ":\(after)")
        #expect(
            rig.run("OBJECT", "IDLETIME", "a").hasPrefix(
                "-ERR An LFU maxmemory policy is selected, idle time"))
        #expect(rig.mismatch == nil)
    }

    @Test func hitsAndMisses() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        for words in [["GET"], ["TTL"], ["EXISTS"], ["TYPE"], ["TOUCH"], ["STRLEN"], ["MGET"], ["GETEX"]] {
            let before = rig.engine.keys.stats
            rig.run(words + ["a"])
            rig.run(words + ["none"])
            #expect(rig.engine.keys.stats.hits == before.hits + 1, "\(words)")
            #expect(rig.engine.keys.stats.misses == before.misses + 1, "\(words)")
        }
        #expect(rig.mismatch == nil)
    }
}
