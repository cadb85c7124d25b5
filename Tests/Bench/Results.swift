// SPDX-License-Identifier: Apache-2.0
// What a run measures, as it is written to the JSON file and read back by `--from` and `--merge`.

/// Everything one run measured.
struct Results: Codable, Sendable {
    var machine: String
    var date: String
    var mode: String
    /// What each server says of itself, Needletail first, for example "Redis 7.0.15".
    var names: [String]
    var rates: [RateResult] = []
    var singles: [SingleResult] = []
    var memory: [MemoryResult] = []
    var scans: [ScanResult] = []
    var stalls: [StallResult] = []
    var instructions: [InstructionResult] = []
    var evictions: [EvictionResult] = []
    /// nil in files from before there were such rows.
    var saves: [SaveResult]?
    /// Why a cell is missing, and under which conditions the figures were taken.
    var notes: [String] = []

    /// Takes over the rows of an earlier run that this one has not measured, in the order of a full run.
    ///
    /// - Returns: false, and nothing happens, if that run had other servers.
    mutating func merge(_ older: Results) -> Bool {
        guard older.names == names else { return false }
        rates = Results.merged(rates, older.rates, order: RateRow.all.map(\.name))
        singles = Results.merged(singles, older.singles, order: SingleRow.all.map(\.name))
        memory = Results.merged(memory, older.memory, order: MemoryRow.all.map(\.name))
        scans = Results.merged(scans, older.scans, order: ScanRow.all.map(\.name))
        stalls = Results.merged(stalls, older.stalls, order: StallStep.allCases.map(\.rawValue))
        instructions = Results.merged(instructions, older.instructions, order: [])
        evictions = Results.merged(evictions, older.evictions, order: EvictionRow.all.map(\.name))
        saves = Results.merged(saves ?? [], older.saves ?? [], order: SaveRow.allCases.map(\.rawValue))
        notes = older.notes.filter { !notes.contains($0) } + notes
        return true
    }

    private static func merged<Row: NamedRow>(_ new: [Row], _ old: [Row], order: [String]) -> [Row] {
        let kept = old.filter { row in !new.contains { $0.name == row.name } }
        func place(_ row: Row) -> Int { order.firstIndex(of: row.name) ?? order.count }
        return (kept + new).sorted { place($0) < place($1) }
    }
}

/// A row of any table, found by its name.
protocol NamedRow {
    var name: String { get }
}

/// A row of load, measured on all servers.
struct RateResult: Codable, Sendable, NamedRow {
    var row: RateRow
    var figures: PerServer<RateFigures>
    /// The same load on the server of constant replies; nil where that makes no sense.
    var constant: RateFigures?

    var name: String { row.name }
}

/// What load generator and clocks say of one server under one row of load, over all rounds.
struct RateFigures: Codable, Sendable {
    var throughputPerSecond: Spread
    var cpuMicroseconds: Spread
    var p50Ms: Spread
    var p99Ms: Spread
    var p999Ms: Spread
    /// The parts of the time in which the server and the load generator ran.
    var serverBusy: Spread
    var generatorBusy: Spread
}

/// One command timed alone.
struct SingleResult: Codable, Sendable, NamedRow {
    var name: String
    /// Until the last byte of the reply was read.
    var ms: PerServer<Spread>
    /// CPU time of the server until then.
    var cpuMs: PerServer<Spread>
}

/// One keyspace at several sizes: resident bytes per key on top of the empty server.
struct MemoryResult: Codable, Sendable, NamedRow {
    var name: String
    var points: [MemoryPoint]
}

/// Bytes per key at one size of the keyspace.
struct MemoryPoint: Codable, Sendable {
    /// "1.3 M keys", "90 % deleted"
    var label: String
    var keys: Int
    var bytesPerKey: PerServer<Double>
}

/// The longest PING seen during one step.
struct StallResult: Codable, Sendable, NamedRow {
    var name: String
    var figures: PerServer<StallFigures>
}

/// What the PING client saw. Times count from when a PING was due, not from when it could be sent.
struct StallFigures: Codable, Sendable {
    var pings: Int
    /// The longest wait for a reply.
    var longestMs: Double
    /// The longest wait less what was the machine's doing: its own gaps, or the server's wait for a core.
    var longestNetMs: Double
    var p999Ms: Double
    /// The machine's own longest gap meanwhile; nil where it could not be watched at a real-time priority.
    var machineGapMs: Double?
    var seconds: Double
    /// What else the step tells, for example the time until a million keys were gone.
    var remark: String
}

/// CPU milliseconds of a full iteration.
struct ScanResult: Codable, Sendable, NamedRow {
    var name: String
    var cpuMs: PerServer<Spread>
}

/// Instructions per command as callgrind counts them.
struct InstructionResult: Codable, Sendable, NamedRow {
    var command: String
    var pipeline: Int
    var perCommand: PerServer<Double>

    var name: String { Instructions.name(command) }
}

/// A cache at its limit under one trace.
struct EvictionResult: Codable, Sendable, NamedRow {
    var name: String
    var seed: UInt64
    var figures: PerServer<EvictionFigures>
}

/// How a cache did.
struct EvictionFigures: Codable, Sendable {
    var hitRatio: Double
    /// Keys held at the end.
    var keys: Int
    var seconds: Double
}

/// A keyspace saved under writes, or written and read.
struct SaveResult: Codable, Sendable, NamedRow {
    var name: String
    var saves = PerServer<SaveFigures>()
    var loads = PerServer<LoadFigures>()
}

/// What a BGSAVE under writes did.
struct SaveFigures: Codable, Sendable {
    var seconds: Double
    /// The most memory during it, of the server and its children, divided by that before.
    var memoryRatio: Double
    /// The longest PING, net of the machine.
    var longestMs: Double
    /// Writes per second during it, divided by those before.
    var writesKept: Double
}

/// How fast a file was read and written.
struct LoadFigures: Codable, Sendable {
    /// Keys per second, from the start of the process on.
    var loadedPerSecond: Double
    var savedPerSecond: Double
    /// Of the file that this server wrote.
    var fileBytes: Int
}
