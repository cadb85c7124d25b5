// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
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
        Case(input: "echo \"a\"b\"\r\n", error: "unbalanced quotes in request"),
        Case(input: "echo \"a\\\"\r\n", error: "unbalanced quotes in request"),
        // A line ends with CR and LF, and nothing else does for it.
        Case(input: "*1\rx$4\r\nPING\r\n", error: "invalid CRLF in request"),
        Case(input: "*x\rx\r\n", error: "invalid CRLF in request"),
        Case(input: "*0\rx\r\n", error: "invalid CRLF in request"),
        Case(input: "*1x\n$4\r\nPING\r\n", error: "invalid multibulk length"),
        Case(input: "*1\r\n$4\rxPING\r\n", error: "invalid CRLF in request"),
        Case(input: "*1\r\nx\rx\n", error: "expected '$', got 'x'"),
        Case(input: "*1\r\n$4xxPING\r\n", error: "invalid bulk length"),
        Case(input: "*1\r\n$4\r\nPINGx\n", error: "invalid CRLF in request"),
        Case(input: "*1\r\n$4\r\nPING\n\r\n", error: "invalid CRLF in request"),
        Case(input: "*2\r\n$4\r\nECHO\rx$1\r\na\r\n", error: "invalid CRLF in request"),
        Case(input: "*2\r\n$4\r\nECHOxx$1\r\na\r\n", error: "invalid CRLF in request"),
        Case(input: "*2\r\n$4\r\nECHO\r\n$1\r\nax\n", error: "invalid CRLF in request"),
        Case(input: "*2\r\n$4\r\nECHO\r\n$12\r\nabcdefghijklx\n", error: "invalid CRLF in request"),
        Case(input: "*2\r\n$4\r\nECHO\r\n$3\r\nabcdefgh\r\n", error: "invalid CRLF in request"),
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

    /// Line ends are looked at in each command of a pipeline, also where it begins like the one before.
    @Test(arguments: ["ECHO\r\n$1\r\naxx", "ECHOx\n$1\r\na\r\n", "ECHO\r\n$1\rxa\r\n"])
    func lineEndsInPipelines(rest: String) {
        let rig = Rig(withTwin: false)
        let good = "*2\r\n$4\r\nECHO\r\n$1\r\na\r\n"
        let reply = rig.feed(Array((good + good + good + "*2\r\n$4\r\n" + rest + good).utf8))
        let answer =
            String(repeating: "$1\r\na\r\n", count: 3) + "-ERR Protocol error: invalid CRLF in request\r\n"
        #expect(reply == Array(answer.utf8) && rig.session().isClosing)
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
