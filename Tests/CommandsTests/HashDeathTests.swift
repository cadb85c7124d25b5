// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// How fields die, and what commands see of dead ones.
@Suite struct HashDeathTests {
    /// A hash of `fields` as given in which `dead` have died without anybody noticing yet.
    private func rig(
        packed: Bool, _ fields: [String], dead: [String], _ change: (inout Settings) -> Void = { _ in }
    ) -> Rig {
        let rig = Rig {
            if !packed { $0.limits.hashListpackEntries = 0 }
            change(&$0)
        }
        revive(rig, fields, dead: dead)
        return rig
    }

    private func revive(_ rig: Rig, _ fields: [String], dead: [String]) {
        rig.run("DEL", "h")
        rig.run(["HSET", "h"] + fields.flatMap { [$0, "5"] })
        rig.run(["HPEXPIRE", "h", "10", "FIELDS", "\(dead.count)"] + dead)
        rig.sleepWithoutExpiry(ms: 10)
    }

    @Test(arguments: [true, false]) func deathIsPunctualAndPropagated(_ packed: Bool) {
        let rig = Rig { if !packed { $0.limits.hashListpackEntries = 0 } }
        let tap = Tap(rig)
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        rig.run("HPEXPIRE", "h", "100", "FIELDS", "2", "a", "b")
        rig.run("HPEXPIRE", "h", "200", "FIELDS", "1", "c")
        _ = (tap.commands, tap.events)
        rig.advance(ms: 99)
        #expect(rig.run("HLEN", "h") == ":3")
        rig.advance(ms: 1)
        #expect(rig.run("HLEN", "h") == ":1")
        #expect(tap.commands.flatMap { $0.split(separator: " ").dropFirst(2) }.sorted() == ["a", "b"])
        #expect(tap.events == ["hexpired h"])
        rig.advance(ms: 99)
        #expect(rig.run("EXISTS", "h") == ":1")
        rig.advance(ms: 1)
        #expect(tap.commands == ["HDEL h c"])
        #expect(tap.events == ["hexpired h", "del h"])
        #expect(rig.run("EXISTS", "h") == ":0")
        #expect(rig.engine.keys.stats.expiredFields == 3)
        #expect(rig.run("INFO", "stats").contains("expired_subkeys:3 expired_fields:3"))
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// A command that meets the dead field `a`: what it answers, what it propagates behind its deletion, its events.
    private static let meetings: [(words: String, reply: String, commands: [String], events: [String])] = [
        ("HGET h a", "$-1", [], []),
        ("HMGET h b a a", "*3 $1 5 $-1 $-1", [], []),
        ("HEXISTS h a", ":0", [], []),
        ("HSTRLEN h a", ":0", [], []),
        ("HSET h a 6", ":1", ["HSET h a 6"], ["hset h"]),
        ("HMSET h b 6 a 6", "+OK", ["HMSET h b 6 a 6"], ["hset h"]),
        ("HSETNX h a 6", ":1", ["HSETNX h a 6"], ["hset h"]),
        ("HINCRBY h a 2", ":2", ["HINCRBY h a 2"], ["hincrby h"]),
        ("HINCRBYFLOAT h a 2.5", "$3 2.5", ["HSET h a 2.5"], ["hincrbyfloat h"]),
        ("HGETEX h FIELDS 1 a", "*1 $-1", [], []),
        ("HGETEX h EX 9 FIELDS 1 a", "*1 $-1", [], []),
        ("HGETEX h PERSIST FIELDS 1 a", "*1 $-1", [], []),
        ("HGETEX h PX 0 FIELDS 1 a", "*1 $-1", [], []),
        ("HGETDEL h FIELDS 1 a", "*1 $-1", [], []),
        ("HSETEX h FNX FIELDS 1 a 6", ":1", ["HSETEX h FNX FIELDS 1 a 6"], ["hset h"]),
        ("HSETEX h FXX FIELDS 1 a 6", ":0", [], []),
        ("HSETEX h KEEPTTL FIELDS 1 a 6", ":1", ["HSETEX h KEEPTTL FIELDS 1 a 6"], ["hset h"]),
        ("HEXPIRE h 9 FIELDS 1 a", "*1 :-2", [], []),
        ("HEXPIRE h 0 FIELDS 1 a", "*1 :-2", [], []),
        ("HPERSIST h FIELDS 1 a", "*1 :-2", [], []),
    ]

    @Test(arguments: [true, false]) func commandsThatMeetADeadFieldDeleteIt(_ packed: Bool) {
        let rig = rig(packed: packed, ["a", "b"], dead: ["a"])
        let tap = Tap(rig)
        for meeting in Self.meetings {
            revive(rig, ["a", "b"], dead: ["a"])
            _ = (tap.commands, tap.events)
            let before = rig.engine.keys.stats.expiredFields
            #expect(rig.run(meeting.words.split(separator: " ").map(String.init)) == meeting.reply)
            #expect(tap.commands == ["HDEL h a"] + meeting.commands, "\(meeting.words)")
            #expect(tap.events == ["hexpired h"] + meeting.events, "\(meeting.words)")
            #expect(rig.engine.keys.stats.expiredFields == before + 1, "\(meeting.words)")
            let left = rig.run("HTTL", "h", "FIELDS", "2", "a", "b")
            #expect(left == (meeting.commands.isEmpty ? "*2 :-2 :-1" : "*2 :-1 :-1"), "\(meeting.words)")
            rig.engine.keys.checkInvariants()
        }
        #expect(rig.mismatch == nil)
    }

    /// The same where `a` was the only field: the key goes before the command, which may make it anew.
    @Test(arguments: [true, false]) func theLastDeadFieldTakesTheKeyAlong(_ packed: Bool) {
        let rig = rig(packed: packed, ["a"], dead: ["a"])
        let tap = Tap(rig)
        for meeting in Self.meetings where !meeting.words.contains(" b ") {
            revive(rig, ["a"], dead: ["a"])
            _ = (tap.commands, tap.events)
            #expect(rig.run(meeting.words.split(separator: " ").map(String.init)) == meeting.reply)
            #expect(tap.commands == ["HDEL h a"] + meeting.commands, "\(meeting.words)")
            #expect(tap.events == ["hexpired h", "del h"] + meeting.events, "\(meeting.words)")
            #expect(rig.run("EXISTS", "h") == (meeting.commands.isEmpty ? ":0" : ":1"), "\(meeting.words)")
            rig.engine.keys.checkInvariants()
        }
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func walksPassOverTheDead(_ packed: Bool) {
        let all = (0..<40).map { "f\($0)" }
        let rig = rig(packed: packed, all, dead: all.filter { $0 != "f7" && $0 != "f31" })
        let tap = Tap(rig)
        #expect(rig.run("HLEN", "h") == ":40")
        #expect(rig.fields("h") == ["f7": "5", "f31": "5"])
        #expect(members(rig.run("HKEYS", "h")) == ["f31", "f7"])
        #expect(rig.run("HVALS", "h") == "*2 $1 5 $1 5")
        #expect(rig.scanFields("h").fields == ["f7": "5", "f31": "5"])
        // Asking for their times deletes none either.
        #expect(rig.run("HTTL", "h", "FIELDS", "2", "f1", "f7") == "*2 :-2 :-1")
        #expect(rig.run("HLEN", "h") == ":40")
        #expect(tap.commands == [] && tap.events == [])
        // HDEL does not look whether a field is dead.
        #expect(rig.run("HDEL", "h", "f0", "f7") == ":2")
        #expect(tap.events == ["hdel h"])
        #expect(rig.engine.keys.stats.expiredFields == 0)
        #expect(rig.run("HRANDFIELD", "h") == "$3 f31")
        #expect(tap.events == ["hexpired h"])
        #expect(rig.run("HLEN", "h") == ":1")
        #expect(rig.engine.keys.stats.expiredFields == 37)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func aHashOfTheDeadIsEmpty(_ packed: Bool) {
        let all = (0..<30).map { "f\($0)" }
        let rig = rig(packed: packed, all, dead: all)
        #expect(rig.run("HGETALL", "h") == "*0")
        #expect(rig.run("HKEYS", "h") == "*0")
        #expect(rig.run("HVALS", "h") == "*0")
        #expect(rig.run("HSCAN", "h", "0", "COUNT", "1000") == "*2 $1 0 *0")
        #expect(rig.run("EXISTS", "h") == ":1")
        for words in [
            ["HRANDFIELD", "h"], ["HRANDFIELD", "h", "3"], ["HRANDFIELD", "h", "-3", "WITHVALUES"],
        ] {
            revive(rig, all, dead: all)
            #expect(rig.run(words) == (words.count == 2 ? "$-1" : "*0"))
            #expect(rig.run("EXISTS", "h") == ":0")
        }
        revive(rig, all, dead: all)
        #expect(rig.run(["HSET", "h"] + all.flatMap { [$0, "6"] }) == ":30")
        #expect(rig.run("HLEN", "h") == ":30")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func pausesHideTheDead(_ packed: Bool) {
        let rig = rig(packed: packed, ["a", "b"], dead: [])
        rig.run("HPEXPIRE", "h", "10", "FIELDS", "1", "a")
        rig.run(as: "other", "CLIENT", "PAUSE", "1000", "WRITE")
        rig.advance(ms: 20)
        let tap = Tap(rig)
        #expect(rig.run("HGET", "h", "a") == "$-1")
        #expect(rig.run("HMGET", "h", "a", "b") == "*2 $-1 $1 5")
        #expect(rig.run("HEXISTS", "h", "a") == ":0")
        #expect(rig.run("HGETALL", "h") == "*2 $1 b $1 5")
        #expect(rig.run("HRANDFIELD", "h", "9") == "*1 $1 b")
        #expect(rig.run("HTTL", "h", "FIELDS", "1", "a") == "*1 :-2")
        #expect(rig.run("HLEN", "h") == ":2")
        #expect(tap.commands == [] && tap.events == [])
        rig.run(as: "other", "CLIENT", "UNPAUSE")
        rig.advance(ms: 0)
        #expect(tap.commands == ["HDEL h a"])
        #expect(tap.events == ["hexpired h"])
        #expect(rig.run("HLEN", "h") == ":1")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: [true, false]) func theSourceOfAnImportSeesTheDead(_ packed: Bool) {
        let rig = rig(packed: packed, ["a", "b"], dead: [])
        rig.run("HPEXPIRE", "h", "10", "FIELDS", "1", "a")
        rig.run("CONFIG", "SET", "import-mode", "yes")
        #expect(rig.run(as: "source", "CLIENT", "IMPORT-SOURCE", "ON") == "+OK")
        rig.advance(ms: 20)
        #expect(rig.run("HGET", "h", "a") == "$-1")
        #expect(rig.run(as: "source", "HGET", "h", "a") == "$1 5")
        #expect(rig.run(as: "source", "HPTTL", "h", "FIELDS", "1", "a") == "*1 :0")
        #expect(members(rig.run(as: "source", "HKEYS", "h")) == ["a", "b"])
        #expect(rig.run(as: "source", "HINCRBY", "h", "a", "1") == ":6")
        #expect(rig.run("HKEYS", "h") == "*1 $1 b")
        rig.run("CONFIG", "SET", "import-mode", "no")
        rig.advance(ms: 0)
        #expect(rig.run("HLEN", "h") == ":1")
        rig.engine.keys.checkInvariants()
    }

    @Test func manyDueFieldsDieInSlices() {
        let rig = Rig(withTwin: false)
        for i in 0..<20 {
            let names = (0..<1000).map { "f\(i * 1000 + $0)" }
            rig.run(["HSETEX", "h", "PX", "50", "FIELDS", "1000"] + names.flatMap { [$0, "v"] })
        }
        rig.run("HSET", "h", "stays", "v")
        rig.sleepWithoutExpiry(ms: 50)
        var slices = 0
        while rig.engine.keys.expireSlice(max: 500) {
            slices += 1
            #expect(rig.run("HGET", "h", "stays") == "$1 v")
        }
        #expect(slices > 30)
        #expect(rig.run("HGETALL", "h") == "*2 $5 stays $1 v")
        #expect(rig.engine.keys.stats.expiredFields == 20_000)
        rig.engine.keys.checkInvariants()
    }
}
