// SPDX-License-Identifier: Apache-2.0
// Throughput, latency and CPU time. Both servers run all the time; in each round both are loaded one after the
// other, and who goes first changes from round to round, so that a slow drift of the machine hits both alike.
import Foundation

/// Measures the rows of load.
struct Rates {
    let options: Options
    let machine: Machine
    let children: Children

    /// - Parameter note: takes a sentence for each cell that could not be measured.
    func measure(_ rows: [RateRow], note: (String) -> Void) throws -> [RateResult] {
        var servers: [Side: ServerUnderTest] = [:]
        var results: [RateResult] = []
        for (index, row) in rows.enumerated() {
            var samples: [Side: [RateSample]] = [:]
            var failed: Set<Side> = []
            for round in 0..<options.rounds {
                Progress.say("\(index + 1)/\(rows.count) \(row.name), round \(round + 1)")
                let order: [Side] = (round + index) % 2 == 0 ? [.ours, .peer] : [.peer, .ours]
                for side in order where !failed.contains(side) {
                    do {
                        let server = try running(side, &servers)
                        samples[side, default: []].append(try sample(row, server))
                    } catch {
                        failed.insert(side)
                        note("\(row.name), \(side.title): \(error)")
                    }
                }
            }
            var sides = Pair<RateFigures>()
            for side in Side.allCases {
                if let list = samples[side], !failed.contains(side) { sides[side] = RateFigures(list) }
            }
            results.append(RateResult(row: row, sides: sides))
        }
        return results
    }

    /// The server of one side; a server that has died is started anew.
    private func running(_ side: Side, _ servers: inout [Side: ServerUnderTest]) throws -> ServerUnderTest {
        if let server = servers[side], server.child.isRunning { return server }
        let path = side == .ours ? options.server : options.peer
        let cores = machine.serverCore.map { [$0] }
        let server = try ServerUnderTest(side, path: path, cores: cores, children: children)
        servers[side] = server
        return server
    }

    private func sample(_ row: RateRow, _ server: ServerUnderTest) throws -> RateSample {
        try prepare(row, server)
        let crowd = try row.idle.map { try Crowd($0, port: server.port) }
        // What connections cost when they come is not part of the load.
        if crowd != nil { usleep(1_000_000) }
        let audience = try row.subscribers.map { try Audience($0, port: server.port) }
        defer { audience?.leave() }
        let generator = LoadGenerator(path: options.loadGenerator, machine: machine, children: children)
        let before = Proc.cpuNanoseconds(server.child.pid)
        let report = try generator.run(
            port: server.port, row.load, requests: row.requests, pipeline: row.pipeline,
            connections: row.connections, valueSize: row.valueSize, keyCount: row.keyCount)
        try audience?.wait(messages: row.requests, size: row.valueSize)
        let spent = Proc.cpuNanoseconds(server.child.pid) - before
        withExtendedLifetime(crowd) {}
        guard server.child.isRunning, spent > 0 else {
            throw BenchError("the server ended: \(server.child.printed().suffix(300))")
        }
        return RateSample(report: report, cpuMicroseconds: Double(spent) / 1000 / Double(row.requests))
    }

    /// Loads what the row needs, outside the measured time. Each round of a set command starts with the same
    /// set: SADD from none, SPOP from a million members, more than it pops.
    private func prepare(_ row: RateRow, _ server: ServerUnderTest) throws {
        try server.load(row.dataset)
        guard row.command == "SADD" || row.command == "SPOP" else { return }
        let connection = try server.connect()
        if row.command == "SADD" {
            try connection.must("DEL", "myset")
        } else {
            try ServerUnderTest.fillSet("myset", prefix: "element:", count: row.keyCount, connection)
        }
        server.forgetDataset()
        usleep(300_000)
    }
}

/// One round of one row on one server.
struct RateSample {
    var report: LoadReport
    var cpuMicroseconds: Double
}

extension RateFigures {
    init(_ samples: [RateSample]) {
        throughputPerSecond = Spread(samples.map(\.report.throughputPerSecond))
        cpuMicroseconds = Spread(samples.map(\.cpuMicroseconds))
        p50Ms = Spread(samples.map(\.report.p50Ms))
        p99Ms = Spread(samples.map(\.report.p99Ms))
        p999Ms = Spread(samples.map(\.report.p999Ms))
    }
}

/// Progress goes to standard error, so that standard output is the table alone.
enum Progress {
    static func say(_ text: String) {
        FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
    }
}
