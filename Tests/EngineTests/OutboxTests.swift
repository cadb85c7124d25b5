// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import RESP
import Testing

@testable import Engine

/// Messages to sessions, observers of commands, and sessions that wait.
@Suite struct OutboxTests {
    /// Pushes a message to a session whenever a command runs.
    private final class Echo: CommandObserver {
        let target: Session
        init(_ target: Session) { self.target = target }
        func willRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
            engine.push(Array("+saw \(engine.table.fullName(index))\r\n".utf8), to: target)
        }
    }

    /// Makes every write wait.
    private func hold(_ rig: Rig, _ words: String..., as name: String) {
        let bytes = Rig.encode(words.map { Array($0.utf8) })
        let list = ArgumentList(rig.engine.keys.heap)
        bytes.withView { view in
            var position = 0
            var memo = CommandMemo()
            #expect(FastParser.parse(view, &position, list, ProtocolLimits(), &memo))
            rig.engine.hold(list.arguments, rig.session(name))
        }
    }

    @Test func othersAreToldBehindTheirReplies() {
        let rig = Rig()
        let echo = Echo(rig.session("b"))
        rig.engine.observe(echo)
        #expect(rig.run("PING") == "+PONG")
        #expect(rig.run("SET", "a", "1") == "+OK")
        #expect(rig.session("b").hasPushes)
        #expect(rig.pushes(as: "b") == "+saw ping +saw set")
        #expect(!rig.session("b").hasPushes && rig.engine.outbox.bytes == 0)
        rig.engine.unobserve(echo)
        rig.run("PING")
        #expect(rig.pushes(as: "b") == "")
        #expect(rig.engine.refusals.isEmpty)
        #expect(rig.mismatch == nil)
    }

    /// A message for the client itself follows the reply of its command, and of EXEC as a whole.
    @Test func ownMessagesFollowTheReply() {
        let rig = Rig()
        let echo = Echo(rig.session())
        rig.engine.observe(echo)
        #expect(rig.run("SET", "a", "1") == "+OK +saw set")
        rig.run("MULTI")
        #expect(rig.run("GET", "a") == "+QUEUED")
        #expect(rig.run("EXEC") == "*1 $1 1 +saw exec +saw get")
        rig.run("CLIENT", "REPLY", "OFF")
        #expect(rig.run("PING") == "+saw ping")
        #expect(rig.mismatch == nil)
    }

    @Test func whatAGoneClientWasToldIsForgotten() {
        let rig = Rig()
        let heap = rig.engine.keys.heap
        let before = heap.usedBytes
        let session = rig.session("b")
        // The connection itself, and one chunk for a small message.
        #expect(heap.usedBytes == before + Session.ownBytes)
        rig.engine.push(Array("+x\r\n".utf8), to: session)
        #expect(heap.usedBytes == before + Session.ownBytes + 512)
        rig.engine.disconnected(session)
        #expect(heap.usedBytes == before && rig.engine.outbox.isEmpty)
    }

    /// A held session's commands wait in order, however they arrive, and run when it is resumed.
    @Test func heldCommandsRunLater() {
        let rig = Rig()
        hold(rig, "SET", "a", "1", as: "b")
        #expect(rig.run(as: "b", "APPEND", "a", "2") == "")
        #expect(rig.feed(as: "b", Array("*2\r\n$3\r\nGE".utf8)) == [])
        #expect(rig.run("EXISTS", "a") == ":0")
        #expect(rig.resumeHeld() == ["b": "+OK :2"])
        #expect(rig.feed(as: "b", Array("T\r\n$1\r\na\r\n".utf8)) == Array("$2\r\n12\r\n".utf8))
        #expect(rig.mismatch == nil)
    }

    /// Whoever still holds a session whose connection is gone can neither run its commands nor tell it anything.
    @Test func aGoneSessionDoesNothing() {
        let rig = Rig()
        rig.run("PING")
        let heap = rig.engine.keys.heap
        let before = heap.usedBytes
        let session = rig.session("b")
        rig.run(as: "b", "SUBSCRIBE", String(repeating: "c", count: 50_000))
        #expect(heap.usedBytes - before >= 50_000)
        rig.engine.disconnected(session)
        #expect(rig.run(as: "b", "SUBSCRIBE", "d") == "")
        #expect(rig.run("PUBSUB", "CHANNELS") == "*0")
        rig.engine.push(Array("+x\r\n".utf8), to: session)
        #expect(!session.hasPushes && heap.usedBytes == before)
    }
}
