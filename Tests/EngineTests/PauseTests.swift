// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
import Server

/// CLIENT PAUSE and what waits meanwhile; import mode.
@Suite struct PauseTests {
    private func info(_ rig: Rig, _ field: String) -> String {
        let text = rig.run(as: "info", "INFO", "everything")
        return text.split(separator: " ").first { $0.hasPrefix(field + ":") }.map {
            String($0.dropFirst(field.count + 1))
        } ?? "none"
    }

    @Test func writesWaitAndReadsGoOn() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        #expect(rig.run("CLIENT", "PAUSE", "60000", "WRITE") == "+OK")
        #expect(rig.run(as: "b", "SET", "a", "2") == "")
        #expect(rig.run(as: "c", "GET", "a") == "$1 1")
        #expect(rig.run(as: "b", "GET", "a") == "")
        #expect(rig.run(as: "b", "SET") == "")
        #expect(info(rig, "blocked_clients") == "1")
        #expect(info(rig, "paused_reason") == "client_pause" && info(rig, "paused_actions") == "write")
        #expect(info(rig, "paused_timeout_milliseconds") == "60000")
        #expect(rig.run("CLIENT", "LIST", "FLAGS", "b").contains(" addr=127.0.0.1:5001 "))
        // Arity is checked first, as is everything that refuses.
        #expect(rig.run(as: "c", "SET", "a") == "-ERR wrong number of arguments for 'set' command")
        #expect(rig.resumeHeld().isEmpty)
        #expect(rig.run("CLIENT", "UNPAUSE") == "+OK")
        #expect(rig.resumeHeld() == ["b": "+OK $1 2 -ERR wrong number of arguments for 'set' command"])
        #expect(info(rig, "blocked_clients") == "0" && info(rig, "paused_reason") == "none")
        #expect(rig.run(as: "b", "PING") == "+PONG")
        #expect(rig.mismatch == nil)
    }

    /// Messages reach replicas as well: who sends one waits, also into a transaction.
    @Test func messagesWaitWithWrites() {
        let rig = Rig()
        rig.run(as: "s", "SUBSCRIBE", "a")
        rig.run(as: "t", "MULTI")
        rig.run("CLIENT", "PAUSE", "60000", "WRITE")
        for (name, words) in [
            ("b", ["PUBLISH", "a", "1"]), ("c", ["SPUBLISH", "a", "1"]), ("t", ["PUBLISH", "a", "2"]),
        ] {
            #expect(rig.run(as: name, words) == "", "\(words)")
        }
        #expect(rig.run(as: "d", "SUBSCRIBE", "z").hasPrefix("*3 "))
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.resumeHeld() == ["b": ":1", "c": ":0", "t": "+QUEUED"])
    }

    /// Which commands wait for the end of a pause of writes: those that write, and those that replicas hear of though they
    /// write nothing.
    @Test func theRowsSayWhoWaits() {
        let table = CommandTable(Wiring.features.flatMap(\.families))
        let told = table.commands.filter { $0.flags.contains(.mayReplicate) }.map(\.name)
        #expect(told == ["pfcount", "publish", "spublish"])
        #expect(!CommandFlags.names.contains { $0.0 == .mayReplicate }, "no peer shows this flag")
    }

    /// In mode ALL even the command that would end it waits; only time does.
    @Test func allWait() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "100")
        for (name, words) in [("b", ["GET", "a"]), ("c", ["CLIENT", "UNPAUSE"]), ("d", ["PING"])] {
            #expect(rig.run(as: name, words) == "")
        }
        #expect(rig.engine.clients.heldCount == 3 && rig.engine.pauses.nextEndMs == Rig.startMs + 100)
        rig.advance(ms: 99)
        #expect(rig.resumeHeld().isEmpty)
        rig.advance(ms: 1)
        #expect(rig.resumeHeld() == ["b": "$-1", "c": "+OK", "d": "+PONG"])
        #expect(rig.engine.refusals.isEmpty)
    }

    @Test func theLongerAndTheStricterStay() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run("CLIENT", "PAUSE", "10", "WRITE")
        #expect(info(rig, "paused_timeout_milliseconds") == "1000")
        rig.run("CLIENT", "PAUSE", "0", "ALL")
        #expect(rig.run("PING") == "")
        rig.advance(ms: 1000)
        #expect(rig.resumeHeld() == ["main": "+PONG"])
        // A pause of no length is none.
        #expect(rig.run("CLIENT", "PAUSE", "0") == "+OK")
        #expect(rig.run("SET", "a", "1") == "+OK")
    }

    @Test(arguments: [
        (["PAUSE", "abc"], "-ERR timeout is not an integer or out of range"),
        (["PAUSE", "9223372036854775808"], "-ERR timeout is not an integer or out of range"),
        (["PAUSE", "9223372036854775807"], "-ERR timeout is out of range"),
        (["PAUSE", "-1"], "-ERR timeout is negative"),
        (["PAUSE", "-9223372036854775808"], "-ERR timeout is negative"),
        (["PAUSE", "1", "foo"], "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
        (
            ["Pause", "1", "all", "x"],
            "-ERR unknown subcommand or wrong number of arguments for 'Pause'. Try CLIENT HELP."
        ),
        (["PAUSE"], "-ERR wrong number of arguments for 'client|pause' command"),
        (["UNPAUSE", "x"], "-ERR wrong number of arguments for 'client|unpause' command"),
        (["UNBLOCK", "x"], "-ERR value is not an integer or out of range"),
        (["UNBLOCK", "1", "foo"], "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
        (
            ["UNBLOCK", "1", "ERROR", "x"],
            "-ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP."
        ),
        (["UNBLOCK", "77"], ":0"),
        (["UNBLOCK", "-1", "TIMEOUT"], ":0"),
        (["IMPORT-SOURCE", "ON"], "-ERR Server is not in import mode"),
        (["IMPORT-SOURCE", "x"], "-ERR Server is not in import mode"),
        (["IMPORT-SOURCE", "OFF"], "+OK"),
    ])
    func refusals(_ words: [String], _ answer: String) {
        let rig = Rig()
        #expect(rig.run(["CLIENT"] + words) == answer)
        #expect(rig.run("SET", "a", "1") == "+OK")
    }

    /// Whoever waits for a pause is not unblocked.
    @Test func unblockDoesNotResume() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run(as: "b", "SET", "a", "1")
        #expect(rig.run("CLIENT", "UNBLOCK", "2") == ":0")
        #expect(rig.session("b").isHeld)
    }

    @Test func pipelinesStayInOrder() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        var input: [UInt8] = []
        for i in 0..<40 {
            input += Rig.encode([Array("APPEND".utf8), Array("k".utf8), Array("\(i % 10)".utf8)])
            input += Rig.encode([Array("STRLEN".utf8), Array("k".utf8)])
        }
        // Torn, with large pieces behind.
        #expect(rig.feed(as: "b", Array(input.prefix(333))).isEmpty)
        #expect(rig.feed(as: "b", Array(input.dropFirst(333))).isEmpty)
        rig.run("CLIENT", "UNPAUSE")
        let answer = rig.resumeHeld()["b"]?.split(separator: " ") ?? []
        #expect(answer == (1...40).flatMap { [":\($0)", ":\($0)"] })
        #expect(rig.mismatch == nil)
    }

    @Test func longPipelinesRunInPieces() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        let one = Rig.encode([Array("INCR".utf8), Array("n".utf8)])
        #expect(rig.feed(as: "b", Array(repeating: one, count: 100).flatMap { $0 }).isEmpty)
        rig.run("CLIENT", "UNPAUSE")
        let session = rig.session("b")
        var rounds = 0
        while session.isHeld {
            for waiting in rig.engine.clients.takeHeld() { rig.engine.resume(waiting, max: 250) }
            rounds += 1
        }
        #expect(rounds == (one.count * 100 + 249) / 250)
        rig.engine.reply.reset()
        #expect(rig.run("GET", "n") == "$3 100")
        #expect(rig.engine.clients.heldCount == 0 && session.heldInput.isEmpty)
        #expect(rig.mismatch == nil)
    }

    @Test func transactions() {
        let rig = Rig()
        rig.run(as: "reader", "MULTI")
        rig.run(as: "reader", "GET", "a")
        rig.run(as: "writer", "MULTI")
        rig.run(as: "writer", "SET", "a", "1")
        rig.run(as: "late", "MULTI")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        #expect(rig.run(as: "reader", "EXEC") == "*1 $-1")
        #expect(rig.run(as: "writer", "EXEC") == "")
        // What is to be queued waits as well, as in Redis.
        #expect(rig.run(as: "late", "SET", "b", "1") == "")
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.resumeHeld() == ["writer": "*1 +OK", "late": "+QUEUED"])
        #expect(rig.mismatch == nil)
    }

    @Test func aPauseInATransactionBeginsBehindIt() {
        let rig = Rig()
        rig.run("MULTI")
        rig.run("SET", "a", "1", "PX", "10")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run("SET", "b", "2")
        #expect(rig.run("EXEC") == "*3 +OK +OK +OK")
        #expect(rig.run(as: "b", "SET", "c", "3") == "")
        #expect(rig.run("MGET", "a", "b", "c") == "*3 $1 1 $1 2 $-1")
        #expect(rig.mismatch == nil)
    }

    @Test func skippedRepliesBelongToTheirCommand() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run(as: "b", "CLIENT", "REPLY", "SKIP")
        #expect(rig.run(as: "b", "SET", "a", "1") == "")
        #expect(rig.run(as: "b", "GET", "a") == "")
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.resumeHeld() == ["b": "$1 1"])
    }

    @Test func whoGoesTakesItsCommandsAlong() {
        let rig = Rig()
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        for i in 0..<200 { rig.run(as: "c\(i)", "SET", "k\(i)", "x") }
        for i in 0..<199 { rig.leave("c\(i)") }
        #expect(rig.engine.clients.heldCount == 1)
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.resumeHeld() == ["c199": "+OK"])
        #expect(rig.run("DBSIZE") == ":1")
    }

    @Test func whatWaitsIsLimited() {
        let rig = Rig { $0.queryBufferBytesMax = 1 << 20 }
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run(as: "b", "SET", "a", "1")
        for _ in 0..<11 { _ = rig.feed(as: "b", [UInt8](repeating: 65, count: 100_000)) }
        #expect(rig.session("b").isClosing && rig.engine.stats.queryLimitDisconnections == 1)
    }

    // MARK: Dead keys

    @Test func nothingExpires() {
        let rig = Rig()
        rig.run("MSET", "live", "1", "other", "1")
        rig.run("SET", "dead", "1", "PX", "10")
        rig.run(as: "w", "WATCH", "dead")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.advance(ms: 20)
        #expect(rig.run("GET", "dead") == "$-1" && rig.run("TTL", "dead") == ":-2")
        #expect(rig.run("EXISTS", "dead", "live") == ":1" && rig.run("SCAN", "0").contains("dead") == false)
        #expect(rig.run("DBSIZE") == ":3" && rig.engine.keys.stats.expired == 0)
        // A transaction that watches it sees that it died.
        rig.run(as: "w", "MULTI")
        #expect(rig.run(as: "w", "EXEC") == "*-1")
        // For whoever begins to watch now it is no news.
        rig.run(as: "x", "WATCH", "dead")
        rig.run(as: "x", "MULTI")
        #expect(rig.run(as: "x", "EXEC") == "*0")
        rig.run("CLIENT", "UNPAUSE")
        rig.advance(ms: 0)
        #expect(rig.run("DBSIZE") == ":2" && rig.engine.keys.stats.expired == 1)
        #expect(rig.engine.keys.deadKeys == .deleted && rig.mismatch == nil)
    }

    @Test func randomKeyEndsAmongDeadOnes() {
        let rig = Rig()
        for i in 0..<20 { rig.run("SET", "dead\(i)", "1", "PX", "10") }
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.advance(ms: 20)
        #expect(rig.run("RANDOMKEY").contains("dead"))
        #expect(rig.run("DBSIZE") == ":20")
    }

    /// Within the transaction that began the pause a dead key is replaced, not doubled.
    @Test func aWriteInAPauseMeetsADeadKey() {
        let rig = Rig()
        rig.run("SET", "dead", "1", "PX", "10")
        rig.engine.keys.expiresActively = false
        rig.run("MULTI")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run("SET", "dead", "2")
        rig.run("GET", "dead")
        rig.engine.keys.nowMs += 20
        #expect(rig.run("EXEC") == "*3 +OK +OK $1 2")
        rig.run("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        #expect(rig.run("DBSIZE") == ":1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func importMode() {
        let rig = Rig { $0.debugCommand = "yes" }
        rig.run("SET", "a", "1", "PX", "10")
        rig.run("SET", "b", "1", "PX", "10")
        #expect(rig.run("CONFIG", "SET", "import-mode", "yes") == "+OK")
        #expect(rig.run(as: "source", "CLIENT", "IMPORT-SOURCE", "maybe") == "-ERR syntax error")
        #expect(rig.run(as: "source", "CLIENT", "IMPORT-SOURCE", "ON") == "+OK")
        rig.advance(ms: 20)
        #expect(rig.run("GET", "a") == "$-1" && rig.run("KEYS", "*") == "*0" && rig.run("DBSIZE") == ":2")
        #expect(rig.run(as: "source", "GET", "a") == "$1 1" && rig.run(as: "source", "PTTL", "a") == ":0")
        #expect(rig.run(as: "source", "KEYS", "*").hasPrefix("*2 "))
        #expect(rig.run("CLIENT", "LIST", "FLAGS", "I").contains("id=2 "))
        // The source changes dead keys; for others they are gone when they write.
        #expect(rig.run(as: "source", "APPEND", "a", "2") == ":2")
        #expect(rig.run("APPEND", "b", "2") == ":1")
        #expect(rig.engine.keys.evictionMode == .forbidden)
        #expect(rig.run("CONFIG", "SET", "import-mode", "no") == "+OK")
        rig.advance(ms: 0)
        #expect(rig.run("KEYS", "*") == "*1 $1 b" && rig.run(as: "source", "GET", "a") == "$-1")
        #expect(rig.engine.refusals.isEmpty && rig.engine.keys.evictionMode == .active)
        #expect(rig.mismatch == nil)
    }

    /// While data is imported a deadline that has passed deletes nothing, whoever sets it; only the source sees the key.
    @Test(arguments: [
        (["EXPIRE", "a", "-1"], ":1", Rig.startMs - 1000),
        (["PEXPIREAT", "a", "1000"], ":1", 1000),
        (["PEXPIRE", "a", "-5"], ":1", Rig.startMs - 5),
        (["EXPIREAT", "a", "-5"], ":1", 0),
        (["EXPIRE", "a", "0"], ":1", Rig.startMs),
        (["EXPIRE", "a", "-9223372036854775"], ":1", 0),
        (["SET", "a", "v", "PXAT", "1"], "+OK", 1),
        (["SET", "a", "v", "EXAT", "1", "GET"], "$1 v", 1000),
        (["GETEX", "a", "PXAT", "1"], "$1 v", 1),
        (["MSETEX", "1", "a", "v", "PXAT", "7"], ":1", 7),
    ])
    func importsOfDeadKeys(_ words: [String], _ reply: String, _ deadline: Int64) {
        let rig = Rig()
        rig.run("CONFIG", "SET", "import-mode", "yes")
        rig.run(as: "source", "CLIENT", "IMPORT-SOURCE", "ON")
        rig.run("SET", "a", "v")
        #expect(rig.run(as: "source", words) == reply)
        #expect(rig.run(as: "source", "GET", "a") == "$1 v" && rig.run(as: "source", "TTL", "a") == ":0")
        #expect(rig.run(as: "source", "PEXPIRETIME", "a") == ":\(deadline)")
        #expect(rig.run("GET", "a") == "$-1" && rig.run("DBSIZE") == ":1")
        rig.engine.keys.checkInvariants()
        rig.run("SET", "a", "v")
        #expect(rig.run(words) == reply)
        #expect(rig.run("GET", "a") == "$-1" && rig.run("DBSIZE") == ":1")
        rig.run(as: "source", "SET", "a", "v")
        rig.run(as: "source", words)
        rig.run("CONFIG", "SET", "import-mode", "no")
        rig.advance(ms: 1)
        #expect(rig.run("DBSIZE") == ":0" && rig.engine.keys.stats.expired > 0)
        #expect(rig.mismatch == nil)
    }

    /// Nothing is evicted while somebody else decides what there is, but the limit holds. In a pause nobody is refused.
    @Test(arguments: ["noeviction", "allkeys-lru", "volatile-ttl", "allkeys-random"])
    func theMemoryLimitMeanwhile(_ policy: String) {
        let rig = Rig()
        rig.run("SET", "a", "1", "EX", "100")
        rig.run("CONFIG", "SET", "import-mode", "yes", "maxmemory-policy", policy)
        rig.run(as: "source", "CLIENT", "IMPORT-SOURCE", "ON")
        rig.run("CONFIG", "SET", "maxmemory", "1")
        let oom = "-OOM command not allowed when used memory > 'maxmemory'."
        #expect(rig.run("SET", "b", "1") == oom && rig.run(as: "source", "SET", "b", "1") == oom)
        #expect(!rig.engine.memoryLimitSlice(max: 10) && rig.engine.keys.stats.evicted == 0)
        #expect(rig.run("GET", "a") == "$1 1" && rig.run("DEL", "a") == ":1")
        #expect(rig.run("CONFIG", "SET", "import-mode", "no", "maxmemory", "0") == "+OK")
        rig.run("SET", "a", "1", "EX", "100")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        rig.run("CONFIG", "SET", "maxmemory", "1")
        #expect(!rig.engine.memoryLimitSlice(max: 10) && rig.run("GET", "a") == "$1 1")
        #expect(rig.engine.keys.evictionMode == .paused)
        #expect(rig.mismatch == nil)
    }
}
