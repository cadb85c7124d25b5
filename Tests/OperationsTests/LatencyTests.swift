// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import RESP
import Server
import Testing

@testable import Engine
@testable import Operations

/// LATENCY: events, and how calls are spread over durations.
@Suite struct LatencyTests {
    @Test func events() {
        // However busy the machine is, no command here takes ten seconds by itself.
        let rig = Rig { $0.insight.latencyMs = 10_000 }
        let start = Rig.startMs / 1000
        #expect(rig.run("LATENCY", "LATEST") == "*0")
        rig.engine.noteLatency(.step(TurnStep(.expire)), ms: 9000)
        #expect(rig.run("LATENCY", "LATEST") == "*0")
        rig.engine.noteLatency(.step(TurnStep(.expire)), ms: 30_000)
        rig.engine.noteLatency(.step(TurnStep(.expire)), ms: 20_000)
        rig.engine.noteLatency(.command, ms: 10_000)
        rig.advance(ms: 5000)
        rig.engine.noteLatency(.step(TurnStep(.expire)), ms: 12_000)
        #expect(
            rig.run("LATENCY", "LATEST")
                == "*2 *6 $12 expire-cycle :\(start + 5) :12000 :30000 :62000 :3 *6 $7 command :\(start) :10000 :10000 :10000 :1"
        )
        #expect(
            rig.run("LATENCY", "HISTORY", "expire-cycle") == "*2 *2 :\(start) :30000 *2 :\(start + 5) :12000")
        #expect(rig.run("LATENCY", "HISTORY", "nosuch") == "*0")
        #expect(rig.run("LATENCY", "RESET", "nosuch", "command") == ":1")
        #expect(rig.run("LATENCY", "RESET") == ":1")
        #expect(rig.run("LATENCY", "LATEST") == "*0")
        rig.run("CONFIG", "SET", "latency-monitor-threshold", "0")
        rig.engine.noteLatency(.command, ms: 1_000_000)
        #expect(rig.run("LATENCY", "LATEST") == "*0")
    }

    @Test func historyIsBounded() {
        let rig = Rig { $0.insight.latencyMs = 1 }
        for i in 0..<500 {
            rig.engine.noteLatency(.turn, ms: i + 1)
            rig.advance(ms: 1000)
        }
        let samples = rig.engine.insight.latency.event(ByteView("turn"))?.samples ?? []
        #expect(samples.count == 160 && samples.first?.ms == 341 && samples.last?.ms == 500)
    }

    /// Commands report themselves, by whether they are meant to be fast.
    @Test func commandsAreEvents() {
        let rig = Rig { $0.insight.latencyMs = 1 }
        // In virtual time nothing takes a millisecond for sure: the engine is told how long the commands took.
        for name in ["get", "keys"] {
            let index = rig.engine.table.index(ByteView(name == "get" ? "get" : "keys")) ?? -1
            rig.note(index, us: 2500)
        }
        #expect(rig.engine.insight.latency.event(ByteView("fast-command"))?.maxMs == 2)
        #expect(rig.engine.insight.latency.event(ByteView("command"))?.maxMs == 2)
        let slowest = rig.engine.insight.takeSlowest()
        #expect(rig.engine.table.fullName(slowest.command) == "get" && slowest.ticks > 0)
        #expect(rig.engine.insight.takeSlowest().ticks == 0)
    }

    @Test func graph() {
        let rig = Rig { $0.insight.latencyMs = 1 }
        #expect(rig.run("LATENCY", "GRAPH", "command") == "-ERR No samples available for event 'command'")
        for (ms, pause) in [(10, 60_000), (20, 40_000), (43, 5_000)] {
            rig.engine.noteLatency(.command, ms: ms)
            rig.advance(ms: Int64(pause))
        }
        let lines = LatencyGraph.draw(rig.engine.insight.latency.events[0], nowMs: rig.engine.keys.nowMs)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "command - high 43 ms, low 10 ms (all time high 43 ms)")
        #expect(lines[1] == String(repeating: "-", count: 80))
        #expect(lines[2...].prefix(4).elementsEqual(["  #", "  |", " _|", "_||"]))
        #expect(lines[6...].elementsEqual(["", "145", "m5s", " s ", ""]))
    }

    @Test func doctor() {
        let rig = Rig()
        #expect(rig.run("LATENCY", "DOCTOR").contains("CONFIG SET latency-monitor-threshold"))
        rig.run("CONFIG", "SET", "latency-monitor-threshold", "5")
        #expect(rig.run("LATENCY", "DOCTOR").contains("Nothing has taken 5 ms"))
        for event in [LatencyEvent.command, .fastCommand, .step(TurnStep(.expire)), .step(TurnStep(.flush))] {
            rig.engine.noteLatency(event, ms: 8)
        }
        let report = rig.run("LATENCY", "DOCTOR")
        #expect(report.contains("1. command: 1 spikes (average 8.0 ms, mean deviation 0.0 ms). Worst: 8 ms."))
        #expect(report.contains("slowlog-log-slower-than 5000"))
        for word in ["SLOWLOG GET", "swapping", "deadlines", "large-reply"] { #expect(report.contains(word)) }
    }

    /// Every phase is an event with a name of its own, which leads to its own advice.
    @Test func everyEventHasItsAdvice() {
        let steps =
            TurnPhase.allCases.map { TurnStep($0) } + Wiring.features.flatMap(\.works).map { TurnStep($0) }
        let events = steps.map { LatencyEvent.step($0) } + [.turn, .offCPU, .command, .fastCommand]
        #expect(Set(events.map(\.name)).count == events.count)
        #expect(LatencyEvent.step(TurnStep(.evict)).name == "eviction-cycle")
        #expect(LatencyEvent.step(TurnStep(.defragment)).name == "active-defrag-cycle")
        var seen: Set<String> = []
        for event in events {
            let rig = Rig { $0.insight.latencyMs = 100_000 }
            rig.engine.noteLatency(event, ms: 500_000)
            let report = rig.run("LATENCY", "DOCTOR")
            #expect(report.contains("1. \(event.name): 1 spikes"))
            let advice = report.split(separator: "Advice:").last.map(String.init) ?? ""
            #expect(advice.contains("- "), "\(event.name)")
            seen.insert(advice)
        }
        // Only what is off the processor and what is slow though fast by nature have the same cause.
        #expect(seen.count == events.count - 1)
    }

    // MARK: Histograms

    @Test func histogramOfCommands() {
        let rig = Rig()
        rig.run("CONFIG", "RESETSTAT")
        #expect(
            rig.run("LATENCY", "HISTOGRAM").hasPrefix(
                "*2 $16 config|resetstat *4 $5 calls :1 $14 histogram_usec *2 "))
        rig.run("SET", "a", "1")
        rig.run("SET", "b", "1")
        rig.run("CLIENT", "ID")
        rig.run("CLIENT", "GETNAME")
        #expect(
            rig.run("LATENCY", "HISTOGRAM", "set", "nosuch", "GET").hasPrefix("*2 $3 set *4 $5 calls :2 "))
        #expect(rig.run("LATENCY", "HISTOGRAM", "client|id").hasPrefix("*2 $9 client|id *4 $5 calls :1 "))
        let both = rig.run("LATENCY", "HISTOGRAM", "client")
        #expect(both.hasPrefix("*4 ") && both.contains("client|id") && both.contains("client|getname"))
        rig.run("HELLO", "3")
        #expect(
            rig.run("LATENCY", "HISTOGRAM", "set").hasPrefix("%1 $3 set %2 $5 calls :2 $14 histogram_usec %"))
    }

    /// Redis's row of durations, each with what took no longer, without those that add nothing.
    @Test func durationsDouble() {
        var histogram = TickHistogram()
        histogram.open()
        defer { histogram.close() }
        // At a thousand ticks to the microsecond.
        for us in [0.2, 0.9, 1.5, 3, 3, 30, 60, 120, 250, 500, 1000, 400_000, 5_000_000] {
            _ = histogram.record(UInt64(us * 1000))
        }
        let counts = DurationCounts(histogram, 1000).all
        #expect(counts.map(\.us) == [1, 2, 4, 33, 66, 132, 264, 528, 1056, 541065, 1082130])
        #expect(counts.map(\.calls) == [2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    }

    @Test func percentilesInInfo() {
        let rig = Rig()
        let get = rig.engine.table.index(ByteView("get")) ?? -1
        rig.engine.table.rows[get].histogram.open()
        for us in 1...1000 { _ = rig.engine.table.rows[get].histogram.record(UInt64(us * 1000)) }
        func line() -> [Substring] {
            rig.run("INFO", "latencystats").split(separator: " ").filter {
                $0.hasPrefix("latency_percentiles_usec_get:")
            }
        }
        #expect(line() == ["latency_percentiles_usec_get:p50=507.904,p99=999.424,p99.9=999.424"])
        rig.run("CONFIG", "SET", "latency-tracking-info-percentiles", "0 50.50 100")
        #expect(line() == ["latency_percentiles_usec_get:p0=1.008,p50.5=507.904,p100=1015.808"])
        #expect(rig.run("CONFIG", "GET", "latency-tracking-info-percentiles").hasSuffix("$10 0 50.5 100"))
        rig.run("CONFIG", "SET", "latency-tracking-info-percentiles", "")
        #expect(line() == ["latency_percentiles_usec_get:"])
    }

    /// Without tracking nothing is sorted, but calls are counted on.
    @Test func trackingCanBeOff() {
        let rig = Rig()
        rig.run("GET", "a")
        rig.run("GET", "a")
        rig.run("CONFIG", "SET", "latency-tracking", "no")
        rig.run("GET", "a")
        #expect(rig.run("LATENCY", "HISTOGRAM") == "*0")
        #expect(!rig.run("INFO", "latencystats").contains("percentiles"))
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_get:calls=3,"))
        rig.run("CONFIG", "SET", "latency-tracking", "yes")
        rig.run("GET", "a")
        #expect(rig.run("LATENCY", "HISTOGRAM", "get").hasPrefix("*2 $3 get *4 $5 calls :1 "))
        #expect(rig.run("INFO", "commandstats").contains("cmdstat_get:calls=4,"))
    }
}

extension Rig {
    /// Tells the engine of a command without arguments that took so long.
    fileprivate func note(_ index: Int, us: Double) {
        let list = ArgumentList(engine.keys.heap)
        engine.examine(
            index, list.arguments, UInt64(us * engine.ticksPerUs), session(), replyStart: engine.reply.count)
    }
}
