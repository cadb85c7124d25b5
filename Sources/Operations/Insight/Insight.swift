// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// What the directives of this folder ask for.
public struct InsightSettings: FeatureSettings {
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

/// What operators watch: the logs of conspicuous commands, latencies and MONITOR.
public final class Insight: FeaturePart, CommandExaminer {
    /// The logs of slow and large commands.
    public let log = CommandLog()
    /// What took long, by kind and second.
    public let latency = LatencyMonitor()
    /// The clients that watch all commands.
    public let monitor = MonitorFeed()
    /// What is done every few hundred milliseconds is left out (DEBUG PAUSE-CRON).
    public internal(set) var isCronPaused = false
    /// The slowest command of the turn.
    private var slowest: (command: Int, ticks: UInt64) = (0, 0)
    private var settings = InsightSettings()

    /// Commands that take longer than this, in microseconds, are remembered as what may have held the turn.
    public static let slowUsMin = 500.0
    /// After a command of so many milliseconds the clock is read anew.
    private static let staleMsMin = 1.0

    /// The commands, directives, INFO sections and refusals of this folder.
    public static let feature = Feature(
        "insight", families: [InsightCommands.family],
        rules: [
            GateRule(.replicaClient, MonitorFeed.forbidden) { _, _, session in
                session.isMonitor ? "ERR Replica can't interact with the keyspace" : nil
            }
        ]
    ) { engine in
        let insight = Insight()
        engine.examiner = insight
        return insight
    }

    public func apply(_ all: Settings, _ engine: Engine) {
        settings = all.insight
        log.setMax(settings)
        latency.thresholdMs = settings.latencyMs
        engine.sortCalls(settings.tracksLatency)
        var us = Insight.slowUsMin
        if settings.slowUs >= 0 { us = min(us, Double(settings.slowUs)) }
        if settings.latencyMs > 0 { us = min(us, Double(settings.latencyMs) * 1000) }
        let isBounded = settings.replyBytes >= 0
        engine.reply.watch(
            patience: UInt64(us * engine.ticksPerUs), bytesMin: isBounded ? settings.replyBytes : Int.max)
        engine.requestBytesNoted = settings.requestBytes >= 0 ? settings.requestBytes : Int.max
    }

    public func disconnected(_ session: Session, _ engine: Engine) { monitor.leave(session, engine) }
    public func reset(_ session: Session, _ engine: Engine) { monitor.leave(session, engine) }
    public func describe(_ session: Session, _ facts: inout SessionFacts) {
        if session.isMonitor { facts.letters.append(UInt8(ascii: "O")) }
    }

    public func examine(
        _ index: Int, _ args: Arguments, ticks: UInt64, _ session: Session, replyStart: Int, _ engine: Engine
    ) {
        let us = Double(ticks) / engine.ticksPerUs
        if us >= Insight.slowUsMin, ticks > slowest.ticks { slowest = (index, ticks) }
        let flags = engine.table.flags(index)
        if latency.isOn {
            latency.add(
                flags.contains(.fast) ? .fastCommand : .command, ms: Int(us / 1000),
                nowMs: engine.keys.nowMs)
        }
        if !flags.contains(.skipSlowlog) { log(index, args, us, session, replyStart, engine) }
        if us >= Insight.staleMsMin * 1000, let now = engine.host.nowUs { engine.timeMoved(toUs: now) }
    }

    private func log(
        _ index: Int, _ args: Arguments, _ us: Double, _ session: Session, _ replyStart: Int, _ engine: Engine
    ) {
        func add(_ kind: CommandLog.Kind, _ value: Int) {
            log.add(kind, value, args, Redaction.secrets(engine, index, args), session, engine.keys.nowMs)
        }
        if settings.slowUs >= 0, us >= Double(settings.slowUs) { add(.slow, Int(us)) }
        if settings.requestBytes >= 0 {
            let bytes = args.requestBytes
            if bytes >= settings.requestBytes { add(.largeRequest, bytes) }
        }
        if settings.replyBytes >= 0 {
            let reply = engine.running.reply
            let bytes = reply.byteCount(from: min(replyStart, reply.count))
            if bytes >= settings.replyBytes { add(.largeReply, bytes) }
        }
    }

    public func tookLong(_ event: LatencyEvent, ms: Int, _ engine: Engine) {
        if latency.isOn { latency.add(event, ms: ms, nowMs: engine.keys.nowMs) }
    }

    /// The number of the slowest command since the last time this was asked, and its ticks (0: none took long). It is
    /// asked in every turn, so the name is left to whoever needs it.
    public func takeSlowest() -> (command: Int, ticks: UInt64) {
        defer { slowest = (0, 0) }
        return slowest
    }
}

extension Engine {
    /// What operators watch.
    public var insight: Insight { part(Insight.self) }

    /// Something other than a command took so many milliseconds.
    public func noteLatency(_ event: LatencyEvent, ms: Int) {
        let insight = self.insight
        if insight.latency.isOn { insight.latency.add(event, ms: ms, nowMs: keys.nowMs) }
    }
}

extension Settings {
    /// What the directives of this folder ask for.
    public var insight: InsightSettings {
        get { self[InsightSettings.self] }
        set { self[InsightSettings.self] = newValue }
    }
}
