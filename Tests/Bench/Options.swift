// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The command line of the bench.
struct Options: Sendable {
    var server = ".build/static/release/needletail"
    var peer = "/usr/bin/redis-server"
    var loadGenerator = "/usr/bin/redis-benchmark"
    var quick = false
    /// Lower-case parts of row names; a row runs if any of them occurs in its name. Empty: all rows.
    var only: [String] = []
    var rounds = 5
    var plotFile: String?
    var jsonFile: String?
    var markdownFile: String?
    var fromFile: String?

    static let usage = """
        usage: Bench [options]
          --server PATH     Needletail's binary (.build/static/release/needletail)
          --peer PATH       any Redis-compatible server (/usr/bin/redis-server)
          --load PATH       the load generator (/usr/bin/redis-benchmark)
          --quick           one to two minutes: SET and GET at pipeline 1, 16, 100, and bytes per key at 1.0 M
          --only A,B        rows whose name contains A or B; "rate", "memory", "scan", "stall", "instructions" and
                            "eviction" are part of the names, for example "rate SET 32 B P16 c50" or
                            "stall growth to 5 M keys"
          --rounds N        rounds of each rate row, 1 to 50 (5)
          --plot FILE       draw the plot as SVG
          --json FILE       write every figure
          --markdown FILE   write the table, which is printed in any case
          --from FILE       measure nothing; print and draw from the JSON of an earlier run
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
            case "--peer": peer = try value(of: option)
            case "--load": loadGenerator = try value(of: option)
            case "--quick": quick = true
            case "--only":
                only = try value(of: option).lowercased().split(separator: ",").map(String.init)
            case "--rounds":
                let text = try value(of: option)
                guard let count = Int(text), (1...50).contains(count) else {
                    throw BenchError("--rounds takes 1 to 50, not \(text)")
                }
                rounds = count
            case "--plot": plotFile = try value(of: option)
            case "--json": jsonFile = try value(of: option)
            case "--markdown": markdownFile = try value(of: option)
            case "--from": fromFile = try value(of: option)
            default: throw BenchError("unknown option \(option)")
            }
        }
    }

    func includes(_ rowName: String) -> Bool {
        if only.isEmpty { return true }
        let name = rowName.lowercased()
        return only.contains { name.contains($0) }
    }
}
