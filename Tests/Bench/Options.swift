// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The command line of the bench.
struct Options: Sendable {
    var server = ".build/static/release/needletail"
    var peers: [String] = []
    var quick = false
    /// Lower-case parts of row names; a row runs if any of them occurs in its name. Empty: all rows.
    var only: [String] = []
    var rounds: Int?
    var jsonFile: String?
    var markdownFile: String?
    var pageFile: String?
    var readmeFile: String?
    var plotFolder: String?
    var fromFile: String?
    var merges = false
    var publishes = false

    static let usage = """
        usage: Bench [options]
          --server PATH     Needletail's binary (.build/static/release/needletail)
          --peer PATH       a Redis-compatible server (/usr/bin/redis-server); may be given several times
          --quick           within two minutes for one peer: the rows of README in short rounds; with --only, those
                            rows in short rounds
          --only A,B        rows whose name contains A or B; "rate", "single", "memory", "scan", "stall",
                            "instructions", "eviction", "save" and "load" are part of the names, for
                            example "rate SET 32 B P16 c50" or "stall growth to 5 M keys"
          --rounds N        rounds of each rate row, 1 to 50 (5; 3 with --quick)
          --json FILE       write every figure
          --merge           keep the rows in that file which this run does not measure
          --markdown FILE   write all tables, which are printed in any case
          --page FILE       write all tables as a page of the documentation
          --readme FILE     put the chosen rows between the marks in this file
          --plots FOLDER    draw bench-cpu-*.svg, one per family, and bench-memory.svg
          --publish         write --page, --readme and --plots also after a run that did not measure every row
          --from FILE       measure nothing; print and write from the JSON of an earlier run
        """

    /// - Throws: `BenchError` with the reason, for an unknown option or a bad value.
    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        func value(of option: String) throws -> String {
            guard let text = rest.popFirst() else { throw BenchError("\(option) needs a value") }
            return text
        }
        while let option = rest.popFirst() {
            switch option {
            case "--server": server = try value(of: option)
            case "--peer": peers.append(try value(of: option))
            case "--quick": quick = true
            case "--only":
                only = try value(of: option).lowercased().split(separator: ",").map(String.init)
            case "--rounds":
                let text = try value(of: option)
                guard let count = Int(text), (1...50).contains(count) else {
                    throw BenchError("--rounds takes 1 to 50, not \(text)")
                }
                rounds = count
            case "--json": jsonFile = try value(of: option)
            case "--merge": merges = true
            case "--markdown": markdownFile = try value(of: option)
            case "--page": pageFile = try value(of: option)
            case "--readme": readmeFile = try value(of: option)
            case "--plots": plotFolder = try value(of: option)
            case "--publish": publishes = true
            case "--from": fromFile = try value(of: option)
            default: throw BenchError("unknown option \(option)")
            }
        }
        if peers.isEmpty { peers = ["/usr/bin/redis-server"] }
    }

    /// Rounds of each rate row.
    var roundCount: Int { rounds ?? (quick ? 3 : 5) }

    func includes(_ rowName: String) -> Bool {
        if only.isEmpty { return true }
        let name = rowName.lowercased()
        return only.contains { name.contains($0) }
    }
}
