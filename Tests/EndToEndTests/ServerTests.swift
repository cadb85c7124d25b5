// SPDX-License-Identifier: Apache-2.0
// The process and its sockets: where it listens, what a connection costs, and how it ends.

import Foundation
import TestSupport
import Testing

@Suite struct ListeningTests {
    @Test func aUnixSocketWithItsPermissions() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("server.sock")
        let server = try ServerProcess(
            ["--unixsocket", path, "--unixsocketperm", "750"], unixSocket: path, directory: directory)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.type] as? FileAttributeType == .typeSocket)
        #expect(attributes[.posixPermissions] as? Int == 0o750)

        let local = try Client(path: path)
        #expect(try local.call("SET", "a", "1") == .ok)
        #expect(try server.client().call("GET", "a") == "1")
        #expect(try server.stop() == .code(0))
        #expect(!FileManager.default.fileExists(atPath: path), "the socket file stays behind")
    }

    @Test func onlyAUnixSocket() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("server.sock")
        let server = try ServerProcess(
            ["--port", "0", "--unixsocket", path], unixSocket: path, directory: directory)
        #expect(try Client(path: path).call("ECHO", "here") == "here")
        #expect(throws: SupportError.self) { try server.client() }
    }

    @Test func severalAddressesOfBothFamilies() throws {
        let server = try ServerProcess(["--bind", "127.0.0.1", "127.0.0.2", "::1"])
        for host in ["127.0.0.1", "127.0.0.2", "::1"] {
            #expect(try Client(port: server.port, host: host).call("PING") == .simple("PONG"), "\(host)")
        }
        #expect(throws: SupportError.self) { try Client(port: server.port, host: "127.0.0.3") }
    }

    /// An address with a dash in front may be missing from the machine, another may not.
    @Test func aMissingAddress() throws {
        let server = try ServerProcess(["--bind", "127.0.0.1", "-192.0.2.1"])
        #expect(try server.client().call("PING") == .simple("PONG"))
        #expect(throws: SupportError.self) {
            try ServerProcess(["--bind", "192.0.2.1"], startupSeconds: 3)
        }
    }

    /// A port or address that cannot be had leaves the server where it was.
    @Test func changingWhereToListen() throws {
        let server = try ServerProcess()
        let other = try ServerProcess()
        let client = try server.client()
        let prefix = "ERR CONFIG SET failed (possibly related to argument "
        #expect(
            try client.call("CONFIG", "SET", "port", "\(other.port)")
                == .error(prefix + "'port') - Unable to listen on this port. Check server logs."))
        #expect(
            try client.call("CONFIG", "SET", "bind", "192.0.2.1")
                == .error(prefix + "'bind') - Failed to bind to specified addresses."))
        #expect(try server.client().call("CONFIG", "GET", "port") == ["port", .bulk("\(server.port)")])
        let free = try ServerProcess.freePort()
        #expect(try client.call("CONFIG", "SET", "port", "\(free)") == .ok)
        #expect(try Client(port: free).call("PING") == .simple("PONG"))
        #expect(throws: SupportError.self) { try server.client() }
    }

    @Test func aTakenPortIsAnErrorAtStart() throws {
        let server = try ServerProcess()
        let second = try run(
            Project.server, ["--port", "\(server.port)", "--bind", "127.0.0.1"], timeout: 20,
            directory: server.directory.path)
        #expect(second.status == .code(1))
        #expect((second.text + second.errors).contains("ddress already in use"))
        #expect(try server.client().call("PING") == .simple("PONG"))
    }
}

@Suite struct ConnectionTests {
    @Test func maxclientsIsKept() throws {
        let server = try ServerProcess(["--maxclients", "10"])
        let clients = try (0..<10).map { _ in try server.client() }
        for client in clients { #expect(try client.call("PING") == .simple("PONG")) }
        let refused = try server.client()
        #expect(try refused.read() == .error("ERR max number of clients reached"))
        #expect(try refused.isClosedByServer())
        clients[0].close()
        #expect(try eventually { try server.client().call("PING") == .simple("PONG") })
    }

    @Test func anIdleClientIsClosedAfterTheTimeout() throws {
        let server = try ServerProcess(["--timeout", "1"])
        let idle = try server.client()
        #expect(try idle.call("PING") == .simple("PONG"))
        #expect(try idle.isClosedByServer())
    }

    @Test func aPassword() throws {
        let server = try ServerProcess(["--requirepass", "pass"])
        let client = try server.client()
        #expect(try client.call("GET", "a") == .error("NOAUTH Authentication required."))
        let wrong = Resp.error("WRONGPASS invalid username-password pair or user is disabled.")
        #expect(try client.call("AUTH", "wrong") == wrong)
        #expect(try client.call("HELLO", "3", "AUTH", "default", "wrong") == wrong)
        #expect(try client.call("AUTH", "pass") == .ok)
        #expect(try client.call("GET", "a") == .nullBulk)
        #expect(try server.client().call("HELLO", "3", "AUTH", "default", "pass")["proto"] == 3)
    }

    @Test func quitAndShutdown() throws {
        let server = try ServerProcess()
        let client = try server.client()
        try client.send(raw: Client.encode(["QUIT"]) + Client.encode(["PING"]))
        #expect(try client.read() == .ok)
        #expect(try client.readToEnd() == [])
        let last = try server.client()
        try last.send("SHUTDOWN", "NOSAVE")
        #expect(try last.readToEnd() == [])
        #expect(try server.child.wait() == .code(0))
    }

    /// The kernel refuses another descriptor: nobody is served worse, the loop does not spin, and it recovers.
    @Test func noDescriptorsLeft() throws {
        let server = try ServerProcess()
        let first = try server.client()
        #expect(try first.call("PING") == .simple("PONG"))
        let taken = Set(
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").compactMap {
                Int($0)
            })
        // The limit is one on the number of a descriptor: the third that is free is the last.
        let last = (0...).lazy.filter { !taken.contains($0) }.prefix(3).reduce(0) { max($0, $1) }
        let limit = try run("prlimit", ["--pid", "\(server.pid)", "--nofile=\(last + 1):\(last + 1)"])
        #expect(limit.succeeded, "\(limit.errors)")

        let waiting = try (0..<30).map { _ in try server.client() }
        let before = try server.processorSeconds()
        usleep(1_000_000)
        #expect(try server.processorSeconds() - before < 0.3, "it spins on accept")
        #expect(try first.call("PING") == .simple("PONG"))
        for client in waiting { client.close() }
        #expect(
            eventually(within: 20) { (try? server.client().call("PING")) == .simple("PONG") },
            "no new connection after the old ones went: \(server.log)")
    }

    @Test func tenThousandIdleConnections() throws {
        let limit = raiseFileLimit()
        // Both sides need a descriptor for each, in two processes with the same limit.
        let count = min(10_000, limit - 600)
        #expect(count >= 500, "an open file limit of \(limit) leaves nothing to measure")
        let server = try ServerProcess(["--maxclients", "\(count + 100)"])
        var clients = try connect(200, to: server)
        let before = try server.status("VmRSS")
        clients += try connect(count - 200, to: server)
        let bound = (count - 200) * 2
        var grown = 0
        let held = try eventually(within: 20) {
            grown = try server.status("VmRSS") - before
            return grown <= bound
        }
        #expect(held, "\(grown) KB for \(count - 200) connections")
        let info = try clients[0].call("INFO", "clients").text ?? ""
        #expect(info.contains("connected_clients:\(count)\r\n"), "\(info)")
        #expect(try clients[count - 1].call("PING") == .simple("PONG"))
    }

    private func connect(_ count: Int, to server: ServerProcess) throws -> [Client] {
        try (0..<count).map { _ in
            let connection = try server.client()
            try #require(try connection.call("PING") == .simple("PONG"))
            return connection
        }
    }

    @Test func anIdleServerSleeps() throws {
        let server = try ServerProcess()
        let client = try server.client()
        try client.call("SET", "far", "1", "EX", "1000")
        usleep(300_000)
        let (start, before) = (Date(), try server.voluntarySwitches())
        usleep(3_000_000)
        let wakes = Double(try server.voluntarySwitches() - before) / Date().timeIntervalSince(start)
        #expect(wakes <= 5, "it wakes \(wakes) times a second")
        #expect(try client.call("PING") == .simple("PONG"))
    }
}

@Suite struct EndingTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalEndsItCleanly(_ signal: Int32) throws {
        let server = try ServerProcess()
        let clients = try (0..<20).map { _ in try server.client() }
        for client in clients { try client.call("SET", "a", "1") }
        #expect(try server.stop(signal) == .code(0), "\(server.log)")
        for client in clients { #expect(try client.isClosedByServer()) }
        #expect(server.log.contains("bye bye"), "\(server.log)")
    }

    /// A client that does not read its replies cannot hold up the end.
    @Test func unreadRepliesDoNotHoldItUp() throws {
        let server = try ServerProcess()
        let client = try server.client()
        try client.call("SET", "big", String(repeating: "x", count: 1 << 20))
        try client.send(raw: (0..<100).flatMap { _ in Client.encode(["GET", "big"]) })
        #expect(try server.stop() == .code(0))
    }

    @Test func aWrongArgumentIsAnErrorAtStart() throws {
        let output = try run(Project.server, ["--no-such-directive", "1"], timeout: 20, directory: "/tmp")
        #expect(output.status == .code(1))
        #expect((output.text + output.errors).contains("no-such-directive"))
    }
}
