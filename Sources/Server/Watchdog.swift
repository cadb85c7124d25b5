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

    @inline(__always) func phase(_ name: StaticString, _ body: () -> Void) {
        let before = Clock.ticks()
        body()
        let spent = Clock.ticks() &- before
        if spent > worstTicks {
            worstTicks = spent
            worstPhase = name
        }
    }

    func turnEnds(_ engine: Engine) {
        let spentUs = Double(Clock.ticks() &- begin) / ticksPerUs
        let slowest = engine.takeSlowest()
        guard spentUs > Watchdog.turnUsMax else { return }
        longTurns += 1
        // At most one line a second; a command that slow is news once.
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
