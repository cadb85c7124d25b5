// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Server
import EngineRig
import Keyspace
import RESP
import Testing

/// NEST KEEP|BACK command [argument …]: runs a command in a frame, and replies with its reply as a string.
private enum Nest: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let inner = Reply(keys.heap)
        let frame = call.engine.openFrame(call.session, inner)
        if let index = call.engine.table.index(args[2]) {
            call.engine.perform(index, args.dropFirst(2), call.session, frame.call)
        }
        if args[1].matches("BACK") { call.engine.cutBack(frame) }
        call.engine.closeFrame(frame, restoresSession: true)
        call.propagateNothing()
        reply.bulk(inner.written(from: 0))
    }
}

/// Notes the commands that leave each unit.
private final class Reader: EffectReader {
    var units: [Int] = []
    func unitEnded(_ log: EffectLog) { units.append(log.commandCount) }
}

@Suite struct FrameTests {
    private static let feature = Feature(
        "nest",
        families: [
            Family(
                commands: [Command("NEST", arity: -3, [.write], .scripting, Nest.self)],
                docs: [CommandDoc("NEST", "Nests.", since: "1.0.0", "O(1)")])
        ])
    private let rig = Rig(withTwin: false, features: Wiring.features + [feature])

    @Test func repliesAndErrorsGoWhereTheFrameSays() {
        #expect(rig.run("NEST", "KEEP", "SET", "a", "1") == "$5 +OK ")
        #expect(rig.run("NEST", "KEEP", "NEST", "KEEP", "GET", "a") == "$13 $7 $1 1  ")
        #expect(
            rig.run("NEST", "KEEP", "INCRBY", "a", "x") == "$46 -ERR value is not an integer or out of range "
        )
        #expect(rig.run("GET", "a") == "$1 1")
    }

    @Test func theSessionIsAsBefore() {
        #expect(rig.run("NEST", "KEEP", "SELECT", "3") == "$5 +OK ")
        #expect(rig.run("CLIENT", "INFO").contains(" db=0 "))
        #expect(rig.run("NEST", "KEEP", "HELLO", "3").contains("proto"))
        #expect(rig.run("CLIENT", "INFO").contains(" resp=2 "))
    }

    @Test func theUnitEndsWithTheOutermostCommand() {
        let reader = Reader()
        rig.engine.keys.effects.readers = EffectLog.Reader.twin
        rig.engine.effectReaders.append(reader)
        rig.run("MULTI")
        rig.run("NEST", "KEEP", "NEST", "KEEP", "SET", "a", "1")
        rig.run("NEST", "BACK", "SET", "b", "1")
        rig.run("SET", "c", "1")
        #expect(reader.units == [])
        rig.run("EXEC")
        #expect(reader.units == [2])
        #expect(rig.run("GET", "b") == "$1 1")
    }

    /// What a long command shows of the clock is seen by the commands behind the transaction, not by those in it.
    @Test func timeStandsStillWithinAFrame() {
        let rig = Rig(withTwin: false) { $0.debugCommand = "yes" }
        let start = rig.engine.keys.nowMs
        rig.run("MULTI")
        rig.run("DEBUG", "SLEEP", "5")
        rig.run("SET", "a", "1", "PX", "1000")
        rig.run("PTTL", "a")
        #expect(rig.run("EXEC") == "*3 +OK +OK :1000")
        #expect(rig.engine.keys.nowMs == start + 5000)
    }
}
