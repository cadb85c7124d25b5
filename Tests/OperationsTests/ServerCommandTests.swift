// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
@testable import Operations

/// The commands on the server as a whole that answer for what is not there: replicas, a cluster, modules.
@Suite struct ServerCommandTests {
    @Test func roles() {
        let rig = Rig()
        #expect(rig.run("ROLE") == "*3 $6 master :0 *0")
        for name in ["REPLICAOF", "SLAVEOF"] {
            #expect(rig.run(name, "no", "ONE") == "+OK")
            #expect(rig.run(name, "127.0.0.1", "x") == "-ERR Invalid master port")
            #expect(rig.run(name, "127.0.0.1", "65536") == "-ERR Invalid master port")
            #expect(rig.run(name, "127.0.0.1", "6379").hasPrefix("-ERR replication is not built yet"))
        }
        #expect(rig.run("FAILOVER", "ABORT") == "-ERR No failover in progress.")
        let nobody = "-ERR FAILOVER requires connected replicas."
        #expect(rig.run("FAILOVER") == nobody)
        #expect(rig.run("FAILOVER", "TO", "1.2.3.4", "5", "FORCE", "TIMEOUT", "1") == nobody)
        #expect(rig.run("FAILOVER", "TIMEOUT", "0") == "-ERR FAILOVER timeout must be greater than 0")
        #expect(rig.run("FAILOVER", "TIMEOUT", "x") == "-ERR value is not an integer or out of range")
        for words in [["TO"], ["TO", "h"], ["TIMEOUT"], ["x"], ["ABORT", "x"], ["FORCE", "FORCE"]] {
            #expect(rig.run(["FAILOVER"] + words) == "-ERR syntax error", "\(words)")
        }
    }

    /// Clients of clusters find out by this very text that there is none.
    @Test func clusters() {
        let rig = Rig()
        let disabled = "-ERR This instance has cluster support disabled"
        let table = rig.engine.table
        var count = 0
        for index in table.commands.indices where table.commands[index].group == .cluster {
            let name = table.fullName(index).split(separator: "|").map(String.init)
            let arity = table.commands[index].arity
            if [["cluster"], ["cluster", "help"], ["readonly"], ["readwrite"]].contains(name) { continue }
            count += 1
            let least = name + Array(repeating: "1", count: abs(arity) - name.count)
            let wrong = "-ERR wrong number of arguments for '\(name.joined(separator: "|"))' command"
            #expect(rig.run(least) == disabled, "\(name)")
            #expect(rig.run(least + ["1"]) == (arity < 0 ? disabled : wrong), "\(name)")
            if least.count > name.count { #expect(rig.run(Array(least.dropLast())) == wrong) }
        }
        #expect(count == 35)
        // As Valkey, READONLY may be said without a cluster.
        func flags() -> String { rig.run("CLIENT", "INFO") }
        #expect(rig.run("READONLY") == "+OK" && flags().contains(" flags=r "))
        #expect(rig.run("READWRITE") == "+OK" && flags().contains(" flags=N "))
        #expect(rig.run("READONLY") == "+OK" && rig.run("RESET") == "+RESET" && flags().contains(" flags=N "))
        #expect(rig.run("READONLY", "x") == "-ERR wrong number of arguments for 'readonly' command")
        #expect(rig.run("CLUSTER") == "-ERR wrong number of arguments for 'cluster' command")
        #expect(rig.run("CLUSTER", "NOSUCH") == "-ERR unknown subcommand 'NOSUCH'. Try CLUSTER HELP.")
        #expect(rig.run("CLUSTER", "HELP").hasPrefix("*5 +CLUSTER <subcommand>"))
        rig.run("MULTI")
        #expect(rig.run("CLUSTER", "INFO") == "+QUEUED" && rig.run("ASKING") == "+QUEUED")
        #expect(rig.run("EXEC") == "*2 \(disabled) \(disabled)")
    }

    @Test func waiting() {
        let rig = Rig()
        #expect(rig.run("WAIT", "0", "0") == ":0")
        #expect(rig.run("WAIT", "2", "1000") == ":0")
        #expect(rig.run("WAIT", "x", "0") == "-ERR value is not an integer or out of range")
        #expect(rig.run("WAIT", "0", "-1") == "-ERR timeout is negative")
        #expect(rig.run("WAIT", "0", "x") == "-ERR timeout is not an integer or out of range")
        #expect(rig.run("WAITAOF", "0", "0", "0") == "*2 :0 :0")
        #expect(rig.run("WAITAOF", "2", "0", "0") == "-ERR value is out of range, value must between 0 and 1")
        #expect(rig.run("WAITAOF", "0", "-1", "0") == "-ERR value is out of range, must be positive")
        #expect(rig.run("WAITAOF", "abc", "0", "0") == "-ERR value is not an integer or out of range")
        // The end of the wait would lie beyond time.
        for words in [["WAIT", "2", "\(Int64.max)"], ["WAITAOF", "0", "0", "\(Int64.max)"]] {
            #expect(rig.run(words) == "-ERR timeout is out of range")
        }
        #expect(rig.run("WAIT", "2", "\(Int64.max - Rig.startMs)") == ":0")
        #expect(rig.run("WAIT", "-1", "0") == ":0")
        #expect(
            rig.run("WAITAOF", "1", "0", "0")
                == "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    }

    @Test func modules() {
        let closed = Rig()
        #expect(closed.run("MODULE", "LIST") == "*0")
        for words in [["LOAD", "/x.so"], ["LOADEX", "/x.so", "ARGS", "1"], ["UNLOAD", "x"]] {
            #expect(closed.run(["MODULE"] + words).hasPrefix("-ERR MODULE command not allowed."), "\(words)")
        }
        let open = Rig { $0.moduleCommand = "local" }
        #expect(open.run("MODULE", "LOAD", "/x.so").hasPrefix("-ERR Error loading the extension."))
        #expect(open.run("MODULE", "UNLOAD", "x").hasPrefix("-ERR Error unloading module: no such module"))
        #expect(open.run("MODULE", "HELP").hasPrefix("*"))
        #expect(open.run("COMMAND", "INFO", "module|load").contains("no_async_loading"))
    }

    @Test func lolwut() {
        let rig = Rig()
        let line = "Needletail ver. 0.1.0, Redis ver. 7.4.0\n"
        #expect(rig.run("LOLWUT").hasSuffix(line))
        #expect(rig.run("LOLWUT", "VERSION", "5").split(separator: " ", maxSplits: 1)[1] == line)
        let drawing = rig.run("LOLWUT", "VERSION", "1", "30", "4", "3")
        let rows = drawing.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(rows.count == 6 && rows.dropFirst().allSatisfy { $0.count <= 40 } && drawing.contains(">"))
        // Out of bounds is brought within them.
        for words in [["0", "-5", "0"], ["9223372036854775807", "9223372036854775807", "1"]] {
            #expect(rig.run(["LOLWUT"] + words).hasSuffix(line), "\(words)")
        }
        #expect(rig.run("LOLWUT", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("LOLWUT", "VERSION", "x") == "-ERR value is not an integer or out of range")
        #expect(rig.run("LOLWUT", "1", "2", "3", "4") == "-ERR syntax error")
    }
}

/// The subcommands of DEBUG by which tests set things and look inside.
@Suite struct DebugKnobTests {
    private func rig() -> Rig { Rig { $0.debugCommand = "yes" } }

    @Test func knobs() {
        let rig = rig()
        #expect(rig.run("DEBUG", "LOG", "hello world") == "+OK")
        #expect(rig.host.logged == ["DEBUG LOG: hello world"])
        #expect(rig.run("DEBUG", "PAUSE-CRON", "1") == "+OK" && rig.engine.insight.isCronPaused)
        #expect(rig.run("DEBUG", "PAUSE-CRON", "0") == "+OK" && !rig.engine.insight.isCronPaused)
        let id = rig.engine.replicationID
        #expect(rig.run("DEBUG", "CHANGE-REPL-ID") == "+OK")
        #expect(rig.engine.replicationID != id && rig.engine.replicationID.count == 40)
        #expect(rig.run("DEBUG", "DICT-RESIZING", "1") == "+OK")
        #expect(rig.run("DEBUG", "DICT-RESIZING", "0").hasPrefix("-ERR tables grow by segments"))
        let idle = [
            ["REPLYBUFFER", "PEAK-RESET-TIME", "NEVER"], ["REPLYBUFFER", "PEAK-RESET-TIME", "100"],
            ["REPLYBUFFER", "RESIZING", "0"], ["CLIENT-ENFORCE-REPLY-LIST", "1"], ["MARK-INTERNAL-CLIENT"],
            ["MARK-INTERNAL-CLIENT", "unmark"],
        ]
        for words in idle { #expect(rig.run(["DEBUG"] + words) == "+OK", "\(words)") }
        for words in [["REPLYBUFFER", "x", "1"], ["MARK-INTERNAL-CLIENT", "x"]] {
            #expect(rig.run(["DEBUG"] + words) == "-ERR syntax error", "\(words)")
        }
        for words in [["PAUSE-CRON", "x"], ["REPLYBUFFER", "RESIZING", "x"], ["DICT-RESIZING", ""]] {
            #expect(
                rig.run(["DEBUG"] + words) == "-ERR value is not an integer or out of range", "\(words)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func shapes() {
        let rig = rig()
        #expect(rig.run("DEBUG", "HTSTATS", "0").contains("No stats available for empty dictionaries"))
        rig.run("DEBUG", "POPULATE", "1000")
        rig.run("EXPIRE", "key:1", "100")
        let text = rig.run("DEBUG", "HTSTATS", "0", "full")
        #expect(text.contains(" number of elements: 1000\n segments: "))
        #expect(
            text.contains(
                "[Expires HT]\nHash table 0 stats (kept in the main hash table):\n number of elements: 1\n"))
        for index in ["-1", "16", "x"] {
            #expect(rig.run("DEBUG", "HTSTATS", index) == "-ERR Out of range database", "\(index)")
        }
        rig.run(["SADD", "big"] + (0..<500).map { "m\($0)" })
        rig.run("SADD", "small", "a", "b")
        rig.run("SADD", "numbers", "1")
        #expect(rig.run("DEBUG", "HTSTATS-KEY", "big").contains(" number of elements: 500\n"))
        let refusal = "-ERR The value stored at the specified key is not represented using an hash table"
        for key in ["small", "numbers", "key:1"] { #expect(rig.run("DEBUG", "HTSTATS-KEY", key) == refusal) }
        #expect(rig.run("DEBUG", "HTSTATS-KEY", "none") == "-ERR no such key")
        #expect(rig.run("DEBUG", "LISTPACK", "small") == "+{total bytes 13} {num entries 2}")
        for key in ["big", "numbers", "key:1"] {
            #expect(rig.run("DEBUG", "LISTPACK", key) == "-ERR Not a listpack encoded object.")
        }
        #expect(rig.run("DEBUG", "STRUCTSIZE").hasPrefix("+bits:64 "))
        #expect(!rig.run("DEBUG", "OBJECT", "key:1", "FAST").contains("serializedlength"))
        #expect(rig.run("DEBUG", "OBJECT", "key:1").contains("serializedlength"))
        #expect(rig.run("DEBUG", "OBJECT", "key:1", "x") == "-ERR syntax error")
    }

    /// What comes behind a command that slept sees the time that has passed meanwhile, unless it is in a transaction.
    @Test func timePassesInSleep() {
        let rig = rig()
        let commands = ["SET a 1 PX 20", "DEBUG SLEEP 0.05", "EXISTS a"].flatMap { line in
            Rig.encode(line.split(separator: " ").map { Array($0.utf8) })
        }
        #expect(String(decoding: rig.feed(commands), as: UTF8.self) == "+OK\r\n+OK\r\n:0\r\n")
        #expect(rig.engine.keys.nowMs == Rig.startMs + 50)
        let transaction = ["MULTI", "SET a 1 PX 20", "DEBUG SLEEP 0.05", "EXISTS a", "EXEC", "EXISTS a"]
        let replies = rig.feed(
            transaction.flatMap { line in Rig.encode(line.split(separator: " ").map { Array($0.utf8) }) })
        #expect(String(decoding: replies, as: UTF8.self).hasSuffix("*3\r\n+OK\r\n+OK\r\n:1\r\n:0\r\n"))
        #expect(rig.mismatch == nil)
    }
}
