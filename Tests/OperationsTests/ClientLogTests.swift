// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Engine
@testable import Operations

/// What the log is told of clients: intruders, broken protocol, and what is hidden of them.
@Suite struct ClientLogTests {
    private func logged(_ rig: Rig) -> [String] { rig.host.logged.map(\.description) }

    private func isGone(_ rig: Rig, _ name: String) -> Bool { rig.session(name).isDoomed }

    /// A line of HTTP ends a connection at once, whatever stands around it, and nothing behind it runs.
    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: x\r\nSET pwned 1\r\n",
        "Host: x\r\nSET pwned 1\r\n", "host: x\r\nSET pwned 1\r\n", "hOST:\r\nSET pwned 1\r\n",
        "post\r\nSET pwned 1\r\n", "*1\r\n$4\r\nPOST\r\nSET pwned 1\r\n",
        "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\n*3\r\n$3\r\nSET\r\n$5\r\npwned\r\n$1\r\n1\r\n",
        "MULTI\r\nPOST / HTTP/1.1\r\nSET pwned 1\r\nEXEC\r\n", "CLIENT REPLY OFF\r\npost\r\nSET pwned 1\r\n",
        "*1\r\n$4\r\nPO", "GET a\r\npost a b c\r\nSET pwned 1\r\n",
    ])
    func intruders(_ text: String) {
        let rig = Rig()
        var reply = String(decoding: rig.feed(as: "b", Array(text.utf8)), as: UTF8.self)
        if text.hasSuffix("PO") {
            reply += String(decoding: rig.feed(as: "b", Array("ST\r\n".utf8)), as: UTF8.self)
        }
        #expect(isGone(rig, "b") && !reply.contains("-ERR"))
        #expect(rig.run("GET", "pwned") == "$-1")
        #expect(
            logged(rig) == [
                "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to "
                    + "Needletail. This is likely due to an attacker attempting to use Cross Protocol Scripting to "
                    + "compromise your Needletail instance. Connection from 127.0.0.1:5000 aborted."
            ])
        #expect(rig.engine.errorCounts.isEmpty)
        #expect(rig.mismatch == nil)
    }

    @Test func othersAreUnknown() {
        let rig = Rig()
        for name in ["POSTX", "HOST", "POS", "Host;", "GET/"] {
            #expect(rig.run(name, "x").hasPrefix("-ERR unknown command"))
        }
        #expect(logged(rig).isEmpty)
    }

    /// Nobody gets in by it who has not authenticated, and many of them fill no disk.
    @Test func intrudersAreLoggedNowAndThen() {
        let rig = Rig { $0.password = "secret" }
        for i in 0..<50 {
            rig.run(as: "b\(i)", "POST")
            #expect(isGone(rig, "b\(i)"))
        }
        #expect(logged(rig).count == 1)
        rig.advance(ms: 60_000)
        rig.run(as: "c", "POST")
        #expect(logged(rig).count == 2)
    }

    @Test func brokenProtocol() {
        let rig = Rig()
        let begin = "Protocol error (invalid bulk length) from client: id=1 addr=127.0.0.1:5000 "
        _ = rig.feed(as: "b", Array("*1\r\n$-5\r\nSECRET\u{1}é\r\n".utf8))
        #expect(logged(rig).count == 1 && logged(rig)[0].hasPrefix(begin))
        #expect(logged(rig)[0].hasSuffix(". Query buffer during protocol error: '*1..$-5..SECRET.....'"))
        _ = rig.feed(as: "c", Array(("PING \"" + String(repeating: "x", count: 200) + "\r\n").utf8))
        let x = String(repeating: "x", count: 58)
        #expect(
            logged(rig)[1].hasSuffix(
                ". Query buffer during protocol error: 'PING \"\(x) (... more 80 bytes ...) xxxx\(x)..'"))
    }

    /// What clients name themselves, and what they send, stays out of the log if it is to.
    @Test(arguments: [false, true]) func userData(_ hides: Bool) {
        let rig = Rig { $0.service.hidesUserData = hides }
        func shown(_ line: String?) -> Bool {
            guard let line else { return false }
            let shows = ["name=me", "user=default", "lib-name=mylib", "lib-ver=9.9"].map {
                line.contains(" \($0) ")
            }
            let redacts = ["name", "user", "lib-name", "lib-ver"].allSatisfy {
                line.contains(" \($0)=*redacted* ")
            }
            return hides
                ? redacts && !shows.contains(true) && !line.contains("PRIVATE") : !shows.contains(false)
        }
        for name in ["a", "b", "c", "d"] {
            rig.run(as: name, "CLIENT", "SETNAME", "me")
            rig.run(as: name, "CLIENT", "SETINFO", "lib-name", "mylib")
            rig.run(as: name, "CLIENT", "SETINFO", "lib-ver", "9.9")
        }
        _ = rig.feed(as: "a", Array("*1\r\n$-5\r\nPRIVATE\r\n".utf8))
        #expect(shown(logged(rig).last) && logged(rig).last?.contains("Protocol error") == true)
        rig.run("CONFIG", "SET", "client-query-buffer-limit", "1mb")
        _ = rig.feed(as: "b", Array("*2\r\n$3000000\r\n".utf8) + [UInt8](repeating: 65, count: 1_500_000))
        #expect(shown(logged(rig).last) && logged(rig).last?.contains("max query buffer") == true)
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 20000 0 0")
        rig.run("SET", "k", String(repeating: "PRIVATE", count: 2000))
        rig.run(as: "c", "MGET", "k", "k", "k")
        #expect(
            shown(logged(rig).last) && logged(rig).last?.contains("output buffer limits") == true)
        rig.run("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        _ = rig.feed(as: "d", Array("*2\r\n$500000\r\nPRIVATE".utf8))
        rig.run("CONFIG", "SET", "maxmemory-clients", "300000")
        rig.engine.evictClients()
        let evicted = logged(rig).first { $0.hasPrefix("Evicting client: id=4 ") }
        #expect(shown(evicted))
        // Clients see what they have always seen.
        #expect(rig.run("CLIENT", "LIST").contains("user=default"))
    }

    @Test func theEndIsCalledOff() {
        let rig = Rig()
        #expect(rig.run("SHUTDOWN", "ABORT") == "-ERR No shutdown in progress.")
        rig.host.isEnding = true
        #expect(rig.run("SHUTDOWN", "ABORT", "NOW") == "-ERR syntax error")
        #expect(rig.run("SHUTDOWN", "ABORT") == "+OK")
        #expect(rig.run("SHUTDOWN", "ABORT") == "-ERR No shutdown in progress.")
    }

    /// The reply that is skipped is that of RESET; whoever had switched replies off hears it.
    @Test func resetAndSkippedReplies() {
        let rig = Rig()
        rig.run("CLIENT", "REPLY", "SKIP")
        #expect(rig.run("RESET") == "" && rig.run("PING") == "+PONG")
        rig.run("CLIENT", "REPLY", "OFF")
        #expect(rig.run("RESET") == "+RESET" && rig.run("PING") == "+PONG")
        let pipeline = "CLIENT REPLY SKIP\r\nRESET\r\nPING\r\nCLIENT REPLY OFF\r\nPING\r\nRESET\r\nPING\r\n"
        #expect(rig.feed(Array(pipeline.utf8)) == Array("+PONG\r\n+RESET\r\n+PONG\r\n".utf8))
    }
}
