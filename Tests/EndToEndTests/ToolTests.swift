// SPDX-License-Identifier: Apache-2.0
// The tools a Redis user already has, run against the built server. A tool that is missing is a failure.

import Foundation
import TestSupport
import Testing

private func cli(
    _ server: ServerProcess, _ arguments: String..., input: [UInt8] = []
) throws -> Output {
    try run("redis-cli", ["-p", "\(server.port)"] + arguments, input: input)
}

@Suite struct RedisCliTests {
    @Test func aCommandOnTheCommandLine() throws {
        let server = try ServerProcess()
        #expect(try cli(server, "SET", "greeting", "hello world").text == "OK\n")
        #expect(try cli(server, "GET", "greeting").text == "hello world\n")
        #expect(try cli(server, "--no-raw", "GET", "nothing").text == "(nil)\n")
        #expect(try cli(server, "-x", "SET", "input", input: Array("from stdin".utf8)).text == "OK\n")
        #expect(
            try cli(server, "-3", "--no-raw", "MGET", "input", "none").text == "1) \"from stdin\"\n2) (nil)\n"
        )
        #expect(try cli(server, "-n", "3", "DBSIZE").text == "0\n")
    }

    /// The first line that redis-cli asks for is COMMAND DOCS; its hints come from there.
    @Test(arguments: [
        ("get ", ["key"]), ("getex mykey ", ["[EX seconds|PX milliseconds"]),
        ("set k v ", ["[NX|XX|IFEQ comparison-value]", "[GET]"]), ("sadd s ", ["member [member ...]"]),
        ("config set ", ["parameter value"]),
    ])
    func hintsAppearWhileTyping(_ typed: String, _ hints: [String]) throws {
        let server = try ServerProcess()
        let output = try run(Project.python, [Project.script("hints.py"), "\(server.port)", typed] + hints)
        #expect(output.succeeded, "\(output.errors)")
    }

    @Test func scanFindsEveryKeyOnce() throws {
        let server = try ServerProcess()
        let commands = (0..<3000).flatMap { Client.encode(["SET", "k:\($0)", "v"]) }
        try server.client().send(raw: commands)
        #expect(try eventually { try cli(server, "DBSIZE").text == "3000\n" })
        let all = try cli(server, "--scan")
        #expect(all.succeeded)
        #expect(all.lines.count == 3000)
        #expect(Set(all.lines) == Set((0..<3000).map { "k:\($0)" }))
        let some = try cli(server, "--scan", "--pattern", "k:1?")
        #expect(Set(some.lines) == Set((10..<20).map { "k:\($0)" }))
    }

    @Test func pipeLoadsInBulk() throws {
        let server = try ServerProcess()
        let commands = (0..<20_000).flatMap {
            Client.encode(["SET", "k:\($0)", String(repeating: "x", count: 30)])
        }
        let output = try cli(server, "--pipe", input: commands)
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text.contains("errors: 0, replies: 20000"))
        #expect(try cli(server, "DBSIZE").text == "20000\n")

        let wrong = Client.encode(["SET", "s", "text"]) + Client.encode(["INCR", "s"])
        #expect(try cli(server, "--pipe", input: wrong).text.contains("errors: 1, replies: 2"))
    }

    @Test func statPrintsItsColumns() throws {
        let server = try ServerProcess()
        try server.client().call("MSET", "a", "1", "b", "2", "c", "3")
        // Behind a pipe its output waits in a buffer, and it never ends by itself.
        let output = try run(
            "stdbuf", ["-oL", "redis-cli", "-p", "\(server.port)", "--stat", "-i", "0.1"]
        ) { text in
            text.hasSuffix("\n") && text.split(separator: "\n").count { $0.hasPrefix("3 ") } >= 2
        }
        let rows = output.lines.filter { $0.hasPrefix("3 ") }
        // Keys, memory, clients, blocked, requests with their growth, connections.
        let fields = rows.first?.split(separator: " ") ?? []
        #expect(fields.count == 7, "\(fields)")
        #expect(fields.dropFirst().first?.last == "M" || fields.dropFirst().first?.last == "K", "\(fields)")
        #expect(fields.dropFirst(2).first == "1", "redis-cli is the one client: \(fields)")
    }

    @Test func latencyReportsSamples() throws {
        let server = try ServerProcess()
        let output = try cli(server, "--latency", "-i", "1")
        // Minimum, maximum, average and count.
        let figures = output.text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        #expect(figures.count == 4, "\(output.text) \(output.errors)")
        #expect(figures.last ?? 0 >= 1)
    }
}

@Suite struct RedisBenchmarkTests {
    private static let tests =
        "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset"
    private static let titles = [
        "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET",
        "SPOP", "ZADD", "ZPOPMIN", "LPUSH (needed to benchmark LRANGE)", "LRANGE_100 (first 100 elements)",
        "LRANGE_300 (first 300 elements)", "LRANGE_500 (first 500 elements)",
        "LRANGE_600 (first 600 elements)", "MSET (10 keys)",
    ]

    @Test(arguments: [1, 16, 100])
    func everyCommandThatExists(_ pipeline: Int) throws {
        let server = try ServerProcess()
        let output = try run(
            "redis-benchmark",
            [
                "-p", "\(server.port)", "-t", RedisBenchmarkTests.tests, "-n", "5000", "-c", "20", "-r",
                "1000", "-P",
                "\(pipeline)", "--csv",
            ])
        #expect(output.succeeded)
        // It warns here when CONFIG GET does not answer as it should.
        #expect(output.errors == "")
        let rows = output.lines.dropFirst().map { row in
            row.split(separator: ",").map { $0.trimmingCharacters(in: ["\""]) }
        }
        #expect(rows.map { $0[0] } == RedisBenchmarkTests.titles)
        #expect(rows.allSatisfy { Double($0[1]) ?? 0 > 0 })

        // What the runs left: a counter of all INCRs under at most 1000 keys, and no member in a set that SPOP emptied.
        let client = try server.client()
        #expect(try client.call("GET", "key:000000000000") != .nullBulk)
        #expect(try client.call("DBSIZE").integer ?? 0 > 100)
    }

    @Test func threadsAndLargeValues() throws {
        let server = try ServerProcess()
        let output = try run(
            "redis-benchmark",
            ["-p", "\(server.port)", "-t", "set,get", "-n", "2000", "-d", "20000", "--threads", "2", "--csv"])
        #expect(output.succeeded, "\(output.errors)")
        #expect(output.lines.count == 3, "\(output.text)")
        #expect(try server.client().call("STRLEN", "key:__rand_int__") == 20_000)
    }
}

@Suite struct RedisPyTests {
    @Test(
        arguments: [
            "basic", "keys", "lists", "sets", "hashes", "queues", "sorting", "pipeline", "transaction",
            "server", "errors", "pubsub",
        ], [2, 3])
    func use(_ section: String, _ protocolVersion: Int) throws {
        let server = try ServerProcess()
        let output = try run(
            Project.python, [Project.script("redis_py.py"), "\(server.port)", section, "\(protocolVersion)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text == "\(section) ok\n")
    }

    /// A queue of delayed jobs, a ranking and a limit on rates.
    @Test(arguments: ["delayed_jobs", "leaderboard", "rate_limit"], [2, 3])
    func sortedSets(_ section: String, _ protocolVersion: Int) throws {
        let server = try ServerProcess()
        let output = try run(
            Project.python,
            [Project.script("sorted_sets.py"), "\(server.port)", section, "\(protocolVersion)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text == "\(section) ok\n")
    }

    /// A group of consumers of which one crashes, and every call that the library has for streams.
    @Test(arguments: ["crashed_consumer", "calls"], [2, 3])
    func streams(_ section: String, _ protocolVersion: Int) throws {
        let server = try ServerProcess()
        let output = try run(
            Project.python,
            [Project.script("stream_groups.py"), "\(server.port)", section, "\(protocolVersion)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text == "\(section) ok\n")
    }

    @Test func clientSideCaching() throws {
        let server = try ServerProcess()
        let output = try run(
            Project.python, [Project.script("redis_py.py"), "\(server.port)", "caching", "3"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
    }

    @Test(arguments: [2, 3])
    func authentication(_ protocolVersion: Int) throws {
        let server = try ServerProcess(["--requirepass", "secret word"])
        let output = try run(
            Project.python,
            [Project.script("redis_py.py"), "\(server.port)", "password", "\(protocolVersion)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
    }
}

/// Programs that keep their jobs in lists.
@Suite struct QueueTests {
    @Test func huey() throws {
        let server = try ServerProcess()
        let output = try run(Project.python, [Project.script("huey_queue.py"), "\(server.port)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text == "huey ok\n")
    }
}

/// Programs that keep what happens in streams.
@Suite struct StreamContainerTests {
    @Test func walrus() throws {
        let server = try ServerProcess()
        let output = try run(Project.python, [Project.script("walrus_streams.py"), "\(server.port)"])
        #expect(output.succeeded, "\(output.text) \(output.errors)")
        #expect(output.text == "walrus ok\n")
    }
}
