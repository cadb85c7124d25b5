// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// Units that span turns. A command that takes too long stops in the middle and goes on in the turns to come: a script,
// and a transaction that has called one. Its frames are put aside with everything they have set, so that others can be
// answered meanwhile, and come back when it goes on; its client waits. As long as a unit is open no other unit begins:
// commands that concern the data wait at the gate, nothing expires, and nobody who waits for keys is served. What the
// unit has done so far is not told to anybody before it ends.

/// What stopped in the middle of a command.
public protocol Continuation: AnyObject {
    /// Goes on, in the frames that were open when it stopped.
    /// - Returns: whether it has ended; its frames are closed then.
    func goOn(_ engine: Engine) -> Bool
}

/// A unit that spans turns, and what it needs to go on.
final class OpenUnit {
    /// Who goes on, the innermost first.
    var continuations: [any Continuation] = []
    /// The time that its commands see, in Unix us.
    let nowUs: Int64
    /// The client that waits for its end.
    let session: Session
    /// Why commands are refused that would have to wait for it; nil while they wait.
    var refusal: ByteString?
    /// What was put aside.
    var calls: [Call] = []
    var innerFrames = 0
    var target: Reply?
    var database = 0
    var touches = true

    init(_ session: Session, nowUs: Int64) {
        self.session = session
        self.nowUs = nowUs
    }
}

extension Call {
    /// The command stops here and returns without a reply: `continuation` goes on with it. Where it was called by another
    /// command, that one has to stop as well.
    public func stop(_ continuation: any Continuation) {
        let unit = engine.openUnit ?? OpenUnit(session, nowUs: engine.keys.nowUs)
        engine.openUnit = unit
        unit.continuations.insert(continuation, at: 0)
        waits = true
        propagateNothing()
    }

    /// Whether the command that was called last has stopped.
    public var hasStopped: Bool { waits }

    /// A command that has called another one stops with it: `continuation` goes on when that one has ended.
    public func stop(behind continuation: any Continuation) {
        let isKnown = engine.openUnit?.continuations.contains { $0 === continuation } ?? true
        if !isKnown { engine.openUnit?.continuations.append(continuation) }
        waits = true
        propagateNothing()
    }

    /// The outermost command of a unit that stopped keeps its client waiting: its handler runs again at the end of the
    /// unit, to reply. It returns without a reply.
    public func waitForUnit(_ args: Arguments) {
        engine.putAside()
        wait(for: .unit, args, deadlineMs: nil)
        engine.standStill()
    }

    /// Counts time that the command has spent in turns before this one, in ticks of `Clock`.
    public func count(ticks: UInt64) { engine.lastTicks &-= ticks }
}

extension Engine {
    /// Whether a unit spans turns: then no cut may be opened, since half of its changes would be in it.
    public var hasOpenUnit: Bool { openUnit != nil }

    /// Whether clients have to wait for a unit that spans turns instead of being refused.
    var openUnitHolds: Bool { openUnit.map { $0.refusal == nil } ?? false }

    /// Commands that would have to wait for the open unit are refused from now on, with this error; those that wait
    /// already are told so.
    public func refuseBesideUnit(_ text: ByteString) { openUnit?.refusal = text }

    /// Why a command is refused because of the open unit; nil while it may wait.
    public var refusalBesideUnit: ByteString? { openUnit?.refusal }

    /// Where the innermost command that runs replies.
    public var nestedReply: Reply { target }

    /// Counts a call of a command that has ended in a later turn than it began.
    public func countCall(_ index: Int, ticks: UInt64, _ session: Session) {
        noteCall(index, ticks, session)
    }

    /// The frames of the unit that stopped are put aside; what runs next runs outside of it.
    fileprivate func putAside() {
        guard let unit = openUnit else { preconditionFailure("a unit waits that has not stopped") }
        unit.calls = Array(nestedCalls[..<depth])
        nestedCalls.removeFirst(depth)
        unit.innerFrames = innerFrames
        unit.target = target
        unit.database = keys.current
        unit.touches = keys.touches
        depth = 0
        innerFrames = 0
        target = reply
        keys.effects.origin = 0
    }

    private func bringBack(_ unit: OpenUnit) {
        nestedCalls.insert(contentsOf: unit.calls, at: 0)
        depth = unit.calls.count
        innerFrames = unit.innerFrames
        target = unit.target ?? reply
        keys.current = unit.database
        keys.touches = unit.touches
        keys.effects.origin = unit.session.id
        unit.calls = []
    }

    /// Goes on with the unit that spans turns, if there is one. When it ends, its effects are told and its client gets its
    /// reply.
    /// - Returns: whether it is still open.
    public func continueUnit() -> Bool {
        guard let unit = openUnit else { return false }
        let nowUs = keys.nowUs
        bringBack(unit)
        keys.nowUs = unit.nowUs
        keys.deadKeys = .deleted
        lastTicks = Clock.ticks()
        while let next = unit.continuations.first, next.goOn(self) { unit.continuations.removeFirst() }
        keys.nowUs = nowUs
        guard unit.continuations.isEmpty else {
            putAside()
            standStill()
            return true
        }
        precondition(depth == 0, "a unit has ended with an open frame")
        openUnit = nil
        standStill()
        closeUnit()
        keys.effects.origin = 0
        target = reply
        if unit.session.wait?.reason == .unit { retryWaiting(unit.session) }
        return false
    }
}
