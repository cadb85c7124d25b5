// SPDX-License-Identifier: Apache-2.0
// Which of the results the plot shows.

extension Results {
    /// The plot of these results as SVG text.
    func plot() -> String {
        let ours = names.ours ?? "needletail"
        let peer = names.peer ?? "peer"
        let plot = Plot(
            title: "\(ours) and \(peer)", subtitle: "\(machine); \(date); \(mode)", ours: ours, peer: peer)
        return plot.svg([
            cpuPanel(), throughputPanel(), p999Panel(), memoryPanel(), valuePanel(), stallPanel(),
            instructionPanel(),
        ])
    }

    /// The rows of one command and size at several pipelines form a group.
    private func groups(
        _ rates: [RateResult], label: (RateRow) -> String, _ path: KeyPath<RateFigures, Spread>
    ) -> [[DotRow]] {
        var groups: [[DotRow]] = []
        var last: RateRow?
        for rate in rates {
            let row = DotRow(
                label: label(rate.row), ours: rate.sides.ours.map { Dot($0[keyPath: path]) },
                peer: rate.sides.peer.map { Dot($0[keyPath: path]) })
            if let last, last.command == rate.row.command, last.valueSize == rate.row.valueSize,
                last.connections == rate.row.connections, last.idle == rate.row.idle
            {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
            last = rate.row
        }
        return groups
    }

    /// Every command at 50 connections and 32-byte values, in the order of the commands.
    private var mainRates: [RateResult] {
        let order = ["GET", "SET", "INCR", "MSET", "SADD", "SPOP"]
        return order.flatMap { command in
            rates.filter {
                $0.row.command == command && $0.row.connections == 50 && $0.row.idle == nil
                    && [0, 32].contains($0.row.valueSize)
            }.sorted { $0.row.pipeline < $1.row.pipeline }
        }
    }

    private func cpuPanel() -> Panel {
        Panel(
            title: "Server CPU time per command", axis: "µs per command", logarithmic: true,
            groups: groups(mainRates, label: { "\($0.command), pipeline \($0.pipeline)" }, \.cpuMicroseconds))
    }

    /// The load generator has one core: where both servers reach the same rate, it is the limit.
    private func throughputPanel() -> Panel {
        Panel(
            title: "Throughput (higher is better)", axis: "commands per second", logarithmic: true,
            higherIsBetter: true,
            groups: groups(
                mainRates, label: { "\($0.command), pipeline \($0.pipeline)" }, \.throughputPerSecond))
    }

    private func p999Panel() -> Panel {
        Panel(
            title: "Latency: 99.9 % of commands are faster than", axis: "ms", logarithmic: true,
            groups: groups(mainRates, label: { "\($0.command), pipeline \($0.pipeline)" }, \.p999Ms))
    }

    private func valuePanel() -> Panel {
        let others = rates.filter { rate in !mainRates.contains { $0.row == rate.row } }
        return Panel(
            title: "Server CPU time per command: other sizes, more connections", axis: "µs per command",
            logarithmic: true,
            groups: groups(
                others,
                label: { row in
                    let all = row.connections + (row.idle ?? 0)
                    let what = all == 50 ? "\(row.valueSize) B" : "\(all) conn."
                    return "\(row.command) \(what), pipeline \(row.pipeline)"
                }, \.cpuMicroseconds))
    }

    /// The dot stands at the largest keyspace, the bar spans the four sizes.
    private func memoryPanel() -> Panel {
        let keyspaces = memory.filter { $0.name != MemoryRow(content: .connections).name }
        let rows = keyspaces.map { result in
            let points = result.points.filter { $0.label.hasSuffix("keys") || $0.label.hasSuffix("members") }
            func dot(_ side: Side) -> Dot? {
                let values = points.compactMap { $0.bytesPerKey[side] }
                guard let last = values.last, let low = values.min(), let high = values.max() else {
                    return nil
                }
                return Dot(last, low: low, high: high)
            }
            return DotRow(
                label: result.name.replacing("memory ", with: ""), ours: dot(.ours), peer: dot(.peer))
        }
        var groups: [[DotRow]] = []
        for row in rows {
            let kind = row.label.prefix { $0 != "," && $0 != "o" }
            if let last = groups.last?.last, last.label.hasPrefix(kind) {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
        }
        return Panel(
            title: "Resident bytes per key or member (bar: 1.0 to 2.0 M keys)", axis: "bytes",
            logarithmic: false,
            groups: groups)
    }

    private func stallPanel() -> Panel {
        let rows = stalls.map { stall in
            DotRow(
                label: stall.name.replacing("stall ", with: "").split(separator: " (").first.map(String.init)
                    ?? "",
                ours: stall.sides.ours.map { Dot($0.longestMs, low: $0.longestNetMs, high: $0.longestMs) },
                peer: stall.sides.peer.map { Dot($0.longestMs, low: $0.longestNetMs, high: $0.longestMs) })
        }
        return Panel(
            title: "Longest PING (bar: less waiting for a core)", axis: "ms", logarithmic: true,
            groups: [rows])
    }

    private func instructionPanel() -> Panel {
        let rows = instructions.map {
            DotRow(
                label: "\($0.command), pipeline \($0.pipeline)", ours: $0.perCommand.ours.map { Dot($0) },
                peer: $0.perCommand.peer.map { Dot($0) })
        }
        return Panel(
            title: "Instructions per command (callgrind)", axis: "instructions", logarithmic: true,
            groups: [rows])
    }
}
