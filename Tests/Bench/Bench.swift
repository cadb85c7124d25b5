// SPDX-License-Identifier: Apache-2.0
// The bench: Needletail beside another Redis-compatible server, under the same load on the same machine. It
// measures throughput, CPU time, latency, memory, stalls and instructions, prints a table and draws a plot.
// Everything happens on the loopback interface; every step is bounded in commands and in time.
import Foundation

@main
struct Bench {
    static func main() {
        let children = Children()
        children.cleanUpOnSignals()
        var code: Int32 = 0
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if arguments.contains("--help") {
                print(Options.usage)
            } else {
                try run(try Options(arguments), children)
            }
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            code = 1
        }
        children.endAll()
        exit(code)
    }

    private static func run(_ options: Options, _ children: Children) throws {
        let results: Results
        if let file = options.fromFile {
            let data = try Data(contentsOf: URL(fileURLWithPath: file))
            results = try JSONDecoder().decode(Results.self, from: data)
        } else {
            results = try measure(options, children)
        }
        let table = Report(results: results).markdown()
        print(table)
        if let file = options.markdownFile { try Data(table.utf8).write(to: URL(fileURLWithPath: file)) }
        if let file = options.plotFile { try Data(results.plot().utf8).write(to: URL(fileURLWithPath: file)) }
        if let file = options.jsonFile {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(results).write(to: URL(fileURLWithPath: file))
        }
    }

    private static func measure(_ options: Options, _ children: Children) throws -> Results {
        Machine.raiseFileLimit()
        let machine = Machine()
        if let core = machine.clientCore { children.pin(thread: getpid(), core: core) }
        var results = Results(
            machine: machine.description, date: today(),
            mode: "\(options.quick ? "quick" : "full") run, rounds per row: \(options.rounds)",
            names: try names(options, children))
        if machine.serverCore == nil {
            results.notes.append("server and client shared a core: there is only one, or taskset is missing")
        }
        var notes: [String] = []
        func note(_ text: String) {
            // A server's or a tool's own words may have line ends in them, which would break the list.
            let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            Progress.say(line)
            notes.append(line)
        }
        let rates = (options.quick ? RateRow.goals : RateRow.all).filter { options.includes($0.name) }
        let memory = (options.quick ? MemoryRow.quick : MemoryRow.all).filter { options.includes($0.name) }
        let stalls = options.quick ? [] : StallStep.allCases.filter { options.includes($0.rawValue) }
        let scans = (options.quick ? [] : ScanRow.all).filter { options.includes($0.name) }
        let counted =
            options.quick ? [] : Instructions.rows.filter { options.includes(Instructions.name($0)) }
        let evictions = options.quick ? [] : EvictionRow.all.filter { options.includes($0.name) }
        let rowCount =
            rates.count + memory.count + scans.count + stalls.count + counted.count + evictions.count
        guard rowCount > 0 else {
            throw BenchError("no row has a name with \(options.only.joined(separator: " or ")) in it")
        }
        if !rates.isEmpty {
            results.rates = try Rates(options: options, machine: machine, children: children).measure(
                rates, note: note)
        }
        if !memory.isEmpty {
            results.memory = try Memory(options: options, machine: machine, children: children)
                .measure(memory, note: note)
        }
        if !scans.isEmpty {
            results.scans = Scans(options: options, machine: machine, children: children)
                .measure(scans, note: note)
        }
        if !stalls.isEmpty {
            results.stalls = Stalls(options: options, machine: machine, children: children)
                .measure(stalls, note: note)
        }
        if !counted.isEmpty {
            results.instructions = Instructions(options: options, machine: machine, children: children)
                .measure(counted, note: note)
        }
        if !evictions.isEmpty {
            results.evictions = Evictions(options: options, machine: machine, children: children)
                .measure(evictions, note: note)
        }
        results.notes += notes
        return results
    }

    /// Starts each server once to ask for its name, so that a wrong path ends the run at once.
    private static func names(_ options: Options, _ children: Children) throws -> Pair<String> {
        var names = Pair<String>()
        for side in Side.allCases {
            let path = side == .ours ? options.server : options.peer
            let server = try ServerUnderTest(side, path: path, cores: nil, children: children)
            names[side] = server.name
        }
        return names
    }

    private static func today() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        return String(
            format: "%04d-%02d-%02d", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
    }
}
