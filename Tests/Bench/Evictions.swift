// SPDX-License-Identifier: Apache-2.0
// The hit ratio of a cache at its memory limit, on generated traces. A miss writes the key, as caches do. Both servers
// see the same accesses; they are compared at the same limit, and at limits at which they hold as many keys.
import Foundation

/// What is asked for, key by key. Every trace is made from its seed.
enum CacheTrace: String, CaseIterable {
    case zipf = "zipf"
    case scans = "zipf with scans"
    case moving = "moving hot set"

    static let population = 400_000
    static let accesses = 1_500_000
    var seed: UInt64 { 20_261_121 + UInt64(CacheTrace.allCases.firstIndex(of: self) ?? 0) }

    func make() -> [Int32] {
        var state = seed
        func next() -> UInt64 {
            state &+= 1
            return UInt64(CommandText.scramble(Int(truncatingIfNeeded: state &* 0x2545_f491_4f6c_dd1d)))
        }
        func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
        var sum = 0.0
        let sums: [Double] = (1...CacheTrace.population).map {
            sum += 1 / pow(Double($0), 0.9)
            return sum
        }
        func zipf() -> Int {
            let wanted = Double(next() >> 10) / Double(1 << 53) * sum
            var low = 0
            var high = sums.count - 1
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            return low
        }
        var scan = CacheTrace.population
        return (0..<CacheTrace.accesses).map { index in
            switch self {
            case .zipf: return Int32(zipf())
            case .scans:
                // A fifth of all accesses, in runs, belongs to keys that are asked for once.
                guard index % 10_000 < 2000 else { return Int32(zipf()) }
                scan += 1
                return Int32(scan)
            case .moving:
                guard below(10) > 0 else { return Int32(below(CacheTrace.population)) }
                return Int32((index / 8 + below(60_000)) % CacheTrace.population)
            }
        }
    }
}

/// One row: a trace under a policy.
struct EvictionRow {
    let trace: CacheTrace
    let policy: String
    let isEqualInKeys: Bool

    var name: String {
        "eviction \(policy), \(trace.rawValue), " + (isEqualInKeys ? "same number of keys" : "same maxmemory")
    }

    static let all: [EvictionRow] = ["allkeys-lru", "allkeys-lfu"].flatMap { policy in
        CacheTrace.allCases.flatMap { trace in
            [false, true].map { EvictionRow(trace: trace, policy: policy, isEqualInKeys: $0) }
        }
    }
}

/// Measures hit ratios.
struct Evictions {
    let bout: Bout

    private static let limitBytes = 16 << 20
    private static let valueBytes = 64
    private static let batch = 50
    private static let accessesPerSecond = 100_000

    func measure(_ rows: [EvictionRow], note: (String) -> Void) -> [EvictionResult] {
        rows.map { row in
            Progress.say(row.name)
            var figures = PerServer<EvictionFigures>()
            let accesses = row.trace.make()
            // The first peer comes first: how many keys it holds is what the limit of all others is made for.
            for contestant in bout.contestants.dropFirst() + bout.contestants.prefix(1) {
                do {
                    let server = try ServerUnderTest(
                        contestant, cores: bout.machine.cores, children: bout.children)
                    let keys = row.isEqualInKeys && contestant.index != 1 ? figures[1]?.keys : nil
                    figures[contestant.index] = try run(
                        row, accesses, server, samples: contestant.isOurs ? 5 : 10, holding: keys)
                } catch { note("\(row.name), \(contestant.name): \(error)") }
            }
            return EvictionResult(name: row.name, seed: row.trace.seed, figures: figures)
        }
    }

    private func run(
        _ row: EvictionRow, _ accesses: [Int32], _ server: ServerUnderTest, samples: Int,
        holding keys: Int?
    ) throws -> EvictionFigures {
        let connection = try server.connect()
        var limit = Evictions.limitBytes
        if let keys { limit = try Evictions.limit(for: keys, connection) }
        try connection.must("CONFIG", "SET", "maxmemory-policy", row.policy)
        try connection.must("CONFIG", "SET", "maxmemory-samples", String(samples))
        try connection.must("CONFIG", "SET", "maxmemory", String(limit))
        let begin = Clock.now()
        var hits = 0
        var first = 0
        while first < accesses.count {
            let keys = accesses[first..<min(first + Evictions.batch, accesses.count)]
            first += Evictions.batch
            // Both at the same pace: access times are kept in seconds, so a faster run would tell fewer apart.
            let due = begin + first * 1_000_000_000 / Evictions.accessesPerSecond
            while Clock.now() < due { usleep(100) }
            hits += try Evictions.ask(keys, connection)
        }
        guard case .integer(let held) = try connection.must("DBSIZE") else { throw BenchError("no DBSIZE") }
        return EvictionFigures(
            hitRatio: Double(hits) / Double(accesses.count), keys: held,
            seconds: Double(Clock.now() - begin) / 1e9)
    }

    /// Reads keys and writes those that are missing.
    /// - Returns: how many were there.
    private static func ask(_ keys: ArraySlice<Int32>, _ connection: Connection) throws -> Int {
        var text = CommandText()
        for key in keys {
            text.command(2)
            text.argument("EXISTS")
            text.numbered("key:", Int(key))
        }
        try connection.send(text.bytes)
        var missing: [Int32] = []
        for key in keys {
            guard case .integer(let count) = try connection.reply() else { throw BenchError("no number") }
            if count == 0 { missing.append(key) }
        }
        text.bytes.removeAll(keepingCapacity: true)
        for key in keys {
            // EXISTS is no access: what was there is touched, what was not is written.
            if missing.contains(key) {
                text.command(3)
                text.argument("SET")
                text.numbered("key:", Int(key))
                text.value(Int(key), size: valueBytes)
            } else {
                text.command(2)
                text.argument("TOUCH")
                text.numbered("key:", Int(key))
            }
        }
        try connection.send(text.bytes)
        try connection.skipLines(keys.count)
        return keys.count - missing.count
    }

    /// The limit at which a server holds about so many keys.
    private static func limit(for keys: Int, _ connection: Connection) throws -> Int {
        // Tables in motion are a little less full than after loading.
        try connection.pipelined(keys + keys / 55, pipeline: 200) { text, index in
            text.command(3)
            text.argument("SET")
            text.numbered("key:", index)
            text.value(index, size: valueBytes)
        }
        let used = try connection.memory("used_memory")
        try connection.must("FLUSHALL")
        return used
    }
}
