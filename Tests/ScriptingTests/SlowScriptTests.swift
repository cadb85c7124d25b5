// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Scripting

/// Scripts that stop in the middle, because they take longer than a slice.
@Suite struct SlowScriptTests {
    private static let busy =
        "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."

    /// A rig whose scripts stop after some thousand instructions.
    private func rig(looks: UInt32 = 3) -> Rig {
        let rig = Rig()
        rig.engine.part(ScriptPart.self).looksPerSlice = looks
        return rig
    }

    /// Goes on until the script has ended: what its client is told.
    private func finish(_ rig: Rig, as name: String = "main") -> String {
        var turns = 0
        while rig.goOn(), turns < 100_000 { turns += 1 }
        #expect(!rig.engine.hasOpenUnit)
        return rig.pushes(as: name)
    }

    @Test func othersWaitAndAreServedBehindIt() {
        let rig = rig()
        #expect(rig.run("EVAL", "for i = 1, 1e5 do end redis.call('SET', 'a', '1') return 7", "0") == "")
        #expect(rig.run(as: "other", "PING") == "+PONG")
        #expect(rig.run(as: "other", "INFO", "server").contains("redis_version"))
        #expect(rig.run(as: "other", "CLIENT", "GETNAME") == "$-1")
        #expect(rig.run(as: "other", "GET", "a") == "")
        #expect(rig.resumeHeld().isEmpty)
        #expect(finish(rig) == ":7")
        #expect(rig.resumeHeld() == ["other": "$1 1"])
        #expect(rig.mismatch == nil)
        rig.engine.checkInvariants()
    }

    @Test func itsClientGoesOnBehindIt() {
        let rig = rig()
        let input = ["EVAL", "for i = 1, 1e5 do end return redis.call('INCR', 'a')", "0"].map {
            Array($0.utf8)
        }
        let more = Rig.encode(input) + Rig.encode(["INCR", "a"].map { Array($0.utf8) })
        #expect(rig.feed(more) == [])
        #expect(finish(rig) == ":1")
        #expect(rig.resumeHeld() == ["main": ":2"])
    }

    @Test func othersAreRefusedWhenItTakesTooLong() {
        let rig = rig()
        #expect(rig.run("EVAL", "while true do end", "0") == "")
        #expect(rig.run(as: "early", "GET", "a") == "")
        rig.goOn()
        #expect(rig.run(as: "other", "PING") == "+PONG")
        rig.advance(ms: 5000)
        rig.goOn()
        #expect(rig.resumeHeld() == ["early": SlowScriptTests.busy])
        #expect(rig.run(as: "other", "PING") == SlowScriptTests.busy)
        #expect(rig.run(as: "other", "SHUTDOWN") == SlowScriptTests.busy)
        #expect(rig.run(as: "other", "INFO", "server").contains("redis_version"))
        #expect(rig.run(as: "other", "MULTI") == "+OK")
        #expect(rig.run(as: "other", "GET", "a") == SlowScriptTests.busy)
        #expect(rig.run(as: "other", "EXEC").hasPrefix("-EXECABORT"))
        #expect(rig.run(as: "other", "FUNCTION", "KILL") == SlowScriptTests.busy)
        #expect(rig.run(as: "other", "FUNCTION", "STATS").contains("while true do end"))
        #expect(rig.run(as: "other", "SCRIPT", "KILL") == "+OK")
        #expect(finish(rig).hasPrefix("-ERR Script killed by user with SCRIPT KILL... script: "))
        #expect(rig.run(as: "other", "PING") == "+PONG")
        #expect(rig.run(as: "other", "SCRIPT", "KILL") == "-NOTBUSY No scripts in execution right now.")
    }

    @Test func theThresholdMayBeOff() {
        let rig = rig()
        rig.run("CONFIG", "SET", "lua-time-limit", "0")
        #expect(rig.run("EVAL", "while true do end", "0") == "")
        rig.advance(ms: 1_000_000)
        rig.goOn()
        #expect(rig.run(as: "other", "PING") == "+PONG")
        #expect(rig.run(as: "other", "SCRIPT", "KILL") == "+OK")
        #expect(finish(rig).hasPrefix("-ERR Script killed"))
    }

    @Test func whatHasWrittenCannotBeKilled() {
        let rig = rig()
        #expect(rig.run("EVAL", "redis.call('SET', 'a', '1') for i = 1, 1e5 do end return 1", "0") == "")
        #expect(rig.run(as: "other", "SCRIPT", "KILL").hasPrefix("-UNKILLABLE Sorry the script already"))
        #expect(finish(rig) == ":1")
        #expect(rig.mismatch == nil)
    }

    /// Wherever a script is when it has to end.
    @Test(arguments: [
        "while true do end", "repeat until false", "for i = 1, math.huge do end",
        "local function f() return f() end f()",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function(a, b) while true do end end)",
        "string.gsub('aaa', 'a', function() while true do end end)",
        "('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40))", "('a'):rep(40):match(('a*'):rep(20) .. 'b')",
        "('a'):rep(40):gsub(('a-'):rep(20) .. 'b', '')",
        "for x in ('a'):rep(40):gmatch(('a*'):rep(20) .. 'b') do end",
        "local f = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do f() end",
        "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
        "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(rawget, t) "
            + "pcall(function() return t[1] end) end",
        "setmetatable({}, {__lt = function() while true do end end}) local function f() while true do end end f()",
        "while true do loadstring(('x = 1 '):rep(1000)) end", "while true do redis.call('PING') end",
        "while true do redis.pcall('NOPE') end", "local t = {} while true do table.insert(t, 1, 1) end",
        "while true do collectgarbage() end", "local s = '' while true do s = s .. 'x' end",
        "local t = {} for i = 1, 1e5 do t[i] = math.random() end while true do table.sort(t) end",
        "while true do cjson.decode(cjson.encode({1, 2, {a = 1}})) end",
        "while true do cmsgpack.unpack(cmsgpack.pack({1, 2, {a = 1}})) end",
        "load(function() return 'x = 1 ' end)",
    ])
    func everyScriptCanBeKilled(_ script: String) {
        let rig = rig(looks: 50)
        #expect(rig.run("EVAL", script, "0") == "")
        rig.goOn()
        #expect(rig.run(as: "other", "SCRIPT", "KILL") == "+OK")
        var turns = 0
        while rig.goOn(), turns < 100 { turns += 1 }
        #expect(rig.pushes().hasPrefix("-ERR Script killed by user with SCRIPT KILL..."))
        #expect(rig.run("EVAL", "return 5", "0") == ":5")
    }

    @Test func transactionsStopWithTheirScripts() {
        let rig = rig()
        let tap = Tap(rig)
        let slow = "for i = 1, 1e5 do end return redis.call('INCR', KEYS[1])"
        for command in [
            ["MULTI"], ["SET", "a", "5"], ["EVAL", slow, "1", "a"], ["EVAL", slow, "1", "a"], ["GET", "a"],
        ] {
            rig.run(command)
        }
        #expect(rig.run("EXEC") == "")
        #expect(rig.run(as: "other", "GET", "a") == "")
        #expect(tap.commands == [])
        #expect(finish(rig) == "*4 +OK :6 :7 $1 7")
        #expect(tap.commands == ["SET a 5", "INCR a", "INCR a"])
        #expect(rig.resumeHeld() == ["other": "$1 7"])
        #expect(rig.mismatch == nil)
        rig.engine.checkInvariants()
    }

    @Test func timeStandsStillInIt() {
        let rig = rig()
        rig.run("SET", "a", "1", "PX", "50")
        let script = "for i = 1, 1e5 do end return {redis.call('EXISTS', 'a'), redis.call('TIME')[1]}"
        #expect(rig.run("EVAL", script, "0") == "")
        rig.advance(ms: 10_000)
        #expect(finish(rig) == "*2 :1 $10 \(Rig.startMs / 1000)")
        #expect(rig.run("EXISTS", "a") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func itEndsWithoutItsClient() {
        let rig = rig()
        #expect(rig.run("EVAL", "for i = 1, 1e5 do end redis.call('SET', 'a', '1')", "0") == "")
        rig.leave("main")
        while rig.goOn() {}
        #expect(rig.run(as: "other", "GET", "a") == "$1 1")
        #expect(rig.mismatch == nil)
        rig.engine.checkInvariants()
    }

    @Test func whoWaitsForKeysIsServedBehindIt() {
        let rig = rig()
        #expect(rig.run(as: "waiter", "BLPOP", "list", "0") == "")
        #expect(rig.run("EVAL", "redis.call('RPUSH', 'list', 'x') for i = 1, 1e5 do end return 1", "0") == "")
        rig.goOn()
        #expect(rig.pushes(as: "waiter") == "")
        #expect(finish(rig) == ":1")
        #expect(rig.pushes(as: "waiter") == "*2 $4 list $1 x")
        #expect(rig.mismatch == nil)
    }

    @Test func theDatabaseIsTheScripts() {
        let rig = rig()
        let script = "redis.call('SELECT', 3) for i = 1, 1e5 do end redis.call('SET', 'a', '3') return 1"
        #expect(rig.run("EVAL", script, "0") == "")
        #expect(rig.run(as: "other", "SELECT", "5") == "+OK")
        #expect(finish(rig) == ":1")
        #expect(rig.run("EXISTS", "a") == ":0")
        rig.run("SELECT", "3")
        #expect(rig.run("GET", "a") == "$1 3")
        #expect(rig.mismatch == nil)
    }
}
