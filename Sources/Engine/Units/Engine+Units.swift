// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// Units and frames. A unit is what is seen, repeated and undone as one: a command with everything that it calls, or a
// slice of background work. A command that runs commands opens a frame for them; the unit ends when the outermost
// command has run.

/// What reads the effects of a unit when it ends: AOF, replica feed, a test's twin.
public protocol EffectReader: AnyObject {
    /// A unit has ended and left something in the log, which is cleared when all readers have returned.
    func unitEnded(_ log: EffectLog)
}

/// Commands within a command: they have a call of their own, and their replies go where the frame says.
public struct Frame {
    /// The call that runs them.
    public let call: Call
    /// The effects as they were before the first of them.
    public let mark: EffectLog.Mark
    /// Where errors went before.
    fileprivate let target: Reply
    /// What the session was like.
    fileprivate let state: State
    /// It is a unit of its own: frames around it have nothing to do with it.
    fileprivate let outerFrames: Int?

    fileprivate struct State {
        let session: Session
        let database: Int
        let isRESP3: Bool
        let isMuted: Bool
        let touches: Bool
        let lastCommand: Int
    }
}

extension Engine {
    /// The running unit is over, if it left effects: they go to their readers. Within a frame nothing happens.
    @inline(__always) public func closeUnit() {
        if !keys.effects.isEmpty { endUnit() }
    }

    /// Hands the unit's effects to their readers.
    @inline(never) private func endUnit() {
        guard innerFrames == 0, openUnit == nil else { return }
        tellChanges()
        for listener in changeListeners { listener.unitEnds(self) }
        for reader in effectReaders { reader.unitEnded(keys.effects) }
        keys.effects.clear()
        // Whatever the session asked about its replies, messages are none.
        if outbox.hasOwn { outbox.takeOwn { target.push($0) } }
        serveWaiters()
    }

    // MARK: Who hears

    /// Begins to tell somebody of changes and events.
    public func listen(_ listener: any ChangeListener) {
        guard !changeListeners.contains(where: { $0 === listener }) else { return }
        changeListeners.append(listener)
    }

    /// Tells it no longer.
    public func unlisten(_ listener: any ChangeListener) { changeListeners.removeAll { $0 === listener } }

    /// Tells the listeners what has happened since the last time, in its order. To be called where something must
    /// come behind that within the unit; the end of the unit does it anyway.
    @inline(__always) public func tellChanges() {
        if !changeListeners.isEmpty { tellAll() }
    }

    @inline(never) private func tellAll() {
        let log = keys.effects
        let listeners = changeListeners
        for effect in log.effects.dropFirst(log.toldCount) where effect.kind != .command {
            for listener in listeners { listener.told(effect, log, self) }
        }
        log.toldCount = log.effects.count
    }

    // MARK: Frames

    /// Whether a command runs that another one has called.
    public var isNested: Bool { depth > 0 }

    /// Begins to run commands within the running one. Every frame must be closed, the innermost first.
    /// - Parameters:
    ///   - session: whose commands they are.
    ///   - reply: where their replies go.
    ///   - isUnit: whether the frame is a unit of its own, which ends with it, instead of a part of the running one.
    public func openFrame(_ session: Session, _ reply: Reply, isUnit: Bool = false) -> Frame {
        if nestedCalls.count == depth { nestedCalls.append(Call(self, session: session, reply)) }
        let call = nestedCalls[depth]
        let outerFrames = innerFrames
        depth += 1
        innerFrames = isUnit ? 0 : innerFrames + 1
        call.session = session
        call.reply = reply
        let state = Frame.State(
            session: session, database: session.database, isRESP3: session.isRESP3, isMuted: reply.isMuted,
            touches: keys.touches, lastCommand: session.lastCommand)
        let frame = Frame(
            call: call, mark: keys.effects.mark, target: target, state: state,
            outerFrames: isUnit ? outerFrames : nil)
        target = reply
        return frame
    }

    /// Ends a frame.
    /// - Parameter restoresSession: the session gets back the database, protocol and settings it had before; otherwise
    ///   what the commands have done to it stays, as after EXEC.
    public func closeFrame(_ frame: Frame, restoresSession: Bool) {
        precondition(depth > 0 && nestedCalls[depth - 1] === frame.call, "frames are closed inside out")
        frame.call.list.reset()
        frame.call.list.trim()
        if let outerFrames = frame.outerFrames {
            closeUnit()
            innerFrames = outerFrames
        } else {
            innerFrames -= 1
        }
        depth -= 1
        target = frame.target
        if restoresSession {
            let state = frame.state
            state.session.database = state.database
            keys.current = state.database
            state.session.isRESP3 = state.isRESP3
            frame.call.reply.isMuted = state.isMuted
            keys.touches = state.touches
            state.session.lastCommand = state.lastCommand
        }
        if depth == 0, let us = timeAfterUnitUs {
            timeAfterUnitUs = nil
            keys.nowUs = us
        }
    }

    /// Takes back what the commands of a frame would have told others. What they did to keys stays.
    public func cutBack(_ frame: Frame) { keys.effects.cutBack(to: frame.mark) }

    /// The clock went on while a command ran, which those behind it are to see. Within a frame the time stands still.
    public func timeMoved(toUs us: Int64) {
        if isNested { timeAfterUnitUs = us } else { keys.nowUs = us }
    }
}
