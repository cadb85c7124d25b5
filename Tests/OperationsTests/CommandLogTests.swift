// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
@testable import Operations

/// SLOWLOG and COMMANDLOG.
@Suite struct CommandLogTests {
    /// All commands count as slow.
    private func rig() -> Rig {
        Rig {
            $0.insight.slowUs = 0
            $0.debugCommand = "yes"
        }
    }

    /// The arguments of the newest entries of the log, the newest first.
    private func logged(_ rig: Rig, _ kind: CommandLog.Kind = .slow) -> [String] {
        rig.engine.insight.log.newest(kind, max: .max).map { entry in
            entry.arguments.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
    }

    @Test func entriesTellWhoAndWhat() {
        let rig = rig()
        rig.run("CLIENT", "SETNAME", "me")
        rig.run("slowlog", "reset")
        rig.run("SET", "a", "1")
        let entry = rig.engine.insight.log.newest(.slow, max: 1)[0]
        let us = entry.value
        #expect(
            rig.run("SLOWLOG", "GET", "1")
                == "*1 *6 :2 :\(Rig.startMs / 1000) :\(us) *3 $3 SET $1 a $1 1 $14 127.0.0.1:5000 $2 me")
        #expect(rig.run("SLOWLOG", "LEN") == ":3")
        #expect(logged(rig) == ["SLOWLOG LEN", "SLOWLOG GET 1", "SET a 1", "slowlog reset"])
        #expect(rig.run("SLOWLOG", "RESET") == "+OK")
        // The numbers go on.
        #expect(rig.engine.insight.log.newest(.slow, max: 1)[0].id == 5)
    }

    @Test func counts() {
        let rig = rig()
        for _ in 0..<20 { rig.run("PING") }
        #expect(rig.run("SLOWLOG", "GET").hasPrefix("*10 "))
        #expect(rig.run("SLOWLOG", "GET", "0") == "*0")
        #expect(rig.run("SLOWLOG", "GET", "-1").hasPrefix("*22 "))
        #expect(rig.run("SLOWLOG", "GET", "9223372036854775807").hasPrefix("*23 "))
        for text in ["-2", "abc", "9223372036854775808", ""] {
            #expect(
                rig.run("SLOWLOG", "GET", text) == "-ERR count should be greater than or equal to -1",
                "\(text)")
        }
        #expect(rig.run("SLOWLOG", "GET", "1", "2") == "-ERR syntax error")
        #expect(rig.run("SLOWLOG", "HELP").hasPrefix("*"))
        #expect(rig.run("SLOWLOG", "FOO") == "-ERR unknown subcommand 'FOO'. Try SLOWLOG HELP.")
    }

    @Test func theLogIsBounded() {
        let rig = rig()
        rig.run("CONFIG", "SET", "slowlog-max-len", "10")
        for i in 0..<500 { rig.run("SET", "k", "\(i)") }
        #expect(rig.run("SLOWLOG", "LEN") == ":10")
        #expect(logged(rig).last == "SET k 491")
        rig.run("CONFIG", "SET", "commandlog-slow-execution-max-len", "1")
        #expect(logged(rig) == ["CONFIG SET commandlog-slow-execution-max-len 1"])
        rig.run("CONFIG", "SET", "slowlog-max-len", "0")
        let last = rig.engine.insight.log.newest(.slow, max: 1)
        #expect(last.isEmpty)
        rig.run("PING")
        #expect(rig.run("SLOWLOG", "LEN") == ":0")
        // What a log without room does not take has no number: 502 commands had.
        rig.run("CONFIG", "SET", "slowlog-max-len", "5")
        #expect(rig.engine.insight.log.newest(.slow, max: 1)[0].id == 503)
    }

    @Test func thresholdsAndTheirNames() {
        let rig = Rig()
        rig.run("PING")
        #expect(logged(rig) == [])
        rig.run("CONFIG", "SET", "commandlog-execution-slower-than", "0")
        rig.run("PING")
        rig.run("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        rig.run("PING")
        #expect(logged(rig) == ["PING", "CONFIG SET commandlog-execution-slower-than 0"])
        #expect(
            rig.run("CONFIG", "GET", "commandlog-execution-slower-than")
                == "*2 $32 commandlog-execution-slower-than $2 -1")
        #expect(rig.run("CONFIG", "SET", "slowlog-log-slower-than", "-2").hasPrefix("-ERR CONFIG SET failed"))
        #expect(rig.run("CONFIG", "GET", "commandlog-large-reply-max-len").hasSuffix("$3 128"))
        #expect(rig.run("CONFIG", "GET", "commandlog-reply-larger-than").hasSuffix("$7 1048576"))
    }

    @Test func longCommandsAreClipped() {
        let rig = rig()
        rig.run(["SADD", "s"] + (3...33).map { "\($0)" })
        #expect(logged(rig)[0].hasSuffix(" 30 31 ... (2 more arguments)"))
        rig.run(["SADD", "s"] + (3...32).map { "\($0)" })
        #expect(logged(rig)[0].hasSuffix(" 31 32"))
        rig.run("SET", "k", String(repeating: "A", count: 129))
        #expect(logged(rig)[0] == "SET k " + String(repeating: "A", count: 128) + "... (1 more bytes)")
        rig.run("SET", "k", String(repeating: "A", count: 128))
        #expect(logged(rig)[0] == "SET k " + String(repeating: "A", count: 128))
    }

    @Test func secretsAreLeftOut() {
        let rig = rig()
        rig.run("AUTH", "secret")
        rig.run("AUTH", "default", "secret")
        rig.run("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "x")
        rig.run("CONFIG", "SET", "masterauth", "secret", "timeout", "0", "PRIMARYUSER", "secret")
        rig.run("CONFIG", "SET", "requirepass", "")
        #expect(
            logged(rig) == [
                "CONFIG SET requirepass (redacted)",
                "CONFIG SET masterauth (redacted) timeout 0 PRIMARYUSER (redacted)",
                "HELLO 3 AUTH (redacted) (redacted) SETNAME x", "AUTH (redacted) (redacted)",
                "AUTH (redacted)",
            ])
    }

    /// EXEC is not logged, but each command that it runs.
    @Test func transactions() {
        let rig = rig()
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("GET", "a")
        rig.run("EXEC")
        #expect(logged(rig) == ["GET a", "SET a 1", "MULTI"])
        #expect(rig.mismatch == nil)
    }

    // MARK: Large requests and replies

    @Test func largeRequests() {
        let rig = Rig { $0.insight.requestBytes = 100 }
        rig.run("SET", "a", String(repeating: "x", count: 72))
        #expect(logged(rig, .largeRequest) == [])
        // *3 $3 SET $1 a $73 …: with all line breaks a hundred bytes, or one more.
        rig.run("SET", "a", String(repeating: "x", count: 73))
        rig.run("SET", "a", String(repeating: "x", count: 74))
        rig.run("PING")
        #expect(rig.engine.insight.log.newest(.largeRequest, max: 9).map(\.value) == [101, 100])
        #expect(rig.run("COMMANDLOG", "LEN", "large-request") == ":2")
        #expect(rig.run("COMMANDLOG", "GET", "-1", "LARGE-REQUEST").hasPrefix("*2 *6 :1 :1700000000 :101 *3"))
        #expect(rig.run("COMMANDLOG", "RESET", "large-request") == "+OK")
        #expect(rig.run("COMMANDLOG", "LEN", "large-request") == ":0")
        // A request that comes in pieces.
        let bytes = Rig.encode(["SET", "b", String(repeating: "y", count: 200)].map { Array($0.utf8) })
        for byte in bytes { _ = rig.feed([byte]) }
        rig.run("PING")
        #expect(rig.engine.insight.log.newest(.largeRequest, max: 9).map(\.value) == [bytes.count])
        // In a pipeline, and queued.
        _ = rig.feed(Rig.encode([Array("PING".utf8)]) + bytes + Rig.encode([Array("PING".utf8)]))
        rig.run("MULTI")
        _ = rig.feed(bytes)
        rig.run("EXEC")
        #expect(logged(rig, .largeRequest).count == 2)
        #expect(rig.mismatch == nil)
    }

    @Test func largeReplies() {
        let rig = Rig { $0.insight.replyBytes = 57 }
        rig.run("SET", "a", String(repeating: "x", count: 50))
        rig.run("SET", "b", String(repeating: "x", count: 51))
        rig.run("SET", "large", String(repeating: "x", count: 100_000))
        rig.run("GET", "a")
        rig.run("GET", "b")
        rig.run("GET", "large")
        rig.run("PING")
        #expect(rig.engine.insight.log.newest(.largeReply, max: 9).map(\.value) == [100_011, 58, 57])
        #expect(logged(rig, .largeReply) == ["GET large", "GET b", "GET a"])
        // In a pipeline each has its own size, though the replies lie behind each other.
        rig.run("COMMANDLOG", "RESET", "large-reply")
        let commands = ["GET a", "PING", "GET large", "ECHO x", "GET b", "PING"]
        _ = rig.feed(commands.flatMap { Rig.encode($0.split(separator: " ").map { Array($0.utf8) }) })
        #expect(rig.engine.insight.log.newest(.largeReply, max: 9).map(\.value) == [58, 100_011, 57])
        rig.run("CONFIG", "SET", "commandlog-reply-larger-than", "0")
        rig.run("COMMANDLOG", "RESET", "large-reply")
        rig.run("PING")
        #expect(logged(rig, .largeReply) == ["PING", "COMMANDLOG RESET large-reply"])
        rig.run("CONFIG", "SET", "commandlog-reply-larger-than", "-1")
        rig.run("GET", "large")
        #expect(logged(rig, .largeReply)[0] == "PING")
    }

    @Test func kinds() {
        let rig = rig()
        #expect(rig.run("COMMANDLOG", "LEN", "slow") == ":0")
        #expect(rig.run("COMMANDLOG", "LEN", "SLOW") == ":1")
        #expect(rig.run("COMMANDLOG", "GET", "1", "slow").contains("$10 COMMANDLOG $3 LEN $4 SLOW"))
        let refusal = "-ERR type should be one of the following: slow, large-request, large-reply"
        #expect(rig.run("COMMANDLOG", "GET", "1", "bogus") == refusal)
        #expect(rig.run("COMMANDLOG", "LEN", "bogus") == refusal)
        #expect(rig.run("COMMANDLOG", "RESET", "bogus") == refusal)
        #expect(
            rig.run("COMMANDLOG", "GET", "-2", "slow") == "-ERR count should be greater than or equal to -1")
        #expect(rig.run("COMMANDLOG", "HELP").hasPrefix("*"))
    }
}
