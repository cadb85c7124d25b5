// SPDX-License-Identifier: Apache-2.0

/// How fast counters rise: what INFO calls instantaneous. The rim takes a sample about every 100 ms.
public struct Rates: Sendable {
    private struct Sample {
        var ms: Int64
        var commands: Int
        var inputBytes: Int
        var outputBytes: Int
        var cycles: Int
        var ticks: UInt64
    }

    private static let samplesMax = 17
    private var samples: [Sample] = []

    public init() {}

    /// Takes a sample of the counters; the last 1.6 s of them count.
    mutating func take(_ stats: EngineStats, _ loop: LoopStatistics, nowMs: Int64) {
        if samples.count == Rates.samplesMax { samples.removeFirst() }
        samples.append(
            Sample(
                ms: nowMs, commands: stats.commands, inputBytes: stats.inputBytes,
                outputBytes: stats.outputBytes, cycles: loop.cycles, ticks: loop.ticks))
    }

    private func perSecond(_ rise: (Sample, Sample) -> Int) -> Double {
        guard let first = samples.first, let last = samples.last, last.ms > first.ms else { return 0 }
        return Double(max(0, rise(first, last))) * 1000 / Double(last.ms - first.ms)
    }

    /// Commands run, and turns of the loop, per second.
    public var commandsPerSecond: Int { Int(perSecond { $1.commands - $0.commands }) }
    public var cyclesPerSecond: Int { Int(perSecond { $1.cycles - $0.cycles }) }
    /// The mean duration of a turn, in ticks.
    public var ticksPerCycle: Double {
        guard let first = samples.first, let last = samples.last, last.cycles > first.cycles,
            last.ticks > first.ticks
        else { return 0 }
        return Double(last.ticks - first.ticks) / Double(last.cycles - first.cycles)
    }
    /// KiB received from clients, and sent to them, per second.
    public var inputKBPerSecond: Double { perSecond { $1.inputBytes - $0.inputBytes } / 1024 }
    public var outputKBPerSecond: Double { perSecond { $1.outputBytes - $0.outputBytes } / 1024 }
}

extension Engine {
    /// Samples the counters for the rates in INFO; to be called about every 100 ms.
    public func sampleRates() { rates.take(stats, loop, nowMs: keys.nowMs) }
}
