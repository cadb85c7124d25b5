// SPDX-License-Identifier: Apache-2.0
// The reports of redis-cli: what it finds out about keys and about time, by asking this server.

import Foundation
import TestSupport
import Testing

/// Output of redis-cli as it comes line by line; one that never ends is killed when `isEnough` holds.
private func report(
    _ server: ServerProcess, _ arguments: String..., until isEnough: (String) -> Bool = { _ in false }
) throws -> Output {
    try run("stdbuf", ["-oL", "redis-cli", "-p", "\(server.port)"] + arguments, until: isEnough)
}

@Suite struct CliKeyReportTests {
    /// Strings `s:1` to `s:40` of as many bytes, one of 9000, a set of 300 members, and hashes of 20 and 700 fields.
    private func filled(_ options: [String] = []) throws -> ServerProcess {
        let server = try ServerProcess(options)
        let client = try server.client()
        for i in 1...40 { try client.call("SET", "s:\(i)", String(repeating: "x", count: i)) }
        try client.call("SET", "huge", String(repeating: "x", count: 9000))
        try client.call(["SADD", "members"] + (0..<300).map { "member:\($0)" })
        for (key, count) in [("few", 20), ("fields", 700)] {
            try client.call(["HSET", key] + (0..<count).flatMap { ["field:\($0)", "value"] })
        }
        return server
    }

    @Test func bigkeysFindsTheLargestOfEachType() throws {
        let output = try report(try filled(), "--bigkeys")
        #expect(output.succeeded, "\(output.errors)")
        for line in [
            "Sampled 44 keys in the keyspace!", "Biggest string found '\"huge\"' has 9000 bytes",
            "Biggest    set found '\"members\"' has 300 members", "41 strings with 9820 bytes",
            "1 sets with 300 members", "Biggest   hash found '\"fields\"' has 700 fields",
            "2 hashs with 720 fields",
        ] {
            #expect(output.text.contains(line), "\(line): \(output.text)")
        }
    }

    /// It asks MEMORY USAGE for each key.
    @Test func memkeysFindsTheLargestOfEachType() throws {
        let server = try filled()
        let output = try report(server, "--memkeys")
        #expect(output.succeeded, "\(output.errors)")
        let client = try server.client()
        for (type, key) in [("string", "huge"), ("   set", "members"), ("  hash", "fields")] {
            let bytes = try client.call("MEMORY", "USAGE", key).integer ?? 0
            #expect(bytes > 3000)
            #expect(
                output.text.contains("Biggest \(type) found '\"\(key)\"' has \(bytes) bytes"),
                "\(output.text)")
        }
        let all = try report(server, "--memkeys-samples", "0")
        #expect(all.succeeded && all.text.contains("Sampled 44 keys"))
    }

    /// It asks OBJECT FREQ for each key, which needs a policy that counts.
    @Test func hotkeysFindsWhatIsReadMost() throws {
        let server = try filled(["--maxmemory-policy", "allkeys-lfu", "--lfu-log-factor", "0"])
        let client = try server.client()
        for _ in 0..<100 { try client.call("GET", "s:7") }
        for _ in 0..<50 { try client.call("GET", "huge") }
        let output = try report(server, "--hotkeys")
        #expect(output.succeeded, "\(output.errors)")
        let hottest = output.lines.filter { $0.hasPrefix("hot key found") }.prefix(2)
        #expect(hottest.map { $0.split(separator: " ").last } == ["\"s:7\"", "\"huge\""], "\(output.text)")

        let without = try report(try ServerProcess(), "--hotkeys")
        #expect(!without.succeeded || without.text.contains("0 keys"), "\(without.text) \(without.errors)")
    }
}

@Suite struct CliLatencyReportTests {
    @Test func latencyHistoryBeginsAnewWithEachInterval() throws {
        // Minimum, maximum, average and count, line by line as the count grows, then a line that ends the interval.
        let isEnd = { (line: Substring) in line.hasSuffix("seconds range") }
        let output = try report(try ServerProcess(), "--latency-history", "-i", "1") { text in
            let lines = text.split(separator: "\n")
            guard let first = lines.firstIndex(where: isEnd) else { return false }
            return lines[first...].dropFirst().contains { $0.hasSuffix(" 3") }
        }
        let intervals = output.lines.dropLast().split(whereSeparator: isEnd).map { lines in
            lines.map { line in line.split(separator: " ").compactMap { Double($0) } }
        }
        #expect(intervals.count >= 2, "\(output.text)")
        for rows in intervals {
            #expect(rows.allSatisfy { $0.count == 4 }, "\(output.text)")
            #expect(rows.map(\.last) == (1...rows.count).map { Double($0) }, "it counts on: \(output.text)")
        }
    }

    @Test func latencyDistributionPrintsItsSpectrum() throws {
        // A line that explains the colours, then a row of them for each interval. What never comes ends in an error.
        let output = try report(try ServerProcess(), "--latency-dist", "-i", "1") { text in
            text.split(separator: "\n").count { $0.contains("\u{1b}[48;5;") && !$0.contains("From") } >= 2
        }
        #expect(output.text.contains("From 0 to 100%"), "\(output.text) \(output.errors)")
    }
}
