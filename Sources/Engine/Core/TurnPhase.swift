// SPDX-License-Identifier: Apache-2.0

/// What the server does between two waits of its loop once it has run the commands that arrived, in this order.
///
/// The turn walks these cases; the watchdog, LATENCY and its advice know no other names.
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
    /// What is remembered of keys that clients track is kept within its limit: behind all that deletes keys.
    case tracking
    /// Sessions that nothing holds any more go on: behind the work above, as those do who are read from next.
    case resume
    /// Replies and messages leave: behind everything that makes any.
    case flush
    /// Clients that are to be closed go: behind their last replies. What the others hold is weighed then.
    case reap
    /// More clients are let in: when those who are here have been served.
    case accept

    public static let last = TurnPhase.accept

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
        case .tracking: "tracking"
        case .resume: "resume"
        case .flush: "flush"
        case .reap: "reap"
        case .accept: "accept"
        }
    }

    /// Work that nobody waits for; all of it together has a share of the turn.
    public var isBackground: Bool {
        switch self {
        case .expire, .timeouts, .cut, .reclaim, .evict, .defragment, .cron, .giveBack, .tracking, .resume:
            true
        case .flush, .reap, .accept: false
        }
    }
}

/// What LATENCY tells apart.
public enum LatencyEvent: Hashable, Sendable {
    /// A command took long: one that is fast by nature, or another.
    case fastCommand
    case command
    /// A phase of a turn took long.
    case phase(TurnPhase)
    /// A whole turn took long, whatever it was in it.
    case turn
    /// The processor was busy with something else in the middle of a turn.
    case offCPU

    /// Its name in LATENCY: Redis's where it has one.
    public var name: String {
        switch self {
        case .fastCommand: "fast-command"
        case .command: "command"
        case .phase(.evict): "eviction-cycle"
        case .phase(.defragment): "active-defrag-cycle"
        case .phase(.giveBack): "give-back-cycle"
        case .phase(let phase): "\(phase.name)-cycle"
        case .turn: "turn"
        case .offCPU: "off-cpu"
        }
    }
}
