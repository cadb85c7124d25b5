// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import RESP
import Testing

@testable import Engine

/// A name in Latin-1, which is no UTF-8.
private let odd = ByteString([0x6E, 0xE4, 0xFF, 0x80])

/// What clients send comes back as they sent it, also where it is no UTF-8.
@Suite struct ByteTests {
    private func run(_ rig: Rig, _ words: ByteString...) -> ByteString { run(rig, words) }

    private func run(_ rig: Rig, _ words: [ByteString]) -> ByteString {
        ByteString(rig.raw(words.map(\.bytes)))
    }

    @Test(
        arguments: [
            ([odd, odd], "-ERR unknown command '\(odd)', with args beginning with: '\(odd)' \r\n"),
            (["CLIENT", odd], "-ERR unknown subcommand '\(odd)'. Try CLIENT HELP.\r\n"),
            (
                ["CONFIG", "SET", odd, "1"],
                "-ERR Unknown option or number of arguments for CONFIG SET - '\(odd)'\r\n"
            ),
            (["CLIENT", "KILL", "TYPE", odd], "-ERR Unknown client type '\(odd)'\r\n"),
            (["CLIENT", "KILL", "USER", odd], "-ERR No such user '\(odd)'\r\n"),
            (
                ["CLIENT", "LIST", "FLAGS", odd],
                "-ERR Unknown flags found in the provided filter: \(odd)\r\n"
            ),
            (["CLIENT", "LIST", "CAPA", odd], "-ERR Unknown capa found in the provided filter: \(odd)\r\n"),
            (["CLIENT", "SETINFO", odd, "1"], "-ERR Unrecognized option '\(odd)'\r\n"),
            (
                ["CLIENT", "SETINFO", "Lib-Name", odd],
                "-ERR Lib-Name cannot contain spaces, newlines or special characters.\r\n"
            ),
            (["HELLO", "2", odd], "-ERR Syntax error in HELLO option '\(odd)'\r\n"),
            (["EXPIRE", "k", "1", odd], "-ERR Unsupported option \(odd)\r\n"),
            (["LATENCY", "GRAPH", odd], "-ERR No samples available for event '\(odd)'\r\n"),
            (
                ["PUBSUB", "CHANNELS", "a", "b"],
                "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.\r\n"
            ),
            (
                ["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", odd, "PREFIX", odd],
                "-ERR Prefix '\(odd)' overlaps with another provided prefix '\(odd)'. "
                    + "Prefixes for a single client must not overlap.\r\n"
            ),
            (
                ["DEBUG", odd],
                "-ERR unknown subcommand or wrong number of arguments for '\(odd)'. Try DEBUG HELP.\r\n"
            ),
            (["DEBUG", "ERROR", odd], "-\(odd)\r\n"),
            (["PING", odd], "$4\r\n\(odd)\r\n"),
        ] as [([ByteString], ByteString)])
    func errorsShowTheBytes(_ words: [ByteString], _ reply: ByteString) {
        #expect(run(Rig { $0.debugCommand = "yes" }, words) == reply)
    }

    @Test func brokenProtocolShowsTheByte() {
        for (input, shown) in [([0xE4], [0xE4]), ([0], [0]), ([], [32])] as [([UInt8], [UInt8])] {
            let reply = Rig().feed(Array("*1\r\n".utf8) + input + [13, 10])
            #expect(ByteString(reply) == "-ERR Protocol error: expected '$', got '\(shown)'\r\n")
        }
    }

    /// What is cut is cut at bytes, not at characters.
    @Test func unknownCommandsAreCutAtBytes() {
        let long = ByteString([UInt8](repeating: 0xE4, count: 200))
        let cut = [UInt8](repeating: 0xE4, count: 128)
        #expect(
            run(Rig(), long, long)
                == "-ERR unknown command '\(cut)', with args beginning with: '\(cut)' \r\n")
    }

    @Test func settingsAreBytes() throws {
        let rig = Rig()
        for name: ByteString in ["proc-title-template", "availability-zone"] {
            #expect(run(rig, "CONFIG", "SET", name, odd) == "+OK\r\n")
            #expect(
                run(rig, "CONFIG", "GET", name)
                    == "*2\r\n$\(name.count)\r\n\(name)\r\n$4\r\n\(odd)\r\n")
        }
        let config = Config()
        for name: ByteString in [
            "dir", "logfile", "pidfile", "unixsocket", "unixsocketgroup", "syslog-ident", "hash-seed",
            "server-cpulist", "requirepass", "bind", "masteruser",
        ] {
            let parameter = try #require(config.parameters.find(name))
            #expect(config.take([name, odd]) == nil)
            #expect(parameter.value(in: config.settings) == odd, "\(name)")
        }
    }

    @Test func theLogGetsTheBytes() {
        let rig = Rig { $0.debugCommand = "yes" }
        #expect(run(rig, "DEBUG", "LOG", odd) == "+OK\r\n")
        #expect(rig.host.logged == ["DEBUG LOG: \(odd)"])
    }

    @Test func commandsMayBeRenamedToAnyBytes() {
        let config = Config()
        #expect(config.take(["rename-command", "ping", odd]) == nil)
        let rig = Rig(lines: ["rename-command echo \"\\xe4\\xff\""])
        #expect(run(rig, ByteString([0xE4, 0xFF]), "a") == "$1\r\na\r\n")
        #expect(run(rig, "ECHO", "a").hasPrefix("-ERR unknown command"))
        #expect(run(rig, ByteString(Array("\u{E4}\u{FF}".utf8)), "a").hasPrefix("-ERR unknown command"))
    }

    /// Unicode has other letters that are equal to a K or become one in lower case.
    @Test func wordsAreComparedByBytes() {
        let rig = Rig()
        let kelvin = Array("\u{212A}".utf8)
        #expect(run(rig, "CONFIG", "GET", "tcp-\(kelvin)eepalive") == "*0\r\n")
        #expect(run(rig, "CONFIG", "SET", "maxmemory", "1\(kelvin)").hasPrefix("-ERR CONFIG SET failed"))
        #expect(run(rig, "CONFIG", "SET", "maxmemory", "1K") == "+OK\r\n")
        #expect(run(rig, "COMMAND", "LIST", "FILTERBY", "ACLCAT", "\(kelvin)eyspace") == "*0\r\n")
    }

    @Test func errorCodesAreBytes() {
        let rig = Rig { $0.debugCommand = "yes" }
        _ = run(rig, "DEBUG", "ERROR", "\([0xE4]) a")
        _ = run(rig, "DEBUG", "ERROR", "\([0xF6]) a")
        #expect(rig.engine.errorCounts.sorted.map(\.code) == [ByteString([0xE4]), ByteString([0xF6])])
    }
}
