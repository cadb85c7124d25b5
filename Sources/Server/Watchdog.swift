// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands

/// Names whatever held the loop for too long: a phase of the turn, or a command.
final class Watchdog {
    /// A turn longer than this is logged, in microseconds.
    static let turnUsMax = 5000.0

    private let log: Log
    private let ticksPerUs: Double
    private var begin: UInt64 = 0
    private var worstPhase: StaticString = ""
    private var worstTicks: UInt64 = 0
    private var lastLogged: UInt64 = 0
    /// Turns that were too long, since the start.
    private(set) var longTurns = 0

    init(_ log: Log, ticksPerUs: Double) {
        self.log = log
        self.ticksPerUs = ticksPerUs
    }

    func turnBegins() {
        begin = Clock.ticks()
        worstPhase = ""
        worstTicks = 0
    }

    /// Runs a phase of the turn.
    /// - Returns: the ticks that it took.
    @discardableResult
    @inline(__always) func phase(_ name: StaticString, _ engine: Engine, _ body: () -> Void) -> UInt64 {
        let before = Clock.ticks()
        body()
        let spent = Clock.ticks() &- before
        if spent > worstTicks {
            worstTicks = spent
            worstPhase = name
            if Double(spent) > ticksPerUs * 1000 { note(name, spent, engine) }
        }
        return spent
    }

    /// A phase took a millisecond or more, and longer than those ahead of it in its turn.
    @inline(never) private func note(_ name: StaticString, _ ticks: UInt64, _ engine: Engine) {
        engine.noteLatency(Watchdog.event(name), ms: Int(Double(ticks) / ticksPerUs / 1000))
    }

    /// The name of a phase in LATENCY: Redis's where it has one.
    private static func event(_ phase: StaticString) -> String {
        switch "\(phase)" {
        case "memory": "eviction-cycle"
        case "defragment": "active-defrag-cycle"
        default: "\(phase)-cycle"
        }
    }

    func turnEnds(_ engine: Engine) {
        let spent = Clock.ticks() &- begin
        engine.loop.turnEnded(ticks: spent, commands: engine.stats.commands)
        let slowest = engine.insight.takeSlowest()
        let spentUs = Double(spent) / ticksPerUs
        guard spentUs > Watchdog.turnUsMax else { return }
        longTurns += 1
        engine.noteLatency("turn", ms: Int(spentUs / 1000))
        // At most one line a second; a command that is slow is news once.
        let now = Clock.ticks()
        guard lastLogged == 0 || Double(now &- lastLogged) / ticksPerUs > 1_000_000 else { return }
        lastLogged = now
        let phaseUs = Double(worstTicks) / ticksPerUs
        let commandUs = Double(slowest.ticks) / ticksPerUs
        let cause =
            commandUs > phaseUs
            ? "command \(engine.table.fullName(slowest.command)) took \(Int(commandUs)) us"
            : "phase \(worstPhase) took \(Int(phaseUs)) us"
        log.warning("Slow turn of \(Int(spentUs)) us: \(cause)")
    }
}
