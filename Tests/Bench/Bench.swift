// SPDX-License-Identifier: Apache-2.0
// The bench: Needletail beside other Redis-compatible servers, under the same load on the same machine. It measures CPU
// time, throughput, latency, memory, stalls and instructions, prints tables and draws plots. Everything happens on the
// loopback interface; every step is bounded in commands and in time.
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
            results = try read(file)
        } else {
            results = try measure(options, children)
        }
        let report = Report(results: results)
        print(report.section() + "\n" + report.markdown())
        if let file = options.markdownFile { try write(report.markdown(), file) }
        if let file = options.jsonFile, options.fromFile == nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(results).write(to: URL(fileURLWithPath: file))
        }
        let isWhole = !options.quick && options.only.isEmpty && options.fromFile == nil
        if isWhole || options.publishes { try publish(options, report) }
    }

    /// Writes what the project's documents show.
    private static func publish(_ options: Options, _ report: Report) throws {
        if let file = options.pageFile { try write(report.page(), file) }
        if let file = options.readmeFile {
            let text = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8)
            try write(try report.inserted(into: text), file)
        }
        if let folder = options.plotFolder {
            for family in PlotFamily.all {
                guard let plot = report.results.cpuPlot(family) else { continue }
                try write(plot, folder + "/bench-cpu-\(family.name).svg")
            }
            try write(report.results.memoryPlot(), folder + "/bench-memory.svg")
        }
    }

    private static func read(_ file: String) throws -> Results {
        try JSONDecoder().decode(Results.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    private static func write(_ text: String, _ file: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }

    private static func measure(_ options: Options, _ children: Children) throws -> Results {
        Machine.raiseFileLimit()
        let machine = Machine()
        if let core = machine.clientCore { children.pin(thread: getpid(), core: core) }
        let bout = Bout(
            options: options, machine: machine, children: children,
            contestants: try contestants(options, children))
        var results = Results(
            machine: machine.description, date: today(),
            mode: "\(options.roundCount) \(options.quick ? "short " : "")rounds per row" + machine.others,
            names: bout.contestants.map(\.name))
        if machine.serverCore == nil {
            results.notes.append("server and client shared a core: there is only one, or taskset is missing")
        }
        let old = options.merges ? options.jsonFile.flatMap { try? read($0) } : nil
        let plan = Plan(options)
        guard plan.rowCount > 0 else {
            throw BenchError("no row has a name with \(options.only.joined(separator: " or ")) in it")
        }
        plan.measure(bout, into: &results)
        Progress.say("measured")
        if let old, !results.merge(old) { Progress.say("other servers were measured before: not merged") }
        return results
    }

    /// Starts each server once to ask for its name, so that a wrong path ends the run at once.
    private static func contestants(_ options: Options, _ children: Children) throws -> [Contestant] {
        var found: [Contestant] = []
        for (index, path) in ([options.server] + options.peers).enumerated() {
            let server = try ServerUnderTest(path: path, cores: nil, children: children)
            // Two of the same name are told apart by their place.
            let isTaken = found.contains { $0.name == server.name }
            let name = isTaken ? "\(server.name) [\(index)]" : server.name
            found.append(Contestant(index: index, path: path, name: name))
        }
        return found
    }

    private static func today() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        return String(
            format: "%04d-%02d-%02d", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
    }
}

/// The rows of one run.
private struct Plan {
    let rates: [RateRow]
    let singles: [SingleRow]
    let memory: [MemoryRow]
    let stalls: [StallStep]
    let scans: [ScanRow]
    let counted: [String]
    let evictions: [EvictionRow]
    let saves: [SaveRow]

    init(_ options: Options) {
        let quick = options.quick && options.only.isEmpty
        rates = (quick ? RateRow.chosen : RateRow.all).filter { options.includes($0.name) }
        singles = (quick ? [] : SingleRow.all).filter { options.includes($0.name) }
        memory = (quick ? MemoryRow.chosen : MemoryRow.all).filter { options.includes($0.name) }
        stalls = (quick ? StallStep.chosen : StallStep.allCases).filter { options.includes($0.rawValue) }
        scans = (quick ? [] : ScanRow.all).filter { options.includes($0.name) }
        counted = (quick ? [] : Instructions.rows).filter { options.includes(Instructions.name($0)) }
        evictions = (quick ? [] : EvictionRow.all).filter { options.includes($0.name) }
        saves = (quick ? [] : SaveRow.allCases).filter { options.includes($0.rawValue) }
    }

    var rowCount: Int {
        rates.count + singles.count + memory.count + stalls.count + scans.count + counted.count
            + evictions.count + saves.count
    }

    func measure(_ bout: Bout, into results: inout Results) {
        var notes: [String] = []
        func note(_ text: String) {
            // A server's or a tool's own words may have line ends in them, which would break the list.
            let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            Progress.say(line)
            if !notes.contains(line) { notes.append(line) }
        }
        if !rates.isEmpty { results.rates = Rates(bout: bout).measure(rates, note: note) }
        if !singles.isEmpty { results.singles = Singles(bout: bout).measure(singles, note: note) }
        if !memory.isEmpty { results.memory = Memory(bout: bout).measure(memory, note: note) }
        if !scans.isEmpty { results.scans = Scans(bout: bout).measure(scans, note: note) }
        if !stalls.isEmpty { results.stalls = Stalls(bout: bout).measure(stalls, note: note) }
        if !counted.isEmpty { results.instructions = Instructions(bout: bout).measure(counted, note: note) }
        if !evictions.isEmpty { results.evictions = Evictions(bout: bout).measure(evictions, note: note) }
        if !saves.isEmpty { results.saves = Saves(bout: bout).measure(saves, note: note) }
        results.notes += notes
    }
}
