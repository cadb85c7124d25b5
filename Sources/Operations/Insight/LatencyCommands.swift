// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LATENCY LATEST
enum LatencyLatest: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let events = call.engine.insight.latency.events
        reply.array(events.count)
        for event in events {
            reply.array(6)
            reply.bulk(event.name)
            reply.integer(event.samples.last?.second ?? 0)
            reply.integer(event.samples.last?.ms ?? 0)
            reply.integer(event.maxMs)
            reply.integer(event.sumMs)
            reply.integer(event.count)
        }
    }
}

/// LATENCY HISTORY event
enum LatencyHistory: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let samples = call.engine.insight.latency.event(args[2])?.samples ?? []
        reply.array(samples.count)
        for sample in samples {
            reply.array(2)
            reply.integer(sample.second)
            reply.integer(sample.ms)
        }
    }
}

/// LATENCY RESET [event …]
enum LatencyReset: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let latency = call.engine.insight.latency
        guard args.count > 2 else { return reply.integer(latency.resetAll()) }
        reply.integer((2..<args.count).reduce(0) { $0 + (latency.reset(args[$1]) ? 1 : 0) })
    }
}

/// LATENCY GRAPH event
enum LatencyGraph: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let event = call.engine.insight.latency.event(args[2]) else {
            throw call.refusal("ERR No samples available for event '\(args[2])'")
        }
        reply.verbatim("txt", Array(draw(event, nowMs: keys.nowMs).utf8))
    }

    private static let rows = 4
    private static let columnsMax = 80

    /// A bar for each sample, and below it how long ago that was, downwards.
    static func draw(_ event: LatencyMonitor.Event, nowMs: Int64) -> String {
        let samples = event.samples.suffix(columnsMax)
        let high = samples.map(\.ms).max() ?? 0
        let low = samples.map(\.ms).min() ?? 0
        var text = "\(event.name) - high \(high) ms, low \(low) ms (all time high \(event.maxMs) ms)\n"
        text += String(repeating: "-", count: columnsMax) + "\n"
        // Three heights to a row: a mark at its foot, at its middle and at its top; below the top all is filled.
        let steps = rows * 3 - 1
        let heights = samples.map { high == low ? steps / 2 : ($0.ms - low) * steps / (high - low) }
        for row in (0..<rows).reversed() {
            let line = heights.map { height -> Character in
                if height / 3 > row { return "|" }
                return height / 3 < row ? " " : ["_", "o", "#"][height % 3]
            }
            text += String(line) + "\n"
        }
        text += "\n"
        let labels = samples.map { Array(age(max(0, nowMs / 1000 - $0.second))) }
        for row in 0..<(labels.map(\.count).max() ?? 0) {
            text += String(labels.map { row < $0.count ? $0[row] : " " }) + "\n"
        }
        return text
    }

    private static func age(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m" }
        return seconds < 86400 ? "\(seconds / 3600)h" : "\(seconds / 86400)d"
    }
}

/// LATENCY HISTOGRAM [command …]
enum LatencyHistogram: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let table = call.engine.table
        var chosen: [Int] = []
        if args.count == 2 { chosen = Array(table.commands.indices) }
        for index in (2..<max(args.count, 2)).compactMap({ table.index(args[$0]) }) {
            // A container stands for its subcommands.
            let subcommands = table.subcommands(index)
            chosen += subcommands.isEmpty ? [index] : Array(subcommands)
        }
        chosen = chosen.filter { table.rows[$0].histogram.total > 0 }
        reply.map(chosen.count)
        for index in chosen {
            reply.bulk(table.fullName(index))
            answer(table.rows[index].histogram, call.engine.ticksPerUs, reply)
        }
    }

    private static func answer(_ histogram: TickHistogram, _ ticksPerUs: Double, _ reply: Reply) {
        let counts = DurationCounts(histogram, ticksPerUs)
        reply.map(2)
        reply.bulk("calls")
        reply.integer(Int(histogram.total))
        reply.bulk("histogram_usec")
        reply.map(counts.all.count)
        for count in counts.all {
            reply.integer(count.us)
            reply.integer(Int(count.calls))
        }
    }
}

/// A histogram as LATENCY HISTOGRAM shows it: durations that double from about a microsecond to a second, each with the
/// number of calls that took no longer. Durations that no further call took are left out.
struct DurationCounts {
    private(set) var all: [(us: Int, calls: UInt64)] = []

    private static let doublings = 20

    init(_ histogram: TickHistogram, _ ticksPerUs: Double) {
        var bucket = 0
        var calls: UInt64 = 0
        for doubling in 0...DurationCounts.doublings {
            let ns = DurationCounts.bound(doubling)
            let isLast = doubling == DurationCounts.doublings
            let before = calls
            while bucket < TickHistogram.bucketCount,
                isLast || TickHistogram.end(of: bucket) / ticksPerUs * 1000 <= Double(ns)
            {
                calls &+= histogram[bucket]
                bucket += 1
            }
            if calls != before { all.append((ns / 1000, calls)) }
        }
    }

    /// A bound in nanoseconds: 1024 doubled so many times, up to the end of its step at two digits of precision, which
    /// gives Redis's row of 1, 2, 4, 8, 16, 33, 66, 132 and so on microseconds.
    private static func bound(_ doubling: Int) -> Int { (1024 << doubling) + (8 << doubling) - 1 }
}

/// LATENCY HELP
enum LatencyHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "LATENCY",
            [
                "DOCTOR",
                "    A report on the events in words, with advice.",
                "GRAPH <event>",
                "    The latest samples of an event as a drawing.",
                "HISTOGRAM [<command> ...]",
                "    How many calls of each command took how long.",
                "HISTORY <event>",
                "    The latest samples of an event: Unix time and milliseconds.",
                "LATEST",
                "    Every event: time and milliseconds of the latest sample, the longest ever, and sum and number.",
                "RESET [<event> ...]",
                "    Forget the events, or all of them.",
            ])
    }
}
