// SPDX-License-Identifier: Apache-2.0
// Iterations over a whole keyspace with SCAN: the server's CPU time for one of them.
import Foundation

/// One row of the table of iterations.
struct ScanRow: Sendable {
    var count: Int
    var name: String { "scan 1 M keys, COUNT \(count)" }
    static let keys = 1_000_000
    static let all = [10, 1000].map { ScanRow(count: $0) }
}

/// Measures iterations, one server after the other.
struct Scans {
    let bout: Bout

    func measure(_ rows: [ScanRow], note: (String) -> Void) -> [ScanResult] {
        var results = rows.map { ScanResult(name: $0.name, cpuMs: PerServer()) }
        for contestant in bout.contestants {
            do {
                let server = try bout.start(contestant)
                try server.load(.strings(count: ScanRow.keys, size: 32))
                // A table that is still on its way to a larger one would be walked twice.
                usleep(1_500_000)
                for (index, row) in rows.enumerated() {
                    Progress.say("\(row.name), \(contestant.name)")
                    results[index].cpuMs[contestant.index] = Spread(
                        try (0..<min(3, bout.options.roundCount)).map { _ in try iterate(row, server) })
                }
            } catch { note("scan, \(contestant.name): \(error)") }
        }
        return results
    }

    private func iterate(_ row: ScanRow, _ server: ServerUnderTest) throws -> Double {
        let connection = try server.connect()
        let clock = ProcessClock(server.child.pid)
        let before = clock.nanoseconds()
        var cursor = "0"
        var seen = 0
        repeat {
            let answer = try connection.ask("SCAN", cursor, "COUNT", String(row.count))
            guard case .list(let parts) = answer, parts.count == 2, case .text(let next) = parts[0],
                case .list(let keys) = parts[1]
            else { throw BenchError("SCAN gave no cursor and list") }
            cursor = next
            seen += keys.count
        } while cursor != "0"
        guard seen >= ScanRow.keys else { throw BenchError("\(row.name) saw \(seen) keys only") }
        return Double(clock.nanoseconds() - before) / 1e6
    }
}
