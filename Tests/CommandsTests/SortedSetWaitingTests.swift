// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Clients that wait for a sorted set.
@Suite struct SortedSetWaitingTests {
    private let rig = Rig()

    @Test func servedInTheirOrder() {
        let tap = Tap(rig)
        #expect(rig.run(as: "x", "BZPOPMIN", "a", "b", "0") == "")
        #expect(rig.run(as: "y", "BZPOPMAX", "b", "0") == "")
        #expect(rig.run(as: "w", "BZMPOP", "0", "2", "b", "a", "MAX", "COUNT", "2") == "")
        #expect(rig.run("ZADD", "b", "1", "m", "2", "n", "3", "o", "4", "p") == ":4")
        #expect(rig.pushes(as: "x") == "*3 $1 b $1 m $1 1")
        #expect(rig.pushes(as: "y") == "*3 $1 b $1 p $1 4")
        #expect(rig.pushes(as: "w") == "*2 $1 b *2 *2 $1 o $1 3 *2 $1 n $1 2")
        #expect(tap.commands == ["ZADD b 1 m 2 n 3 o 4 p", "ZPOPMIN b", "ZPOPMAX b", "ZPOPMAX b 2"])
        #expect(tap.events == ["zadd b", "zpopmin b", "zpopmax b", "zpopmax b", "del b"])
        #expect(rig.engine.waitingCounts == (0, 0) && rig.mismatch == nil)
    }

    @Test func timeouts() {
        #expect(rig.run(as: "x", "BZPOPMIN", "a", "0.5") == "")
        #expect(rig.run(as: "y", "BZMPOP", "0.0001", "1", "a", "MIN") == "")
        rig.advance(ms: 1)
        #expect(rig.pushes(as: "x") == "" && rig.pushes(as: "y") == "*-1")
        rig.advance(ms: 499)
        #expect(rig.pushes(as: "x") == "*-1")
        rig.session("x").setRESP3ForTest(rig)
        #expect(rig.run(as: "x", "BZPOPMIN", "a", "1") == "")
        rig.advance(ms: 1000)
        #expect(rig.pushes(as: "x") == "_" && rig.mismatch == nil)
    }

    /// Seconds in every form; a part of a millisecond is a whole one.
    @Test(arguments: [
        ("0.0001", 1), ("1", 1000), ("0x1", 1000), ("1.0001", 1001), ("1e1", 10_000), (".5", 500),
    ])
    func times(text: String, ms: Int64) {
        rig.run(as: "x", "BZPOPMIN", "a", text)
        if ms > 1 { rig.advance(ms: ms - 1) }
        #expect(rig.pushes(as: "x") == "" && rig.engine.waitingCounts == (1, 1))
        rig.advance(ms: 1)
        #expect(rig.pushes(as: "x") == "*-1")
    }

    /// A time that nearly does not fit is right once it was accepted, however much later it is looked at.
    @Test func theLongestTime() {
        let seconds = "9221672036854.7"
        #expect(rig.run(as: "x", "BZPOPMIN", "a", seconds) == "")
        rig.advance(ms: 1_000_000)
        rig.run("SADD", "a", "1")
        rig.run("DEL", "a")
        rig.run("ZADD", "a", "1", "m")
        #expect(rig.pushes(as: "x") == "*3 $1 a $1 m $1 1" && rig.mismatch == nil)
    }

    /// Another type under the key is no reason to be answered, one under an earlier key is when it is found first.
    @Test func otherTypes() {
        #expect(rig.run(as: "x", "BZPOPMIN", "a", "b", "0") == "")
        rig.run("SADD", "a", "1")
        #expect(rig.pushes(as: "x") == "" && rig.engine.waitingCounts == (1, 2))
        rig.run("DEL", "a")
        rig.run("MULTI")
        rig.run("ZADD", "a", "1", "m")
        rig.run("DEL", "a")
        rig.run("SADD", "a", "1")
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "")
        rig.run("ZADD", "b", "1", "m")
        #expect(rig.pushes(as: "x") == "-WRONGTYPE Operation against a key holding the wrong kind of value")
        #expect(rig.engine.waitingCounts == (0, 0) && rig.mismatch == nil)
    }

    /// Whatever brings a sorted set under the key serves those who wait.
    @Test(arguments: [
        ["ZUNIONSTORE", "k", "1", "from"], ["RENAME", "from", "k"], ["COPY", "from", "k"],
        ["ZRANGESTORE", "k", "from", "0", "-1"], ["ZINCRBY", "k", "1", "m"], ["ZADD", "k", "INCR", "1", "m"],
        ["ZINTERSTORE", "k", "1", "from"], ["ZDIFFSTORE", "k", "1", "from"],
    ]) func waysToBecomeReady(command: [String]) {
        rig.run("ZADD", "from", "1", "m")
        #expect(rig.run(as: "x", "BZPOPMIN", "k", "0") == "")
        rig.run(command)
        #expect(rig.pushes(as: "x") == "*3 $1 k $1 m $1 1" && rig.run("EXISTS", "k") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func neverInATransaction() {
        rig.run("MULTI")
        rig.run("BZPOPMIN", "a", "0")
        rig.run("BZMPOP", "0", "1", "a", "MIN")
        #expect(rig.run("EXEC") == "*2 *-1 *-1")
        rig.run("WATCH", "k")
        rig.run(as: "x", "BZPOPMIN", "k", "0")
        rig.run(as: "y", "ZADD", "k", "1", "m")
        rig.run("MULTI")
        rig.run("PING")
        #expect(rig.run("EXEC") == "*-1" && rig.mismatch == nil)
    }

    @Test func aMemberMadeAndTakenInOneUnitServesNobody() {
        rig.run(as: "x", "BZPOPMIN", "k", "0")
        rig.run("MULTI")
        rig.run("ZADD", "k", "1", "m")
        rig.run("ZPOPMIN", "k")
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "" && rig.engine.waitingCounts == (1, 1))
        rig.run("ZADD", "k", "1", "m")
        #expect(rig.pushes(as: "x") == "*3 $1 k $1 m $1 1" && rig.mismatch == nil)
    }
}
