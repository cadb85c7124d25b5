// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Operations

// What held the loop, and what did not.
//
// A turn is made of reading and running commands, of the phases behind them, and of time in which the processor was busy
// with something else. The tick counter tells how long each part took; how long the thread really ran, the kernel tells,
// and asking it takes about a microsecond. So it is asked at the beginning of a turn, at most every two milliseconds, and
// once more at the end of a slow one. What lies between two answers and was not spent running was spent waiting: for
// something the server asked for itself (then the kernel has counted that), or because something else ran.

/// Names whatever held the loop for too long: commands, a phase of the turn, or the machine.
final class Watchdog {
    /// How often a line is logged at most, in microseconds.
    static let pauseUs = 10_000_000.0
    /// How old the kernel's answer may be at the beginning of a turn, in microseconds.
    private static let sampleUs = 2000.0
    /// A phase that takes so many microseconds is an event for LATENCY.
    private static let phaseUsMin = 1000.0

    /// What the kernel has told, and how much was spent in turns when it did.
    private struct Sample {
        var ranNs: Int64 = 0
        var waits: Int64 = 0
        var turnTicks: UInt64 = 0
        var turns = 0
    }

    private let log: Log
    private let insight: Insight
    private let steps: [TurnStep]
    private let flushStep: Int
    private let ticksPerUs: Double
    private let sampleTicks: UInt64
    private let phaseTicksMin: UInt64
    /// A turn longer than this is looked at.
    private var patience = UInt64.max
    /// And logged from this on, in microseconds.
    private var slowUs = Double.infinity

    private var begin: UInt64 = 0
    private var phasesBegan: UInt64 = 0
    private var commandsBefore = 0
    private var worst: (step: Int, ticks: UInt64) = (0, 0)
    private var flushTicks: UInt64 = 0
    private var sample = Sample()
    private var sampledAt: UInt64 = 0
    private var turnTicks: UInt64 = 0
    private var turns = 0

    /// The steps that have run, where somebody wants to know (tests).
    var trace: [TurnStep]?

    private var loggedAt: UInt64?
    /// Slow turns since the last line, and the longest of them in microseconds.
    private var unlogged: (count: Int, us: Double) = (0, 0)

    /// - Parameter steps: what a turn does, in this order.
    init(_ log: Log, _ insight: Insight, _ steps: [TurnStep], ticksPerUs: Double) {
        self.log = log
        self.insight = insight
        self.steps = steps
        flushStep = steps.firstIndex(of: TurnStep(.flush)) ?? -1
        self.ticksPerUs = ticksPerUs
        sampleTicks = UInt64(Watchdog.sampleUs * ticksPerUs)
        phaseTicksMin = UInt64(Watchdog.phaseUsMin * ticksPerUs)
    }

    /// Takes over from which duration on a turn is slow.
    func follow(_ settings: InsightSettings) {
        slowUs = settings.slowTurnUs < 0 ? .infinity : Double(settings.slowTurnUs)
        let us = settings.latencyMs > 0 ? min(slowUs, Double(settings.latencyMs) * 1000) : slowUs
        patience = us.isFinite && us * ticksPerUs < 1e18 ? UInt64(us * ticksPerUs) : .max
    }

    func turnBegins() {
        begin = Clock.ticks()
        turns &+= 1
        if begin &- sampledAt > sampleTicks { takeSample() }
    }

    /// What follows are phases; what was before them was reading and running commands.
    func phasesBegin() {
        phasesBegan = Clock.ticks()
        worst = (0, 0)
    }

    /// Runs a step of the turn, by its number.
    /// - Returns: the ticks that it took.
    @discardableResult
    @inline(__always) func step(_ step: Int, _ engine: Engine, _ body: () -> Void) -> UInt64 {
        if trace != nil { trace?.append(steps[step]) }
        let before = Clock.ticks()
        body()
        let spent = Clock.ticks() &- before
        if spent > worst.ticks { worst = (step, spent) }
        if step == flushStep { flushTicks = spent }
        if spent > phaseTicksMin { note(step, spent, engine) }
        return spent
    }

    @inline(never) private func note(_ step: Int, _ ticks: UInt64, _ engine: Engine) {
        engine.noteLatency(.step(steps[step]), ms: Int(Double(ticks) / ticksPerUs / 1000))
    }

    /// - Parameter flushedTicks: how much of the time before the phases went into sending.
    func turnEnds(_ engine: Engine, flushedTicks: UInt64) {
        let spent = Clock.ticks() &- begin
        turnTicks &+= spent
        let commands = engine.stats.commands
        engine.loop.turnEnded(ticks: spent, commands: commands)
        let slowest = insight.takeSlowest()
        if spent > patience {
            let reading = phasesBegan &- begin
            var turn = SlowTurn(
                us: us(spent), commands: commands &- commandsBefore,
                commandUs: us(reading &- min(reading, flushedTicks)), flushUs: us(flushTicks &+ flushedTicks),
                step: steps[worst.step], stepUs: us(worst.ticks))
            if slowest.ticks > 0 {
                turn.slowest = (engine.table.fullName(slowest.command), us(slowest.ticks))
            }
            ended(turn, engine)
        }
        commandsBefore = commands
    }

    private func us(_ ticks: UInt64) -> Double { Double(ticks) / ticksPerUs }

    // MARK: Slow turns

    @inline(never) private func ended(_ turn: SlowTurn, _ engine: Engine) {
        var turn = turn
        let before = sample
        if takeSample() {
            let inTurns = us(sample.turnTicks &- before.turnTicks)
            turn.waitedUs = min(turn.us, max(0, inTurns - Double(sample.ranNs - before.ranNs) / 1000))
            // Between turns the loop may have waited once each time.
            turn.waitedForSomething = sample.waits - before.waits > Int64(sample.turns - before.turns)
        }
        engine.noteLatency(.turn, ms: Int(turn.ownUs / 1000))
        engine.noteLatency(.offCPU, ms: Int((turn.us - turn.ownUs) / 1000))
        guard turn.ownUs > slowUs else { return }
        let now = Clock.ticks()
        if let loggedAt, us(now &- loggedAt) < Watchdog.pauseUs {
            unlogged = (unlogged.count + 1, max(unlogged.us, turn.us))
            return
        }
        loggedAt = now
        var line = turn.line
        if unlogged.count > 0 {
            line += "; \(unlogged.count) more since the last such line, the longest \(Int(unlogged.us)) us"
        }
        unlogged = (0, 0)
        log.warning(ByteString(line))
    }

    /// Asks the kernel.
    /// - Returns: false when it does not tell.
    @discardableResult @inline(never) private func takeSample() -> Bool {
        let now = Clock.ticks()
        sampledAt = now
        guard let time = Clock.threadTime() else { return false }
        sample = Sample(ranNs: time.ranNs, waits: time.waits, turnTicks: turnTicks, turns: turns)
        return true
    }
}

/// A turn that took too long, and what it was spent on; durations in microseconds.
struct SlowTurn {
    var us: Double
    var commands: Int
    /// Spent on reading and running commands.
    var commandUs: Double
    /// The slowest of them, if any took conspicuously long.
    var slowest: (name: String, us: Double)?
    /// Spent on sending, wherever in the turn.
    var flushUs: Double
    /// The longest step.
    var step: TurnStep
    var stepUs: Double
    /// Not spent running.
    var waitedUs = 0.0
    /// The server itself has asked for something that made it wait.
    var waitedForSomething = false

    init(us: Double, commands: Int, commandUs: Double, flushUs: Double, step: TurnStep, stepUs: Double) {
        self.us = us
        self.commands = commands
        self.commandUs = commandUs
        self.flushUs = flushUs
        self.step = step
        self.stepUs = stepUs
    }

    /// Without the time in which the machine did not run the server.
    var ownUs: Double { waitedForSomething ? us : us - waitedUs }

    /// What the log says.
    var line: String {
        var text = "Slow turn of \(Int(us)) us: \(cause)"
        let waited = Int(waitedUs)
        if waited * 10 >= Int(us) {
            text +=
                waitedForSomething
                ? "; \(waited) us of the turn were spent waiting, for a device, a timer or a processor"
                : "; for \(waited) us of the turn the processor was busy with something else"
        }
        return text
    }

    private var cause: String {
        var (what, most) = ("\(commands) command\(commands == 1 ? "" : "s")", commandUs)
        var ranCommands = true
        if flushUs > most {
            (what, most) = ("phase \(TurnPhase.flush.name)", flushUs)
            ranCommands = false
        }
        if step.own != .flush, stepUs > most {
            (what, most) = ("phase \(step.name)", stepUs)
            // Sessions that had waited run their commands there.
            ranCommands = step.own == .resume
        }
        var text = "\(what) took \(Int(most)) us"
        guard ranCommands else { return text }
        if let slowest {
            text += ", the slowest, \(slowest.name), \(Int(slowest.us)) us"
        } else if commands > 1 {
            text += ", none of them more than \(Int(Insight.slowUsMin)) us"
        }
        return text
    }
}
