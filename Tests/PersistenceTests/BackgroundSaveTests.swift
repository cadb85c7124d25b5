// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

/// Snapshots that are written while commands run.
@Suite struct BackgroundSaveTests {
    /// Writes of all kinds to small and large values.
    private static func change(_ rig: Rig, _ random: inout SeededRandom) {
        let n = random.below(40)
        let element = "e\(random.below(3000))"
        switch random.below(19) {
        case 0: rig.run("SET", "s\(n)", String(repeating: element, count: random.below(40)))
        case 1: rig.run("SET", "b\(n % 4)", String(repeating: element, count: 6000))
        case 2: rig.run("APPEND", "b\(n % 4)", element)
        case 3: rig.run("DEL", "s\(n)", "l\(n % 3)")
        case 4, 5: rig.run(["RPUSH", "l\(n % 3)"] + (0..<30).map { "\(element):\($0)" })
        case 6: rig.run("LPOP", "l\(n % 3)", "20")
        case 7: rig.run(["SADD", "set\(n % 3)"] + (0..<20).map { "\(element):\($0)" })
        case 8: rig.run("SPOP", "set\(n % 3)", "30")
        case 9: rig.run(["ZADD", "z\(n % 3)"] + (0..<20).flatMap { ["\(n).5", "\(element):\($0)"] })
        case 10: rig.run("ZREMRANGEBYRANK", "z\(n % 3)", "0", "40")
        case 11: rig.run(["HSET", "h\(n % 3)"] + (0..<20).flatMap { ["\(element):\($0)", "v\(n)"] })
        case 12:
            rig.run("HPEXPIRE", "h\(n % 3)", "\(100_000 + n)", "FIELDS", "2", "\(element):1", "\(element):2")
        case 13: rig.run("PEXPIRE", "s\(n)", "\(100_000 + n)")
        case 14: rig.run("RENAME", "s\(n)", "s\((n + 1) % 40)")
        case 15: for _ in 0..<30 { rig.run("XADD", "x\(n % 3)", "*", "n", element, "f", "\(n)") }
        case 16:
            rig.run("XGROUP", "CREATE", "x\(n % 3)", "g\(n % 2)", "0")
            rig.run(
                "XREADGROUP", "GROUP", "g\(n % 2)", "c\(n % 5)", "COUNT", "\(n)", "STREAMS", "x\(n % 3)", ">")
        case 17:
            rig.run("XAUTOCLAIM", "x\(n % 3)", "g\(n % 2)", "c\(n % 4)", "0", "0", "COUNT", "5")
            if n % 4 == 0 { rig.run("XTRIM", "x\(n % 3)", "MAXLEN", "100") }
            if n % 7 == 0 { rig.run("XGROUP", "DELCONSUMER", "x\(n % 3)", "g\(n % 2)", "c\(n % 5)") }
            if n == 39 { rig.run("XGROUP", "DESTROY", "x0", "g1") }
        default:
            rig.run("SELECT", "\(random.below(3))")
            if random.below(60) == 0 { rig.run(random.below(2) == 0 ? "FLUSHDB" : "SWAPDB", "0", "1") }
        }
    }

    /// Digests do not tell of groups.
    private static func state(_ rig: Rig) -> (String, [String], DeadlineSum) {
        var streams: [String] = []
        for database in 0..<3 {
            rig.run("SELECT", "\(database)")
            for key in 0..<3 {
                streams.append(
                    rig.run("XINFO", "STREAM", "x\(key)", "FULL", "COUNT", "0")
                        .replacing(/\$11 active-time :-?[0-9]+/, with: "")
                        .replacing(/\$16 radix-tree-nodes :[0-9]+/, with: ""))
            }
        }
        return (rig.digest, streams, DeadlineSum(rig.engine.keys))
    }

    /// A hundred snapshots under writes: each is the data as it was when it was begun.
    @Test(arguments: 1...10) func everySnapshotIsOneMoment(_ seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let rig = Rig(saving: ["save ''"], seed: UInt64(seed), withTwin: false)
        rig.host.defersWork = true
        let reader = Rig(saving: [], withTwin: false)
        for round in 0..<10 {
            for _ in 0..<120 { Self.change(rig, &random) }
            let before = Self.state(rig)
            #expect(rig.run("BGSAVE") == "+Background saving started")
            #expect(rig.run("SAVE") == "-ERR Background save already in progress")
            var turns = 0
            while rig.persistence.snapshot != nil, turns < 200_000 {
                turns += 1
                for _ in 0..<random.below(3) where turns < 500 { Self.change(rig, &random) }
                var slice = Slice(max: 1 + random.below(64))
                _ = rig.engine.keys.walkCuts(&slice)
                if random.below(3) == 0 { rig.host.doAwayWork(max: 1) }
                if rig.persistence.isDue { rig.persistence.work() }
            }
            #expect(rig.persistence.snapshot == nil && rig.persistence.record.failure == nil)
            rig.host.doAwayWork()
            #expect(rig.host.memory.paths == ["dump.rdb"], "seed \(seed), round \(round)")
            reader.host.memory["dump.rdb"] = rig.host.memory["dump.rdb"]
            #expect(reader.run("DEBUG", "RELOAD", "NOSAVE") == "+OK")
            #expect(Self.state(reader) == before, "seed \(seed), round \(round)")
            rig.engine.keys.checkInvariants()
            #expect(rig.engine.keys.store.openLanes == 0)
        }
    }

    /// What a transaction does is in a snapshot as a whole or not at all.
    @Test func transactionsAreNotSplit() {
        let rig = Rig(saving: [])
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("BGSAVE")
        rig.run("SET", "b", "1")
        #expect(rig.run("EXEC") == "*3 +OK +Background saving scheduled +OK")
        rig.turn()
        rig.run("FLUSHALL")
        rig.run("DEBUG", "RELOAD", "NOSAVE")
        #expect(rig.run("DBSIZE") == ":0", "FLUSHALL empties the file as well")
        rig.run("CONFIG", "SET", "save", "")
        rig.run("MSET", "a", "1", "b", "1")
        rig.run("BGSAVE")
        rig.turn()
        rig.run("FLUSHALL")
        #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK" && rig.run("DBSIZE") == ":2")
    }

    @Test func cancelling() {
        let rig = Rig(saving: [])
        rig.host.defersWork = true
        rig.fill()
        rig.run("BGSAVE")
        #expect(rig.run("INFO", "persistence").contains("rdb_bgsave_in_progress:1"))
        #expect(rig.run("BGSAVE", "CANCEL") == "+Background saving cancelled")
        rig.host.doAwayWork()
        #expect(rig.host.memory.paths == [] && !rig.engine.keys.hasOpenCut)
        #expect(
            rig.run("BGSAVE", "CANCEL") == "-ERR Background saving is currently not in progress or scheduled")
        #expect(rig.run("BGSAVE", "x") == "-ERR syntax error")
        rig.run("BGSAVE")
        for _ in 0..<200 { rig.engine.keys.walkCuts(max: 64) }
        rig.host.doAwayWork(max: 1)
        #expect(rig.run("SHUTDOWN", "NOSAVE") == "")
        rig.host.doAwayWork()
        #expect(rig.host.memory.paths == [] && rig.host.shutdownRequested)
    }

    /// FLUSHALL comes too late for a snapshot that is being finished: an empty one follows it.
    @Test func whatIsFinishedAfterAFlushIsReplaced() {
        let rig = Rig(saving: ["save '3600 1'"])
        rig.host.defersWork = true
        rig.run("SET", "a", "1")
        rig.run("BGSAVE")
        for _ in 0..<200 where rig.persistence.snapshot?.isFinishing == false {
            rig.engine.keys.walkCuts(max: 64)
            rig.host.doAwayWork(max: 1)
        }
        #expect(rig.persistence.snapshot?.isFinishing == true)
        #expect(rig.run("FLUSHALL") == "+OK")
        rig.host.doAwayWork()
        #expect(rig.persistence.isScheduled)
        for _ in 0..<200 {
            if rig.persistence.isDue { rig.persistence.work() }
            rig.engine.keys.walkCuts(max: 64)
            rig.host.doAwayWork()
        }
        #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK" && rig.run("DBSIZE") == ":0")
    }

    /// What a file says of itself may be any number.
    @Test(arguments: ["ctime", "used-mem", "redis-bits"])
    func strangeRemarks(_ name: String) {
        let rig = Rig(saving: [])
        for number in [Int64.min, -1, .max] {
            let text = Array("\(number)".utf8)
            var file = Array("REDIS0011".utf8) + [0xFA, UInt8(name.utf8.count)] + Array(name.utf8)
            file += [UInt8(text.count)] + text + [0xFF] + [UInt8](repeating: 0, count: 8)
            rig.host.memory["dump.rdb"] = file
            #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK", "\(number)")
        }
    }

    /// Whatever step the disk fails at, the old file stays, writes are refused, and the next success ends that.
    @Test(arguments: ["create", "write", "sync", "rename", "syncFolder"])
    func aFullDiskIsTold(_ operation: String) {
        let rig = Rig(saving: [])
        rig.run("SET", "a", "1")
        #expect(rig.run("SAVE") == "+OK")
        let old = rig.host.memory["dump.rdb"]
        rig.fill()
        rig.host.memory.fail(operation)
        rig.host.memory.setFree(bytes: 17)
        #expect(rig.run("SAVE").hasPrefix("-ERR "))
        #expect(rig.run("SET", "a", "2") == "+OK", "who waits is told, and others are not refused for it")
        rig.run("BGSAVE")
        rig.turn()
        let refusal = rig.run("SET", "a", "3")
        #expect(refusal.hasPrefix("-MISCONF Redis is configured to save RDB snapshots"))
        #expect(refusal.contains("No space left on device (errno 28, 17 bytes free)"))
        #expect(rig.run("GET", "a") == "$1 2" && rig.run("PING").hasPrefix("-MISCONF"))
        if operation != "syncFolder" { #expect(rig.host.memory["dump.rdb"] == old) }
        #expect(rig.host.memory.paths == ["dump.rdb"])
        // Space returns; the save points try again by themselves.
        rig.host.memory.fail(nil)
        rig.advance(ms: 4_000_000)
        rig.persistence.work()
        rig.turn()
        #expect(rig.run("SET", "a", "4") == "+OK" && rig.run("PING") == "+PONG")
        #expect(rig.host.memory["dump.rdb"] != old)
    }

    @Test func savePoints() {
        let rig = Rig(saving: ["save '10 2'"])
        func work() {
            if rig.persistence.isDue { rig.persistence.work() }
            rig.turn()
        }
        rig.run("SET", "a", "1")
        rig.advance(ms: 60_000)
        work()
        #expect(rig.host.memory.paths == [])
        rig.run("SET", "b", "1")
        rig.advance(ms: 200)
        work()
        #expect(rig.host.memory.paths == ["dump.rdb"])
        #expect(rig.host.logged.contains("2 changes in 10 seconds. Saving..."))
        #expect(rig.run("LASTSAVE") == ":\(Rig.startMs / 1000 + 60)")
        #expect(rig.run("INFO", "persistence").contains("rdb_changes_since_last_save:0"))
    }

    /// Loading in slices: what needs the data is refused meanwhile, what does not is answered.
    @Test func loadingIsTold() {
        let rig = Rig(saving: [])
        rig.fill()
        let digest = rig.digest
        rig.run("SAVE")
        let fresh = Rig(saving: [], withTwin: false)
        fresh.host.memory["dump.rdb"] = rig.host.memory["dump.rdb"]
        fresh.host.defersWork = true
        var isThere: Bool?
        fresh.persistence.load { isThere = $0 }
        for words in [["GET", "text"], ["SAVE"], ["PING", "x"], ["SET", "a", "b"]] where words[0] != "PING" {
            #expect(fresh.run(words) == "-LOADING Redis is loading the dataset in memory", "\(words)")
        }
        let info = fresh.run("INFO", "persistence")
        #expect(info.contains("loading:1") && info.contains("loading_total_bytes:"))
        fresh.turn()
        #expect(isThere == true && fresh.digest == digest)
        #expect(fresh.run("INFO", "persistence").contains("loading:0"))
        #expect(fresh.persistence.lastLoad.keys == rig.engine.keys.keyCount)
        fresh.host.memory["dump.rdb"]?.removeLast(9)
        fresh.persistence.load { isThere = $0 }
        fresh.turn()
        #expect(isThere == false)
    }

    @Test func keysThatAreDeadAreLeftOut() {
        let rig = Rig(saving: [])
        rig.run("SET", "dead", "1", "PX", "1000")
        rig.run("SET", "alive", "1", "PX", "100000")
        rig.run("HSET", "hash", "a", "1", "b", "2")
        rig.run("HSET", "gone", "a", "1")
        rig.run("HPEXPIRE", "hash", "1000", "FIELDS", "1", "a")
        rig.run("HPEXPIRE", "gone", "1000", "FIELDS", "1", "a")
        rig.run("SAVE")
        rig.advance(ms: 5000)
        #expect(rig.run("DEBUG", "RELOAD", "NOSAVE") == "+OK")
        #expect(rig.run("DBSIZE") == ":2" && rig.run("HGETALL", "hash") == "*2 $1 b $1 2")
        let counts = rig.persistence.lastLoad
        #expect(counts.keys == 2 && counts.expired == 1 && counts.deadHashes == 1)
        #expect(rig.run("DEBUG", "RELOAD", "NOFLUSH", "NOSAVE").hasPrefix("-ERR Error trying to load"))
        #expect(rig.run("DEBUG", "RELOAD", "NOFLUSH", "NOSAVE", "MERGE") == "+OK")
        #expect(rig.run("DEBUG", "RELOAD", "x").hasPrefix("-ERR DEBUG RELOAD only supports"))
    }
}
