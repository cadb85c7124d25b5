// SPDX-License-Identifier: Apache-2.0
import Bytes
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
        var text = "\(event.count) spikes (average \(InfoWriter.fixed(mean, 1)) ms"
        text += ", mean deviation \(InfoWriter.fixed(deviation, 1)) ms"
        if let first = samples.first, let last = samples.last, samples.count > 1 {
            let period = Double(last.second - first.second) / Double(samples.count - 1)
            text += ", one every \(InfoWriter.fixed(period, 1)) s"
        }
        let ago = samples.last.map { max(0, nowMs / 1000 - $0.second) } ?? 0
        return text + "). Worst: \(event.maxMs) ms. Latest: \(ago) s ago."
    }

    private static func advice(_ latency: LatencyMonitor, _ engine: Engine) -> [String] {
        let names = Swift.Set(latency.events.map(\.name))
        var lines: [String] = []
        if names.contains("command") {
            let slowUs = engine.config.settings.insight.slowUs
            if slowUs < 0 || slowUs / 1000 > latency.thresholdMs {
                lines.append(
                    "Slow commands are not all logged. CONFIG SET slowlog-log-slower-than "
                        + "\(latency.thresholdMs * 1000) logs each that makes a spike.")
            }
            lines.append(
                "SLOWLOG GET names the slow commands. KEYS, SMEMBERS and set operations over large collections take time "
                    + "in proportion to what they read: SCAN and SSCAN read in steps.")
        }
        if names.contains("fast-command") {
            lines.append(
                "Commands that are fast by nature were slow: the process was not running, because of other load on the "
                    + "machine, swapping or a virtual machine that was paused. See the system's steal time and swap."
            )
        }
        if names.contains("expire-cycle") {
            lines.append(
                "Many keys died at the same time. Spread their deadlines by adding a random part to each.")
        }
        if names.contains("eviction-cycle") || names.contains("eviction-del") {
            lines.append(
                "Keys were evicted in large numbers. Give the server more memory, or write less at once.")
        }
        if names.contains("active-defrag-cycle") {
            lines.append("Defragmentation took long. Lower active-defrag-cycle-max.")
        }
        if names.contains("flush-cycle") {
            lines.append(
                "Sending replies took long: many clients at once, or very large replies. COMMANDLOG GET 10 large-reply "
                    + "names them.")
        }
        if lines.isEmpty {
            lines.append(
                "The events above come from the server's own work; LATENCY GRAPH shows when it happened.")
        }
        return lines
    }
}
