// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Server
import EngineRig
import Keyspace
import RESP
import Testing

/// TAKE timeout key [key …]: takes the first of several keys that is there, or waits so many milliseconds for one (0:
/// for ever).
private enum Take: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let ms = try args.integer(1)
        for i in 2..<args.count {
            let found = keys.locate(args[i])
            guard found.exists else { continue }
            keys.delete(found)
            call.propagate("DEL", args[i])
            return reply.bulk(args[i])
        }
        guard call.mayWait, call.resumption != .timedOut else { return reply.null() }
        call.wait(
            forKeysAt: 2..<args.count, of: nil, args, deadlineMs: ms == 0 ? nil : keys.nowMs + ms)
    }
}

@Suite struct WaitingTests {
    private static let feature = Feature(
        "take",
        families: [
            Family(
                commands: [
                    Command(
                        "TAKE", arity: -3, [.write, .blocking], .generic, keys: "idx2+range(-1,1,0)[RW]",
                        Take.self)
                ],
                docs: [CommandDoc("TAKE", "Takes.", since: "1.0.0", "O(1)")])
        ])
    private let rig = Rig(features: Wiring.features + [feature])

    @Test func whatIsThereIsTakenAtOnce() {
        rig.run("SADD", "a", "1")
        #expect(rig.run("TAKE", "0", "b", "a") == "$1 a")
        #expect(rig.run("EXISTS", "a") == ":0" && rig.mismatch == nil)
    }

    @Test func firstComeFirstServed() {
        #expect(rig.run(as: "x", "TAKE", "0", "a") == "")
        #expect(rig.run(as: "y", "TAKE", "0", "a") == "")
        #expect(rig.run("INFO", "clients").contains("blocked_clients:2 "))
        #expect(rig.run("INFO", "clients").contains("total_blocking_keys:1 "))
        #expect(rig.run("SADD", "a", "1") == ":1")
        #expect(rig.pushes(as: "x") == "$1 a" && rig.pushes(as: "y") == "")
        rig.run("SADD", "a", "1")
        #expect(rig.pushes(as: "y") == "$1 a")
        #expect(rig.run("INFO", "clients").contains("blocked_clients:0 "))
        #expect(rig.engine.keys.tellsReady == false && rig.mismatch == nil)
    }

    /// Served are those who wait, behind the unit; what they take is propagated as a unit of its own.
    @Test func servedBehindTheUnit() {
        let tap = Tap(rig)
        rig.run(as: "x", "TAKE", "0", "a")
        rig.run("MULTI")
        rig.run("SADD", "a", "1")
        rig.run("SCARD", "a")
        _ = tap.commands
        #expect(rig.run("EXEC") == "*2 :1 :1")
        #expect(rig.pushes(as: "x") == "$1 a")
        #expect(tap.commands == ["SADD a 1", "DEL a"])
        #expect(rig.mismatch == nil)
    }

    @Test func aTransactionNeverWaits() {
        rig.run("MULTI")
        rig.run("TAKE", "0", "a")
        #expect(rig.run("EXEC") == "*1 $-1")
    }

    @Test func theTimeIsOver() {
        rig.run(as: "x", "TAKE", "50", "a")
        rig.run(as: "y", "TAKE", "20", "a")
        rig.advance(ms: 19)
        #expect(rig.pushes(as: "y") == "")
        rig.advance(ms: 1)
        #expect(rig.pushes(as: "y") == "$-1" && rig.pushes(as: "x") == "")
        rig.run("SADD", "a", "1")
        #expect(rig.pushes(as: "x") == "$1 a")
        rig.advance(ms: 1000)
        #expect(rig.pushes(as: "x") == "" && rig.pushes(as: "y") == "")
        #expect(rig.engine.waitingCounts == (0, 0))
    }

    @Test func theRestOfThePipelineWaitsBehind() {
        let bytes = Rig.encode(["TAKE", "0", "a"].map { Array($0.utf8) }) + Rig.encode([Array("PING".utf8)])
        #expect(rig.feed(as: "x", bytes).isEmpty)
        #expect(rig.feed(as: "x", Rig.encode([Array("DBSIZE".utf8)])).isEmpty)
        rig.run("SADD", "a", "1")
        #expect(rig.pushes(as: "x") == "$1 a")
        #expect(rig.resumeHeld() == ["x": "+PONG :0"])
        #expect(rig.run(as: "x", "PING") == "+PONG")
    }

    @Test func whoGoesLeavesTheLine() {
        rig.run(as: "x", "TAKE", "0", "a", "b", "a")
        rig.run(as: "y", "TAKE", "1000", "b")
        rig.leave("x")
        rig.engine.checkInvariants()
        rig.run("SADD", "b", "1")
        #expect(rig.pushes(as: "y") == "$1 b")
        rig.run(as: "y", "TAKE", "1000", "b")
        rig.leave("y")
        #expect(rig.engine.waitingCounts == (0, 0) && rig.engine.nextWaitEndMs == nil)
    }

    @Test func unblocked() {
        rig.run(as: "x", "TAKE", "0", "a")
        let id = String(rig.session("x").id)
        #expect(rig.run("CLIENT", "UNBLOCK", id) == ":1" && rig.pushes(as: "x") == "$-1")
        #expect(rig.run("CLIENT", "UNBLOCK", id) == ":0")
        rig.run(as: "x", "TAKE", "0", "a")
        #expect(rig.run("CLIENT", "UNBLOCK", id, "ERROR") == ":1")
        #expect(rig.pushes(as: "x") == "-UNBLOCKED client unblocked via CLIENT UNBLOCK")
        #expect(rig.run("CLIENT", "UNBLOCK", "999") == ":0")
        #expect(rig.run("CLIENT", "UNBLOCK", "x") == "-ERR value is not an integer or out of range")
    }

    /// Ten thousand in a line are served one after the other, and nobody is looked at twice.
    @Test func aLongLine() {
        for i in 0..<10_000 { rig.run(as: "c\(i)", "TAKE", "0", "a") }
        for i in 0..<100 {
            rig.run("SADD", "a", "1")
            #expect(rig.pushes(as: "c\(i)") == "$1 a")
        }
        #expect(rig.engine.waitingCounts == (9900, 1))
        #expect(rig.mismatch == nil)
    }
}
