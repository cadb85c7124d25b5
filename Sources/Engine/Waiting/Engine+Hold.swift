// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

// Holding sessions: a command that may not run yet waits with all input behind it, and runs when it may. Nothing is
// answered meanwhile, and the connection stays in step.

extension Engine {
    /// Makes a session wait with this command: it runs first when the session is resumed.
    @inline(never) func hold(_ args: Arguments, _ session: Session) {
        session.stops.insert(.held)
        session.heldInput.append(args)
        clients.hold(session)
    }

    /// Forgets what a session waits with: its connection is gone.
    public func unhold(_ session: Session) {
        guard session.isHeld else { return }
        if session.isWaiting {
            endWait(session)
        } else if !session.isGuarded {
            clients.unhold()
        }
        session.isGuarded = false
        session.stops.remove(.held)
        session.heldInput = []
        session.heldFrom = 0
    }

    /// Takes in what a held session sends: it waits behind the command that is held.
    @inline(never) func keepHeld(_ input: ByteView, _ session: Session) {
        session.heldInput.append(input)
        checkQueryBuffer(session)
    }

    /// Runs commands of a session that is no longer held; replies are appended as by `receive`. Should it be held
    /// again, the rest waits again.
    /// - Parameter max: at most so many bytes of its input, so that a long pipeline does not hold the turn; the session
    ///   stays held with the rest.
    public func resume(_ session: Session, max: Int = .max) {
        guard session.isHeld, !session.isWaiting, !session.isGuarded else { return }
        session.stops.remove(.held)
        clients.unhold()
        let input = session.heldInput
        let from = session.heldFrom
        session.heldInput = []
        session.heldFrom = 0
        let end = from + min(input.count - from, max)
        input.withView { consumeWithin($0[from..<end], session) }
        if end < input.count, !session.isClosing {
            if session.isHeld {
                session.heldInput += input[end...]
            } else {
                session.heldInput = input
                session.heldFrom = end
                session.stops.insert(.held)
                clients.hold(session)
            }
        }
        recount(session)
    }
}
