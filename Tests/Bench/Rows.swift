// SPDX-License-Identifier: Apache-2.0
// The rows of load: which commands, at which pipeline, value size and number of connections.

/// One row of the rate table.
struct RateRow: Codable, Equatable, Sendable {
    /// "GET", "SET", "INCR", "MSET", "SADD", "SPOP", "BITCOUNT", "BITOP" (AND of two strings) or
    /// "PUBLISH"
    var command: String
    var pipeline: Int
    /// Bytes of a value; 0 where the command has none.
    var valueSize: Int
    var connections: Int
    /// Connections beside those that do nothing.
    var idle: Int?
    /// Subscribers of the channel that PUBLISH names.
    var subscribers: Int?

    var name: String {
        let size = valueSize == 0 ? "" : " \(valueSize) B"
        let idle = idle.map { " idle\($0)" } ?? ""
        let audience = subscribers.map { " to \($0)" } ?? ""
        return "rate \(command)\(size)\(audience) P\(pipeline) c\(connections)\(idle)"
    }

    /// How many different keys the load touches: a million, but at most 1 GiB of values.
    var keyCount: Int { valueSize == 0 ? 1_000_000 : min(1_000_000, (1 << 30) / valueSize) }

    /// Commands of one round, for about a second of work on a fast server.
    var requests: Int {
        if isOnBitmaps { return 6000 }
        if let subscribers { return subscribers > 10 ? 10_000 : 200_000 }
        if command == "SPOP" { return pipeline == 1 ? 100_000 : 900_000 }
        var count: Int
        switch pipeline {
        case ...1: count = connections > 100 ? 200_000 : 100_000
        case ...16: count = 900_000
        default: count = 2_000_000
        }
        if command == "MSET" { count = min(count / 2, 200_000) }
        if valueSize >= 10_000 {
            count = min(count, 60_000)
        } else if valueSize >= 1000 {
            count = min(count, 500_000)
        }
        return count
    }

    /// What the keyspace must hold before the row.
    var dataset: Dataset {
        switch command {
        case "GET", "SET", "MSET": .strings(count: keyCount, size: valueSize)
        case "INCR": .counters(count: keyCount)
        case "BITCOUNT", "BITOP": .bitmaps(count: 2, size: valueSize)
        default: .empty
        }
    }

    /// Whether the row works on two long strings instead of many keys.
    var isOnBitmaps: Bool { command.hasPrefix("BIT") }

    /// What `redis-benchmark` is to send.
    var load: Load {
        switch command {
        case "PUBLISH": .command(["PUBLISH", Audience.channel, String(repeating: "x", count: valueSize)])
        case "BITCOUNT": .command(["BITCOUNT", "bits:0"])
        case "BITOP": .command(["BITOP", "AND", "bits:result", "bits:0", "bits:1"])
        default: .test(command.lowercased())
        }
    }

    static let pipelines = [1, 16, 100]

    /// The rows that the project's speed goals speak of.
    static let goals: [RateRow] = pipelines.flatMap { pipeline in
        ["SET", "GET"].map { RateRow(command: $0, pipeline: pipeline, valueSize: 32, connections: 50) }
    }

    /// All rows, in an order that loads each dataset once.
    static let all: [RateRow] = {
        func rows(_ commands: [String], size: Int, connections: Int = 50) -> [RateRow] {
            commands.flatMap { command in
                pipelines.map {
                    RateRow(command: command, pipeline: $0, valueSize: size, connections: connections)
                }
            }
        }
        // With 50 active ones, and one to ask for figures, within the usual limit of 10,000 clients.
        let crowded = goals.filter { $0.pipeline < 100 }.map {
            RateRow(
                command: $0.command, pipeline: $0.pipeline, valueSize: 32, connections: 50, idle: 9_940)
        }
        return goals + crowded + rows(["MSET"], size: 32) + rows(["SET", "GET"], size: 32, connections: 1000)
            + rows(["INCR", "SADD", "SPOP"], size: 0)
            + [3, 1024, 16384].flatMap { rows(["SET", "GET"], size: $0) }
            + ["BITCOUNT", "BITOP"].map {
                RateRow(command: $0, pipeline: 1, valueSize: 1 << 20, connections: 50)
            }
            + [1, 100].map {
                RateRow(command: "PUBLISH", pipeline: 16, valueSize: 32, connections: 10, subscribers: $0)
            }
    }()
}
