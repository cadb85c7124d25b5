// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Keyspace
import Testing

@testable import Commands
@testable import Engine

/// Clients that wait for lists: one transcript for each rule.
@Suite struct BlockingListTests {
    private let rig = Rig()

    /// Who waits has been told nothing.
    private func waits(_ name: String) -> Bool {
        rig.pushes(as: name) == "" && rig.session(name).isWaiting
    }

    @Test func whatIsThereIsTakenAtOnce() {
        rig.run("RPUSH", "b", "1", "2", "3", "4", "5")
        #expect(rig.run("BLPOP", "a", "b", "0") == "*2 $1 b $1 1")
        #expect(rig.run("BRPOP", "a", "b", "1") == "*2 $1 b $1 5")
        #expect(rig.run("BLMPOP", "0", "2", "a", "b", "RIGHT", "COUNT", "2") == "*2 $1 b *2 $1 4 $1 3")
        #expect(rig.run("BRPOPLPUSH", "b", "c", "0") == "$1 2" && rig.run("EXISTS", "b") == ":0")
        #expect(rig.run("BLMOVE", "c", "d", "LEFT", "LEFT", "0") == "$1 2" && rig.mismatch == nil)
    }

    @Test func timeouts() {
        let notFloat = "-ERR timeout is not a float or out of range"
        let outOfRange = "-ERR timeout is out of range"
        for (text, reply) in [
            ("", notFloat), ("x", notFloat), ("nan", notFloat), ("1 ", notFloat),
            ("-1", "-ERR timeout is negative"),
            ("-inf", "-ERR timeout is negative"), ("inf", outOfRange), ("1e400", outOfRange),
            ("1e5000", notFloat), ("1e300", outOfRange),
            ("9223372036854775", outOfRange), ("9223372036854775807", outOfRange),
        ] {
            #expect(rig.run("BLPOP", "a", text) == reply, "\(text)")
            #expect(rig.run("BLMOVE", "a", "b", "LEFT", "LEFT", text) == reply, "\(text)")
            #expect(rig.run("BRPOPLPUSH", "a", "b", text) == reply, "\(text)")
            #expect(rig.run("BLMPOP", text, "1", "a", "LEFT") == reply, "\(text)")
        }
        rig.run(as: "x", "BLPOP", "a", "0.01")
        rig.run(as: "y", "BRPOPLPUSH", "a", "b", "1e-9")
        rig.run(as: "z", "BLMPOP", "9000000000", "1", "a", "LEFT")
        rig.advance(ms: 1)
        #expect(rig.pushes(as: "y") == "*-1" && waits("x"))
        rig.advance(ms: 8)
        #expect(waits("x"))
        rig.advance(ms: 1)
        #expect(rig.pushes(as: "x") == "*-1")
        rig.session("x").setRESP3ForTest(rig)
        rig.run(as: "x", "BLMOVE", "a", "b", "LEFT", "LEFT", "0.5")
        rig.advance(ms: 500)
        #expect(rig.pushes(as: "x") == "_" && waits("z"))
        // A thousandth part of a millisecond below zero is zero: for ever.
        rig.run(as: "x", "BLPOP", "a", "-1e-9")
        rig.advance(ms: 100_000_000)
        #expect(waits("x"))
    }

    /// One element for each, first come first served; the rest of a push stays.
    @Test func firstComeFirstServed() {
        for name in ["x", "y", "z"] { rig.run(as: name, "BLPOP", "a", "0") }
        let tap = Tap(rig)
        #expect(rig.run("RPUSH", "a", "1", "2") == ":2")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 1" && rig.pushes(as: "y") == "*2 $1 a $1 2" && waits("z"))
        #expect(tap.commands == ["RPUSH a 1 2", "LPOP a", "LPOP a"])
        #expect(tap.events == ["rpush a", "lpop a", "lpop a", "del a"])
        rig.run("RPUSH", "a", "3", "4", "5")
        #expect(rig.pushes(as: "z") == "*2 $1 a $1 3" && rig.list("a") == "4 5" && rig.mismatch == nil)
    }

    @Test func aWaiterTakesSeveral() {
        rig.run(as: "x", "BLMPOP", "0", "1", "a", "RIGHT", "COUNT", "2")
        rig.run(as: "y", "BRPOP", "a", "0")
        let tap = Tap(rig)
        rig.run("RPUSH", "a", "1", "2", "3")
        #expect(rig.pushes(as: "x") == "*2 $1 a *2 $1 3 $1 2" && rig.pushes(as: "y") == "*2 $1 a $1 1")
        #expect(tap.commands == ["RPUSH a 1 2 3", "RPOP a 2", "RPOP a"] && rig.mismatch == nil)
    }

    /// Of several keys the first in the waiter's order serves it, whichever was made ready first.
    @Test func theFirstKeyOfTheWaiter() {
        rig.run(as: "x", "BLPOP", "a", "b", "c", "0")
        rig.run("MULTI")
        for key in ["c", "b", "a"] { rig.run("RPUSH", key, "1") }
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 1" && rig.run("EXISTS", "b", "c") == ":2")
        #expect(rig.engine.waitingCounts == (0, 0))
    }

    /// Keys serve in the order in which they were made ready.
    @Test func theOrderOfKeys() {
        rig.run(as: "x", "BLMOVE", "a", "log", "LEFT", "RIGHT", "0")
        rig.run(as: "y", "BLMOVE", "b", "log", "LEFT", "RIGHT", "0")
        rig.run("MULTI")
        rig.run("RPUSH", "b", "from b")
        rig.run("RPUSH", "a", "from a")
        rig.run("EXEC")
        #expect(rig.run("LRANGE", "log", "0", "-1") == "*2 $6 from b $6 from a" && rig.mismatch == nil)
    }

    /// A move feeds a key that others wait for: all settles in the same unit.
    @Test func chains() {
        rig.run(as: "x", "BLMOVE", "a", "b", "LEFT", "LEFT", "0")
        rig.run(as: "y", "BRPOPLPUSH", "b", "c", "0")
        rig.run(as: "z", "BLPOP", "c", "0")
        let tap = Tap(rig)
        rig.run("RPUSH", "a", "1")
        #expect(rig.pushes(as: "x") == "$1 1" && rig.pushes(as: "y") == "$1 1")
        #expect(rig.pushes(as: "z") == "*2 $1 c $1 1" && rig.run("DBSIZE") == ":0")
        #expect(tap.commands == ["RPUSH a 1", "LMOVE a b LEFT LEFT", "RPOPLPUSH b c", "LPOP c"])
        #expect(rig.mismatch == nil)
    }

    /// Two who feed each other come to rest.
    @Test func circles() {
        rig.run(as: "x", "BRPOPLPUSH", "a", "b", "0")
        rig.run(as: "y", "BRPOPLPUSH", "b", "a", "0")
        rig.run("RPUSH", "a", "1")
        #expect(rig.pushes(as: "x") == "$1 1" && rig.pushes(as: "y") == "$1 1" && rig.list("a") == "1")
        rig.run("DEL", "a")
        rig.run(as: "x", "BRPOPLPUSH", "a", "a", "0")
        rig.run("RPUSH", "a", "1")
        #expect(rig.pushes(as: "x") == "$1 1" && rig.list("a") == "1" && rig.mismatch == nil)
    }

    /// Where it cannot be served, because of a key that it names, it is told so; the element stays for the next.
    @Test func targetsOfAnotherType() {
        rig.run("SET", "s", "1")
        rig.run(as: "x", "BLMOVE", "a", "s", "LEFT", "LEFT", "0")
        rig.run(as: "y", "BLMOVE", "a", "b", "LEFT", "LEFT", "0")
        rig.run("RPUSH", "a", "1")
        #expect(rig.pushes(as: "x").hasPrefix("-WRONGTYPE") && rig.pushes(as: "y") == "$1 1")
        #expect(rig.list("b") == "1" && rig.mismatch == nil)
    }

    @Test func keysOfAnotherTypeServeNobody() {
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run("SADD", "a", "1")
        rig.run("SET", "a", "1")
        rig.run("DEL", "a")
        rig.run("HSET", "a", "f", "1")
        #expect(waits("x"))
        rig.run("RPUSH", "b", "1")
        rig.run("RENAME", "b", "a")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 1" && rig.mismatch == nil)
    }

    @Test func transactionsServeBehindThemselves() {
        rig.run(as: "x", "BLPOP", "a", "0")
        let tap = Tap(rig)
        rig.run("MULTI")
        rig.run("RPUSH", "a", "1")
        rig.run("LPOP", "a")
        #expect(rig.run("EXEC") == "*2 :1 $1 1" && waits("x"))
        rig.run("MULTI")
        rig.run("RPUSH", "a", "1")
        rig.run("DEL", "a")
        rig.run("RPUSH", "a", "2")
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 2")
        #expect(
            tap.commands == ["RPUSH a 1", "LPOP a", "RPUSH a 1", "DEL a", "RPUSH a 2", "LPOP a"])
        #expect(rig.mismatch == nil)
    }

    @Test func transactionsNeverWait() {
        rig.run("MULTI")
        for line in [
            "BLPOP a 0", "BRPOP a 0", "BLMOVE a b LEFT LEFT 0", "BRPOPLPUSH a b 0", "BLMPOP 0 1 a LEFT",
        ] {
            rig.run(line.split(separator: " ").map(String.init))
        }
        #expect(rig.run("EXEC") == "*5 *-1 *-1 $-1 $-1 *-1")
    }

    @Test func watchesSeeTheServing() {
        rig.run(as: "x", "BLMOVE", "a", "b", "LEFT", "LEFT", "0")
        rig.run(as: "w", "WATCH", "b")
        rig.run(as: "w", "MULTI")
        rig.run(as: "w", "PING")
        rig.run("RPUSH", "a", "1")
        #expect(rig.run(as: "w", "EXEC") == "*-1")
    }

    @Test func commandsThatBringLists() {
        func serves(_ lines: String...) -> Bool {
            rig.run("FLUSHALL")
            rig.run(as: "x", "BLPOP", "a", "0")
            for line in lines { rig.run(line.split(separator: " ").map(String.init)) }
            return rig.pushes(as: "x") == "*2 $1 a $1 1" && rig.mismatch == nil
        }
        #expect(serves("RPUSH b 1", "RENAME b a") && serves("RPUSH b 1", "RENAMENX b a"))
        #expect(serves("RPUSH b 1", "COPY b a") && serves("RPUSH b 1", "SORT b STORE a"))
        #expect(serves("RPUSH b 1", "LMOVE b a LEFT LEFT") && serves("SADD b 1", "SORT b BY x STORE a"))
        #expect(serves("SELECT 1", "RPUSH a 1", "MOVE a 0", "SELECT 0"))
        #expect(serves("SELECT 3", "RPUSH a 1", "SWAPDB 3 0", "SELECT 0"))
        #expect(serves("SELECT 3", "RPUSH a 1", "SELECT 0", "SWAPDB 0 3"))
        #expect(serves("SET a x", "SELECT 3", "RPUSH a 1", "SELECT 0", "COPY a a DB 3", "SWAPDB 0 3"))
    }

    @Test func databasesAreTheirOwn() {
        rig.run(as: "x", "SELECT", "2")
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run("RPUSH", "a", "1")
        #expect(waits("x"))
        rig.run(as: "y", "SELECT", "2")
        let tap = Tap(rig)
        rig.run(as: "y", "RPUSH", "a", "2")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 2" && tap.commands == ["RPUSH a 2 @2", "LPOP a @2"])
        #expect(rig.run("LRANGE", "a", "0", "-1") == "*1 $1 1" && rig.mismatch == nil)
    }

    @Test func keysThatDie() {
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run("MULTI")
        rig.run("RPUSH", "a", "1")
        rig.run("PEXPIRE", "a", "-1")
        rig.run("EXEC")
        #expect(waits("x"))
        rig.run("SET", "a", "1", "PX", "10")
        rig.advance(ms: 11)
        #expect(waits("x"))
        rig.run("RPUSH", "a", "2")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 2" && rig.mismatch == nil)
    }

    @Test func flushedWhileItWaits() {
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run("FLUSHALL")
        rig.run("FLUSHDB")
        #expect(waits("x"))
        rig.run("LPUSH", "a", "1")
        #expect(rig.pushes(as: "x") == "*2 $1 a $1 1")
    }

    @Test func unblocked() {
        rig.run(as: "x", "BLPOP", "a", "0")
        let id = String(rig.session("x").id)
        #expect(rig.run("CLIENT", "UNBLOCK", id, "TIMEOUT") == ":1" && rig.pushes(as: "x") == "*-1")
        rig.run(as: "x", "BLMOVE", "a", "b", "LEFT", "LEFT", "0")
        #expect(rig.run("CLIENT", "UNBLOCK", id) == ":1" && rig.pushes(as: "x") == "*-1")
        rig.run(as: "x", "BLPOP", "a", "0")
        #expect(rig.run("CLIENT", "UNBLOCK", id, "ERROR") == ":1")
        #expect(rig.pushes(as: "x") == "-UNBLOCKED client unblocked via CLIENT UNBLOCK")
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_blpop:calls=2,"))
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_blmove:calls=1,"))
        #expect(rig.run("CLIENT", "UNBLOCK", id) == ":0" && rig.engine.waitingCounts == (0, 0))
    }

    @Test func whoGoesIsServedNothing() {
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run(as: "y", "BLPOP", "a", "0")
        rig.run("CLIENT", "KILL", "ID", String(rig.session("x").id))
        rig.leave("x")
        rig.run("RPUSH", "a", "1")
        #expect(rig.pushes(as: "y") == "*2 $1 a $1 1" && rig.engine.waitingCounts == (0, 0))
    }

    /// Writes stand still in a pause, waiters with them; whose time is over is told so.
    @Test func paused() {
        rig.run(as: "x", "BLPOP", "a", "0")
        rig.run(as: "y", "BLPOP", "a", "0.01")
        rig.run("CLIENT", "PAUSE", "1000", "WRITE")
        #expect(rig.run(as: "w", "RPUSH", "a", "1") == "")
        rig.advance(ms: 20)
        #expect(rig.pushes(as: "y") == "*-1" && waits("x"))
        rig.run("CLIENT", "UNPAUSE")
        #expect(rig.resumeHeld()["w"] == ":1" && rig.pushes(as: "x") == "*2 $1 a $1 1")
    }

    @Test func shownAsWaiting() {
        rig.run(as: "x", "BLPOP", "a", "b", "0")
        rig.run(as: "y", "BLPOP", "a", "0")
        let info = rig.run("INFO", "clients")
        #expect(info.contains("blocked_clients:2 ") && info.contains("total_blocking_keys:2 "))
        #expect(rig.run("CLIENT", "LIST", "ID", String(rig.session("x").id)).contains(" flags=b "))
        rig.run("RPUSH", "a", "1")
        rig.run("RPUSH", "a", "2")
        #expect(rig.run("INFO", "clients").contains("blocked_clients:0 "))
    }

    /// A call is counted once, when it is answered.
    @Test func countedOnce() {
        rig.run(as: "x", "BLPOP", "a", "0")
        #expect(!rig.run("INFO", "commandstats").contains("cmdstat_blpop"))
        rig.advance(ms: 100_000)
        rig.run("RPUSH", "a", "1")
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_blpop:calls=1,"))
    }

    /// Ten thousand in a line are served one after the other, each after a look at one.
    @Test func aLongLine() {
        let rig = Rig(withTwin: false)
        for i in 0..<10_000 { rig.run(as: "c\(i)", "BLPOP", "a", "0") }
        for i in 0..<50 {
            rig.run("RPUSH", "a", String(i))
            #expect(rig.pushes(as: "c\(i)") == "*2 $1 a $\(String(i).count) \(i)")
        }
        rig.run("SADD", "a", "1")
        rig.run("DEL", "a")
        rig.run(["RPUSH", "a"] + (50..<10_001).map(String.init))
        #expect(rig.pushes(as: "c9999") == "*2 $1 a $4 9999" && rig.list("a") == "10000")
        #expect(rig.engine.waitingCounts == (0, 0))
    }

    /// A waiter names many keys, and a unit makes all of them ready.
    @Test func manyKeys() {
        let rig = Rig(withTwin: false)
        let names = (0..<20_000).map { "k\($0)" }
        rig.run(as: "x", ["BLPOP"] + names + ["0"])
        rig.run(as: "y", ["BRPOP"] + names.reversed() + ["0"])
        #expect(rig.engine.waitingCounts == (2, 20_000))
        rig.run("MULTI")
        for name in names.suffix(15_000) { rig.run("RPUSH", name, "1") }
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "*2 $5 k5000 $1 1" && rig.pushes(as: "y") == "*2 $6 k19999 $1 1")
        #expect(rig.engine.waitingCounts == (0, 0))
    }
}
