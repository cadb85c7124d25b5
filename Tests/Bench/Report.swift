// SPDX-License-Identifier: Apache-2.0
// The tables, in Markdown. A cell of a peer is its figure and, in brackets, Needletail's figure divided by it.

/// Writes the results as Markdown.
struct Report {
    let results: Results

    /// All tables.
    func markdown() -> String {
        var parts = [heading()]
        parts += rateTables() + [latencyTable(), singleTables(), memoryTable(), stallTable()]
        parts += [scanTable(), instructionTable(), evictionTable(), saveTables()]
        if !results.notes.isEmpty {
            parts.append("Notes:\n\n" + results.notes.map { "- \($0)" }.joined(separator: "\n") + "\n")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    var names: [String] { results.names }

    func heading() -> String {
        """
        **\(names.joined(separator: ", "))**; \(results.date), \(results.machine), \(results.mode). Medians of all rounds, \
        ± the farthest round from the median. In brackets: \(names[0]) / peer.

        """
    }

    // MARK: Building blocks

    func table(_ header: [String], _ rows: [[String]]) -> String {
        if rows.isEmpty { return "" }
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let rule = "|" + header.indices.map { $0 == 0 ? "---|" : "---:|" }.joined() + "\n"
        return line(header) + rule + rows.map(line).joined()
    }

    /// A cell for each server.
    func cells(_ values: PerServer<Double>, _ write: (Double) -> String = Figure.text) -> [String] {
        names.indices.map { index in
            guard let value = values[index] else { return "–" }
            guard index > 0, let ours = values.ours else { return write(value) }
            return "\(write(value)) (\(Figure.ratio(ours, value)))"
        }
    }

    func cells(_ values: PerServer<Spread>, _ write: (Double) -> String = Figure.text) -> [String] {
        names.indices.map { index in
            guard let value = values[index] else { return "–" }
            let text = Figure.spread(value, write)
            guard index > 0, let ours = values.ours else { return text }
            return "\(text) (\(Figure.ratio(ours.median, value.median)))"
        }
    }

    // MARK: Load

    static func label(_ row: RateRow) -> String {
        let size = row.valueSize == 0 ? "" : ", \(row.valueSize) B"
        let command =
            switch row.command {
            case "MSET": "MSET of 10"
            case "BITOP": "BITOP AND of two"
            case "PUBLISH": "PUBLISH to \(row.subscribers ?? 0)"
            case "XADD" where row.subscribers != nil: "XADD to \(row.subscribers ?? 0) who wait"
            default: row.command
            }
        let crowd = row.idle.map { " of \(row.connections + $0)" } ?? ""
        let connections =
            row.connections == 50 && row.idle == nil ? "" : ", \(row.connections)\(crowd) connections"
        return "\(command)\(size), pipeline \(row.pipeline)\(connections)"
    }

    private func rateTables() -> [String] {
        if results.rates.isEmpty { return [] }
        func rows(_ path: KeyPath<RateFigures, Spread>, _ write: (Double) -> String, isCost: Bool)
            -> [[String]]
        {
            results.rates.map { rate in
                var cells = [Report.label(rate.row)] + cells(rate.figures.map { $0[keyPath: path] }, write)
                let constant = rate.constant?[keyPath: path]
                cells.append(
                    constant.map { constantCell($0, rate.figures.ours?[keyPath: path], write) } ?? "–")
                return cells + (isCost ? [] : [saturated(rate)])
            }
        }
        let tail = names + ["constant replies"]
        return [
            "50 connections unless a row says otherwise. *Constant replies* is a server on the same libuv that only counts "
                + "commands and sends one reply again and again; in brackets, \(names[0]) / it. What a row takes there is the "
                + "kernel's, libuv's and the protocol's.\n",
            table(["CPU µs per command"] + tail, rows(\.cpuMicroseconds, Figure.text, isCost: true)),
            "*Saturated* is who was busy for nine tenths of the time: the server, the load generator, both, or neither (they "
                + "waited for each other, or for other work on the machine); in the order of the columns where they differ.\n",
            table(
                ["Commands per second"] + tail + ["saturated"],
                rows(\.throughputPerSecond, Figure.rate, isCost: false)),
        ]
    }

    private func constantCell(_ constant: Spread, _ ours: Spread?, _ write: (Double) -> String) -> String {
        "\(write(constant.median)) (\(Figure.ratio(ours?.median, constant.median)))"
    }

    private func saturated(_ rate: RateResult) -> String {
        let words = (names.indices.map { rate.figures[$0] } + [rate.constant]).compactMap { figures in
            figures.map { figures -> String in
                switch (figures.serverBusy.median >= 0.9, figures.generatorBusy.median >= 0.9) {
                case (true, true): "both"
                case (true, false): "server"
                case (false, true): "load"
                case (false, false): "neither"
                }
            }
        }
        return Set(words).count == 1 ? words[0] : words.joined(separator: ", ")
    }

    private func latencyTable() -> String {
        let paths: [(String, KeyPath<RateFigures, Spread>)] = [
            ("p50", \.p50Ms), ("p99", \.p99Ms), ("p99.9", \.p999Ms),
        ]
        return paths.map { name, path in
            table(
                ["Latency \(name), ms"] + names,
                results.rates.map {
                    [Report.label($0.row)] + cells($0.figures.map { $0[keyPath: path].median })
                })
        }.joined(separator: "\n")
    }

    // MARK: The rest

    private func singleTables() -> String {
        func rows(_ path: KeyPath<SingleResult, PerServer<Spread>>) -> [[String]] {
            results.singles.map { [$0.name.replacing("single ", with: "")] + cells($0[keyPath: path]) }
        }
        return table(["One command alone, ms until its whole reply was read"] + names, rows(\.ms)) + "\n"
            + table(["CPU ms of the server meanwhile"] + names, rows(\.cpuMs))
    }

    private func memoryTable() -> String {
        table(
            ["Resident bytes per key (16-byte keys), member, field or connection"] + names,
            results.memory.flatMap { result in
                result.points.map { point in
                    ["\(result.name.replacing("memory ", with: "")), \(point.label)"]
                        + cells(point.bytesPerKey)
                }
            })
    }

    private func stallTable() -> String {
        if results.stalls.isEmpty { return "" }
        let intro =
            "A PING is due every 0.25 ms; a reply's time counts from when it was due. In brackets: less the machine's own "
            + "gaps, or less the server's wait for a core if that is more, but never less than what the server's process ran "
            + "meanwhile. The last column is the longest time in which a core did not run the watcher on it, which may be "
            + "the machine's or the kernel's work for the server.\n"
        let figures = table(
            ["Longest PING, ms (net)"] + names.flatMap { [$0, "p99.9", "longest gap"] },
            results.stalls.map { stall in
                [stall.name.replacing("stall ", with: "")]
                    + names.indices.flatMap { index -> [String] in
                        guard let figures = stall.figures[index] else { return ["–", "–", "–"] }
                        return [
                            "\(Figure.text(figures.longestMs)) (\(Figure.text(figures.longestNetMs)))",
                            Figure.text(figures.p999Ms), figures.machineGapMs.map(Figure.text) ?? "–",
                        ]
                    }
            })
        let ratios = table(
            ["Longest PING, net of the machine, ms"] + names,
            results.stalls.map {
                [$0.name.replacing("stall ", with: "")] + cells($0.figures.map(\.longestNetMs))
            })
        let remarks = table(
            ["What else was seen"] + names,
            results.stalls.filter { stall in
                names.indices.contains { stall.figures[$0]?.remark.isEmpty == false }
            }
            .map { stall in
                [stall.name.replacing("stall ", with: "")]
                    + names.indices.map { stall.figures[$0]?.remark ?? "–" }
            })
        return [intro, figures, ratios, remarks].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func saveTables() -> String {
        let all = results.saves ?? []
        func rows(_ name: String, _ path: KeyPath<SaveFigures, Double>) -> [[String]] {
            all.filter { !$0.saves.isEmpty }.map {
                ["\($0.name): \(name)"] + cells($0.saves.map { $0[keyPath: path] })
            }
        }
        let saves =
            rows("peak memory / before", \.memoryRatio) + rows("longest PING, ms", \.longestMs)
            + rows("writes per second / before", \.writesKept) + rows("seconds", \.seconds)
        let loads = all.filter { !$0.loads.isEmpty }.flatMap { row in
            [
                ["\(row.name): keys read per second"] + cells(row.loads.map(\.loadedPerSecond), Figure.rate),
                ["\(row.name): keys written per second"]
                    + cells(row.loads.map(\.savedPerSecond), Figure.rate),
                ["\(row.name): bytes of the file"] + cells(row.loads.map { Double($0.fileBytes) }),
            ]
        }
        return table(["Snapshots"] + names, saves + loads)
    }

    private func scanTable() -> String {
        table(["CPU ms per full iteration"] + names, results.scans.map { [$0.name] + cells($0.cpuMs) })
    }

    private func instructionTable() -> String {
        table(
            ["Instructions per command (callgrind)"] + names,
            results.instructions.map {
                ["\($0.command), 32 B, pipeline \($0.pipeline)"] + cells($0.perCommand)
            })
    }

    private func evictionTable() -> String {
        table(
            ["Hit ratio at the limit (5 samples here, 10 there)"] + names + ["keys \(names[0])"]
                + names.dropFirst() + ["seed"],
            results.evictions.map { row in
                let keys = names.indices.map { row.figures[$0].map { Figure.text(Double($0.keys)) } ?? "–" }
                return [row.name.replacing("eviction ", with: "")]
                    + cells(row.figures.map(\.hitRatio)) { Figure.text($0 * 100) + " %" } + keys
                    + [String(row.seed)]
            })
    }
}
