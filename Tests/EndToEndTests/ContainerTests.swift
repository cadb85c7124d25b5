// SPDX-License-Identifier: Apache-2.0
// What the container image does with the program, without a container: entry point, secrets, health check.

import Foundation
import TestSupport
import Testing

private let inContainer = ["NEEDLETAIL_CONTAINER": "yes"]

private func container(
    _ arguments: String..., directory: TemporaryDirectory, environment: [String: String] = [:],
    user: Int? = nil
) throws -> Output {
    let words = [Project.server, "entrypoint"] + arguments
    let tool = user.map { ["setpriv", "--reuid", "\($0)", "--regid", "\($0)", "--clear-groups", "--"] } ?? []
    let line = tool + words
    return try run(
        line[0], Array(line.dropFirst()), timeout: 20, directory: directory.path,
        environment: inContainer.merging(environment) { $1 })
}

private func healthcheck(_ arguments: String..., environment: [String: String] = [:]) throws -> Output {
    try run(Project.server, ["healthcheck"] + arguments, timeout: 20, environment: environment)
}

@Suite struct EntryPointTests {
    @Test func aCommandTakesThePlaceOfTheServer() throws {
        let directory = try TemporaryDirectory()
        let said = try container("sh", "-c", "echo $0 $1; exit 3", "a b", "c", directory: directory)
        #expect(said.text == "a b c\n" && said.status == .code(3))
        let missing = try container("no-such-command", directory: directory)
        #expect(missing.status == .code(127) && missing.errors.contains("cannot run 'no-such-command'"))
        // A folder of the PATH that may not be searched changes nothing about that.
        let closed = directory.file("closed")
        try FileManager.default.createDirectory(
            atPath: closed, withIntermediateDirectories: false, attributes: [.posixPermissions: 0])
        let hidden = try container(
            "no-such-command", directory: directory, environment: ["PATH": closed + ":/usr/bin:/bin"],
            user: getuid() == 0 ? 65534 : nil)
        #expect(hidden.status == .code(127), "\(hidden.errors)")
        let forbidden = try container("/etc/passwd", directory: directory)
        #expect(forbidden.status == .code(126), "\(forbidden.errors)")
    }

    @Test(arguments: [[], ["needletail"], ["redis-server"], ["/usr/local/bin/valkey-server"]])
    func namesOfServersAndOptionsStartTheServer(_ name: [String]) throws {
        let version = try run(Project.server, ["entrypoint"] + name + ["--version"], environment: inContainer)
        #expect(version.succeeded && version.text.hasPrefix("Needletail server v="))
        let server = try ServerProcess(
            tool: [Project.server, "entrypoint"] + name, asTool: true, environment: inContainer)
        #expect(
            try server.client().call("CONFIG", "GET", "protected-mode")
                == .array([.bulk("protected-mode"), .bulk("no")]))
        #expect(try server.stop() == .code(0))
    }

    @Test func aFileMayStandAlone() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("my.conf")
        try "protected-mode yes\nmaxclients 77\n".write(toFile: file, atomically: true, encoding: .utf8)
        let server = try ServerProcess(
            tool: [Project.server, "entrypoint", file], asTool: true, environment: inContainer)
        let client = try server.client()
        #expect(try client.call("CONFIG", "GET", "maxclients") == .array([.bulk("maxclients"), .bulk("77")]))
        #expect(
            try client.call("CONFIG", "GET", "protected-mode")
                == .array([.bulk("protected-mode"), .bulk("yes")]))
    }

    @Test(.enabled(if: getuid() == 0, "only root can be somebody else"))
    func aFolderThatCannotBeWrittenToEndsTheStart() throws {
        let directory = try TemporaryDirectory()
        chmod(directory.path, 0o755)
        let output = try container("--port", "0", directory: directory, user: 12345)
        #expect(output.status == .code(1))
        for part in [
            "'\(directory.path)'", "uid 12345, gid 12345", "Permission denied", "chown 12345", "--user",
            "-v ",
        ] {
            #expect(output.errors.contains(part), "\(part): \(output.errors)")
        }
    }
}

@Suite struct SecretTests {
    private func start(_ environment: [String: String], _ options: [String] = []) throws -> ServerProcess {
        try ServerProcess(options, environment: inContainer.merging(environment) { $1 })
    }

    @Test(arguments: ["NEEDLETAIL_PASSWORD", "REDIS_PASSWORD", "VALKEY_PASSWORD"])
    func aPasswordFromTheEnvironment(_ name: String) throws {
        let secret = "s\"e c\\ret"
        let server = try start([name: secret])
        let client = try server.client()
        #expect(try client.call("GET", "a").text?.hasPrefix("NOAUTH") == true)
        #expect(try client.call("AUTH", "wrong").text?.hasPrefix("WRONGPASS") == true)
        #expect(try client.call("AUTH", secret) == .simple("OK"))
        let line = try String(contentsOfFile: "/proc/\(server.pid)/cmdline", encoding: .utf8)
        #expect(!line.contains("ret"))
    }

    @Test(arguments: ["from file", "from file\n", "from file\r\n"])
    func aPasswordFromAFile(_ text: String) throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("password")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let server = try start(["NEEDLETAIL_PASSWORD_FILE": file])
        #expect(try server.client().call("AUTH", "from file") == .simple("OK"))
        #expect(try healthcheck("--ready", "--port", "\(server.port)").status == .code(1))
        let environment = inContainer.merging(["NEEDLETAIL_PASSWORD_FILE": file]) { $1 }
        #expect(try healthcheck("--ready", "--port", "\(server.port)", environment: environment).succeeded)
    }

    @Test func optionsWinOverTheEnvironment() throws {
        let server = try start(["NEEDLETAIL_PASSWORD": "from environment"], ["--requirepass", "from option"])
        #expect(try server.client().call("AUTH", "from option") == .simple("OK"))
    }

    @Test func outsideAContainerTheEnvironmentSaysNothing() throws {
        let server = try ServerProcess(environment: ["REDIS_PASSWORD": "secret"])
        #expect(try server.client().call("SET", "a", "1") == .simple("OK"))
    }

    @Test(arguments: [
        (["NEEDLETAIL_PASSWORD": "a", "NEEDLETAIL_PASSWORD_FILE": "/dev/null"], "only one of them"),
        (["NEEDLETAIL_PASSWORD_FILE": "/dev/null"], "'/dev/null' is empty"),
        (["REDIS_PASSWORD_FILE": "/no/such/file"], "cannot read '/no/such/file'"),
    ])
    func aSecretThatCannotBeHadEndsTheStart(_ environment: [String: String], _ message: String) throws {
        let output = try container(
            "--port", "0", directory: try TemporaryDirectory(), environment: environment)
        #expect(output.status == .code(1) && output.errors.contains(message), "\(output.errors)")
    }
}

@Suite struct HealthCheckTests {
    @Test func aServerThatAnswersIsHealthy() throws {
        let server = try ServerProcess()
        let check = try healthcheck("--port", "\(server.port)", "--ready")
        #expect(check.succeeded && check.text.isEmpty && check.errors.isEmpty)
        #expect(try server.stop() == .code(0))
        let gone = try healthcheck("--port", "\(server.port)")
        #expect(gone.status == .code(1))
        #expect(
            gone.errors.contains("cannot connect to port \(server.port): Connection refused"),
            "\(gone.errors)")
    }

    /// It lives, though it has nothing to say to one without the password.
    @Test func aServerThatRefusesAnswers() throws {
        let server = try ServerProcess(["--requirepass", "secret"])
        let check = try healthcheck("--port", "\(server.port)")
        #expect(check.succeeded && check.text.hasPrefix("NOAUTH"))
        #expect(try healthcheck("--port", "\(server.port)", "--ready").status == .code(1))
        #expect(try healthcheck("--port", "\(server.port)", "--requirepass", "wrong").succeeded)
        #expect(try healthcheck("--port", "\(server.port)", "--requirepass", "secret", "--ready").succeeded)
    }

    @Test func aFullServerAnswers() throws {
        let server = try ServerProcess(["--maxclients", "1", "--requirepass", "x"])
        // The one that asked whether it was ready is gone only after a while.
        var client: Client?
        #expect(
            eventually {
                client = try? server.client(); return (try? client?.call("PING")) != nil
            })
        let check = try healthcheck("--port", "\(server.port)", "--requirepass", "x")
        #expect(
            check.succeeded && check.text.contains("max number of clients"), "\(check.text) \(check.errors)")
    }

    @Test func theConfigurationOfTheServerServes() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("s.sock")
        let file = directory.file("n.conf")
        try "port 0\nunixsocket \(socket)\nrequirepass secret\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let server = try ServerProcess(
            ["--port", "0", "--unixsocket", socket, "--requirepass", "secret"], unixSocket: socket)
        #expect(try healthcheck(file, "--ready").succeeded)
        #expect(try healthcheck("--socket", socket).succeeded)
        #expect(try healthcheck("--socket", directory.file("none")).status == .code(1))
        #expect(try server.stop() == .code(0))
    }

    @Test func aServerThatHangsIsGivenUpOn() throws {
        let server = try ServerProcess()
        server.child.signal(SIGSTOP)
        let check = try healthcheck("--port", "\(server.port)")
        server.child.signal(SIGCONT)
        #expect(check.status == .code(1))
        #expect(check.errors.contains("within 2 seconds"), "\(check.errors)")
    }

    @Test func aWrongConfigurationIsToldFrom() throws {
        let check = try healthcheck("--no-such-directive", "1")
        #expect(check.status == .code(1) && check.errors.contains("no-such-directive"))
    }
}

@Suite struct SupervisionTests {
    /// A datagram socket in place of systemd.
    private final class Supervisor {
        let descriptor: Int32
        init(_ path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { room in
                for (index, byte) in bytes.enumerated() { room[index] = byte == 64 && index == 0 ? 0 : byte }
            }
            let length = socklen_t(2 + bytes.count + (path.hasPrefix("@") ? 0 : 1))
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            guard status == 0 else { throw SupportError("bind \(path): \(String(cString: strerror(errno)))") }
        }
        deinit { close(descriptor) }

        /// The next message within ten seconds.
        func message() -> String? {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 10_000) == 1 else { return nil }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    @Test(arguments: ["systemd", "auto"], [true, false])
    func systemdIsTold(_ directive: String, _ isAbstract: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = isAbstract ? "@needletail-test-\(UUID().uuidString)" : directory.file("notify")
        let supervisor = try Supervisor(path)
        let server = try ServerProcess(
            ["--supervised", directive, "--daemonize", "yes"], environment: ["NOTIFY_SOCKET": path])
        let ready = supervisor.message() ?? ""
        #expect(ready.split(separator: "\n").contains("READY=1"), "\(ready)")
        #expect(ready.hasPrefix("STATUS="))
        #expect(
            try server.client().call("INFO", "server").text?.contains("process_supervised:systemd\r\n")
                == true)
        // It stays the process that was started, whatever daemonize says.
        #expect(try server.stop() == .code(0))
        #expect(supervisor.message()?.split(separator: "\n").contains("STOPPING=1") == true)
    }

    @Test(arguments: ["systemd", "upstart", "auto", "no"])
    func withoutASupervisorTheServerServes(_ directive: String) throws {
        let server = try ServerProcess(
            ["--supervised", directive], environment: ["NOTIFY_SOCKET": "", "UPSTART_JOB": ""])
        #expect(
            try server.client().call("INFO", "server").text?.contains("process_supervised:no\r\n") == true)
        let warns = ["systemd", "upstart"].contains(directive)
        #expect(server.log.contains("\(directive) supervision requested, but") == warns)
    }

    @Test func upstartSeesItStop() throws {
        let directory = try TemporaryDirectory()
        let port = try ServerProcess.freePort()
        let log = open(directory.file("log"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        let child = try Child(
            Project.server, ["--port", "\(port)", "--supervised", "upstart"], output: log, errors: log,
            directory: directory.path, environment: ["UPSTART_JOB": "needletail"])
        func state() -> Substring? {
            let stat = try? String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8)
            return stat?.split(separator: ")").last?.split(separator: " ").first
        }
        #expect(eventually { state() == "T" })
        child.signal(SIGCONT)
        #expect(eventually { (try? Client(port: port).call("PING")) == .simple("PONG") })
    }
}
