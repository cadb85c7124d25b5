// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Deadlines of fields: setting, lifting and asking for them, and how fields die.
@Suite struct HashExpiryTests {
    static let now = Rig.startMs

    @Test func allForms() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        _ = (tap.commands, tap.events)
        #expect(rig.run("HEXPIRE", "h", "100", "FIELDS", "2", "a", "x") == "*2 :1 :-2")
        #expect(rig.run("HPEXPIRE", "h", "1500", "FIELDS", "1", "b") == "*1 :1")
        #expect(rig.run("HEXPIREAT", "h", "1800000000", "FIELDS", "2", "a", "a") == "*2 :1 :1")
        #expect(rig.run("HPEXPIREAT", "h", "1800000000499", "fields", "1", "c") == "*1 :1")
        #expect(
            tap.commands == [
                "HPEXPIREAT h \(Self.now + 100_000) FIELDS 1 a", "HPEXPIREAT h \(Self.now + 1500) FIELDS 1 b",
                "HPEXPIREAT h 1800000000000 FIELDS 2 a a", "HPEXPIREAT h 1800000000499 FIELDS 1 c",
            ])
        #expect(tap.events == Array(repeating: "hexpire h", count: 4))
        #expect(rig.run("HPTTL", "h", "FIELDS", "3", "b", "x", "b") == "*3 :1500 :-2 :1500")
        #expect(rig.run("HEXPIRETIME", "h", "FIELDS", "2", "a", "c") == "*2 :1800000000 :1800000001")
        #expect(rig.run("HPEXPIRETIME", "h", "FIELDS", "2", "a", "c") == "*2 :1800000000000 :1800000000499")
        #expect(rig.run("HPERSIST", "h", "FIELDS", "3", "b", "x", "b") == "*3 :1 :-2 :-1")
        #expect(rig.run("HPERSIST", "h", "FIELDS", "1", "b") == "*1 :-1")
        #expect(tap.commands == ["HPERSIST h FIELDS 3 b x b"])
        #expect(tap.events == ["hpersist h"])
        for name in ["HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "HPERSIST"] {
            #expect(rig.run(name, "h", "FIELDS", "1", "b") == "*1 :-1")
            #expect(rig.run(name, "none", "FIELDS", "2", "a", "b") == "*2 :-2 :-2")
        }
        #expect(rig.run("HEXPIRE", "none", "9", "FIELDS", "2", "a", "b") == "*2 :-2 :-2")
        #expect(tap.commands == [])
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// Other than those of keys, as in Redis.
    @Test func secondsAreRoundedUp() {
        let rig = Rig()
        rig.run("HSET", "h", "a", "1")
        for (ms, seconds) in [(1, 1), (499, 1), (999, 1), (1000, 1), (1001, 2), (1499, 2), (1500, 2)] {
            rig.run("HPEXPIRE", "h", "\(ms)", "FIELDS", "1", "a")
            #expect(rig.run("HTTL", "h", "FIELDS", "1", "a") == "*1 :\(seconds)")
            rig.run("HPEXPIREAT", "h", "\(4_102_444_800_000 + ms)", "FIELDS", "1", "a")
            #expect(rig.run("HEXPIRETIME", "h", "FIELDS", "1", "a") == "*1 :\(4_102_444_800 + seconds)")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func conditions() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("HSET", "h", "a", "1", "b", "2")
        _ = tap.commands
        func expire(_ seconds: String, _ words: String...) -> String {
            rig.run(["HEXPIRE", "h", seconds] + words + ["FIELDS", "2", "a", "b"])
        }
        #expect(expire("100", "XX") == "*2 :0 :0")
        #expect(expire("100", "GT") == "*2 :0 :0")
        #expect(expire("100", "XX", "LT") == "*2 :0 :0")
        #expect(tap.commands == [])
        #expect(rig.run("HEXPIRE", "h", "100", "LT", "FIELDS", "1", "a") == "*1 :1")
        #expect(expire("200", "NX") == "*2 :0 :1")
        #expect(expire("100", "gt") == "*2 :0 :0")
        #expect(expire("150", "GT") == "*2 :1 :0")
        #expect(expire("150", "LT") == "*2 :0 :1")
        #expect(expire("160", "XX") == "*2 :1 :1")
        #expect(expire("170", "XX", "GT") == "*2 :1 :1")
        #expect(rig.run("HEXPIRE", "h", "180", "GT", "FIELDS", "3", "a", "a", "x") == "*3 :1 :0 :-2")
        let at = { (seconds: Int64) in String(Self.now + seconds * 1000) }
        #expect(
            tap.commands == [
                "HPEXPIREAT h \(at(100)) LT FIELDS 1 a", "HPEXPIREAT h \(at(200)) NX FIELDS 1 b",
                "HPEXPIREAT h \(at(150)) GT FIELDS 1 a", "HPEXPIREAT h \(at(150)) LT FIELDS 1 b",
                "HPEXPIREAT h \(at(160)) XX FIELDS 2 a b", "HPEXPIREAT h \(at(170)) FIELDS 2 a b",
                "HPEXPIREAT h \(at(180)) GT FIELDS 1 a",
            ])
        #expect(rig.mismatch == nil)
    }

    @Test func aPastTimeDeletes() {
        let rig = Rig()
        let tap = Tap(rig)
        for words in [
            ["HEXPIRE", "h", "0"], ["HPEXPIRE", "h", "0"], ["HEXPIREAT", "h", "1"], ["HPEXPIREAT", "h", "0"],
        ] {
            rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
            _ = (tap.commands, tap.events)
            #expect(rig.run(words + ["FIELDS", "4", "a", "x", "a", "b"]) == "*4 :2 :-2 :-2 :2")
            #expect(tap.commands == ["HDEL h a", "HDEL h b"])
            #expect(tap.events == ["hdel h"])
            #expect(rig.run(words + ["GT", "FIELDS", "1", "c"]) == "*1 :0")
            #expect(rig.run(words + ["LT", "FIELDS", "2", "c", "c"]) == "*2 :2 :-2")
            #expect(tap.commands == ["HDEL h c"])
            #expect(tap.events == ["hdel h", "del h"])
            #expect(rig.run("EXISTS", "h") == ":0")
        }
        #expect(rig.engine.keys.stats.expiredFields == 0)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func reading() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        _ = (tap.commands, tap.events)
        #expect(rig.run("HGETEX", "h", "FIELDS", "3", "a", "x", "a") == "*3 $1 1 $-1 $1 1")
        #expect(rig.run("HGETEX", "none", "FIELDS", "2", "a", "b") == "*2 $-1 $-1")
        #expect(rig.run("HGETEX", "none", "EX", "5", "FIELDS", "2", "a", "b") == "*2 $-1 $-1")
        #expect(rig.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == "*1 $1 1")
        #expect(rig.run("HGETEX", "h", "EX", "9", "FIELDS", "1", "x") == "*1 $-1")
        #expect(tap.commands == [] && tap.events == [])
        #expect(rig.run("HGETEX", "h", "EX", "100", "FIELDS", "3", "a", "x", "b") == "*3 $1 1 $-1 $1 2")
        #expect(rig.run("HGETEX", "h", "px", "9000", "FIELDS", "1", "a") == "*1 $1 1")
        #expect(rig.run("HGETEX", "h", "EXAT", "1800000000", "FIELDS", "2", "a", "a") == "*2 $1 1 $1 1")
        #expect(rig.run("HGETEX", "h", "PXAT", "1800000000001", "FIELDS", "1", "b") == "*1 $1 2")
        #expect(rig.run("HGETEX", "h", "PERSIST", "FIELDS", "3", "a", "x", "c") == "*3 $1 1 $-1 $1 3")
        #expect(
            tap.commands == [
                "HPEXPIREAT h \(Self.now + 100_000) FIELDS 2 a b",
                "HPEXPIREAT h \(Self.now + 9000) FIELDS 1 a",
                "HPEXPIREAT h 1800000000000 FIELDS 2 a a", "HPEXPIREAT h 1800000000001 FIELDS 1 b",
                "HPERSIST h FIELDS 1 a",
            ])
        #expect(tap.events == ["hexpire h", "hexpire h", "hexpire h", "hexpire h", "hpersist h"])
        #expect(rig.run("HPEXPIRETIME", "h", "FIELDS", "2", "a", "b") == "*2 :-1 :1800000000001")
        #expect(rig.run("HGETEX", "h", "PX", "0", "FIELDS", "3", "a", "x", "a") == "*3 $1 1 $-1 $-1")
        #expect(rig.run("HGETEX", "h", "EXAT", "1", "FIELDS", "1", "a") == "*1 $-1")
        #expect(rig.run("HGETEX", "h", "EXAT", "1", "FIELDS", "2", "b", "c") == "*2 $1 2 $1 3")
        #expect(tap.commands == ["HDEL h a", "HDEL h b", "HDEL h c"])
        #expect(tap.events == ["hdel h", "hdel h", "del h"])
        #expect(rig.mismatch == nil)
    }

    @Test func taking() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        rig.run("HEXPIRE", "h", "9", "FIELDS", "1", "a")
        _ = (tap.commands, tap.events)
        #expect(rig.run("HGETDEL", "none", "FIELDS", "2", "a", "b") == "*2 $-1 $-1")
        #expect(rig.run("HGETDEL", "h", "FIELDS", "2", "x", "y") == "*2 $-1 $-1")
        #expect(tap.commands == [] && tap.events == [])
        #expect(rig.run("HGETDEL", "h", "FIELDS", "3", "a", "x", "a") == "*3 $1 1 $-1 $-1")
        #expect(rig.run("HGETDEL", "h", "fields", "2", "b", "c") == "*2 $1 2 $1 3")
        #expect(tap.commands == ["HDEL h a x a", "HDEL h b c"])
        #expect(tap.events == ["hdel h", "hdel h", "del h"])
        #expect(rig.run("EXISTS", "h") == ":0")
        rig.advance(ms: 20_000)
        #expect(tap.events == [])
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func settingWithADeadline() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(rig.run("HSETEX", "h", "EX", "100", "FIELDS", "2", "a", "1", "b", "2") == ":1")
        #expect(rig.run("HSETEX", "h", "FNX", "PX", "5", "FIELDS", "2", "c", "1", "a", "2") == ":0")
        #expect(rig.run("HSETEX", "h", "FXX", "PX", "5", "FIELDS", "2", "a", "1", "c", "2") == ":0")
        #expect(rig.run("HSETEX", "none", "FXX", "FIELDS", "1", "a", "1") == ":0")
        #expect(rig.run("HSETEX", "h", "PX", "900", "FNX", "FIELDS", "2", "c", "3", "c", "4") == ":1")
        #expect(rig.run("HSETEX", "h", "KEEPTTL", "FIELDS", "2", "a", "5", "d", "6") == ":1")
        #expect(rig.run("HSETEX", "h", "KEEPTTL", "XX", "FIELDS", "1", "a", "7") == ":1")
        #expect(rig.run("HSETEX", "h", "EXAT", "1800000000", "XX", "FXX", "FIELDS", "1", "b", "8") == ":1")
        #expect(rig.run("HSETEX", "h", "FNX", "FIELDS", "1", "e", "9") == ":1")
        #expect(rig.run("HSETEX", "new", "NX", "FNX", "FIELDS", "1", "e", "9") == ":1")
        #expect(
            tap.commands == [
                "HSETEX h PXAT \(Self.now + 100_000) FIELDS 2 a 1 b 2",
                "HSETEX h PXAT \(Self.now + 900) FIELDS 2 c 3 c 4", "HSETEX h KEEPTTL FIELDS 2 a 5 d 6",
                "HSETEX h KEEPTTL FIELDS 1 a 7", "HSETEX h PXAT 1800000000000 FIELDS 1 b 8",
                "HSETEX h FNX FIELDS 1 e 9", "HSETEX new FIELDS 1 e 9",
            ])
        let set = ["hset h", "hexpire h"]
        #expect(tap.events == set + set + ["hset h", "hset h"] + set + ["hset h", "hset new"])
        #expect(
            rig.run("HPTTL", "h", "FIELDS", "5", "a", "c", "d", "e", "x") == "*5 :100000 :900 :-1 :-1 :-2")
        #expect(rig.run("HPEXPIRETIME", "h", "FIELDS", "1", "b") == "*1 :1800000000000")
        #expect(rig.fields("h") == ["a": "7", "b": "8", "c": "4", "d": "6", "e": "9"])
        rig.run("HSETEX", "h", "FIELDS", "1", "a", "0")
        rig.run("HSET", "h", "b", "0")
        #expect(rig.run("HTTL", "h", "FIELDS", "2", "a", "b") == "*2 :-1 :-1")
        #expect(rig.mismatch == nil)
    }

    /// What is set with a time in the past goes at once, and whoever listens sees it come and go.
    @Test func settingWithAPastDeadline() {
        let rig = Rig()
        let tap = Tap(rig, eventMask: .max)
        #expect(rig.run("HSETEX", "h", "PXAT", "1", "FIELDS", "1", "a", "1") == ":1")
        #expect(tap.commands == ["HDEL h a"])
        #expect(tap.events == ["new h", "hset h", "hdel h", "del h"])
        rig.run("HSET", "h", "a", "1", "b", "2", "c", "3")
        _ = (tap.commands, tap.events)
        #expect(rig.run("HSETEX", "h", "EX", "0", "FIELDS", "3", "a", "1", "x", "2", "b", "3") == ":1")
        #expect(tap.commands == ["HDEL h a", "HDEL h x", "HDEL h b"])
        #expect(tap.events == ["hset h", "hdel h"])
        #expect(rig.run("HSETEX", "h", "PX", "0", "FIELDS", "1", "x", "1") == ":1")
        #expect(tap.events == ["hset h", "hdel h"])
        #expect(rig.run("HSETEX", "h", "FNX", "PX", "0", "FIELDS", "2", "x", "1", "c", "1") == ":0")
        #expect(rig.fields("h") == ["c": "3"])
        _ = tap.commands
        #expect(rig.run("HSETEX", "h", "FXX", "EXAT", "0", "FIELDS", "1", "c", "1") == ":1")
        #expect(tap.commands == ["HDEL h c"])
        #expect(tap.events == ["hset h", "hdel h", "del h"])
        #expect(rig.run("EXISTS", "h") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func whatBecomesOfDeadlines() {
        let rig = Rig()
        let tap = Tap(rig)
        for (words, left) in [
            (["HSET", "h", "n", "5"], ":-1"), (["HMSET", "h", "n", "5"], ":-1"),
            (["HSETNX", "h", "n", "5"], ":100"), (["HINCRBY", "h", "n", "5"], ":100"),
            (["HINCRBYFLOAT", "h", "n", "0.5"], ":100"), (["HGETEX", "h", "FIELDS", "1", "n"], ":100"),
            (["HSETEX", "h", "FIELDS", "1", "n", "5"], ":-1"),
            (["HSETEX", "h", "KEEPTTL", "FIELDS", "1", "n", "5"], ":100"), (["PERSIST", "h"], ":100"),
            (["EXPIRE", "h", "9"], ":100"), (["HDEL", "h", "n"], ":-2"),
        ] {
            rig.run("DEL", "h")
            rig.run("HSETEX", "h", "EX", "100", "FIELDS", "2", "n", "1", "other", "2")
            _ = tap.commands
            rig.run(words)
            #expect(rig.run("HTTL", "h", "FIELDS", "2", "n", "other") == "*2 \(left) :100", "\(words)")
            if words[0] == "HINCRBYFLOAT" { #expect(tap.commands == ["HSETEX h KEEPTTL FIELDS 1 n 1.5"]) }
        }
        #expect(rig.mismatch == nil)
    }
}
