// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

/// What the directives of this folder ask for.
public struct InsightSettings: Sendable {
    /// Commands that take so many microseconds are logged; 0: all, -1: none.
    public var slowUs = 10_000
    /// Commands of so many bytes are logged; 0: all, -1: none.
    public var requestBytes = 1 << 20
    /// Commands with so many bytes of reply are logged; 0: all, -1: none.
    public var replyBytes = 1 << 20
    /// How many entries each log keeps.
    public var slowLogMax = 128
    public var requestLogMax = 128
    public var replyLogMax = 128
    /// Whatever takes so many milliseconds is an event of LATENCY; 0: nothing is.
    public var latencyMs = 0
    /// A turn of the loop that takes so many microseconds is logged; 0: each one, -1: none.
    public var slowTurnUs = 5000
    /// Whether calls are sorted by duration, and which percentiles INFO shows.
    public var tracksLatency = true
    public var percentiles: [ByteString] = ["50", "99", "99.9"]
    public init() {}
}

/// What operators watch: the logs of conspicuous commands, latencies, the turns of the loop, and MONITOR.
public final class Insight {
    public let log = CommandLog()
    public let latency = LatencyMonitor()
    public let monitor = MonitorFeed()
    public var loop = LoopStatistics()
    /// Whether calls are sorted by duration.
    var tracksLatency = true
    /// What is done every few hundred milliseconds is left out (DEBUG PAUSE-CRON).
    public internal(set) var isCronPaused = false
    /// The slowest command of the turn.
    fileprivate var slowest: (command: Int, ticks: UInt64) = (0, 0)
    /// What the clock showed behind a long command inside a transaction, which ends with the time it began with.
    fileprivate var timeAfterQueueUs: Int64?
}

extension Engine {
    /// Commands that take longer than this, in microseconds, are remembered as what may have held the turn.
    public static let slowUsMin = 500.0
    /// After a command of so many milliseconds the clock is read anew.
    private static let staleMsMin = 1.0

    /// Carries the directives of this folder out.
    func applyInsight() {
        let settings = config.settings.insight
        insight.log.setMax(settings)
        insight.latency.thresholdMs = settings.latencyMs
        if !settings.tracksLatency, insight.tracksLatency { table.closeHistograms() }
        insight.tracksLatency = settings.tracksLatency
        var us = Engine.slowUsMin
        if settings.slowUs >= 0 { us = min(us, Double(settings.slowUs)) }
        if settings.latencyMs > 0 { us = min(us, Double(settings.latencyMs) * 1000) }
        let isBounded = settings.replyBytes >= 0
        reply.watch(
            patience: UInt64(us * ticksPerUs), bytesMin: isBounded ? settings.replyBytes : Int.max)
        requestBytesNoted = settings.requestBytes >= 0 ? settings.requestBytes : Int.max
    }

    /// Counts a call whose command has no histogram: it gets one, unless calls are not sorted.
    @inline(never) func countCall(_ index: Int, _ ticks: UInt64) {
        guard insight.tracksLatency else { return table.rows[index].calls &+= 1 }
        table.rows[index].histogram.open()
        _ = table.rows[index].histogram.record(ticks)
    }

    /// Looks more closely at a command that has run: it took long, or it or its reply may be large.
    /// - Parameter replyStart: where its reply begins.
    @inline(never)
    func note(_ index: Int, _ args: Arguments, _ ticks: UInt64, _ session: Session, replyStart: Int) {
        let us = Double(ticks) / ticksPerUs
        if us >= Engine.slowUsMin, ticks > insight.slowest.ticks { insight.slowest = (index, ticks) }
        let flags = table.rows[index].flags
        if insight.latency.isOn {
            insight.latency.add(
                flags.contains(.fast) ? .fastCommand : .command, ms: Int(us / 1000), nowMs: keys.nowMs)
        }
        if !flags.contains(.skipSlowlog) { log(index, args, us, session, replyStart) }
        if us >= Engine.staleMsMin * 1000, let now = host.nowUs { timeMoved(toUs: now) }
    }

    private func log(_ index: Int, _ args: Arguments, _ us: Double, _ session: Session, _ replyStart: Int) {
        let settings = config.settings.insight
        func add(_ kind: CommandLog.Kind, _ value: Int) {
            insight.log.add(kind, value, args, Redaction.secrets(self, index, args), session, keys.nowMs)
        }
        if settings.slowUs >= 0, us >= Double(settings.slowUs) { add(.slow, Int(us)) }
        if settings.requestBytes >= 0 {
            let bytes = args.requestBytes
            if bytes >= settings.requestBytes { add(.largeRequest, bytes) }
        }
        if settings.replyBytes >= 0 {
            let bytes = reply.byteCount(from: min(replyStart, reply.count))
            if bytes >= settings.replyBytes { add(.largeReply, bytes) }
        }
    }

    /// The clock went on while a command ran, which those behind it are to see. A transaction has one time.
    func timeMoved(toUs us: Int64) {
        if isInQueue { insight.timeAfterQueueUs = us } else { keys.nowUs = us }
    }

    /// A transaction is over: the time goes on that stood still in it.
    func queueEnded() {
        guard let us = insight.timeAfterQueueUs else { return }
        insight.timeAfterQueueUs = nil
        keys.nowUs = us
    }

    /// The number of the slowest command since the last time this was asked, and its ticks (0: none took long). It is
    /// asked in every turn, so the name is left to whoever needs it.
    public func takeSlowest() -> (command: Int, ticks: UInt64) {
        defer { insight.slowest = (0, 0) }
        return insight.slowest
    }

    /// Something other than a command took so many milliseconds.
    public func noteLatency(_ event: LatencyEvent, ms: Int) {
        if insight.latency.isOn { insight.latency.add(event, ms: ms, nowMs: keys.nowMs) }
    }
}

extension Arguments {
    /// Bytes of the command in protocol form.
    var requestBytes: Int {
        func digits(_ number: Int) -> Int { decimalLength(Int64(number)) }
        return (0..<count).reduce(digits(count) + 3) { $0 + digits(self[$1].count) + self[$1].count + 5 }
    }
}
