// SPDX-License-Identifier: Apache-2.0
// What operators see of the running server: MONITOR in redis-cli, and the counters that only sockets and turns move.

import Foundation
import TestSupport
import Testing

@Suite struct InsightTests {
    /// The value of a field of INFO.
    private func field(_ name: String, _ client: Client) throws -> String {
        guard case .bulk(let bytes) = try client.call("INFO", "everything") else { return "" }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        return lines.first { $0.hasPrefix(name + ":") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    private func number(_ name: String, _ client: Client) throws -> Double {
        try #require(Double(field(name, client)), "\(name)")
    }

    @Test func redisCliMonitors() throws {
        let server = try ServerProcess()
        let folder = try TemporaryDirectory()
        let file = folder.file("monitor.txt")
        let monitor = try Child(
            "/bin/sh", ["-c", "exec redis-cli -p \(server.port) MONITOR > '\(file)'"],
            output: FileHandle.nullDevice.fileDescriptor, errors: FileHandle.nullDevice.fileDescriptor)
        defer { monitor.kill() }
        let client = try server.client()
        #expect(try eventually { try isWatched(client) })
        _ = try client.call("SET", "key", "a \"b\"\n")
        _ = try client.call("CONFIG", "GET", "port")
        _ = try client.call("AUTH", "secret")
        try client.send(
            raw: ["MULTI", "GET key", "EXEC"].flatMap {
                Client.encode($0.split(separator: " ").map(String.init))
            })
        _ = try client.read(3)
        _ = try client.call("SELECT", "2")
        _ = try client.call("ECHO", "end")
        func lines() -> [Substring] {
            ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n")
        }
        #expect(eventually { lines().last?.hasSuffix("\"ECHO\" \"end\"") == true })
        let line = /\d{10}\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\] (.*)/
        let shown = try lines().drop { $0 == "OK" || $0.contains("\"COMMAND\"") || $0.contains("\"CLIENT\"") }
            .map { text in
                let match = try #require(text.wholeMatch(of: line), "\(text)")
                return match.1 + " " + match.2
            }
        #expect(
            shown == [
                #"0 "SET" "key" "a \"b\"\n""#, #"0 "AUTH" "(redacted)""#, #"0 "MULTI""#, #"0 "GET" "key""#,
                #"0 "EXEC""#, #"0 "SELECT" "2""#, #"2 "ECHO" "end""#,
            ])
        monitor.kill()
        #expect(try eventually { try !isWatched(client) })
    }

    private func isWatched(_ client: Client) throws -> Bool {
        guard case .bulk(let list) = try client.call("CLIENT", "LIST") else { return false }
        return String(decoding: list, as: UTF8.self).contains(" flags=O ")
    }

    @Test func countersOfTheRimMove() throws {
        let server = try ServerProcess(["--maxclients", "2"])
        let client = try server.client()
        let names = [
            "total_connections_received", "rejected_connections", "total_net_output_bytes",
            "total_reads_processed",
            "total_writes_processed", "eventloop_cycles", "eventloop_duration_sum", "used_memory_rss",
            "used_active_time_main_thread",
        ]
        let before = try names.map { try number($0, client) }
        _ = try client.call("SET", "large", String(repeating: "x", count: 8 << 20))
        let second = try server.client()
        _ = try second.call("PING")
        #expect(try server.client().isClosedByServer())
        let after = try names.map { try number($0, client) }
        for (index, name) in names.enumerated() { #expect(after[index] > before[index], "\(name)") }
        #expect(try number("mem_fragmentation_ratio", client) > 0)
        // The rates are taken a few times a second.
        #expect(
            try eventually {
                try number("instantaneous_output_kbps", client) > 0
                    && number("instantaneous_eventloop_cycles_per_sec", client) > 0
                    && number("instantaneous_eventloop_duration_usec", client) > 0
            })
        #expect(try field("monotonic_clock", client).contains("ticks/us"))
    }

    private func slowTurns(_ server: ServerProcess) -> [Substring] {
        server.log.split(separator: "\n").filter { $0.contains("Slow turn of ") }
    }

    /// What takes long on the processor is logged with its name; how long is too long is a directive.
    @Test func slowTurnsAreLogged() throws {
        let server = try ServerProcess(["--enable-debug-command", "yes", "--turn-log-slower-than", "-1"])
        let client = try server.client()
        _ = try client.call("DEBUG", "POPULATE", "100000", "a")
        #expect(slowTurns(server).isEmpty)
        _ = try client.call("CONFIG", "SET", "turn-log-slower-than", "1000")
        _ = try client.call("DEBUG", "POPULATE", "100000", "b")
        #expect(eventually { !slowTurns(server).isEmpty })
        let line = try #require(slowTurns(server).first)
        #expect(
            line.contains(/Slow turn of \d+ us: 1 command took \d+ us, the slowest, debug, \d+ us/), "\(line)"
        )
    }

    /// However many turns are slow, the log does not fill with them; how many there were is said.
    @Test func slowTurnsDoNotFillTheLog() throws {
        let begin = Date()
        let server = try ServerProcess(["--turn-log-slower-than", "0"])
        let client = try server.client()
        for _ in 0..<500 { _ = try client.call("PING") }
        // One line in ten seconds.
        let most = 1 + Int(Date().timeIntervalSince(begin) / 10)
        #expect((1...most).contains(slowTurns(server).count))
    }

    /// A slow command is logged, an event, named by the watchdog, and what comes behind it sees the time it took.
    @Test func aSlowCommandLeavesTraces() throws {
        let server = try ServerProcess(["--enable-debug-command", "yes"])
        let client = try server.client()
        _ = try client.call(
            "CONFIG", "SET", "latency-monitor-threshold", "20", "slowlog-log-slower-than", "20000")
        // The kernel is asked again how long the server has run: the last answer is more than two milliseconds old.
        usleep(10_000)
        let commands = [["SET", "a", "1", "PX", "10"], ["DEBUG", "SLEEP", "0.05"], ["EXISTS", "a"]]
        try client.send(raw: commands.flatMap { Client.encode($0) })
        #expect(try client.read(3) == [Resp.simple("OK"), .simple("OK"), .integer(0)])
        // On a busy machine other commands may have been slow as well.
        let slow = try client.call("SLOWLOG", "GET", "-1").elements ?? []
        #expect(slow.contains { $0.elements?[3] == ["DEBUG", "SLEEP", "0.05"] }, "\(slow)")
        guard case .array(let events) = try client.call("LATENCY", "LATEST") else {
            throw SupportError("no array")
        }
        let names: [Resp] = events.compactMap { event in
            guard case .array(let fields) = event else { return nil }
            return fields.first
        }
        #expect(names.contains("command") && names.contains("turn"))
        let line =
            server.log.split(separator: "\n").first { $0.contains("Slow turn of ") }.map(String.init) ?? ""
        #expect(
            line.contains(
                /: 3 commands took \d+ us, the slowest, debug, \d+ us; \d+ us of the turn were spent waiting/)
        )
    }
}
