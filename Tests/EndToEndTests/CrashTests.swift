// SPDX-License-Identifier: Apache-2.0
// Ends that nobody wished for, and those that DEBUG makes: the report in the log, and the way the process ends.

import Foundation
import TestSupport
import Testing

private let debug = ["--enable-debug-command", "yes"]

/// The report between its marks; nil when it is not whole.
private func report(_ text: String) -> String? {
    guard let start = text.range(of: "=== NEEDLETAIL BUG REPORT START"),
        let end = text.range(of: "=== NEEDLETAIL BUG REPORT END")
    else { return nil }
    return String(text[start.lowerBound..<end.upperBound])
}

@Suite struct CrashReportTests {
    @Test func aFaultIsReportedAndEndsTheProcessByItsSignal() throws {
        let server = try ServerProcess(debug + ["--loglevel", "warning"])
        let client = try server.client()
        try client.call("CLIENT", "SETNAME", "the-culprit")
        try client.send("DEBUG", "SEGFAULT")
        #expect(try server.child.wait() == .signal(SIGSEGV))
        let text = try #require(report(server.log), "\(server.log)")
        #expect(text.contains("crashed by signal: 11 (SIGSEGV)"))
        #expect(text.contains("Accessing address: 0x8\n"))
        #expect(text.contains("Uptime: "))
        // The running command and its client.
        #expect(text.contains("command: debug\n"))
        #expect(text.contains("argc: 2\nargv[0]: \"DEBUG\"\nargv[1]: \"SEGFAULT\"\n"))
        #expect(text.contains("name=the-culprit"))
        // The stack begins at the fault, and names what called it.
        let frames = text.split(separator: "\n").filter { $0.hasPrefix("#") }
        #expect(frames.first?.contains("nt_fault + ") == true, "\(text)")
        #expect(frames.contains { $0.contains("Operations.DebugSegfault.run(") }, "\(text)")
        #expect(frames.contains { $0.contains("main") })
        for field in ["used_memory:", "connected_clients:1", "total_commands_processed:", "process_id:"] {
            #expect(text.contains(field), "\(field)")
        }
    }

    @Test(arguments: [("PANIC", "=== PANIC ==="), ("ASSERT", "=== ASSERTION FAILED ===")])
    func aFailedCheckIsReported(_ word: String, _ title: String) throws {
        let server = try ServerProcess(debug)
        try server.client().send("DEBUG", word)
        #expect(try server.child.wait() == .signal(SIGABRT))
        let text = try #require(report(server.log), "\(server.log)")
        #expect(text.contains(title))
        #expect(text.contains("argv[1]: \"\(word)\""))
        #expect(text.contains("used_memory:"))
    }

    /// Between commands, and by the signals that the compiler's checks raise.
    @Test(arguments: [SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT])
    func everySignalOfACrashIsReported(_ signal: Int32) throws {
        let server = try ServerProcess()
        #expect(try server.stop(signal) == .signal(signal))
        let text = try #require(report(server.log), "\(server.log)")
        #expect(text.contains("crashed by signal: \(signal) "))
        #expect(text.contains("Sent by process: "))
        #expect(text.contains("no command is running"))
    }

    /// With a log file the report goes to standard error as well.
    @Test func aReportReachesTheLogFileAndStandardError() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.log")
        let server = try ServerProcess(debug + ["--logfile", file])
        try server.client().send("DEBUG", "SEGFAULT")
        try server.child.wait()
        let inFile = try #require(report(try String(contentsOfFile: file, encoding: .utf8)))
        #expect(inFile == report(server.log))
    }

    @Test func argumentsCanBeKeptOutOfIt() throws {
        let server = try ServerProcess(debug + ["--hide-user-data-from-log", "yes"])
        let client = try server.client()
        try client.call("CLIENT", "SETNAME", "confidential")
        try client.send("DEBUG", "SEGFAULT")
        try server.child.wait()
        let text = try #require(report(server.log), "\(server.log)")
        #expect(text.contains("command: debug\n"))
        #expect(!text.contains("confidential") && !text.contains("argv["))
    }

    /// Commands of a pipeline are parsed ahead; the report shows the one that ran.
    @Test func theRunningCommandOfAPipelineIsFound() throws {
        let server = try ServerProcess(debug)
        let client = try server.client()
        try client.call("DEBUG", "POPULATE", "20000")
        let before = (0..<5).flatMap { Client.encode(["SET", "k\($0)", "v"]) }
        try client.send(raw: before + Client.encode(["DEBUG", "SEGFAULT"]) + Client.encode(["GET", "k1"]))
        try server.child.wait()
        let text = try #require(report(server.log), "\(server.log)")
        #expect(text.contains("argv[0]: \"DEBUG\"\nargv[1]: \"SEGFAULT\"\n"))
        #expect(!text.contains("\"GET\"") && !text.contains("\"SET\""))
    }

    @Test func theCallerOfATransactionIsNamed() throws {
        let server = try ServerProcess(debug)
        let client = try server.client()
        try client.call("MULTI")
        try client.call("DEBUG", "SEGFAULT")
        try client.send("EXEC")
        try server.child.wait()
        #expect(try #require(report(server.log)).contains("command: debug, called by exec\n"))
    }

    @Test func reportsCanBeSwitchedOffAndOnAgain() throws {
        let server = try ServerProcess(debug + ["--crash-log-enabled", "no"])
        let client = try server.client()
        try client.call("CONFIG", "SET", "crash-log-enabled", "yes")
        try client.call("CONFIG", "SET", "crash-log-enabled", "no")
        try client.send("DEBUG", "SEGFAULT")
        #expect(try server.child.wait() == .signal(SIGSEGV))
        #expect(!server.log.contains("BUG REPORT"))
    }
}

@Suite struct WatchdogTests {
    @Test func aTurnThatTakesTooLongIsReportedWithItsStack() throws {
        let server = try ServerProcess(debug)
        let client = try server.client()
        try client.call("CONFIG", "SET", "watchdog-period", "1")
        #expect(
            try client.call("CONFIG", "GET", "watchdog-period")
                == .array([.bulk("watchdog-period"), .bulk("1")]))
        #expect(try client.call("DEBUG", "SLEEP", "1.2") == .simple("OK"))
        #expect(server.log.contains("--- WATCHDOG TIMER EXPIRED ---"), "\(server.log)")
        #expect(server.log.contains("argv[1]: \"SLEEP\""))
        #expect(server.log.contains("nanosleep"))
        // It goes on, and is not reported any more.
        try client.call("CONFIG", "SET", "watchdog-period", "0")
        let reports = server.log.components(separatedBy: "WATCHDOG").count
        try client.call("DEBUG", "SLEEP", "0.8")
        #expect(server.log.components(separatedBy: "WATCHDOG").count == reports)
    }
}

@Suite struct RestartTests {
    @Test(arguments: ["RESTART", "CRASH-AND-RECOVER"])
    func theProcessStartsAnew(_ word: String) throws {
        let path = "/tmp/needletail-test-\(UUID().uuidString).sock"
        let server = try ServerProcess(debug + ["--unixsocket", path])
        let client = try server.client()
        try client.call("SET", "a", "1")
        let runID = try client.call("INFO", "server").text?.split(separator: "\r\n").first {
            $0.hasPrefix("run_id")
        }
        try client.send("DEBUG", word, "10")
        #expect(try client.isClosedByServer())
        #expect(
            eventually(within: 60) { (try? server.client().call("PING")) == .simple("PONG") },
            "\(server.log)")
        let next = try server.client()
        // Who goes in order saves first.
        #expect(try next.call("GET", "a") == (word == "RESTART" ? .bulk("1") : .nullBulk))
        let info = try next.call("INFO", "server").text ?? ""
        #expect(info.contains("process_id:\(server.pid)\r\n"))
        #expect(!info.contains(runID ?? "run_id"))
        #expect(server.log.contains("bye bye") == (word == "RESTART"))
        #expect(try Client(path: path).call("PING") == .simple("PONG"))
        #expect(try server.stop() == .code(0))
    }

    @Test func aConfigurationFromStandardInputCannotBeReadAgain() throws {
        let server = try ServerProcess(tool: [
            "sh", "-c", "echo 'enable-debug-command yes' | exec \"$0\" - \"$@\"",
        ])
        let client = try server.client()
        #expect(
            try client.call("DEBUG", "RESTART")
                == .error("ERR failed to restart the server. Check server logs."))
        #expect(server.log.contains("the configuration came from standard input"))
        #expect(try client.call("PING") == .simple("PONG"))
    }
}

@Suite struct SecondSignalTests {
    /// A server that is busy cannot end in order; a second SIGINT does not wait for it, a second SIGTERM does.
    @Test func aSecondInterruptEndsItAtOnce() throws {
        let server = try ServerProcess(debug)
        // Both commands come in one read: once the first has left its line, the second keeps the loop busy.
        let busy = try server.client()
        try busy.send(
            raw: ["LOG sleeping", "SLEEP 60"].flatMap { command in
                Client.encode(["DEBUG"] + command.split(separator: " ").map(String.init))
            })
        #expect(eventually { server.log.contains("DEBUG LOG: sleeping") })
        server.child.signal(SIGTERM)
        server.child.signal(SIGTERM)
        usleep(200_000)
        #expect(server.child.exit == nil)
        server.child.signal(SIGINT)
        #expect(try server.child.wait(seconds: 10) == .code(1))
        #expect(server.log.contains("exiting now"))
    }
}
