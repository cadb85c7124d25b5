// SPDX-License-Identifier: Apache-2.0
// The tables, in Markdown.

/// Writes the results as Markdown.
struct Report {
    let results: Results

    func markdown() -> String {
        var parts = [heading()]
        if !results.rates.isEmpty { parts += [goalTable(), rateTable(), latencyTable()] }
        if !results.memory.isEmpty { parts.append(memoryTable()) }
        if let scans = results.scans, !scans.isEmpty { parts.append(scanTable(scans)) }
        if !results.stalls.isEmpty { parts.append(stallTable()) }
        if !results.instructions.isEmpty { parts.append(instructionTable()) }
        if let evictions = results.evictions, !evictions.isEmpty { parts.append(evictionTable(evictions)) }
        if !results.notes.isEmpty {
            parts.append("Notes:\n\n" + results.notes.map { "- \($0)" }.joined(separator: "\n") + "\n")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var ours: String { results.names.ours ?? "Needletail" }
    private var peer: String { results.names.peer ?? "peer" }

    private func table(_ header: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let rule = "|" + header.indices.map { $0 == 0 ? "---|" : "---:|" }.joined() + "\n"
        return line(header) + rule + rows.map(line).joined()
    }

    private func heading() -> String {
        """
        **\(ours)** against **\(peer)**, \(results.date), \(results.machine), \(results.mode). \
        Medians with (lowest…highest); ratio = \(short(ours)) / \(short(peer)).

        """
    }

    private func short(_ name: String) -> String { name.split(separator: " ").first.map(String.init) ?? name }

    private func label(_ row: RateRow) -> String {
        let size = row.valueSize == 0 ? "" : ", \(row.valueSize) B"
        let command =
            switch row.command {
            case "MSET": "MSET (10)"
            case "BITOP": "BITOP AND of two"
            case "PUBLISH": "PUBLISH to \(row.subscribers ?? 0)"
            default: row.command
            }
        let crowd = row.idle.map { " of \(row.connections + $0)" } ?? ""
        return "\(command)\(size), pipeline \(row.pipeline), \(row.connections)\(crowd) connections"
    }

    /// The rows the goals speak of, bare: one look says where the server stands.
    private func goalTable() -> String {
        let rows = results.rates.filter { RateRow.goals.contains($0.row) }
        if rows.isEmpty { return "" }
        return table(
            [
                "CPU µs per command", short(ours), short(peer), "ratio",
                "instructions (\(short(ours)), \(short(peer)))",
            ],
            rows.map { rate in
                let (a, b) = (rate.sides.ours?.cpuMicroseconds, rate.sides.peer?.cpuMicroseconds)
                let counted = results.instructions.first {
                    $0.command == rate.row.command && $0.pipeline == rate.row.pipeline
                }
                let instructions = counted.map {
                    "\($0.perCommand.ours.map(Figure.text) ?? "–"), \($0.perCommand.peer.map(Figure.text) ?? "–")"
                }
                return [
                    label(rate.row), Figure.spread(a), Figure.spread(b), Figure.ratio(a?.median, b?.median),
                    instructions ?? "",
                ]
            })
    }

    private func rateTable() -> String {
        table(
            [
                "Load", "commands/s \(short(ours))", "\(short(peer))", "ratio", "CPU µs \(short(ours))",
                "\(short(peer))", "ratio",
            ],
            results.rates.map { rate in
                let (a, b) = (rate.sides.ours, rate.sides.peer)
                return [
                    label(rate.row),
                    Figure.spread(a?.throughputPerSecond, Figure.rate),
                    Figure.spread(b?.throughputPerSecond, Figure.rate),
                    Figure.ratio(a?.throughputPerSecond.median, b?.throughputPerSecond.median),
                    Figure.spread(a?.cpuMicroseconds), Figure.spread(b?.cpuMicroseconds),
                    Figure.ratio(a?.cpuMicroseconds.median, b?.cpuMicroseconds.median),
                ]
            })
    }

    private func latencyTable() -> String {
        var header = ["Latency, ms"]
        for percentile in ["p50", "p99", "p99.9"] {
            header += ["\(percentile) \(short(ours))", short(peer), "ratio"]
        }
        return table(
            header,
            results.rates.map { rate in
                var cells = [label(rate.row)]
                for path in [\RateFigures.p50Ms, \RateFigures.p99Ms, \RateFigures.p999Ms] {
                    let (a, b) = (rate.sides.ours?[keyPath: path], rate.sides.peer?[keyPath: path])
                    cells += [Figure.spread(a), Figure.spread(b), Figure.ratio(a?.median, b?.median)]
                }
                return cells
            })
    }

    private func memoryTable() -> String {
        var rows: [[String]] = []
        for result in results.memory {
            let name = result.name.replacing("memory ", with: "")
            for point in result.points {
                let (a, b) = (point.bytesPerKey.ours, point.bytesPerKey.peer)
                rows.append([
                    "\(name), \(point.label)", a.map(Figure.text) ?? "–", b.map(Figure.text) ?? "–",
                    Figure.ratio(a, b),
                ])
            }
        }
        return table(
            [
                "Resident bytes per key (16-byte keys), member or connection", short(ours), short(peer),
                "ratio",
            ], rows)
    }

    private func scanTable(_ scans: [ScanResult]) -> String {
        table(
            ["CPU ms per full iteration", short(ours), short(peer), "ratio"],
            scans.map {
                [
                    $0.name, Figure.spread($0.cpuMs.ours), Figure.spread($0.cpuMs.peer),
                    Figure.ratio($0.cpuMs.ours?.median, $0.cpuMs.peer?.median),
                ]
            })
    }

    private func stallTable() -> String {
        table(
            [
                "Longest PING, ms (net of waiting for a core)", short(ours), short(peer), "ratio",
                "p99.9 \(short(ours))", short(peer), "remarks \(short(ours)); \(short(peer))",
            ],
            results.stalls.map { stall in
                let (a, b) = (stall.sides.ours, stall.sides.peer)
                func longest(_ figures: StallFigures?) -> String {
                    figures.map { "\(Figure.text($0.longestMs)) (\(Figure.text($0.longestNetMs)))" } ?? "–"
                }
                return [
                    stall.name.replacing("stall ", with: ""), longest(a), longest(b),
                    Figure.ratio(a?.longestMs, b?.longestMs), a.map { Figure.text($0.p999Ms) } ?? "–",
                    b.map { Figure.text($0.p999Ms) } ?? "–",
                    [a?.remark, b?.remark].map { $0.flatMap { $0.isEmpty ? nil : $0 } ?? "–" }.joined(
                        separator: "; "),
                ]
            })
    }

    private func instructionTable() -> String {
        table(
            ["Instructions per command (callgrind)", short(ours), short(peer), "ratio"],
            results.instructions.map {
                [
                    "\($0.command), 32 B, pipeline \($0.pipeline)",
                    $0.perCommand.ours.map(Figure.text) ?? "–",
                    $0.perCommand.peer.map(Figure.text) ?? "–",
                    Figure.ratio($0.perCommand.ours, $0.perCommand.peer),
                ]
            })
    }

    private func evictionTable(_ evictions: [EvictionResult]) -> String {
        table(
            [
                "Hit ratio at the limit (ours 5 samples, peer 10)", short(ours), short(peer), "ratio",
                "keys \(short(ours))", short(peer), "seed",
            ],
            evictions.map { row in
                func percent(_ figures: EvictionFigures?) -> String {
                    figures.map { Figure.text($0.hitRatio * 100) + " %" } ?? "–"
                }
                func keys(_ figures: EvictionFigures?) -> String {
                    figures.map { Figure.text(Double($0.keys)) } ?? "–"
                }
                let (a, b) = (row.sides.ours, row.sides.peer)
                return [
                    row.name.replacing("eviction ", with: ""), percent(a), percent(b),
                    Figure.ratio(a?.hitRatio, b?.hitRatio), keys(a), keys(b), String(row.seed),
                ]
            })
    }
}
