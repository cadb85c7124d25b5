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
        let free = try movedPort(client)
        #expect(try Client(port: free).call("PING") == .simple("PONG"))
        #expect(throws: SupportError.self) { try server.client() }
    }

    /// Moves a server to a port that is free. One that looks so may be taken at the same moment.
    private func movedPort(_ client: Client) throws -> Int {
        for _ in 0..<5 {
            let port = try ServerProcess.freePort()
            if try client.call("CONFIG", "SET", "port", "\(port)") == .ok { return port }
        }
        throw SupportError("no port could be had")
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

    @Test func anotherPortAtRunTime() throws {
        let server = try ServerProcess()
        let other = try ServerProcess()
        let client = try server.client()
        // A port that is taken: the old one stays.
        let refused = try client.call("CONFIG", "SET", "port", "\(other.port)")
        #expect(refused.text?.contains("Unable to listen on this port") == true, "\(refused)")
        #expect(try server.client().call("PING") == .simple("PONG"))
        #expect(try client.call("CONFIG", "GET", "port")["port"]?.text == "\(server.port)")
        let free = try movedPort(client)
        #expect(try Client(port: free).call("PING") == .simple("PONG"))
        #expect(throws: SupportError.self) { try server.client() }
        #expect(try client.call("CONFIG", "SET", "port", "\(other.port)").text?.contains("failed") == true)
        #expect(try Client(port: free).call("PING") == .simple("PONG"))
    }

    /// Clients of other machines are turned away while there is no password. The machine's own outer address stands in
    /// for them.
    @Test(.enabled(if: !outerAddresses.isEmpty)) func protectedMode() throws {
        let outer = try #require(outerAddresses.first)
        let server = try ServerProcess(["--bind", "127.0.0.1", outer])
        let stranger = try Client(port: server.port, host: outer)
        let answer = String(decoding: try stranger.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("-DENIED ") && answer.hasSuffix(".\r\n"), "\(answer)")
        #expect(try server.client().call("CONFIG", "SET", "protected-mode", "no") == .ok)
        #expect(try Client(port: server.port, host: outer).call("PING") == .simple("PONG"))
    }
}

/// IPv4 addresses of this machine that are no loopback.
let outerAddresses: [String] = {
    let output = try? run("hostname", ["-I"]).text
    return (output ?? "").split { $0.isWhitespace }.map(String.init).filter {
        $0.contains(".") && !$0.hasPrefix("127.")
    }
}()

@Suite struct ConnectionTests {
    /// A client whose replies pile up because it reads none.
    private func deafClient(_ server: ServerProcess) throws -> Client {
        let client = try server.client()
        try client.call("SET", "big", String(repeating: "x", count: 1 << 20))
        try client.send(raw: (0..<100).flatMap { _ in Client.encode(["GET", "big"]) })
        return client
    }

    private func connected(_ client: Client) throws -> Int? {
        let info = try client.call("INFO", "clients").text ?? ""
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("connected_clients:") }
        return line.flatMap { Int($0.dropFirst("connected_clients:".count)) }
    }

    @Test func aClientThatReadsNothingCanBeKilled() throws {
        let server = try ServerProcess()
        let deaf = try deafClient(server)
        let other = try server.client()
        #expect(try connected(other) == 2)
        #expect(try other.call("CLIENT", "KILL", "SKIPME", "yes") == 1)
        #expect(try eventually { try connected(other) == 1 })
        deaf.close()
    }

    @Test func aClientThatReadsNothingIsClosedAfterTheTimeout() throws {
        let server = try ServerProcess(["--timeout", "1"])
        let deaf = try deafClient(server)
        #expect(try eventually { try connected(server.client()) == 1 })
        deaf.close()
    }

    /// Error replies to somebody without the password are not kept for long.
    @Test func aStrangerThatReadsNothing() throws {
        let server = try ServerProcess(["--requirepass", "secret"])
        let stranger = try server.client(timeout: 60)
        let commands = (0..<20_000).flatMap { _ in Client.encode(["GET", "a"]) }
        #expect(throws: SupportError.self) {
            for _ in 0..<100 { try stranger.sendDeaf(commands) }
        }
        let client = try server.client()
        #expect(try client.call("AUTH", "secret") == .ok)
        let info = try client.call("INFO", "stats").text ?? ""
        #expect(info.contains("client_output_buffer_limit_disconnections:1\r\n"), "\(info)")
    }

    /// Commands, then the end of the client's side at once: the replies still come.
    @Test(arguments: [1, 1000]) func halfClosed(_ count: Int) throws {
        let server = try ServerProcess()
        let client = try server.client()
        var expected: [UInt8] = []
        for _ in 0..<count { expected += Array("+PONG\r\n".utf8) }
        try client.send(raw: String(repeating: "PING\r\n", count: count))
        client.closeSending()
        #expect(try client.readToEnd().count == expected.count)
    }

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
        // At first there are pages to give back. What wakes too often for good never has three quiet seconds.
        var wakes = 0.0
        let isQuiet = try eventually(within: 60) {
            let (start, before) = (Date(), try server.voluntarySwitches())
            usleep(3_000_000)
            wakes = Double(try server.voluntarySwitches() - before) / Date().timeIntervalSince(start)
            return wakes <= 5
        }
        #expect(isQuiet, "it wakes \(wakes) times a second")
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
