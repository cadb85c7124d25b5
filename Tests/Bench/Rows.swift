// SPDX-License-Identifier: Apache-2.0
// The rows of load: which commands, at which pipeline, value size and number of connections.

/// One row of the rate table.
struct RateRow: Codable, Equatable, Sendable {
    /// A command as `Workload` knows it, for example "GET" or "HMGET of 10".
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

    /// How many different keys the load touches: a million, but at most 256 MiB of values.
    var keyCount: Int { valueSize == 0 ? 1_000_000 : min(1_000_000, (1 << 28) / valueSize) }

    /// The commands of a round whose load uses up its data.
    var requestsOfUse: Int { pipeline == 1 ? 100_000 : 900_000 }

    static let pipelines = [1, 16, 100]

    /// The rows that the project's speed goals speak of.
    static let goals = rows(["SET", "GET"], size: 32)

    /// Hashes of ten fields of 32 bytes, unless the name says otherwise. HEXPIRE comes last: the deadlines stay.
    static let hashes =
        rows(["HSET", "HGET", "HMGET of 10", "HGETALL of 10"], size: 32, pipelines: [1, 16])
        + rows(["HINCRBY"], size: 0, pipelines: [1, 16])
        + rows(["HGETALL of 1000"], size: 32, pipelines: [1, 16])
        + rows(["HEXPIRE"], size: 32, pipelines: [1, 16])

    /// Elements of 32 bytes in one list; those of LINDEX and SORT are numbers.
    static let lists =
        rows(["LPUSH", "RPUSH", "LPOP", "RPOP"], size: 32, pipelines: [1, 16])
        + rows(
            ["LRANGE of 100", "LRANGE of 300", "LRANGE of 500", "LRANGE of 600", "LINDEX of 1 M"], size: 32,
            pipelines: [1, 16]) + rows(["SORT of 10,000"], size: 0, pipelines: [1])

    /// What README shows and `--quick` measures.
    static let chosen =
        goals + rows(["MSET"], size: 32, pipelines: [1])
        + rows(["HSET", "HGET", "HGETALL of 10"], size: 32, pipelines: [16])
        + rows(["LPUSH", "LPOP", "LRANGE of 100"], size: 32, pipelines: [16])

    private static func rows(
        _ commands: [String], size: Int, connections: Int = 50, pipelines: [Int] = pipelines
    ) -> [RateRow] {
        commands.flatMap { command in
            pipelines.map {
                RateRow(command: command, pipeline: $0, valueSize: size, connections: connections)
            }
        }
    }

    /// All rows, in an order that loads each dataset once.
    static let all: [RateRow] = {
        // With 50 active ones, and one to ask for figures, within the usual limit of 10,000 clients.
        let crowded = goals.filter { $0.pipeline < 100 }.map {
            RateRow(
                command: $0.command, pipeline: $0.pipeline, valueSize: 32, connections: 50, idle: 9_940)
        }
        return goals + crowded + rows(["MSET"], size: 32) + rows(["SET", "GET"], size: 32, connections: 1000)
            + rows(["INCR", "SADD", "SPOP"], size: 0) + hashes + lists + sortedSets + streams + places
            + [3, 1024, 16384].flatMap { rows(["SET", "GET"], size: $0) }
            + rows(["BITCOUNT", "BITOP"], size: 1 << 20, pipelines: [1])
            + rows(["PFADD", "PFCOUNT", "PFCOUNT of 10", "PFMERGE of 10"], size: 0, pipelines: [1, 16])
            + [1, 100].map {
                RateRow(command: "PUBLISH", pipeline: 16, valueSize: 32, connections: 10, subscribers: $0)
            }
    }()
}
