// SPDX-License-Identifier: Apache-2.0
// Directives that the system sees: title, score, processors, group of the socket, limits, lines of the log.

import Foundation
import TestSupport
import Testing

@Suite struct ProcessSettingsTests {
    private func content(_ server: ServerProcess, _ name: String) throws -> String {
        try String(contentsOfFile: "/proc/\(server.pid)/\(name)", encoding: .utf8)
    }

    private func title(_ server: ServerProcess) throws -> String {
        try String(content(server, "cmdline").prefix { $0 != "\0" })
    }

    @Test func theTitle() throws {
        let server = try ServerProcess()
        #expect(try title(server) == "\(Project.server) 127.0.0.1:\(server.port)")
        let client = try server.client()
        let long = String(repeating: "long ", count: 10)
        #expect(try client.call("CONFIG", "SET", "proc-title-template", "{port} \(long){title}") == .ok)
        #expect(try title(server) == "\(server.port) \(long)\(Project.server)")
        #expect(try client.call("CONFIG", "SET", "proc-title-template", "{title}") == .ok)
        #expect(try title(server) == Project.server)
        #expect(
            try client.call("CONFIG", "SET", "bind", "127.0.0.1 ::1", "proc-title-template", "{listen-addr}")
                == .ok)
        #expect(try title(server) == "127.0.0.1:\(server.port)")
        // What held the environment was written over; the variables are still there for the process itself.
        #expect(try client.call("INFO", "server").text?.contains("executable:/") == true)
        let plain = try ServerProcess(["--set-proc-title", "no"])
        #expect(try title(plain).hasSuffix("/needletail"))
    }

    /// Probes are for connections that come after a change.
    @Test func probesOfIdleConnections() throws {
        let server = try ServerProcess()
        let first = try server.client()
        #expect(try first.call("PING") == .simple("PONG"))
        #expect(try eventually { try timers(server) == ["02"] })
        #expect(try first.call("CONFIG", "SET", "tcp-keepalive", "0") == .ok)
        let second = try server.client()
        #expect(try second.call("PING") == .simple("PONG"))
        #expect(try eventually { try timers(server).sorted() == ["00", "02"] })
    }

    /// The kernel's timer of each of the server's connections: 02 where it will probe, 00 for none.
    private func timers(_ server: ServerProcess) throws -> [String] {
        let port = ":" + String(server.port, radix: 16, uppercase: true)
        // Foundation reads only the first page of this file.
        return try run("cat", ["/proc/\(server.pid)/net/tcp"]).lines.dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1].hasSuffix(port), fields[3] == "01" else { return nil }
            return String(fields[5].prefix(2))
        }
    }

    @Test func theScoreOfTheKillerOfProcesses() throws {
        let server = try ServerProcess(["--oom-score-adj", "no", "--oom-score-adj-values", "10", "20", "30"])
        let client = try server.client()
        func score() throws -> Int? { Int(try content(server, "oom_score_adj").split(separator: "\n")[0]) }
        let base = try #require(try score())
        #expect(try client.call("CONFIG", "SET", "oom-score-adj", "yes") == .ok)
        #expect(try score() == min(1000, base + 10))
        #expect(try client.call("CONFIG", "SET", "oom-score-adj-values", "15 20 30") == .ok)
        #expect(try score() == min(1000, base + 15))
        let absolute = "\(min(1000, base + 40))"
        #expect(
            try client.call(
                "CONFIG", "SET", "oom-score-adj-values", "\(absolute) \(absolute) \(absolute)",
                "oom-score-adj",
                "absolute") == .ok)
        #expect(try score() == Int(absolute))
        #expect(try client.call("CONFIG", "SET", "oom-score-adj", "no") == .ok)
        #expect(try score() == base)
    }

    @Test func processors() throws {
        let allowed = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let list = try #require(allowed.firstMatch(of: /Cpus_allowed_list:\s*(\d+)/))
        let first = String(list.1)
        let server = try ServerProcess(["--server-cpulist", first, "--bio_cpulist", first])
        // The thread that serves and the four of libuv's pool, which are there from the start; the allocator has one
        // of its own, which stays where it likes.
        let bound = try server.threads().filter { thread in
            try content(server, "task/\(thread)/status").contains("Cpus_allowed_list:\t\(first)\n")
        }
        #expect(bound.contains("\(server.pid)") && bound.count >= 5)
        let wrong = try ServerProcess(["--server-cpulist", "first"])
        #expect(wrong.log.contains("server-cpulist 'first' is no list of processors; it is not followed."))
    }

    @Test func theGroupOfTheSocket() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("server.sock")
        let group = "\(getgid())"
        let server = try ServerProcess(
            ["--unixsocket", path, "--unixsocketgroup", group], unixSocket: path, directory: directory)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.groupOwnerAccountID] as? Int == Int(getgid()))
        #expect(try server.stop() == .code(0))
        let unknown = try ServerProcess(
            ["--unixsocket", path, "--unixsocketgroup", "no-such-group"], directory: directory)
        #expect(unknown.log.contains("Failed opening Unix socket: bind: there is no group 'no-such-group'"))
    }

    @Test func clientsBeyondTheLimitOfTheSystem() throws {
        let server = try ServerProcess()
        let client = try server.client()
        let answer = try client.call("CONFIG", "SET", "maxclients", "4294967295")
        let prefix =
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not "
        #expect(
            answer.text?.hasPrefix(prefix + "able to handle the specified number of clients, try with ")
                == true)
        #expect(try client.call("CONFIG", "GET", "maxclients") == .array(["maxclients", "10000"]))
        #expect(try client.call("CONFIG", "SET", "maxclients", "2") == .ok)
        let second = try server.client()
        #expect(try second.call("PING") == .simple("PONG"))
        #expect(try server.client().read() == .error("ERR max number of clients reached"))
        #expect(try client.call("CONFIG", "SET", "maxclients", "3") == .ok)
        #expect(try server.client().call("PING") == .simple("PONG"))
    }

    /// One newcomer in each turn: all come in all the same.
    @Test func newcomersOneByOne() throws {
        let server = try ServerProcess(["--max-new-connections-per-cycle", "1"])
        let clients = try (0..<60).map { _ in try server.client() }
        for client in clients { try client.send("PING") }
        for client in clients { #expect(try client.read() == .simple("PONG")) }
        #expect(try clients[0].call("CONFIG", "SET", "max-new-connections-per-cycle", "1000") == .ok)
        let more = try (0..<60).map { _ in try server.client() }
        for client in more { #expect(try client.call("PING") == .simple("PONG")) }
    }

    @Test func linesOfTheLogChangeWhileRunning() throws {
        let server = try ServerProcess(["--log-format", "json", "--log-timestamp-format", "milliseconds"])
        let client = try server.client()
        let first = try #require(server.log.split(separator: "\n").first)
        let read = try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any]
        #expect(read?["pid"] as? Int == server.pid && read?["role"] as? String == "primary")
        #expect(try client.call("CONFIG", "SET", "log-format", "logfmt") == .ok)
        // Without a file to rewrite nothing is logged, so the end is what writes a line.
        #expect(try server.stop() == .code(0))
        let last = server.log.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("pid=\(server.pid) role=primary timestamp=\"1"))
        #expect(last.hasSuffix(" level=warning message=\"Needletail is now ready to exit, bye bye...\""))
        let silent = try ServerProcess(["--loglevel", "nothing"])
        #expect(try silent.client().call("PING") == .simple("PONG"))
        #expect(silent.log.isEmpty)
    }

    /// Marks need a privilege and Multipath TCP a kernel that has it: either it works or the log says why not.
    @Test(arguments: [["--socket-mark-id", "7"], ["--mptcp", "yes"]])
    func specialSockets(_ options: [String]) throws {
        do {
            let server = try ServerProcess(options)
            #expect(try server.client().call("PING") == .simple("PONG"))
        } catch let failure as SupportError {
            #expect("\(failure)".contains("Could not create server TCP listening socket"))
            #expect("\(failure)".contains("not permitted") || "\(failure)".contains("not "))
        }
    }
}
