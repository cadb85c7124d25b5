// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

extension InfoWriter {
    /// Ticks in whole microseconds.
    static func us(_ ticks: UInt64, _ engine: Engine) -> Int64 { Int64(Double(ticks) / engine.ticksPerUs) }

    /// The fields on the turns of the loop, a part of the section Stats.
    static func loop(_ engine: Engine, _ out: inout String) {
        let loop = engine.insight.loop
        let commandTicks = (0..<engine.table.rows.count).reduce(UInt64(0)) {
            $0 &+ engine.table.rows[$1].ticks
        }
        line("expire_cycle_cpu_milliseconds", us(loop.expiryTicks, engine) / 1000, &out)
        line("eventloop_cycles", loop.cycles, &out)
        line("eventloop_duration_sum", us(loop.ticks, engine), &out)
        line("eventloop_duration_cmd_sum", us(commandTicks, engine), &out)
        line("instantaneous_eventloop_cycles_per_sec", engine.rates.cyclesPerSecond, &out)
        line(
            "instantaneous_eventloop_duration_usec", us(UInt64(engine.rates.ticksPerCycle), engine), &out)
    }

    /// How long calls of each command took, as the percentiles that `latency-tracking-info-percentiles` asks for.
    static func latencyStatistics(_ engine: Engine, _ out: inout String) {
        let percentiles = engine.config.settings.insight.percentiles
        for index in engine.table.commands.indices {
            let histogram = engine.table.rows[index].histogram
            guard histogram.total > 0 else { continue }
            let shares = percentiles.map { text in
                let share = text.withView { $0.double } ?? 0
                return "p\(percentile(share))="
                    + fixed(histogram.ticks(atPercentile: share) / engine.ticksPerUs, 3)
            }
            line(
                "latency_percentiles_usec_" + engine.table.fullName(index), shares.joined(separator: ","),
                &out)
        }
    }

    /// The text of a percentile, without zeros at its end.
    static func percentile(_ share: Double) -> String {
        var digits = fixed(share, 8)[...]
        while digits.hasSuffix("0") { digits.removeLast() }
        return String(digits.hasSuffix(".") ? digits.dropLast() : digits)
    }

    /// What is shown to those who ask for it by name.
    static func debug(_ engine: Engine, _ out: inout String) {
        let loop = engine.insight.loop
        line("eventloop_duration_cron_sum", us(loop.cronTicks, engine), &out)
        line("eventloop_duration_max", us(loop.ticksMax, engine), &out)
        line("eventloop_cmd_per_cycle_max", loop.commandsMax, &out)
    }
}
