// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the server does between two waits of its loop once it has run the commands that arrived, in this order.
///
/// Features have work of their own done behind a phase; see `TurnWork`.
public enum TurnPhase: Int, CaseIterable, Sendable {
    /// Keys that are due are deleted: first, because to the replies of this turn they are of the past.
    case expire
    /// Clients that wait for something are told that their time is over: behind `expire`, so that none is served a key
    /// that is dead.
    case timeouts
    /// Open cuts are walked: before anything else changes what they are to see.
    case cut
    /// What was deleted is taken apart: behind `expire`, which adds to it.
    case reclaim
    /// Keys go while memory is above its limit: behind `reclaim`, whose bytes count as free already.
    case evict
    /// Entries are moved out of sparse pages: when everything that frees has been done.
    case defragment
    /// What is done every few hundred milliseconds.
    case cron
    /// Empty pages go back to the kernel: behind all that empties them.
    case giveBack
    /// Sessions that nothing holds any more go on: behind the work above, as those do who are read from next.
    case resume
    /// Replies and messages leave: behind everything that makes any.
    case flush
    /// Clients that are to be closed go: behind their last replies. What the others hold is weighed then.
    case reap
    /// More clients are let in: when those who are here have been served.
    case accept

    /// What logs call it.
    public var name: StaticString {
        switch self {
        case .expire: "expire"
        case .timeouts: "timeouts"
        case .cut: "cut"
        case .reclaim: "reclaim"
        case .evict: "evict"
        case .defragment: "defragment"
        case .cron: "cron"
        case .giveBack: "give back"
        case .resume: "resume"
        case .flush: "flush"
        case .reap: "reap"
        case .accept: "accept"
        }
    }

    /// Work that nobody waits for; all of it together has a share of the turn.
    public var isBackground: Bool {
        switch self {
        case .expire, .timeouts, .cut, .reclaim, .evict, .defragment, .cron, .giveBack, .resume:
            true
        case .flush, .reap, .accept: false
        }
    }
}

/// What a feature has done in every turn.
public struct TurnWork: Sendable {
    /// What logs call it.
    public let name: String
    /// The phase behind which it is done, before the next one; several works in the order of their features. It lies
    /// before `flush`, or what the work tells anybody would wait for another turn.
    public let phase: TurnPhase
    /// What LATENCY DOCTOR advises when it takes long: whole sentences.
    public let advice: String
    /// How many units of it are done in any case, however little time the turn has left.
    public let floor: Int
    /// Whether there is anything to do. It is asked in every turn.
    public let isDue: @Sendable (Engine) -> Bool
    /// Does as much as the slice allows.
    /// - Returns: true when there is more to do at once.
    public let run: @Sendable (Engine, inout Slice) -> Bool
    /// When there will be something to do, in Unix ms, if nothing happens before; nil for work that waits for nothing.
    public let nextMs: (@Sendable (Engine) -> Int64)?

    /// Work done behind `phase`; the other arguments are those of the properties.
    public init(
        _ name: String, behind phase: TurnPhase, advice: String, floor: Int,
        isDue: @escaping @Sendable (Engine) -> Bool, run: @escaping @Sendable (Engine, inout Slice) -> Bool,
        nextMs: (@Sendable (Engine) -> Int64)? = nil
    ) {
        precondition(phase.rawValue < TurnPhase.flush.rawValue, "work behind the end of a turn's output")
        self.name = name
        self.phase = phase
        self.advice = advice
        self.floor = floor
        self.isDue = isDue
        self.run = run
        self.nextMs = nextMs
    }
}

/// One step of the turn: a phase of the server's own, or a feature's work behind one. The watchdog, LATENCY and its
/// advice know no other names.
public struct TurnStep: Hashable, Sendable {
    /// The phase itself, or the one behind which the work is done.
    public let phase: TurnPhase
    /// The name of a feature's work; nil for the phase itself.
    private let work: String?
    /// What a feature advises; nil for the phase itself.
    public let advice: String?

    /// The step that is a phase, or a feature's work.
    public init(_ phase: TurnPhase) {
        self.phase = phase
        work = nil
        advice = nil
    }

    /// The step that is a feature's work.
    public init(_ work: TurnWork) {
        phase = work.phase
        self.work = work.name
        advice = work.advice
    }

    /// The phase that the step is; nil for a feature's work.
    public var own: TurnPhase? { work == nil ? phase : nil }
    /// What logs call it.
    public var name: String { work ?? "\(phase.name)" }
    /// Work that nobody waits for; all of it together has a share of the turn.
    public var isBackground: Bool { work != nil || phase.isBackground }
}

/// What LATENCY tells apart.
public enum LatencyEvent: Hashable, Sendable {
    /// A command took long: one that is fast by nature, or another.
    case fastCommand
    /// A command that is not fast by nature took long.
    case command
    /// A step of a turn took long.
    case step(TurnStep)
    /// A whole turn took long, whatever it was in it.
    case turn
    /// The processor was busy with something else in the middle of a turn.
    case offCPU
    /// The disk took long for the log of commands.
    case log(LogDelay)

    /// Its name in LATENCY: Redis's where it has one.
    public var name: String {
        switch self {
        case .fastCommand: "fast-command"
        case .command: "command"
        case .step(TurnStep(.evict)): "eviction-cycle"
        case .step(TurnStep(.defragment)): "active-defrag-cycle"
        case .step(TurnStep(.giveBack)): "give-back-cycle"
        case .step(let step): "\(step.name)-cycle"
        case .turn: "turn"
        case .offCPU: "off-cpu"
        case .log(let delay): delay.rawValue
        }
    }
}

/// What of the log of commands takes long, by its name in LATENCY.
public enum LogDelay: String, Sendable {
    /// Writing to the file: at any time, and while nothing or a rewrite goes on.
    case write = "aof-write"
    case writeAlone = "aof-write-alone"
    case writeDuringRewrite = "aof-write-active-child"
    /// Bringing a batch to the disk while clients wait for it.
    case syncAlways = "aof-fsync-always"
}
