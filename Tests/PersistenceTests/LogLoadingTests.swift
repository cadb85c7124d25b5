// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Persistence

private let incr1: ByteString = "appendonlydir/appendonly.aof.1.incr.aof"
private let manifestPath: ByteString = "appendonlydir/appendonly.aof.manifest"

private func command(_ words: String...) -> [UInt8] { Rig.encode(words.map { Array($0.utf8) }) }

@Suite struct LogLoadingTests {
    private func disk(_ log: [UInt8], manifest: String = "file appendonly.aof.1.incr.aof seq 1 type i\n")
        -> MemoryDisk
    {
        let disk = MemoryDisk()
        disk[manifestPath] = Array(manifest.utf8)
        disk[incr1] = log
        return disk
    }

    private func says(_ text: String, _ disk: MemoryDisk, _ lines: [String] = []) -> Bool {
        (Rig.failure(on: disk, lines) ?? []).contains { $0.description.contains(text) }
    }

    @Test func logsOfOthersAreLoaded() {
        let log =
            Array("#TS:1628217470\r\n".utf8) + command("SELECT", "1") + command("SET", "a", "1")
            + command("MULTI")
            + command("INCR", "n") + command("INCR", "n") + command("EXEC") + command("SPOP", "nothing")
        let rig = Rig.logging(on: disk(log))
        rig.run("SELECT", "1")
        #expect(rig.run("MGET", "a", "n") == "*2 $1 1 $1 2")
        #expect(
            rig.engine.stats.errors == 0 && rig.run("INFO", "stats").contains("total_commands_processed:2"))
        #expect(!rig.engine.isLoading && rig.engine.refusals.isEmpty)
    }

    @Test func aTornEndIsCutOff() {
        let sound = command("SET", "a", "1") + command("SET", "b", "2")
        let torn = command("MULTI") + command("SET", "c", "3")
        for end in [
            Array(command("SET", "c", "3").dropLast()), torn, torn + Array(command("EXEC").dropLast(3)),
            [0, 0, 0],
        ] {
            let disk = disk(sound + end)
            #expect(
                says("Unexpected end of file reading the append only file", disk, ["aof-load-truncated no"]))
            let rig = Rig.logging(on: disk)
            #expect(rig.run("MGET", "a", "b", "c") == "*3 $1 1 $1 2 $-1")
            #expect(rig.host.memory[incr1] == sound)
            rig.run("SET", "d", "4")
            rig.settle()
            #expect(Rig.logging(on: rig.host.memory).run("DBSIZE") == ":3")
        }
    }

    @Test func damageIsRefused() {
        let sound = command("SET", "a", "1")
        #expect(says("Bad file format reading the append only file", disk(sound + Array("!!!".utf8) + sound)))
        #expect(says("at offset \(sound.count)", disk(sound + Array("!!!".utf8) + sound)))
        #expect(says("Unknown command 'bla' reading the append only file", disk(sound + command("bla", "x"))))
        #expect(says("wrong number of arguments for 'get' command", disk(command("GET"))))
        #expect(says("unknown subcommand 'nosuch'", disk(command("CLUSTER", "nosuch"))))
        let two = "file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n"
        let missing = disk(sound, manifest: two)
        #expect(says("appendonly.aof.2.incr.aof doesn't exist: No such file or directory", missing))
        let torn = disk(Array(sound.dropLast()), manifest: two)
        torn["appendonlydir/appendonly.aof.2.incr.aof"] = sound
        #expect(says("the truncated file is not the last file", torn))
        #expect(says("Found an empty AOF manifest", disk(sound, manifest: "")))
    }

    /// A log of one file, as servers had it before, moves into the folder; interrupted moves go on.
    @Test func oldLogsAreTakenOver() {
        for state in 0..<3 {
            let disk = MemoryDisk()
            disk["appendonly.aof"] = command("SET", "a", "1")
            if state > 0 { disk[manifestPath] = Array("file appendonly.aof seq 1 type b\n".utf8) }
            if state > 1 { disk["appendonlydir/appendonly.aof"] = command("SET", "b", "2") }
            let rig = Rig.logging(on: disk)
            #expect(rig.run("EXISTS", state > 1 ? "b" : "a") == ":1" && rig.run("DBSIZE") == ":1")
            #expect((rig.host.memory["appendonly.aof"] == nil) == (state < 2))
            #expect(
                String(decoding: rig.host.memory[manifestPath]!, as: UTF8.self)
                    == "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n")
        }
    }

    /// What a snapshot holds is where a first log begins.
    @Test func aFirstLogBeginsWithTheSnapshot() {
        let old = Rig(saving: [], withTwin: false)
        old.run("SET", "a", "1")
        old.run("SAVE")
        let rig = Rig.logging(on: old.host.memory)
        #expect(rig.run("GET", "a") == "$1 1")
        rig.host.memory["dump.rdb"] = nil
        rig.settle()
        #expect(Rig.logging(on: rig.host.memory).run("GET", "a") == "$1 1")
    }

    /// A log with marks, ended in order.
    private func marked(_ rig: Rig = Rig.logging(["appendfsync always"])) -> (
        disk: MemoryDisk, digest: String
    ) {
        var random = SeededRandom(seed: 8)
        for index in 0..<60 {
            rig.run("SET", "key:\(index)", String(repeating: "\(index)", count: random.below(60)))
            if random.below(3) == 0 { rig.logTurn() }
        }
        rig.settle()
        return (rig.host.memory, rig.digestText)
    }

    /// Every bit that is turned over in a log that was ended in order is noticed.
    @Test func noBitGoesUnnoticed() throws {
        let rig = Rig.logging(["appendfsync always"])
        let (disk, digest) = marked(rig)
        #expect(rig.engine.prepareShutdown([]))
        let log = try #require(disk[incr1])
        #expect(Rig.logging(on: disk).digestText == digest)
        var random = SeededRandom(seed: 2)
        for _ in 0..<400 {
            let bit = random.below(log.count * 8)
            var broken = log
            broken[bit / 8] ^= 1 << UInt8(bit % 8)
            disk[incr1] = broken
            guard Rig.failure(on: disk) == nil else { continue }
            // Only what says nothing of the data may pass.
            let rig = Rig.logging(on: disk)
            let place = log[max(0, bit / 8 - 60)..<min(log.count, bit / 8 + 60)]
            #expect(
                rig.digestText == digest,
                "bit \(bit) of byte \(bit / 8) of \(log.count): \(String(decoding: place, as: UTF8.self)) DBSIZE \(rig.run("DBSIZE"))"
            )
        }
    }

    /// Wherever a log is cut off, a whole number of commands is there.
    @Test func everyLengthLoads() throws {
        let (disk, _) = marked()
        let log = try #require(disk[incr1])
        var last = 0
        for count in stride(from: 0, through: log.count, by: 7) {
            disk[incr1] = Array(log.prefix(count))
            let size = Int(Rig.logging(on: disk).run("DBSIZE").dropFirst()) ?? -1
            #expect(size >= last && size <= 60, "\(count)")
            last = size
        }
    }

    /// A batch that is damaged is the power's work as long as no later mark says that it was on the disk.
    @Test func damageInTheMiddle() throws {
        let rig = Rig.logging(["appendfsync always"])
        let (disk, _) = marked(rig)
        let log = try #require(disk[incr1])
        var broken = log
        broken[log.count / 3] ^= 4
        disk[incr1] = broken
        #expect(says("a batch that was on the disk is damaged", disk) || says("Bad file format", disk))
    }

    @Test func reloadingInPlace() {
        let rig = Rig.logging()
        rig.fill()
        let digest = rig.digestText
        #expect(rig.run("DEBUG", "LOADAOF") == "")
        #expect(rig.run(as: "other", "GET", "small") == "-LOADING Redis is loading the dataset in memory")
        for _ in 0..<1000 where rig.engine.isLoading {
            rig.host.doAwayWork()
            _ = rig.persistence.loadSlice()
        }
        #expect(rig.pushes() == "+OK" && rig.digestText == digest)
        rig.run("MULTI")
        rig.run("DEBUG", "LOADAOF")
        #expect(rig.run("EXEC").contains("-ERR DEBUG LOADAOF is not possible"))
        rig.run("SET", "behind", "1")
        rig.settle()
        #expect(Rig.logging(on: rig.host.memory).digestText == rig.digestText)
    }
}
