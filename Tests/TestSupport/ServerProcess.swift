// SPDX-License-Identifier: Apache-2.0
// A built server on a port and in a folder of its own.

import Foundation

/// Starts the server and waits until it answers; kills it at `deinit`.
public final class ServerProcess: @unchecked Sendable {
    /// The TCP port, 0 if the arguments switch TCP off.
    public let port: Int
    /// Its working folder, removed at `deinit`.
    public let directory: TemporaryDirectory
    public private(set) var child: Child

    public var pid: Int { Int(child.pid) }

    /// Everything it has written to standard output and standard error.
    public var log: String {
        (try? String(contentsOfFile: directory.file("output.log"), encoding: .utf8)) ?? ""
    }

    /// Starts `server` (the one under test) on a free port of 127.0.0.1, with `arguments` behind these two options, so
    /// that they can override them. `configuration` is a file whose path goes before all. With `unixSocket` the
    /// readiness is asked over that path. With `tool`, the words of a command line such as valgrind's, the server runs
    /// under that; signals then go to the tool. `asTool`: those words start the server themselves, and take its options
    /// behind them.
    public init(
        configuration: String? = nil, _ arguments: [String] = [], server: String = Project.server,
        tool: [String] = [], asTool: Bool = false,
        unixSocket: String? = nil, directory: TemporaryDirectory? = nil, startupSeconds: Double = 30,
        environment: [String: String] = [:]
    ) throws {
        raiseFileLimit()
        self.directory = try directory ?? TemporaryDirectory()
        var lastFailure = SupportError("never started")
        for _ in 0..<5 {
            let port = try ServerProcess.freePort()
            let file = configuration.map { [$0] } ?? []
            let words =
                tool + (asTool ? [] : [server]) + file + ["--port", "\(port)", "--bind", "127.0.0.1"]
                + arguments
            let child = try ServerProcess.spawn(
                words[0], Array(words.dropFirst()), self.directory, environment)
            do {
                try ServerProcess.waitUntilReady(child, unixSocket, port, seconds: startupSeconds)
                self.child = child
                self.port = port
                return
            } catch let failure as SupportError {
                child.kill()
                let log =
                    (try? String(contentsOfFile: self.directory.file("output.log"), encoding: .utf8)) ?? ""
                lastFailure = SupportError("\(server): \(failure)\n\(log)")
                // Another process may have taken the port meanwhile: only then another try makes sense.
                if !log.contains("ddress already in use") { break }
            }
        }
        throw lastFailure
    }

    public func client(timeout: Double = 20) throws -> Client { try Client(port: port, timeout: timeout) }

    /// Sends a signal and waits for the end.
    @discardableResult
    public func stop(_ signal: Int32 = SIGTERM, within seconds: Double = 20) throws -> Child.Exit {
        child.signal(signal)
        return try child.wait(seconds: seconds)
    }

    /// Does something while the process is stopped: what it is sent meanwhile, it finds all at once. A stopped server
    /// takes in no more than its socket holds, so what is sent must fit.
    public func halted<Result>(_ body: () throws -> Result) throws -> Result {
        child.signal(SIGSTOP)
        defer { child.signal(SIGCONT) }
        let stopped = try eventually(within: 20) { try stateLetters().allSatisfy { $0 == "T" } }
        guard stopped else { throw SupportError("not stopped within 20 s") }
        return try body()
    }

    /// What each thread is at, as a letter of /proc/PID/stat.
    private func stateLetters() throws -> [Character] {
        try threads().map {
            let line = try String(contentsOfFile: "/proc/\(pid)/task/\($0)/stat", encoding: .utf8)
            return line.split(separator: ")").last?.first(where: { $0 != " " }) ?? "?"
        }
    }

    // MARK: What the kernel knows about it

    /// A figure of /proc/PID/status, for instance `VmRSS`: kilobytes or a count.
    public func status(_ name: String) throws -> Int { try ServerProcess.field(name, "/proc/\(pid)/status") }

    /// How often its threads have gone to sleep so far.
    public func voluntarySwitches() throws -> Int {
        try threads().reduce(0) {
            $0 + (try ServerProcess.field("voluntary_ctxt_switches", "/proc/\(pid)/task/\($1)/status"))
        }
    }

    public func threads() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
    }

    /// Processor time used so far by the process, in seconds.
    public func processorSeconds() throws -> Double {
        let line = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // The name may hold spaces; user and system time are the 12th and 13th field behind it.
        guard let rest = line.split(separator: ")").last else {
            throw SupportError("/proc/\(pid)/stat: \(line)")
        }
        let fields = rest.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw SupportError("/proc/\(pid)/stat: \(line)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func field(_ name: String, _ path: String) throws -> Int {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let digits = line.drop { !$0.isNumber }.prefix { $0.isNumber }
            if let value = Int(digits) { return value }
        }
        throw SupportError("\(path) has no \(name)")
    }

    // MARK: Starting

    /// A TCP port that is free on 127.0.0.1 now. Taken from below the range of outgoing connections, or one of
    /// thousands of clients could hold it by the time the server binds.
    public static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 11_000..<32_000)
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard probe >= 0 else { throw SupportError.system("socket") }
            defer { close(probe) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { return port }
        }
        throw SupportError("no free port")
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ directory: TemporaryDirectory,
        _ environment: [String: String]
    ) throws -> Child {
        let path = directory.file("output.log")
        let log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else { throw SupportError.system(path) }
        defer { close(log) }
        return try Child(
            program, arguments, output: log, errors: log, directory: directory.path,
            environment: environment)
    }

    private static func waitUntilReady(_ child: Child, _ path: String?, _ port: Int, seconds: Double) throws {
        let answered = try eventually(within: seconds) {
            if let exit = child.exit { throw SupportError("ended at start: \(exit)") }
            let client = try? path.map { try Client(path: $0, timeout: 5) } ?? Client(port: port, timeout: 5)
            guard let reply = try? client?.call("PING") else { return false }
            return reply == .simple("PONG") || reply.text?.hasPrefix("NOAUTH") == true
        }
        if !answered { throw SupportError("no answer to PING within \(seconds) s") }
    }
}
