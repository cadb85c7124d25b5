// SPDX-License-Identifier: Apache-2.0
// What a run measures, as it is written to the JSON file and read back by `--from`.

/// Everything one run measured.
struct Results: Codable, Sendable {
    var machine: String
    var date: String
    var mode: String
    /// What each server says of itself, for example "redis-server 7.0.15".
    var names: Pair<String>
    var rates: [RateResult] = []
    var memory: [MemoryResult] = []
    /// Nil in the files of runs that knew no such rows.
    var scans: [ScanResult]?
    var stalls: [StallResult] = []
    var instructions: [InstructionResult] = []
    var evictions: [EvictionResult]?
    /// Why a cell is missing, and under which conditions the figures were taken.
    var notes: [String] = []
}

/// A row of load, measured on both servers.
struct RateResult: Codable, Sendable {
    var row: RateRow
    var sides: Pair<RateFigures>
}

/// What `redis-benchmark` and /proc say of one server under one row of load, over all rounds.
struct RateFigures: Codable, Sendable {
    var throughputPerSecond: Spread
    var cpuMicroseconds: Spread
    var p50Ms: Spread
    var p99Ms: Spread
    var p999Ms: Spread
}

/// One keyspace at several sizes: resident bytes per key on top of the empty server.
struct MemoryResult: Codable, Sendable {
    var name: String
    var points: [MemoryPoint]
}

/// Bytes per key at one size of the keyspace.
struct MemoryPoint: Codable, Sendable {
    /// "1.3 M keys", "90 % deleted"
    var label: String
    var keys: Int
    var bytesPerKey: Pair<Double>
}

/// The longest PING seen during one step.
struct StallResult: Codable, Sendable {
    var name: String
    var sides: Pair<StallFigures>
}

/// What the PING client saw.
struct StallFigures: Codable, Sendable {
    var pings: Int
    /// The longest round trip.
    var longestMs: Double
    /// The longest round trip less the time that server and client stood in the scheduler's queue meanwhile.
    var longestNetMs: Double
    var p999Ms: Double
    var seconds: Double
    /// What else the step tells, for example the time until a million keys were gone.
    var remark: String
}

/// Instructions per command as callgrind counts them.
struct InstructionResult: Codable, Sendable {
    var command: String
    var pipeline: Int
    var perCommand: Pair<Double>
}

/// A cache at its limit under one trace.
struct EvictionResult: Codable, Sendable {
    var name: String
    var seed: UInt64
    var sides: Pair<EvictionFigures>
}

/// How a cache did.
struct EvictionFigures: Codable, Sendable {
    var hitRatio: Double
    /// Keys held at the end.
    var keys: Int
    var seconds: Double
}
