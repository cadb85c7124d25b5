// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension InfoWriter {
    /// Ticks in whole microseconds.
    static func us(_ ticks: UInt64, _ engine: Engine) -> Int64 { Int64(Double(ticks) / engine.ticksPerUs) }

    /// The fields on the turns of the loop, a part of the section Stats.
    static func loop(_ engine: Engine, _ out: TextBuffer) {
        let loop = engine.loop
        out.line("eventloop_cycles", loop.cycles)
        out.line("eventloop_duration_sum", us(loop.ticks, engine))
        out.line("eventloop_duration_cmd_sum", us(engine.table.ticks, engine))
        out.line("instantaneous_eventloop_cycles_per_sec", engine.rates.cyclesPerSecond)
        let perCycle = UInt64(engine.rates.ticksPerCycle)
        out.line("instantaneous_eventloop_duration_usec", us(perCycle, engine))
    }

    /// How long calls of each command took, as the percentiles that `latency-tracking-info-percentiles` asks for.
    static func latencyStatistics(_ engine: Engine, _ out: TextBuffer) {
        let shares = engine.config.settings.insight.percentiles.map { text in
            let share = text.withView { $0.double } ?? 0
            return (share: share, name: FixedText.percentile(share))
        }
        for index in engine.table.commands.indices {
            let histogram = engine.table.rows[index].histogram
            let total = histogram.total
            guard total > 0 else { continue }
            out.add("latency_percentiles_usec_")
            out.add(engine.table.fullName(index))
            for (position, wanted) in shares.enumerated() {
                out.add(position == 0 ? ":p" : ",p")
                out.add(wanted.name)
                out.add("=")
                let ticks = histogram.ticks(atPercentile: wanted.share, of: total)
                out.add(ticks / engine.ticksPerUs, decimals: 3)
            }
            if shares.isEmpty { out.add(":") }
            out.endLine()
        }
    }

    /// What is shown to those who ask for it by name.
    static func debug(_ engine: Engine, _ out: TextBuffer) {
        let loop = engine.loop
        out.line("eventloop_duration_aof_sum", 0)
        out.line("eventloop_duration_cron_sum", us(loop.cronTicks, engine))
        out.line("eventloop_duration_max", us(loop.ticksMax, engine))
        out.line("eventloop_cmd_per_cycle_max", loop.commandsMax)
        out.line("io_threaded_reads_pending", 0)
        out.line("io_threaded_writes_pending", 0)
        out.line("allocator_allocated_lua", 0)
        out.line("allocator_active_lua", 0)
        out.line("allocator_resident_lua", 0)
        out.line("allocator_frag_bytes_lua", 0)
    }
}
