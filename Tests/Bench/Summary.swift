// SPDX-License-Identifier: Apache-2.0
// What README shows: the rows that matter in one table, put between two marks, and the page with everything.

extension Report {
    private static let begin = "<!-- bench -->\n"
    private static let end = "<!-- /bench -->\n"

    /// The rows that matter, those that were measured.
    func summary() -> String {
        var rows: [[String]] = []
        for row in RateRow.chosen {
            guard let rate = results.rates.first(where: { $0.row == row }) else { continue }
            let constant = rate.constant.map { Figure.text($0.cpuMicroseconds.median) } ?? "–"
            rows.append(
                ["\(Report.label(row)): CPU µs"] + cells(rate.figures.map(\.cpuMicroseconds.median)) + [
                    constant
                ])
        }
        for row in MemoryRow.chosen {
            guard let result = results.memory.first(where: { $0.name == row.name }),
                let point = result.points.first
            else { continue }
            rows.append(["\(row.summary): bytes"] + cells(point.bytesPerKey) + [""])
        }
        for step in StallStep.summarised {
            guard let stall = results.stalls.first(where: { $0.name == step.rawValue }) else { continue }
            let name = step.rawValue.replacing("stall ", with: "")
            rows.append(["\(name): longest PING, ms"] + cells(stall.figures.map(\.longestNetMs)) + [""])
        }
        return table([""] + names + ["constant replies"], rows)
    }

    /// The summary between its marks.
    func section() -> String {
        let origin = "\(results.machine), \(results.date), \(results.mode). In brackets: Needletail / peer.\n"
        return Report.begin + origin + "\n" + summary() + Report.end
    }

    /// The text with the summary in place of what stood between the marks.
    func inserted(into text: String) throws -> String {
        guard let from = text.range(of: Report.begin), let to = text.range(of: Report.end),
            from.upperBound <= to.lowerBound
        else { throw BenchError("the file has no marks for the table") }
        return text[..<from.lowerBound] + section() + text[to.upperBound...]
    }

    /// The page of the documentation.
    func page() -> String {
        """
        # Benchmarks

        Needletail beside other servers, as `make bench` has measured it.

        ## The rows that matter

        \(section())
        ## All rows

        \(markdown())
        """
    }
}

extension StallStep {
    /// Steps that README shows where they were measured.
    static let summarised = [StallStep.expiry, .del, .hashDel, .hashCut]
}

extension MemoryRow {
    /// How README calls the row.
    var summary: String {
        switch content {
        case .strings(let size, let lifetime): "key of 16 B with \(size) B, \(lifetime.rawValue)"
        case .textSet: "member of 16 B in a set of 1 M"
        case .smallHashes(.all): "field in a hash of 10, deadlines on all"
        case .smallHashes: "field in a hash of 10"
        default: name.replacing("memory ", with: "")
        }
    }
}
