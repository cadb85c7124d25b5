// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Clients that wait for entries of streams.
@Suite struct StreamWaitingTests {
    private let rig = Rig()
    private static let entry = "*1 *2 $1 s *1 *2 $3 1-0 *2 $1 a $1 1"
    private static let noGroup =
        "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"

    /// All who wait with XREAD are served by one entry.
    @Test func readersAreServedTogether() {
        #expect(rig.run(as: "x", "XREAD", "BLOCK", "0", "STREAMS", "s", "$") == "")
        #expect(rig.run(as: "y", "XREAD", "BLOCK", "0", "STREAMS", "t", "s", "0", "0") == "")
        #expect(rig.run(as: "z", "XREAD", "BLOCK", "0", "STREAMS", "s", "+") == "")
        #expect(rig.run("XADD", "s", "1-0", "a", "1") == "$3 1-0")
        for name in ["x", "y", "z"] { #expect(rig.pushes(as: name) == Self.entry) }
        #expect(rig.engine.waitingCounts == (0, 0) && rig.mismatch == nil)
    }

    /// `$` is what was the end when the wait began, whatever else happens to the stream.
    @Test func theEndIsRemembered() {
        rig.run("XADD", "s", "5-0", "a", "1")
        #expect(rig.run(as: "x", "XREAD", "BLOCK", "0", "STREAMS", "s", "$") == "")
        rig.run("XDEL", "s", "5-0")
        rig.run("XTRIM", "s", "MAXLEN", "0")
        #expect(rig.pushes(as: "x") == "" && rig.engine.waitingCounts == (1, 1))
        rig.run("MULTI")
        rig.run("XADD", "s", "6-0", "b", "1")
        rig.run("XADD", "s", "7-0", "b", "2")
        rig.run("EXEC")
        #expect(rig.pushes(as: "x") == "*1 *2 $1 s *2 *2 $3 6-0 *2 $1 b $1 1 *2 $3 7-0 *2 $1 b $1 2")
    }

    /// A reader is not moved by the loss of the key, or by another type under it.
    @Test func readersWaitThroughLosses() {
        rig.run("XADD", "s", "9-0", "a", "1")
        #expect(rig.run(as: "x", "XREAD", "BLOCK", "0", "STREAMS", "s", "$") == "")
        rig.run("DEL", "s")
        rig.run("SET", "s", "1")
        rig.run("DEL", "s")
        rig.run("LPUSH", "s", "1")
        rig.run("DEL", "s")
        rig.run("XADD", "s", "1-0", "a", "1")
        #expect(rig.pushes(as: "x") == "" && rig.engine.waitingCounts == (1, 1))
        rig.run("XADD", "s", "10-0", "a", "1")
        #expect(rig.pushes(as: "x") == "*1 *2 $1 s *1 *2 $4 10-0 *2 $1 a $1 1")
    }

    /// Consumers of a group are served one after the other.
    @Test func consumersAreServedInTurn() {
        rig.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        let tap = Tap(rig)
        for name in ["x", "y"] {
            #expect(
                rig.run(as: name, "XREADGROUP", "GROUP", "g", name, "BLOCK", "0", "STREAMS", "s", ">") == "")
        }
        #expect(rig.engine.awaitedLossCount == 1)
        rig.run("XADD", "s", "1-0", "a", "1")
        #expect(rig.pushes(as: "x") == Self.entry && rig.pushes(as: "y") == "")
        rig.run("XADD", "s", "2-0", "a", "1")
        #expect(rig.pushes(as: "y") == "*1 *2 $1 s *1 *2 $3 2-0 *2 $1 a $1 1")
        #expect(
            tap.commands == [
                "XADD s 1-0 a 1",
                "XCLAIM s g x 0 1-0 TIME \(Rig.startMs) RETRYCOUNT 1 FORCE JUSTID LASTID 1-0",
                "XGROUP SETID s g 1-0 ENTRIESREAD 1", "XADD s 2-0 a 1",
                "XCLAIM s g y 0 2-0 TIME \(Rig.startMs) RETRYCOUNT 1 FORCE JUSTID LASTID 2-0",
                "XGROUP SETID s g 2-0 ENTRIESREAD 2",
            ])
        #expect(rig.engine.waitingCounts == (0, 0) && rig.engine.awaitedLossCount == 0)
        #expect(rig.mismatch == nil)
    }

    /// Whatever takes the group away wakes its consumers.
    @Test(arguments: [
        (["DEL", "s"], noGroup), (["XGROUP", "DESTROY", "s", "g"], noGroup), (["FLUSHALL"], noGroup),
        (["RENAME", "s", "t"], noGroup), (["MOVE", "s", "1"], noGroup), (["PEXPIRE", "s", "-1"], noGroup),
        (["SWAPDB", "0", "1"], noGroup), (["COPY", "other", "s", "REPLACE"], noGroup),
        (["SET", "s", "1"], "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (["SUNIONSTORE", "s", "set"], "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (["RENAME", "set", "s"], "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ])
    func consumersHearOfLosses(_ command: [String], _ error: String) {
        rig.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        rig.run("XADD", "other", "1-0", "a", "1")
        rig.run("SADD", "set", "1")
        #expect(rig.run(as: "x", "XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">") == "")
        rig.run(command)
        #expect(rig.pushes(as: "x") == error)
        #expect(rig.engine.waitingCounts == (0, 0) && rig.mismatch == nil)
    }

    @Test func deathOfTheKey() {
        rig.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        rig.run("PEXPIRE", "s", "10")
        #expect(rig.run(as: "x", "XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">") == "")
        rig.advance(ms: 20)
        #expect(rig.pushes(as: "x") == Self.noGroup)
    }

    @Test func timeouts() {
        rig.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        #expect(rig.run(as: "x", "XREAD", "BLOCK", "10", "STREAMS", "s", "$") == "")
        #expect(rig.run(as: "y", "XREADGROUP", "GROUP", "g", "c", "BLOCK", "20", "STREAMS", "s", ">") == "")
        rig.advance(ms: 10)
        #expect(rig.pushes(as: "x") == "*-1" && rig.pushes(as: "y") == "")
        rig.advance(ms: 10)
        #expect(rig.pushes(as: "y") == "*-1" && rig.engine.waitingCounts == (0, 0))
        // What belongs to the consumer already is answered at once.
        #expect(
            rig.run("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", "0") == "*1 *2 $1 s *0")
        // In a transaction nobody waits.
        rig.run("MULTI")
        rig.run("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
        #expect(rig.run("EXEC") == "*1 *-1" && rig.mismatch == nil)
    }

    /// How often XREAD has run.
    private func calls() -> Substring? {
        rig.run("INFO", "commandstats").split(separator: " ").first { $0.hasPrefix("cmdstat_xread:") }?
            .split(separator: ",").first
    }

    /// Changes that bring nothing new do not make those who wait look again.
    @Test func onlyNewEntriesWake() {
        rig.run("XADD", "s", "1-0", "a", "1")
        rig.run("XGROUP", "CREATE", "s", "g", "0")
        #expect(rig.run(as: "x", "XREAD", "BLOCK", "0", "STREAMS", "s", "$") == "")
        let before = calls()
        rig.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        rig.run("XACK", "s", "g", "1")
        rig.run("XDEL", "s", "1")
        rig.run("XSETID", "s", "1-0")
        #expect(calls() == before)
    }
}
