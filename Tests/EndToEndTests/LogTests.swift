// SPDX-License-Identifier: Apache-2.0
// What the log of a running server tells, and signals that ask for something.

import Foundation
import TestSupport
import Testing

@Suite struct LogTests {
    /// A web page can make a browser send such a request: it runs nothing and is answered nothing.
    @Test func httpIsNotAnswered() throws {
        let server = try ServerProcess()
        for request in [
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\nSET pwned 1\r\n",
            "PING\r\nHost: x\r\nSET pwned 1\r\n", "*1\r\n$4\r\nPOST\r\n",
        ] {
            let client = try server.client()
            try client.send(raw: request)
            #expect(try client.readToEnd().isEmpty)
        }
        #expect(try server.client().call("EXISTS", "pwned") == .integer(0))
        let lines = server.log.split(separator: "\n").filter {
            $0.contains("Possible SECURITY ATTACK detected.")
        }
        #expect(lines.count == 1 && lines[0].contains("Connection from 127.0.0.1:"), "\(server.log)")
    }

    @Test func verboseLinesOfConnections() throws {
        let server = try ServerProcess(["--loglevel", "verbose"])
        let one = try server.client()
        try one.call("CLIENT", "SETNAME", "someone")
        let address = try #require(try one.call("CLIENT", "INFO").text?.firstMatch(of: /addr=(\S+)/)?.1)
        #expect(server.log.contains(" - Accepted \(address)\n"))
        one.close()
        #expect(eventually { server.log.contains("name=someone") })
        let closed = try #require(server.log.split(separator: "\n").first { $0.contains("name=someone") })
        #expect(closed.contains(" - Client closed connection id=") && closed.contains(" addr=\(address) "))
        let two = try server.client()
        try two.send(raw: "*1\r\n$-5\r\n")
        #expect(try two.readToEnd().isEmpty == false)
        #expect(server.log.contains(" - Protocol error (invalid bulk length) from client: id="))
        // Whoever goes with a reset has not closed in order.
        let three = try server.client()
        try three.call("PING")
        three.reset()
        #expect(eventually { server.log.contains(" - Reading from client: Connection reset by peer\n") })
    }

    @Test func connectionsAreNoNotice() throws {
        let server = try ServerProcess()
        try server.client().call("PING")
        #expect(
            try eventually {
                try server.client().call("CLIENT", "LIST").text?.split(separator: "\n").count == 1
            })
        #expect(!server.log.contains("Accepted ") && !server.log.contains("Client closed"))
    }

    /// Out of descriptors, the server sheds newcomers and says so, but not for each of them.
    @Test func wantOfDescriptorsIsLogged() throws {
        let server = try ServerProcess()
        var clients = [try server.client()]
        try clients[0].call("PING")
        let used = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").count
        let limit = try run("prlimit", ["--pid", "\(server.pid)", "--nofile=\(used):\(used)"])
        #expect(limit.succeeded, "\(limit.errors)")
        // What it has inherited may leave numbers free below the limit: a few may still come in.
        var shed = 0
        while shed < 20, clients.count < 50 {
            let client = try server.client()
            if (try? client.call("PING")) == nil { shed += 1 } else { clients.append(client) }
        }
        #expect(shed == 20)
        let line = "# Error accepting a client connection: accept: Too many open files\n"
        #expect(eventually { server.log.contains(line) })
        #expect(server.log.components(separatedBy: line).count == 2)
        #expect(try clients[0].call("PING") == .simple("PONG"))
    }

    /// After `mv log log.1` the next line begins a new file.
    @Test func theLogFileMayBeMovedAway() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("server.log")
        let server = try ServerProcess(
            ["--logfile", "server.log", "--enable-debug-command", "yes", "--dir", directory.path],
            directory: directory)
        let client = try server.client()
        try client.call("DEBUG", "LOG", "one")
        #expect(rename(path, path + ".1") == 0)
        // Wherever the server works now, the log stays where it is.
        try client.call("CONFIG", "SET", "dir", "/")
        try client.call("DEBUG", "LOG", "two")
        let old = try String(contentsOfFile: path + ".1", encoding: .utf8)
        let new = try String(contentsOfFile: path, encoding: .utf8)
        #expect(old.contains("DEBUG LOG: one\n") && !old.contains("two"))
        #expect(new.hasSuffix("DEBUG LOG: two\n") && !new.contains("one"))
    }

    // MARK: Signals

    /// What Redis and Valkey survive does not end the server either; SIGALRM asks what it is doing.
    @Test func signalsThatEndNothing() throws {
        let server = try ServerProcess()
        for signal in [SIGHUP, SIGPIPE, SIGUSR2, SIGCHLD, SIGURG, SIGWINCH, SIGALRM, SIGALRM] {
            server.child.signal(signal)
            #expect(try server.client().call("PING") == .simple("PONG"), "signal \(signal)")
        }
        #expect(eventually { server.log.contains("no command is running\n------ STACK TRACE ------\n#0 0x") })
        #expect(server.log.contains("Received SIGALRM\n") && !server.log.contains("WATCHDOG"))
    }

    @Test func sigalrmBesideTheWatchdog() throws {
        let server = try ServerProcess(["--enable-debug-command", "yes"])
        let client = try server.client()
        try client.call("CONFIG", "SET", "watchdog-period", "1000")
        server.child.signal(SIGALRM)
        #expect(eventually { server.log.contains("Received SIGALRM\n") })
        try client.call("CONFIG", "SET", "watchdog-period", "0")
        server.child.signal(SIGALRM)
        #expect(eventually { server.log.components(separatedBy: "Received SIGALRM\n").count == 3 })
        #expect(try client.call("PING") == .simple("PONG"))
    }

    /// A signal that came during a long command is taken back by what the client sends behind it.
    @Test func anEndThatIsCalledOff() throws {
        let server = try ServerProcess(["--enable-debug-command", "yes"])
        let client = try server.client()
        try client.send(raw: "DEBUG SLEEP 1\r\nSHUTDOWN ABORT\r\nPING\r\nSHUTDOWN ABORT\r\n")
        // Once it sleeps it does not answer; the signal comes then.
        usleep(300_000)
        server.child.signal(SIGTERM)
        #expect(try client.read(3) == [.ok, .ok, .simple("PONG")])
        #expect(try client.read() == .error("ERR No shutdown in progress."))
        #expect(try server.client().call("PING") == .simple("PONG"))
        #expect(server.log.contains("Received SIGTERM scheduling shutdown...\n"))
        #expect(server.log.contains(" * Shutdown manually aborted.\n"))
        // The next one counts.
        #expect(try server.stop() == .code(0))
    }

    // MARK: Sockets

    /// A path that would be cut short, or cannot be had, refuses the start.
    @Test func unixSocketsThatCannotBe() throws {
        let directory = try TemporaryDirectory()
        func start(_ path: String) throws -> Output {
            try run(
                Project.server, ["--port", "0", "--unixsocket", path], timeout: 20, directory: directory.path)
        }
        let room = 107 - directory.path.utf8.count - 1
        let longest = directory.file(String(repeating: "x", count: room))
        let tooLong = try start(longest + "x")
        #expect(tooLong.status == .code(1), "\(tooLong.text)")
        #expect(
            tooLong.text.contains(
                "Failed opening Unix socket: unix socket path too long (108), must be under 108\n"))
        #expect(!tooLong.text.contains("Ready to accept") && !FileManager.default.fileExists(atPath: longest))
        let missing = try start(directory.file("no/folder/socket"))
        #expect(missing.status == .code(1))
        #expect(missing.text.contains("Failed opening Unix socket: bind: No such file or directory\n"))
        let server = try ServerProcess(["--unixsocket", longest], unixSocket: longest)
        #expect(try Client(path: longest).call("PING") == .simple("PONG"))
        // Also where it could listen elsewhere.
        let port = server.port
        #expect(try server.stop() == .code(0))
        let other = try run(
            Project.server, ["--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", longest + "x"],
            timeout: 20, directory: directory.path)
        #expect(other.status == .code(1) && !other.text.contains("Ready to accept"))
    }
}
