// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LATENCY DOCTOR
enum LatencyDoctor: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.verbatim("txt", Array(report(call.engine).utf8))
    }

    static func report(_ engine: Engine) -> String {
        let latency = engine.insight.latency
        if latency.events.isEmpty {
            return latency.isOn
                ? "Nothing has taken \(latency.thresholdMs) ms or longer: there is no spike to report.\n"
                : """
                Latency monitoring is off, so nothing is known about spikes. CONFIG SET latency-monitor-threshold \
                <milliseconds> turns it on; 100 is a good beginning.

                """
        }
        var text = "Latency spikes were seen:\n\n"
        for (index, event) in latency.events.enumerated() {
            text += "\(index + 1). \(event.name): \(summary(event, nowMs: engine.keys.nowMs))\n"
        }
        text += "\nAdvice:\n\n"
        for line in advice(latency, engine) { text += "- \(line)\n" }
        return text
    }

    private static func summary(_ event: LatencyMonitor.Event, nowMs: Int64) -> String {
        let samples = event.samples
        let mean = Double(event.sumMs) / Double(max(event.count, 1))
        let deviation = samples.reduce(0.0) { $0 + abs(Double($1.ms) - mean) } / Double(max(samples.count, 1))
        var text = "\(event.count) spikes (average \(FixedText.fixed(mean, 1)) ms"
        text += ", mean deviation \(FixedText.fixed(deviation, 1)) ms"
        if let first = samples.first, let last = samples.last, samples.count > 1 {
            let period = Double(last.second - first.second) / Double(samples.count - 1)
            text += ", one every \(FixedText.fixed(period, 1)) s"
        }
        let ago = samples.last.map { max(0, nowMs / 1000 - $0.second) } ?? 0
        return text + "). Worst: \(event.maxMs) ms. Latest: \(ago) s ago."
    }

    /// Every event has its advice; what is true of several is said once.
    private static func advice(_ latency: LatencyMonitor, _ engine: Engine) -> [String] {
        var lines: [String] = []
        for event in latency.events {
            for line in advice(event.event, latency, engine) where !lines.contains(line) {
                lines.append(line)
            }
        }
        return lines
    }

    static func advice(_ event: LatencyEvent, _ latency: LatencyMonitor, _ engine: Engine) -> [String] {
        switch event {
        case .command: return adviceOnCommands(latency, engine)
        case .fastCommand, .offCPU:
            return [
                "Commands that are fast by nature were slow, or a turn stood still: the process was not running, because "
                    + "of other load on the machine, swapping or a virtual machine that was paused. See the system's "
                    + "steal time and swap."
            ]
        case .turn:
            return [
                "Whole turns took long, over all clients that were served in them. The log names the cause of each: "
                    + "turn-log-slower-than sets from which duration on."
            ]
        case .step(let step): return [step.advice ?? advice(step.phase)]
        case .log:
            return [
                "The disk takes the append-only file slowly. Commands go on meanwhile, but with appendfsync always each "
                    + "write waits for it: everysec asks less of the disk, and so do fewer other users of it."
            ]
        }
    }

    private static func adviceOnCommands(_ latency: LatencyMonitor, _ engine: Engine) -> [String] {
        var lines: [String] = []
        let slowUs = engine.config.settings.insight.slowUs
        if slowUs < 0 || slowUs / 1000 > latency.thresholdMs {
            lines.append(
                "Slow commands are not all logged. CONFIG SET slowlog-log-slower-than \(latency.thresholdMs * 1000) "
                    + "logs each that makes a spike.")
        }
        lines.append(
            "SLOWLOG GET names the slow commands. KEYS, SMEMBERS and set operations over large collections take time in "
                + "proportion to what they read: SCAN and SSCAN read in steps.")
        return lines
    }

    private static func advice(_ phase: TurnPhase) -> String {
        switch phase {
        case .expire:
            "Many keys died at the same time. Spread their deadlines by adding a random part to each."
        case .timeouts: "Many clients waited until the same moment. Give them timeouts that differ."
        case .cut:
            "A snapshot met values that are large in one piece. Many small values are better than few large ones."
        case .reclaim: "Memory was freed in large pieces. Many small values are better than few large ones."
        case .evict: "Keys were evicted in large numbers. Give the server more memory, or write less at once."
        case .defragment: "Defragmentation took long. Lower active-defrag-cycle-us."
        case .cron:
            "Regular chores took long. Very many clients make them longer: see maxclients and timeout."
        case .giveBack: "Giving memory back to the kernel took long. Huge pages of the kernel make it slower."
        case .resume:
            "Clients that had waited, for a pause or for memory, went on all at once. SLOWLOG GET names what they ran."
        case .flush:
            "Sending replies took long: many clients at once, or very large replies. COMMANDLOG GET 10 large-reply names "
                + "them."
        case .reap: "Closing clients took long: very many went at once, or they had much waiting for them."
        case .accept: "Letting clients in took long. Lower max-new-connections-per-cycle."
        }
    }
}
