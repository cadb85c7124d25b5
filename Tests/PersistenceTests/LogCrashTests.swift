// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

/// The power fails at any moment: what is loaded afterwards is what was there between two commands, and nothing is
/// missing that somebody may have been told of.
@Suite struct LogCrashTests {
    private static func change(_ rig: Rig, _ random: inout SeededRandom) {
        let n = random.below(30)
        switch random.below(9) {
        case 0, 1: rig.run("SET", "s\(n)", String(repeating: "v\(n)", count: random.below(400)))
        case 2: rig.run(["RPUSH", "l\(n % 3)"] + (0..<random.below(40) + 1).map { "e\($0)" })
        case 3: rig.run("LPOP", "l\(n % 3)", "7")
        case 4: rig.run("SPOP", "set", "2")
        case 5: rig.run("SADD", "set", "a\(n)", "b\(n)")
        case 6:
            rig.run("MULTI")
            rig.run("INCR", "n")
            rig.run("SELECT", "\(random.below(2))")
            rig.run("INCR", "m")
            rig.run("EXEC")
        case 7: rig.run("SET", "big", String(repeating: "x", count: 3000 * random.below(12)))
        default: rig.run("SET", "t\(n)", "1", "EX", "\(5000 + random.below(500))")
        }
    }

    @Test(arguments: 1...6) func nothingAcknowledgedIsLost(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let policy = ["always", "everysec"][seed % 2]
        let lines = ["appendfsync \(policy)", "aof-use-rdb-preamble \(seed % 3 == 0 ? "no" : "yes")"]
        var disk = MemoryDisk()
        for round in 0..<8 {
            let rig = Rig.logging(lines, on: disk, seed: UInt64(seed * 100 + round))
            rig.host.defersWork = true
            /// The data behind each position of the log.
            var states: [(position: UInt64, digest: String, ms: Int64)] = []
            func note() {
                states.append((rig.engine.logProgress.written, rig.digestText, rig.engine.keys.nowMs))
            }
            note()
            let log = rig.persistence.log
            for step in 0..<random.below(100) + 20 {
                Self.change(rig, &random)
                note()
                if random.below(40) == 0 { rig.run("BGREWRITEAOF") }
                if random.below(30) == 0 {
                    rig.host.memory.fail(["write", "sync", "create", "rename"][random.below(4)])
                }
                if random.below(4) == 0 { rig.host.memory.fail(nil) }
                if step % 50 == 49 { rig.engine.keys.nowMs += 400 }
                for _ in 0..<random.below(3) { rig.logTurn(work: random.below(3)) }
            }
            let safe = log.durable
            disk = rig.host.memory.afterPowerFailure(&random)
            let next = Rig.logging(lines, on: disk)
            let digest = next.digestText
            let found = states.last { $0.digest == digest }
            #expect(found != nil, "seed \(seed), round \(round): a state that never was")
            if let found {
                // The same data may have been there several times: the last of them counts.
                #expect(found.position >= safe, "seed \(seed), round \(round): what was on the disk is lost")
            }
            disk = next.host.memory
        }
    }
}
