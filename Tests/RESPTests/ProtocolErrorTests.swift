// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import RESP

/// Every protocol error: its text, and that the connection closes behind it.
@Suite struct ProtocolErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let input: String
        let error: String
        var testDescription: String { String(input.prefix(30).debugDescription) }
    }

    static let cases: [Case] = [
        Case(input: "*x\r\n", error: "invalid multibulk length"),
        Case(input: "*\r\n", error: "invalid multibulk length"),
        Case(input: "*1x\r\n", error: "invalid multibulk length"),
        Case(input: "* 1\r\n", error: "invalid multibulk length"),
        Case(input: "*01\r\n", error: "invalid multibulk length"),
        Case(input: "*+1\r\n", error: "invalid multibulk length"),
        Case(input: "*2147483648\r\n", error: "invalid multibulk length"),
        Case(input: "*9223372036854775807\r\n", error: "invalid multibulk length"),
        Case(input: "*9223372036854775808\r\n", error: "invalid multibulk length"),
        Case(input: "*99999999999999999999999999999\r\n", error: "invalid multibulk length"),
        Case(input: "*1\r\n:1\r\n", error: "expected '$', got ':'"),
        Case(input: "*1\r\nPING\r\n", error: "expected '$', got 'P'"),
        Case(input: "*2\r\n$4\r\nPING\r\n*1\r\n", error: "expected '$', got '*'"),
        Case(input: "*1\r\n\r\n", error: "expected '$', got ' '"),
        Case(input: "*1\r\n$\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$-1\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$x\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$04\r\nPING\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$536870913\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$4294967296\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$9223372036854775807\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$9223372036854775808\r\n", error: "invalid bulk length"),
        Case(input: "echo \"open\r\n", error: "unbalanced quotes in request"),
        Case(input: "echo 'open\n", error: "unbalanced quotes in request"),
        Case(input: "echo \"a\"b\r\n", error: "unbalanced quotes in request"),
        Case(input: "echo \"a\\\"\r\n", error: "unbalanced quotes in request"),
        Case(input: String(repeating: "x", count: 70000), error: "too big inline request"),
        Case(input: "*" + String(repeating: "1", count: 70000), error: "too big mbulk count string"),
        Case(input: "*1\r\n$" + String(repeating: "1", count: 70000), error: "too big bulk count string"),
    ]

    @Test(arguments: cases) func textAndClosing(test: Case) {
        let expected = Array("-ERR Protocol error: \(test.error)\r\n".utf8)
        let input = Array(test.input.utf8)
        // Whole, with a command in front and one behind that must not run any more.
        let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
        let rig = Rig(withTwin: false)
        let isUnfinished = !test.input.hasSuffix("\n")
        #expect(rig.feed(ping + input + (isUnfinished ? [] : ping)) == Array("+PONG\r\n".utf8) + expected)
        #expect(rig.session().isClosing)
        #expect(rig.feed(ping) == [], "a closing session executes nothing")
        #expect(rig.feed(as: "other", ping) == Array("+PONG\r\n".utf8))
        // Byte by byte.
        let torn = Rig(withTwin: false)
        #expect(input.flatMap { torn.feed([$0]) } == expected)
        #expect(torn.session().isClosing)
    }

    @Test(arguments: ["*0\r\n", "*-1\r\n", "*-9223372036854775808\r\n", "\r\n", "\n", "  \t \r\n"])
    func nothingToDo(input: String) {
        let rig = Rig(withTwin: false)
        #expect(rig.feed(Array(input.utf8)) == [])
        #expect(!rig.session().isClosing)
        #expect(rig.run("PING") == "+PONG")
    }

    /// The line end behind a bulk is skipped, whatever it is; the length decides.
    @Test func lineEndsAreNotLookedAt() {
        let rig = Rig(withTwin: false)
        #expect(
            rig.feed(Array("*1\r\n$4\r\nPINGxy*1\r\n$4\r\nPING\r\n".utf8)) == Array("+PONG\r\n+PONG\r\n".utf8)
        )
        #expect(rig.feed(Array("*1\rX$4\rYPING\r\n".utf8)) == Array("+PONG\r\n".utf8))
    }

    /// The largest bulk is announced, not refused; nothing is set aside for arguments that are only announced.
    @Test func largestLengths() {
        let rig = Rig(withTwin: false)
        #expect(rig.feed(as: "a", Array("*2147483647\r\n".utf8)) == [])
        #expect(rig.feed(as: "b", Array("*1\r\n$536870912\r\n".utf8)) == [])
        #expect(!rig.session("a").isClosing && !rig.session("b").isClosing)
        #expect((rig.session("a").assembler?.heldBytes ?? 0) < 100_000)
    }

    // MARK: Before AUTH

    private func stranger() -> (Rig, Session) {
        let rig = Rig(withTwin: false)
        let session = rig.session()
        session.limits.isUnauthenticated = true
        session.limits.argumentsMax = ProtocolLimits.unauthenticatedArgumentsMax
        session.limits.bulkBytesMax = ProtocolLimits.unauthenticatedBulkBytesMax
        return (rig, session)
    }

    @Test func argumentsBeforeAuth() {
        var (rig, session) = stranger()
        #expect(
            rig.feed(Rig.encode(Array(repeating: Array("PING".utf8), count: 10))).first == UInt8(ascii: "-"))
        #expect(!session.isClosing)
        #expect(
            rig.feed(Rig.encode(Array(repeating: Array("PING".utf8), count: 11)))
                == Array("-ERR Protocol error: unauthenticated multibulk length\r\n".utf8))
        #expect(session.isClosing)
        (rig, session) = stranger()
        // A count that is wrong for everybody keeps its text.
        #expect(
            rig.feed(Array("*2147483648\r\n".utf8))
                == Array("-ERR Protocol error: invalid multibulk length\r\n".utf8))
    }

    @Test func bulkBeforeAuth() {
        var (rig, session) = stranger()
        let most = [UInt8](repeating: 65, count: 16384)
        #expect(rig.feed(Rig.encode([Array("ECHO".utf8), most])).starts(with: Array("$16384\r\n".utf8)))
        #expect(!session.isClosing)
        #expect(
            rig.feed(Rig.encode([Array("ECHO".utf8), most + [65]]))
                == Array("-ERR Protocol error: unauthenticated bulk length\r\n".utf8))
        #expect(session.isClosing)
        (rig, session) = stranger()
        #expect(
            rig.feed(Array("*1\r\n$536870913\r\n".utf8))
                == Array("-ERR Protocol error: invalid bulk length\r\n".utf8))
    }
}
