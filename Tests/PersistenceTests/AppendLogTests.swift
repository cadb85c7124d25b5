// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

private let incr1: ByteString = "appendonlydir/appendonly.aof.1.incr.aof"
private let manifestPath: ByteString = "appendonlydir/appendonly.aof.manifest"

private func manifest(_ disk: MemoryDisk) -> String {
    String(decoding: disk[manifestPath] ?? [], as: UTF8.self)
}

@Suite struct AppendLogTests {
    @Test func aNewLogHasABaseAndAnIncrement() {
        let rig = Rig.logging()
        rig.run("SET", "a", "1")
        rig.run("SELECT", "2")
        rig.run("INCR", "n")
        rig.settle()
        #expect(
            manifest(rig.host.memory)
                == "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
        )
        #expect(rig.logText(incr1) == "SELECT 0|SET a 1|SELECT 2|INCR n")
        let next = Rig.logging(on: rig.host.memory)
        #expect(next.digestText == rig.digestText && next.run("GET", "a") == "$1 1")
        next.run("SET", "b", "2")
        next.settle()
        #expect(rig.host.memory[incr1]!.count < next.host.memory[incr1]!.count)
        #expect(next.logText(incr1) == "SELECT 0|SET a 1|SELECT 2|INCR n|SELECT 0|SET b 2")
    }

    /// With `always` whoever was told of a change, by a reply of any kind, waits until it is on the disk.
    @Test func theBarrierHoldsWhoHasSeenAChange() {
        let rig = Rig.logging(["appendfsync always"])
        rig.run("MSET", "old", "1", "other", "1")
        rig.settle()
        let progress = { rig.engine.logProgress }
        #expect(!progress().isBehind)
        rig.host.defersWork = true
        rig.run(as: "writer", "SET", "new", "1")
        #expect(progress().isBehind)
        func waits(_ name: String) -> Bool { rig.session(name).awaitedPosition > progress().synced }
        #expect(waits("writer"))
        for (name, command) in [
            ("get", ["GET", "new"]), ("mget", ["MGET", "old", "new"]), ("size", ["DBSIZE"]),
            ("keys", ["KEYS", "*"]),
            ("scan", ["SCAN", "0"]), ("set", ["SETNX", "new", "2"]), ("random", ["RANDOMKEY"]),
            ("sort", ["SORT", "old", "BY", "*"]),
        ] {
            rig.run(as: name, command)
            #expect(waits(name), "\(name)")
        }
        rig.run(as: "exec", "MULTI")
        rig.run(as: "exec", "GET", "old")
        rig.run(as: "exec", "EXEC")
        #expect(waits("exec"))
        for (name, command) in [
            ("ping", ["PING"]), ("old", ["GET", "old"]), ("info", ["INFO"]), ("miss", ["GET", "nobody"]),
        ] {
            rig.run(as: name, command)
            #expect(!waits(name), "\(name)")
        }
        rig.logTurn()
        #expect(!progress().isBehind && !waits("writer") && !waits("get"))
        rig.run(as: "flush", "FLUSHALL")
        rig.run(as: "after", "GET", "old")
        #expect(waits("after"), "it would be seen that all keys are gone")
    }

    /// Batches collect while one is on its way, and each position is safe with its own batch.
    @Test func oneBatchIsOnItsWay() {
        let rig = Rig.logging(["appendfsync always"])
        rig.host.defersWork = true
        rig.run(as: "a", "SET", "a", "1")
        rig.logTurn(work: 0)
        rig.run(as: "b", "SET", "b", "1")
        rig.run(as: "c", "SET", "c", "1")
        rig.logTurn(work: 0)
        #expect(rig.host.awayWorkCount == 1)
        rig.host.doAwayWork(max: 1)
        let synced = rig.engine.logProgress.synced
        #expect(rig.session("a").awaitedPosition <= synced && rig.session("b").awaitedPosition > synced)
        rig.logTurn(work: 1)
        #expect(rig.session("c").awaitedPosition <= rig.engine.logProgress.synced)
        #expect(
            rig.host.memory.events.filter { $0.hasPrefix("sync ") && $0.hasSuffix("incr.aof") }.count >= 2)
    }

    /// With `everysec` nobody waits, and nothing is unsynced for more than a second: then writes wait.
    @Test func everySecondAtMostOneSecondIsLost() {
        let rig = Rig.logging()
        rig.host.defersWork = true
        rig.run("SET", "a", "1")
        #expect(!rig.engine.logProgress.isBehind)
        rig.logTurn(work: 0)
        for _ in 0..<400 { rig.logTurn(work: 0) }
        rig.run(as: "writer", "SET", "b", "1")
        #expect(rig.session("writer").isHeld, "the disk has not answered for a second")
        #expect(rig.run(as: "reader", "GET", "a") == "$1 1")
        #expect(rig.run("INFO", "persistence").contains("aof_delayed_fsync:1"))
        rig.host.doAwayWork()
        rig.logTurn()
        rig.logTurn()
        #expect(rig.resumeHeld() == ["writer": "+OK"])
        #expect(rig.persistence.log.retained.isEmpty || rig.persistence.log.durable > 0)
    }

    /// A disk that is full: writes are refused with the reason, reads go on, and all is well again by itself.
    @Test(arguments: ["always", "everysec", "no"], ["write", "sync"])
    func aDiskThatFailsHeals(_ policy: String, _ operation: String) {
        if policy == "no", operation == "sync" { return }
        let rig = Rig.logging(["appendfsync \(policy)"])
        rig.run("SET", "a", "1")
        rig.settle()
        rig.engine.keys.nowMs += 1000
        for _ in 0..<3 { rig.logTurn() }
        rig.host.memory.fail(operation)
        rig.run(as: "writer", "SET", "b", "2")
        for _ in 0..<400 { rig.logTurn() }
        let refusal = "-MISCONF Errors writing to the AOF file: No space left on device"
        #expect(rig.run("SET", "c", "3") == refusal && rig.run("PING") == refusal)
        #expect(rig.run("GET", "b") == "$1 2")
        #expect(rig.run("INFO", "persistence").contains("aof_last_write_status:err"))
        if policy == "always" {
            #expect(
                rig.session("writer").awaitedPosition > rig.engine.logProgress.synced, "nobody is told OK")
        }
        rig.host.memory.fail(nil)
        for _ in 0..<400 { rig.logTurn() }
        #expect(rig.run("SET", "c", "3") == "+OK")
        #expect(rig.run("INFO", "persistence").contains("aof_last_write_status:ok"))
        rig.settle()
        rig.engine.keys.nowMs += 1000
        rig.settle()
        // What failed to reach the disk was written again, to another file where the first is not to be trusted.
        #expect(manifest(rig.host.memory).contains("2.incr") == (operation == "sync"))
        var random = SeededRandom(seed: 1)
        let next = Rig.logging(
            on: policy == "no" ? rig.host.memory : rig.host.memory.afterPowerFailure(&random))
        #expect(next.digestText == rig.digestText)
    }

    @Test(arguments: ["yes", "no"]) func aRewriteKeepsEverything(_ preamble: String) {
        let rig = Rig.logging(["aof-use-rdb-preamble \(preamble)"])
        rig.fill()
        rig.run("HSET", "h:dated", "a", "1", "b", "2")
        rig.run("HPEXPIRE", "h:dated", "100000", "FIELDS", "1", "a")
        rig.run("PEXPIRE", "small", "100000")
        rig.settle()
        #expect(rig.run("BGREWRITEAOF") == "+Background append only file rewriting started")
        #expect(rig.run("BGREWRITEAOF").hasPrefix("-ERR Background append only file rewriting already"))
        for index in 0..<200 {
            rig.run("SET", "during:\(index)", "x")
            rig.run("LPOP", "list:large", "3")
            rig.logTurn(work: 1)
        }
        rig.settle()
        let kind = preamble == "yes" ? "rdb" : "aof"
        #expect(
            manifest(rig.host.memory)
                == "file appendonly.aof.2.base.\(kind) seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n"
        )
        #expect(rig.host.memory.paths.count == 3, "\(rig.host.memory.paths)")
        rig.engine.keys.nowMs += 2000
        rig.settle()
        let next = Rig.logging(on: rig.host.memory)
        #expect(next.digestText == rig.digestText)
        #expect(DeadlineSum(next.engine.keys) == DeadlineSum(rig.engine.keys))
    }

    /// Turned on and off while the server runs.
    @Test func theLogIsTurnedOnAndOff() {
        let rig = Rig(saving: ["save ''"], withTwin: false)
        #expect(rig.loadAll())
        rig.run("SET", "a", "1")
        rig.run("MULTI")
        rig.run("CONFIG", "SET", "appendonly", "yes")
        rig.run("SET", "b", "1")
        #expect(rig.run("EXEC") == "*2 +OK +OK")
        #expect(rig.run("INFO", "persistence").contains("aof_enabled:0"), "not within a transaction")
        rig.settle()
        rig.logTurn()
        rig.settle()
        #expect(rig.run("INFO", "persistence").contains("aof_enabled:1"))
        rig.run("SET", "c", "1")
        rig.settle()
        #expect(Rig.logging(on: rig.host.memory).run("DBSIZE") == ":3")
        rig.run("SET", "d", "1")
        rig.run("CONFIG", "SET", "appendonly", "no")
        rig.settle()
        rig.settle()
        #expect(rig.persistence.log.state == .off && rig.engine.keys.effects.readers == 0)
        rig.run("SET", "e", "1")
        rig.settle()
        #expect(Rig.logging(on: rig.host.memory).run("DBSIZE") == ":4")
        // A second log takes the place of the first.
        rig.run("CONFIG", "SET", "appendonly", "yes")
        rig.settle()
        #expect(Rig.logging(on: rig.host.memory).run("DBSIZE") == ":5")
        #expect(rig.host.memory.paths.count == 3, "\(rig.host.memory.paths)")
    }

    @Test func timestamps() {
        let rig = Rig.logging(["aof-timestamp-enabled yes", "aof-use-rdb-preamble no"])
        rig.run("SET", "a", "1")
        rig.run("SET", "b", "1")
        rig.engine.keys.nowMs += 1000
        rig.run("SET", "c", "1")
        rig.settle()
        #expect(rig.logText(incr1) == "#|SELECT 0|SET a 1|SET b 1|#|SET c 1")
        #expect(rig.host.memory[incr1]!.starts(with: Array("#TS:1700000000\r\n".utf8)))
        rig.run("BGREWRITEAOF")
        rig.settle()
        let base = rig.host.memory["appendonlydir/appendonly.aof.2.base.aof"] ?? []
        #expect(base.starts(with: Array("#TS:17000000".utf8)))
        #expect(Rig.logging(on: rig.host.memory).run("DBSIZE") == ":3")
    }

    /// Time is deterministic: keys that died in the meantime are not there, and their deaths are logged.
    @Test func whatDiesIsLogged() {
        let rig = Rig.logging()
        rig.run("SET", "a", "1", "PX", "100")
        rig.run("SPOP", "nothing")
        rig.run("SADD", "s", "x")
        rig.run("SPOP", "s")
        rig.advance(ms: 200)
        rig.settle()
        let text = rig.logText(incr1)
        #expect(
            text == "SELECT 0|SET a 1 PXAT 1700000000100|SADD s x|SREM s x|DEL a"
                || text.hasSuffix("DEL s|DEL a"), "\(text)")
    }

    @Test func theLogIsRewrittenWhenItHasGrown() {
        let rig = Rig.logging(["auto-aof-rewrite-min-size 10kb", "auto-aof-rewrite-percentage 100"])
        for index in 0..<2000 {
            rig.run("SET", "a", "\(index)")
            rig.logTurn()
        }
        rig.settle()
        #expect(
            rig.run("INFO", "persistence").contains("aof_rewrites:") && rig.persistence.log.rewrite.count > 1)
        #expect(Rig.logging(on: rig.host.memory).run("GET", "a") == "$4 1999")
    }

    @Test func waitingForTheDisk() {
        let rig = Rig.logging(["appendfsync no"])
        rig.run("SET", "a", "1")
        #expect(rig.run("WAITAOF", "0", "0", "0") == "*2 :0 :0")
        #expect(rig.run(as: "never", "WAITAOF", "0", "0", "10") == "*2 :1 :0", "it has written nothing")
        #expect(rig.run("WAITAOF", "1", "0", "100") == "")
        rig.settle()
        rig.advance(ms: 200)
        #expect(rig.pushes() == "*2 :0 :0", "nothing is ever brought to the disk")
        rig.run("CONFIG", "SET", "appendfsync", "everysec")
        rig.run("SET", "a", "2")
        #expect(rig.run("WAITAOF", "1", "0", "0") == "")
        rig.settle()
        #expect(rig.pushes() == "*2 :1 :0")
        #expect(rig.run("WAITAOF", "2", "0", "0").hasPrefix("-ERR value is out of range"))
        rig.run("CONFIG", "SET", "appendonly", "no")
        rig.settle()
        rig.settle()
        #expect(rig.run("WAITAOF", "1", "0", "0").hasPrefix("-ERR WAITAOF cannot be used when numlocal"))
    }
}
