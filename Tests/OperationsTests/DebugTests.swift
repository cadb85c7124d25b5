// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Operations

@Suite struct DebugTests {
    private func rig() -> Rig { Rig { $0.debugCommand = "yes" } }

    @Test func gate() {
        let closed = Rig()
        #expect(
            closed.run("DEBUG", "DIGEST").hasPrefix(
                "-ERR DEBUG command not allowed. If the enable-debug-command"))
        let local = Rig { $0.debugCommand = "local" }
        #expect(local.run("DEBUG", "RECLAIM") == "+OK")
    }

    @Test func unknownSubcommands() {
        let rig = rig()
        for words in [
            ["NOSUCH"], ["JMAP", "x"], ["DIGEST", "x"], ["SLEEP"], ["SLEEP", "1", "2"], ["OBJECT"],
            ["POPULATE"],
            ["POPULATE", "1", "a", "2", "3"], ["stringmatch-len", "a"], [""],
        ] {
            let expected =
                "-ERR unknown subcommand or wrong number of arguments for '\(words[0])'. Try DEBUG HELP."
            #expect(rig.run(["DEBUG"] + words) == expected)
        }
        #expect(rig.run("DEBUG") == "-ERR wrong number of arguments for 'debug' command")
        #expect(rig.run("debug", "help").hasPrefix("*"))
        #expect(rig.mismatch == nil)
    }

    @Test func digests() {
        let rig = rig()
        let zeros = "+" + String(repeating: "0", count: 40)
        #expect(rig.run("DEBUG", "DIGEST") == zeros)
        #expect(rig.run("DEBUG", "DIGEST-VALUE") == "*0")
        // These are the digests of a real server with the same data.
        rig.run("SET", "a", "1")
        rig.run("SET", "b", "some text")
        rig.run("SADD", "s", "1", "2", "x")
        rig.run("SELECT", "3")
        rig.run("SET", "v", "x", "EX", "1000")
        rig.run("SELECT", "0")
        #expect(rig.run("DEBUG", "DIGEST") == "+98941ee6a0fb5817f176b93d32ee074bc7643e5a")
        let values = [
            "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da", "0000000000000000000000000000000000000000",
            "8ace0d800eaa65a243f7c86e8bfcb3b76405bc3d", "4c6eef6b7853d1b76391c849d71b0d35d3faf18f",
        ]
        #expect(
            rig.run("DEBUG", "DIGEST-VALUE", "a", "none", "b", "s")
                == "*4 " + values.map { "+" + $0 }.joined(separator: " "))
        #expect(rig.mismatch == nil)
    }

    /// jemalloc's own figures, texts and orders. What it would take for an address is not set, and no number is read as
    /// a text.
    @Test func mallocControl() {
        let rig = rig()
        #expect(rig.run("DEBUG", "MALLCTL", "arenas.page") == ":4096")
        #expect(rig.run("DEBUG", "MALLCTL", "opt.abort") == ":0")
        #expect((Int(rig.run("DEBUG", "MALLCTL", "stats.allocated").dropFirst()) ?? 0) > 0)
        let decay = rig.run("DEBUG", "MALLCTL", "arenas.muzzy_decay_ms")
        #expect(rig.run("DEBUG", "MALLCTL", "arenas.muzzy_decay_ms", "12345") == decay)
        #expect(rig.run("DEBUG", "MALLCTL", "arenas.muzzy_decay_ms", "\(decay.dropFirst())") == ":12345")
        #expect(rig.run("DEBUG", "MALLCTL", "nosuch") == "-ERR No such file or directory")
        #expect(rig.run("DEBUG", "MALLCTL", "thread.tcache.flush") == "-ERR Operation not permitted")
        #expect(
            rig.run("DEBUG", "MALLCTL", "opt.abort", "x") == "-ERR value is not an integer or out of range")
        for name in ["arena.0.extent_hooks", "prof.dump", "arenas.lookup", "arena.0.dss", "experimental.x"] {
            #expect(rig.run("DEBUG", "MALLCTL", name, "5") == "-ERR Operation not permitted", "\(name)")
        }
        #expect(rig.run("DEBUG", "MALLCTL-STR", "version").hasPrefix("$"))
        #expect(rig.run("DEBUG", "MALLCTL-STR", "opt.dss") == "$9 secondary")
        #expect(rig.run("DEBUG", "MALLCTL-STR", "nosuch") == "-ERR No such file or directory")
        for name in ["stats.allocated", "arenas.narenas", "background_thread"] {
            #expect(rig.run("DEBUG", "MALLCTL-STR", name) == "-ERR Invalid argument", "\(name)")
        }
        #expect(rig.run("DEBUG", "MALLCTL-STR", "thread.tcache.flush", "VOID") == "+OK")
        #expect(rig.run("DEBUG", "MALLCTL-STR", "thread.tcache.flush") == "-ERR Operation not permitted")
        #expect(
            rig.run("DEBUG", "MALLCTL").hasPrefix(
                "-ERR unknown subcommand or wrong number of arguments for 'MALLCTL'"))
    }

    @Test func sleep() {
        let rig = rig()
        #expect(rig.run("DEBUG", "SLEEP", "0.25") == "+OK")
        #expect(rig.host.sleptUs == 250_000)
        #expect(rig.run("DEBUG", "SLEEP", "-1") == "+OK")
        #expect(rig.host.sleptUs == 250_000)
        for text in ["inf", "1e300", "1e9"] {
            #expect(rig.run("DEBUG", "SLEEP", text) == "-ERR value is out of range", "\(text)")
        }
        for text in ["", "abc", "nan", " 1", "1 "] {
            #expect(rig.run("DEBUG", "SLEEP", text) == "-ERR value is not a valid float", "\(text)")
        }
        #expect(rig.run("DEBUG", "SLEEP", "-inf") == "+OK")
    }

    @Test func populate() {
        let rig = rig()
        let tap = Tap(rig)
        rig.run("SET", "key:1", "mine")
        #expect(tap.commands == ["SET key:1 mine"])
        #expect(rig.run("DEBUG", "POPULATE", "3") == "+OK")
        #expect(tap.commands == ["MSET key:0 value:0 key:2 value:2"])
        #expect(rig.run("GET", "key:0") == "$7 value:0")
        #expect(rig.run("GET", "key:1") == "$4 mine")
        #expect(rig.run("DEBUG", "POPULATE", "2", "p", "4") == "+OK")
        #expect(rig.run("GET", "p:1") == "$4 valu")
        #expect(rig.run("DEBUG", "POPULATE", "1", "q", "10") == "+OK")
        #expect(rig.run("GET", "q:0") == "$10 value:0\0\0\0")
        #expect(rig.run("DEBUG", "POPULATE", "1", "r", "0") == "+OK")
        #expect(rig.run("GET", "r:0") == "$7 value:0")
        #expect(rig.run("DEBUG", "POPULATE", "0") == "+OK")
        #expect(rig.run("DEBUG", "POPULATE", "1300", "many", "40") == "+OK")
        #expect(rig.run("DBSIZE") == ":1307")
        for text in ["-1", "abc", "", "9223372036854775808", "1.5"] {
            #expect(rig.run("DEBUG", "POPULATE", text) == "-ERR value is out of range, must be positive")
            #expect(
                rig.run("DEBUG", "POPULATE", "1", "x", text) == "-ERR value is out of range, must be positive"
            )
        }
        #expect(
            rig.run("DEBUG", "POPULATE", "1", "x", "9223372036854775807")
                == "-ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        #expect(rig.mismatch == nil)
    }

    @Test func activeExpiry() {
        let rig = rig()
        rig.run("SET", "a", "1", "PX", "10")
        #expect(rig.run("DEBUG", "SET-ACTIVE-EXPIRE", "0") == "+OK")
        rig.advance(ms: 20)
        #expect(rig.run("DBSIZE") == ":1")
        #expect(rig.run("DEBUG", "SET-ACTIVE-EXPIRE", "1") == "+OK")
        rig.advance(ms: 1)
        #expect(rig.run("DBSIZE") == ":0")
        #expect(rig.run("DEBUG", "SET-ACTIVE-EXPIRE", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.mismatch == nil)
    }

    @Test func object() {
        let rig = rig()
        rig.run("SET", "a", "hello")
        rig.run("SET", "n", "1000")
        rig.run("SADD", "s", "1", "x")
        let form =
            /\+Value at:0x[0-9a-f]+ refcount:1 encoding:(\w+) serializedlength:(\d+) lru:\d+ lru_seconds_idle:(\d+)/
        func fields(_ key: String) -> [String] {
            guard let match = rig.run("DEBUG", "OBJECT", key).wholeMatch(of: form) else { return [] }
            return [match.1, match.2, match.3].map(String.init)
        }
        #expect(fields("a") == ["embstr", "6", "0"])
        #expect(fields("n") == ["int", "3", "0"])
        #expect(fields("s") == ["listpack", "5", "0"])
        rig.advance(ms: 7000)
        #expect(fields("a") == ["embstr", "6", "7"])
        #expect(rig.run("DEBUG", "OBJECT", "none") == "-ERR no such key")
    }

    @Test func replySamples() {
        let rig = rig()
        let bignum = "1234567999999999999999999999999999999"
        let two: [(String, String)] = [
            ("string", "$11 Hello World"), ("integer", ":12345"), ("double", "$5 3.141"), ("null", "$-1"),
            ("array", "*3 :0 :1 :2"), ("set", "*3 :0 :1 :2"), ("map", "*6 :0 :0 :1 :1 :2 :0"),
            ("true", ":1"), ("false", ":0"), ("verbatim", "$25 This is a verbatim\nstring"),
            ("bignum", "$37 \(bignum)"), ("attrib", "$39 Some real reply following the attribute"),
            ("push", "-ERR RESP2 is not supported by this command"),
        ]
        let three: [(String, String)] = [
            ("string", "$11 Hello World"), ("integer", ":12345"), ("double", ",3.141"), ("null", "_"),
            ("array", "*3 :0 :1 :2"), ("set", "~3 :0 :1 :2"), ("map", "%3 :0 #f :1 #t :2 #f"),
            ("true", "#t"), ("false", "#f"), ("verbatim", "=29 txt:This is a verbatim\nstring"),
            ("bignum", "(\(bignum)"),
            (
                "attrib",
                "|1 $14 key-popularity *2 $7 key:123 :90 $39 Some real reply following the attribute"
            ),
            ("push", ">2 $16 server-cpu-usage :42 $40 Some real reply following the push reply"),
        ]
        for (type, reply) in two { #expect(rig.run("DEBUG", "PROTOCOL", type) == reply) }
        rig.run("HELLO", "3")
        for (type, reply) in three { #expect(rig.run("DEBUG", "PROTOCOL", type) == reply) }
        #expect(rig.run("DEBUG", "PROTOCOL", "x").hasPrefix("-ERR Wrong protocol type name."))
        #expect(rig.run("DEBUG", "ERROR", "My own words") == "-My own words")
        #expect(rig.run("DEBUG", "STRINGMATCH-LEN", "a*c", "abbc") == ":1")
        #expect(rig.run("DEBUG", "STRINGMATCH-LEN", "a*c", "abb") == ":0")
    }

    @Test func cutsAreWalkedBetweenTurns() {
        let rig = rig()
        rig.run("DEBUG", "POPULATE", "1000")
        rig.run(["SADD", "s"] + (0..<500).map { "m\($0)" })
        #expect(rig.run("DEBUG", "CUT") == "+OK")
        #expect(rig.run("DEBUG", "CUT") == "+OK")
        #expect(rig.run("DEBUG", "CUT") == "-ERR too many cuts are open")
        #expect(rig.run("DEBUG", "CUT", "STATUS").hasPrefix("*8 $4 open :1 "))
        rig.run("DEL", "s")
        while rig.engine.keys.walkCuts(max: 100) {}
        // 990 keys with numbers of up to three digits, and the set.
        let bytes = 10 * 5 + 90 * 6 + 900 * 7 + 10 * 7 + 90 * 8 + 900 * 9 + 1 + 10 * 2 + 90 * 3 + 400 * 4
        #expect(
            rig.run("DEBUG", "CUT", "STATUS")
                == "*8 $4 open :0 $4 keys :1001 $8 elements :1500 $5 bytes :\(bytes)")
        #expect(rig.run("DEBUG", "CUT", "x") == "-ERR syntax error")
        #expect(rig.run("DEBUG", "CHECK") == "+OK")
        #expect(rig.mismatch == nil)
    }

    @Test func reclaim() {
        let rig = rig()
        rig.run(["SADD", "s"] + (0..<5000).map { "m\($0)" })
        rig.run("DEL", "s")
        #expect(!rig.engine.keys.reclaimer.isIdle)
        #expect(rig.run("DEBUG", "RECLAIM") == "+OK")
        #expect(rig.engine.keys.reclaimer.isIdle)
        #expect(rig.mismatch == nil)
    }

    @Test func memory() {
        let rig = Rig()
        #expect(rig.run("MEMORY", "USAGE", "none") == "$-1")
        rig.run("SET", "a", "hello")
        // 5 of the header, 1 of the key, 5 of the value, rounded up; then the slot.
        #expect(rig.run("MEMORY", "USAGE", "a") == ":22")
        #expect(rig.run("MEMORY", "USAGE", "a", "SAMPLES", "0") == ":22")
        #expect(rig.run("MEMORY", "USAGE", "a", "samples", "9223372036854775807") == ":22")
        rig.run(["SADD", "s"] + (0..<1000).map { "member \($0)" })
        let usage = Int(rig.run("MEMORY", "USAGE", "s").dropFirst()) ?? 0
        #expect(usage > 16 * 1000 && usage < 40 * 1000)
        for words in [["SAMPLES"], ["SAMPLES", "-1"], ["FOO", "1"], ["SAMPLES", "1", "x"]] {
            #expect(rig.run(["MEMORY", "USAGE", "a"] + words) == "-ERR syntax error")
        }
        #expect(
            rig.run("MEMORY", "USAGE", "a", "SAMPLES", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("MEMORY", "NOSUCH") == "-ERR unknown subcommand 'NOSUCH'. Try MEMORY HELP.")
        #expect(rig.run("MEMORY", "PURGE") == "+OK")
        #expect(rig.run("MEMORY", "STATS").contains("$10 keys.count :2"))
        #expect(rig.run("MEMORY", "DOCTOR").hasPrefix("$"))
        #expect(rig.run("MEMORY", "MALLOC-STATS").contains(" bytes in use, "))
        #expect(rig.run("MEMORY", "HELP").hasPrefix("*"))
        #expect(rig.mismatch == nil)
    }
}

@Suite struct DebugCrashTests {
    /// What these do to a process is seen end to end; here the host only notes what it was asked for.
    @Test func crashesAndRestartsAreTheHosts() throws {
        let rig = Rig { $0.debugCommand = "yes" }
        let host = try #require(rig.engine.host as? QuietHost)
        for word in ["SEGFAULT", "PANIC", "ASSERT"] { rig.run("DEBUG", word) }
        #expect(host.crashes == [.fault, .panic, .assertion])
        let failed = "-ERR failed to restart the server. Check server logs."
        #expect(rig.run("DEBUG", "RESTART") == failed)
        #expect(rig.run("DEBUG", "RESTART", "200") == failed)
        #expect(rig.run("DEBUG", "CRASH-AND-RECOVER", "-5") == failed)
        #expect(host.restarts == [0, 200, 0])
        #expect(rig.run("DEBUG", "RESTART", "soon") == "-ERR value is not an integer or out of range")
        #expect(rig.run("DEBUG", "RESTART", "9223372036854775807") == "-ERR value is out of range")
        #expect(rig.run("DEBUG", "RESTART", "1", "2").hasPrefix("-ERR unknown subcommand"))
        #expect(host.restarts.count == 3)
    }

    @Test func theyNeedTheDebugCommand() throws {
        let rig = Rig()
        let host = try #require(rig.engine.host as? QuietHost)
        for word in ["SEGFAULT", "PANIC", "ASSERT", "RESTART", "CRASH-AND-RECOVER"] {
            #expect(rig.run("DEBUG", word).hasPrefix("-ERR DEBUG command not allowed"))
        }
        #expect(host.crashes.isEmpty && host.restarts.isEmpty)
    }
}
