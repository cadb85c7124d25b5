// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Testing

@testable import Engine
@testable import Scripting

@Suite struct EvalTests {
    @Test(arguments: [
        ("return 1", ":1"), ("return 3.99", ":3"), ("return 'a'", "$1 a"), ("return nil", "$-1"),
        ("return true", ":1"), ("return false", "$-1"), ("return {1,2,{'a',nil,3}}", "*3 :1 :2 *1 $1 a"),
        ("return {ok='fine'}", "+fine"), ("return {err='MY way'}", "-MY way"),
        ("return redis.error_reply('alone')", "-ERR alone"), ("return redis.status_reply('so')", "+so"),
        ("return redis.sha1hex('')", "$40 da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("return cjson.encode({a=1})", "$7 {\"a\":1}"), ("return bit.band(6,3)", ":2"),
        ("return bit.tohex(65535, -2147483648)", "$8 0000FFFF"), ("return bit.tohex(-1, 4)", "$4 ffff"),
        ("return type(os.time)", "$3 nil"), ("return type(string.rep)", "$8 function"),
        ("return tostring(loadstring(string.dump(function() end)))", "$3 nil"),
        (
            "return {pcall(function() redis.call('NOPE') end)}",
            "*2 $-1 $44 ERR Unknown Redis command called from script"
        ),
    ])
    func values(_ script: String, _ expected: String) {
        #expect(Rig().run("EVAL", script, "0") == expected)
    }

    @Test func callsArePartOfOneUnit() {
        let rig = Rig()
        let tap = Tap(rig)
        let script =
            "redis.call('SET', KEYS[1], ARGV[1]) redis.call('INCR', KEYS[1]) return redis.call('GET', KEYS[1])"
        #expect(rig.run("EVAL", script, "1", "k", "5") == "$1 6")
        #expect(tap.commands == ["SET k 5", "INCR k"])
        #expect(rig.mismatch == nil)
    }

    @Test func whatWasWrittenBeforeAnErrorStays() {
        let rig = Rig()
        let script =
            "redis.call('SET', 'a', 'text')\nredis.call('SELECT', '3')\nreturn redis.call('INCR', 'a') + redis.call('LPUSH')"
        let reply = rig.run("EVAL", script, "0")
        #expect(reply.hasPrefix("-ERR Wrong number of args") || reply.hasPrefix("-ERR"))
        #expect(reply.hasSuffix(", on @user_script:3."))
        #expect(rig.run("GET", "a") == "$4 text")
        #expect(rig.mismatch == nil)
    }

    @Test func digests() {
        let rig = Rig()
        let digest = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
        #expect(rig.run("EVALSHA", digest, "0") == "-NOSCRIPT No matching script. Please use EVAL.")
        #expect(rig.run("SCRIPT", "LOAD", "return 1") == "$40 \(digest)")
        #expect(rig.run("EVALSHA", digest.uppercased(), "0") == ":1")
        #expect(rig.run("SCRIPT", "EXISTS", digest, "x") == "*2 :1 :0")
        #expect(rig.run("SCRIPT", "SHOW", digest) == "$8 return 1")
        #expect(rig.run("SCRIPT", "FLUSH") == "+OK")
        #expect(rig.run("SCRIPT", "EXISTS", digest) == "*1 :0")
        #expect(rig.run("SCRIPT", "KILL") == "-NOTBUSY No scripts in execution right now.")
    }

    @Test func readOnlyScriptsDoNotWrite() {
        let rig = Rig()
        let reply = rig.run("EVAL_RO", "return redis.call('SET', 'a', '1')", "0")
        #expect(reply.hasPrefix("-ERR Write commands are not allowed from read-only scripts. script: "))
        #expect(
            rig.run("EVAL", "#!lua flags=no-writes\nreturn redis.call('SET', 'a', '1')", "0").hasPrefix(
                "-ERR Write"))
        #expect(
            rig.run("EVAL_RO", "#!lua\nreturn 1", "0").hasPrefix(
                "-ERR Can not execute a script with write flag"))
        #expect(rig.run("EXISTS", "a") == ":0")
    }

    /// None of these may change what the next script finds.
    @Test(arguments: [
        "x = 1", "_G.x = 1", "rawset(_G, 'x', 1)", "setmetatable(_G, nil)", "string.rep = nil",
        "redis.call = nil",
        "rawset(string, 'rep', 1)", "getmetatable('').__index = nil", "getmetatable(_G).__index = nil",
        "setmetatable(string, {})", "math.huge = 1", "return y", "setfenv(1, {})", "return debug.getinfo(1)",
    ])
    func sealsHold(_ script: String) {
        let rig = Rig()
        #expect(rig.run("EVAL", script, "0").hasPrefix("-ERR"))
        #expect(
            rig.run("EVAL", "return ('ab'):rep(2) .. type(redis.call) .. tostring(rawget(_G, 'x'))", "0")
                == "$15 ababfunctionnil")
    }

    @Test func hostileScriptsEndInErrors() {
        let rig = Rig()
        for script in [
            "local function f() return 1 + f() end return f()",
            "return ('a'):rep(99999):find(('a?'):rep(99999))",
            "local t = {} t[1] = t return t", "return cjson.decode(('['):rep(100000))", "error({})",
            "error(nil)",
            "return redis.call('EVAL', 'return 1', '0')", "return redis.call({})", "return redis.call()",
            "return redis.call('MULTI')", "return bit.tohex({})", "getmetatable(_G).__index = {}",
            // What libraries of Lua count in int.
            "return #cjson.encode(('a'):rep(180000000))", "return cjson.new().encode(('a'):rep(180000000))",
            "local s = ('a'):rep(1000000) local t = {} for i = 1, 200 do t[i] = s end return cjson.encode({t, [s] = 1})",
            "local t = {} t[1] = t t[2] = t return cjson.encode(t)",
            "return select('#', unpack({1, 2, 3}, -2, 2147483647))", "return unpack({}, 0, 2147483647)",
            "return unpack({}, -2147483648, 2147483647)", "return unpack({}, 1, 8000)",
        ] {
            let reply = rig.run("EVAL", script, "0")
            #expect(reply.contains("-ERR"), "\(script)")
        }
        #expect(rig.run("EVAL", "return #ARGV", "0", "a", "b") == ":2")
    }
}
