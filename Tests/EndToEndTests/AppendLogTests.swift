// SPDX-License-Identifier: Apache-2.0
// The log of commands on a real disk: between this server and Debian's redis-server, with a slow disk, and killed at
// any moment.

import Foundation
import TestSupport
import Testing

@Suite struct AppendLogTests {
    private static let options = ["--enable-debug-command", "yes", "--save", "", "--appendonly", "yes"]

    private static func manifest(_ directory: TemporaryDirectory) -> String {
        directory.file("appendonlydir/appendonly.aof.manifest")
    }

    /// A log that one server wrote is read by the other, whatever its base is, and passes the tool.
    @Test(arguments: [true, false], ["yes", "no"]) func logsGoBothWays(_ toRedis: Bool, _ preamble: String)
        throws
    {
        let directory = try TemporaryDirectory()
        let servers = toRedis ? [Project.server, "redis-server"] : ["redis-server", Project.server]
        let options = Self.options + ["--aof-use-rdb-preamble", preamble]
        let from = try ServerProcess(options, server: servers[0], directory: directory)
        let client = try from.client()
        try SnapshotTests.fill(client)
        try client.call("BGREWRITEAOF")
        while try client.call("INFO", "persistence").text?.contains("aof_rewrite_in_progress:1") == true {}
        try client.call("MULTI")
        try client.call("SET", "text", "changed")
        try client.call("SELECT", "3")
        try client.call("SET", "elsewhere", "2")
        try client.call("EXEC")
        try client.call("SELECT", "0")
        let before = try SnapshotTests.view(client, sparesTimes: preamble == "no")
        client.close()
        try from.stop()
        let check = try run("redis-check-aof", [Self.manifest(directory)])
        #expect(check.status == .code(0) && check.text.contains("All AOF files and manifest are valid"))
        let to = try ServerProcess(options, server: servers[1], directory: directory)
        #expect(try SnapshotTests.view(try to.client(), sparesTimes: preamble == "no") == before)
        // What it adds, the first one reads as well.
        try to.client().call("SET", "added", "1")
        try to.stop()
        let again = try ServerProcess(options, server: servers[0], directory: directory)
        #expect(try again.client().call("GET", "added") == .bulk("1"))
        try again.stop()
    }

    /// While the disk takes half a second for each batch, PING and reads of other keys go on, and nobody is told of a
    /// change before its time.
    @Test func aSlowDiskHoldsNobodyElse() throws {
        let server = try ServerProcess(Self.options + ["--appendfsync", "always"])
        let (writer, reader, other) = (try server.client(), try server.client(), try server.client())
        try writer.call("MSET", "old", "1", "seen", "0")
        try other.call("DEBUG", "AOF-FLUSH-SLEEP", "500000")
        try writer.send("SET", "seen", "1")
        // The change is in memory before the next command of anybody else.
        while try other.call("INFO", "persistence").text?.contains("aof_pending_bio_fsync:1") != true {}
        try reader.send("GET", "seen")
        for _ in 0..<50 {
            #expect(try other.call("PING") == .simple("PONG"))
            #expect(try other.call("GET", "old") == .bulk("1"))
        }
        #expect(try !writer.hasInput() && !reader.hasInput(), "told before it was on the disk")
        #expect(try writer.read() == .ok)
        #expect(try reader.read() == .bulk("1"))
        try other.call("DEBUG", "AOF-FLUSH-SLEEP", "0")
        try server.stop()
    }

    /// How often the server is killed; NEEDLETAIL_KILLS asks for more.
    private static let rounds = Int(ProcessInfo.processInfo.environment["NEEDLETAIL_KILLS"] ?? "") ?? 12

    /// Killed at any moment, also while the log is rewritten: with `always` every count that a client was told is there.
    @Test func nothingToldIsLost() throws {
        let directory = try TemporaryDirectory()
        let options = Self.options + ["--appendfsync", "always"]
        var told = [Int](repeating: 0, count: 4)
        for round in 0..<Self.rounds {
            let server = try ServerProcess(options, directory: directory)
            let clients = try told.indices.map { _ in try server.client() }
            for (index, client) in clients.enumerated() {
                let count = Int(try client.call("GET", "counter:\(index)").text ?? "0") ?? 0
                #expect(count >= told[index], "round \(round), counter \(index)")
                told[index] = count
            }
            let end = Date().addingTimeInterval(Double.random(in: 0.05...0.35))
            var isFirst = true
            while Date() < end {
                for (index, client) in clients.enumerated() {
                    try client.send("INCR", "counter:\(index)")
                    if isFirst {
                        try client.send("SET", "filler:\(round)", String(repeating: "x", count: 100_000))
                    }
                }
                if isFirst, round % 2 == 0 {
                    try clients[0].send("BGREWRITEAOF")
                    _ = try clients[0].read(3)
                    for client in clients.dropFirst() { _ = try client.read(2) }
                    isFirst = false
                    continue
                }
                for (index, client) in clients.enumerated() {
                    let answers = try client.read(isFirst ? 2 : 1)
                    if case .integer(let count) = answers[0] { told[index] = Int(count) }
                }
                isFirst = false
            }
            for (index, client) in clients.enumerated() { try client.send("INCR", "counter:\(index)") }
            try server.stop(SIGKILL)
        }
        let server = try ServerProcess(options, directory: directory)
        for (index, count) in told.enumerated() {
            let found = Int(try server.client().call("GET", "counter:\(index)").text ?? "0") ?? 0
            #expect(found >= count && found <= count + 1, "counter \(index)")
        }
        try server.stop()
        let check = try run("redis-check-aof", [Self.manifest(directory)])
        #expect(check.status == .code(0), "\(check.text)")
    }
}
