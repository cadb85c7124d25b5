// SPDX-License-Identifier: Apache-2.0
// Throughput, latency and CPU time. All servers run all the time; in each round they are loaded one after the other.
import Foundation

/// Measures the rows of load.
struct Rates {
    let bout: Bout

    /// - Parameter note: takes a sentence for each cell that could not be measured.
    func measure(_ rows: [RateRow], note: (String) -> Void) -> [RateResult] {
        var servers: [Int: ServerUnderTest] = [:]
        return rows.enumerated().map { index, row in
            var samples: [Int: [LoadReport]] = [:]
            var constant: [LoadReport] = []
            var failed: Set<Int> = []
            for round in 0..<bout.options.roundCount {
                Progress.say("\(index + 1)/\(rows.count) \(row.name), round \(round + 1)")
                for contestant in bout.order(round: round + index) where !failed.contains(contestant.index) {
                    do {
                        let server = try running(contestant, &servers)
                        samples[contestant.index, default: []].append(try sample(row, server))
                    } catch {
                        failed.insert(contestant.index)
                        note("\(row.name), \(contestant.name): \(error)")
                    }
                }
                do {
                    if let report = try constantSample(row) { constant.append(report) }
                } catch { note("\(row.name), constant replies: \(error)") }
            }
            var figures = PerServer<RateFigures>()
            for (index, list) in samples where !failed.contains(index) { figures[index] = RateFigures(list) }
            return RateResult(
                row: row, figures: figures, constant: constant.isEmpty ? nil : RateFigures(constant))
        }
    }

    /// The server of one contestant; a server that has died is started anew.
    private func running(
        _ contestant: Contestant, _ servers: inout [Int: ServerUnderTest]
    ) throws -> ServerUnderTest {
        if let server = servers[contestant.index], server.child.isRunning { return server }
        let server = try bout.start(contestant)
        servers[contestant.index] = server
        return server
    }

    private func load(_ row: RateRow, _ workload: Workload) -> Load {
        let quick = bout.options.quick
        var load = Load(
            template: CommandTemplate(workload.words), pipeline: row.pipeline, connections: row.connections,
            warmUpSeconds: quick ? 0.05 : 0.3, seconds: quick ? 0.3 : 1)
        if workload.usesUpItsData {
            (load.warmUpSeconds, load.seconds, load.requestsMax) = (0, 30, row.requestsOfUse)
        }
        return load
    }

    private func sample(_ row: RateRow, _ server: ServerUnderTest) throws -> LoadReport {
        let workload = Workload(row)
        if workload.usesUpItsData { server.forgetDataset() }
        try server.load(workload.dataset)
        let crowd = try row.idle.map { try Crowd($0, port: server.port) }
        // What connections cost when they come is not part of the load.
        if crowd != nil { usleep(1_000_000) }
        let isPublished = row.command == "PUBLISH"
        let audience = try row.subscribers.flatMap { isPublished ? try Audience($0, port: server.port) : nil }
        let readers = try row.subscribers.flatMap {
            isPublished ? nil : try Listeners.streamReaders($0, port: server.port)
        }
        defer {
            audience?.leave()
            readers?.leave()
        }
        let generator = try LoadGenerator(port: server.port, load(row, workload))
        let report = try generator.run(server: ProcessClock(server.child.pid)) { sent in
            try audience?.wait(messages: sent, size: row.valueSize)
        }
        withExtendedLifetime(crowd) {}
        guard server.child.isRunning, report.serverNanoseconds > 0 else {
            throw BenchError("the server ended: \(server.child.printed().suffix(300))")
        }
        return report
    }

    /// The same load on the server of constant replies; nil where it makes no sense, or where that is not built.
    private func constantSample(_ row: RateRow) throws -> LoadReport? {
        let workload = Workload(row)
        guard let reply = workload.constantReply, row.idle == nil,
            let server = try ConstantServer(reply, bout)
        else { return nil }
        let generator = try LoadGenerator(port: server.port, load(row, workload))
        return try generator.run(server: ProcessClock(server.child.pid))
    }
}

extension RateFigures {
    init(_ samples: [LoadReport]) {
        func spread(_ value: (LoadReport) -> Double) -> Spread { Spread(samples.map(value)) }
        throughputPerSecond = spread(\.throughputPerSecond)
        cpuMicroseconds = spread { Double($0.serverNanoseconds) / 1000 / Double($0.requests) }
        p50Ms = spread { $0.latencies.percentile(50) }
        p99Ms = spread { $0.latencies.percentile(99) }
        p999Ms = spread { $0.latencies.percentile(99.9) }
        serverBusy = spread(\.serverBusy)
        generatorBusy = spread(\.generatorBusy)
    }
}

/// The bench's zero: the server that counts commands and sends one reply again and again.
final class ConstantServer {
    let port: Int
    let child: Child

    /// - Parameter reply: what it is to send, in the words of its command line.
    /// - Returns: nil where the program does not lie beside the bench.
    init?(_ reply: [String], _ bout: Bout) throws {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let path = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/ConstantReply"
        guard access(path, X_OK) == 0 else { return nil }
        port = try Connection.freePort()
        let folder = try bout.children.makeFolder()
        child = try bout.children.start(
            [path, String(port)] + reply, cores: bout.machine.serverCore.map { [$0] }, folder: folder,
            output: folder + "/output.log")
        let limit = Clock.now() + 5_000_000_000
        while (try? Connection(port: port)) == nil {
            guard child.isRunning, Clock.now() < limit else {
                throw BenchError("the server of constant replies does not start: \(child.printed())")
            }
            usleep(5000)
        }
    }

    deinit { child.end() }
}
