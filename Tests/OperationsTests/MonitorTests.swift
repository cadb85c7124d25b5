// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Operations

@Suite struct MonitorTests {
    private func rig() -> Rig {
        let rig = Rig()
        rig.engine.keys.nowUs = 1_700_000_000_000_042
        #expect(rig.run(as: "m", "MONITOR") == "+OK")
        return rig
    }

    @Test func linesOfCommands() {
        let rig = rig()
        rig.run("SET", "a", "say \"x\"\\\r\n\t\u{7}\u{8}")
        #expect(
            rig.pushes(as: "m")
                == #"+1700000000.000042 [0 127.0.0.1:5001] "SET" "a" "say \"x\"\\\r\n\t\a\b""#)
        _ = rig.raw([Array("get".utf8), [0, 31, 127, 128, 255]])
        #expect(rig.pushes(as: "m").hasSuffix(#" "get" "\x00\x1f\x7f\x80\xff""#))
        rig.run("SELECT", "3")
        rig.run("GET", "a")
        let lines = rig.pushes(as: "m")
        #expect(
            lines.contains(#"[0 127.0.0.1:5001] "SELECT" "3" "#)
                && lines.hasSuffix(#"[3 127.0.0.1:5001] "GET" "a""#))
        #expect(rig.mismatch == nil)
    }

    /// What administers the server is not shown, nor what is not carried out; secrets neither.
    @Test func whatIsNotShown() {
        let rig = rig()
        for words in [
            ["CONFIG", "GET", "port"], ["SLOWLOG", "LEN"], ["GET"], ["NOSUCH"], ["CLIENT", "LIST"],
        ] {
            rig.run(words)
        }
        #expect(rig.pushes(as: "m") == "")
        rig.run("AUTH", "secret")
        #expect(rig.pushes(as: "m").hasSuffix(#"] "AUTH" "(redacted)""#))
        rig.run("HELLO", "2", "AUTH", "default", "secret")
        #expect(rig.pushes(as: "m").hasSuffix(#"] "HELLO" "2" "AUTH" "(redacted)" "(redacted)""#))
    }

    /// The commands of a transaction are shown when they run, ahead of EXEC.
    @Test func transactions() {
        let rig = rig()
        rig.run("MULTI")
        rig.run("SET", "a", "1")
        rig.run("CONFIG", "GET", "port")
        #expect(rig.pushes(as: "m").hasSuffix(#""MULTI""#))
        rig.run("GET", "a")
        rig.run("EXEC")
        let words = rig.pushes(as: "m").split(separator: "] ").dropFirst().map { $0.prefix { $0 != "+" } }
        #expect(words == [#""SET" "a" "1" "#, #""GET" "a" "#, #""EXEC""#])
        rig.run("MULTI")
        rig.run("MONITOR")
        #expect(rig.run("EXEC") == "*1 -ERR MONITOR isn't allowed for DENY BLOCKING client")
        #expect(rig.mismatch == nil)
    }

    @Test func whoWatchesMayDoLittleElse() {
        let rig = rig()
        #expect(rig.run("CLIENT", "LIST").contains(" flags=O "))
        #expect(rig.run(as: "m", "GET", "a") == "-ERR Replica can't interact with the keyspace")
        #expect(rig.run(as: "m", "SET", "a", "1") == "-ERR Replica can't interact with the keyspace")
        // Again: nothing is answered. Its own commands are shown behind their replies.
        #expect(rig.run(as: "m", "MONITOR") == "")
        #expect(rig.run(as: "m", "PING") == #"+PONG +1700000000.000042 [0 127.0.0.1:5000] "PING""#)
    }

    @Test func leaving() {
        let rig = rig()
        rig.run(as: "n", "MONITOR")
        #expect(rig.engine.insight.monitor.count == 2)
        #expect(rig.run(as: "n", "RESET").hasPrefix("+RESET"))
        #expect(rig.engine.insight.monitor.count == 1 && rig.run(as: "n", "GET", "a") == "$-1")
        rig.engine.disconnected(rig.session("m"))
        #expect(rig.engine.insight.monitor.count == 0 && rig.engine.refusals.isEmpty)
        #expect(rig.engine.outbox.isEmpty || rig.pushes(as: "m") == "")
    }

    @Test func unixSocketsAreNamed() {
        let rig = Rig()
        let session = rig.engine.clients.connect(
            address: "/run/nt.sock:0", localAddress: "/run/nt.sock:0", nowMs: Rig.startMs)
        rig.run(as: "m", "MONITOR")
        Rig.encode([Array("PING".utf8)]).withView { rig.engine.receive($0, from: session) }
        rig.engine.reply.reset()
        #expect(rig.pushes(as: "m").hasSuffix(#"[0 unix:/run/nt.sock] "PING""#))
    }
}
