// SPDX-License-Identifier: Apache-2.0
// Runs `redis-benchmark` and reads its report.
import Foundation

/// What one run of the load generator reported.
struct LoadReport {
    var throughputPerSecond: Double
    var p50Ms: Double
    var p99Ms: Double
    var p999Ms: Double

    /// Reads the report in the form meant for people: of the generator's forms it alone has the percentiles
    /// beyond 99. Its lines read "99.902% <= 1.199 milliseconds (cumulative count 99904)", with ever finer
    /// percentiles; the first one at or beyond the wanted percentile counts.
    init(parsing text: String) throws {
        var throughput: Double?
        var percentiles: [(percent: Double, ms: Double)] = []
        var inDistribution = false
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            if line.hasPrefix("Latency by percentile") {
                inDistribution = true
            } else if line.hasPrefix("Cumulative distribution") {
                inDistribution = false
            } else if inDistribution, words.count > 3, words[0].hasSuffix("%"),
                let percent = Double(words[0].dropLast()), let ms = Double(words[2])
            {
                percentiles.append((percent, ms))
            } else if line.contains("throughput summary:"), words.count > 2 {
                throughput = Double(words[2])
            }
        }
        func latency(_ percent: Double) -> Double? { percentiles.first { $0.percent >= percent }?.ms }
        guard let throughput, let p50 = latency(50), let p99 = latency(99), let p999 = latency(99.9) else {
            throw BenchError("the load generator reported no figures: \(text.suffix(200))")
        }
        throughputPerSecond = throughput
        p50Ms = p50
        p99Ms = p99
        p999Ms = p999
    }
}

/// What the load generator sends: one of its own tests by name, or a command's words again and again.
enum Load: Sendable {
    case test(String)
    case command([String])

    var name: String {
        switch self {
        case .test(let name): name
        case .command(let words): words.joined(separator: " ")
        }
    }
}

/// The load generator on the client's core.
struct LoadGenerator {
    let path: String
    let machine: Machine
    let children: Children

    /// Runs one load.
    ///
    /// - Parameter seconds: after this long the run is ended and counts as failed.
    func run(
        port: Int, _ load: Load, requests: Int, pipeline: Int, connections: Int, valueSize: Int,
        keyCount: Int,
        seconds: Double = 90
    ) throws -> LoadReport {
        let folder = try children.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var command = [path, "-h", "127.0.0.1", "-p", String(port), "-n", String(requests)]
        command += ["-P", String(pipeline), "-c", String(connections)]
        switch load {
        case .test(let name):
            command += ["-t", name, "-r", String(keyCount)]
            if valueSize > 0 { command += ["-d", String(valueSize)] }
        case .command(let words):
            command += words
        }
        let child = try children.start(
            command, cores: machine.clientCore.map { [$0] }, folder: folder, output: folder + "/output.log")
        guard child.wait(seconds: seconds) else {
            child.end()
            throw BenchError("\(load.name) took more than \(Int(seconds)) s")
        }
        guard child.status == 0 else {
            throw BenchError("\(load.name) failed: \(child.printed().suffix(200))")
        }
        return try LoadReport(parsing: child.printed())
    }
}
