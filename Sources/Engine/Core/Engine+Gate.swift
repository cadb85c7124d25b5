// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// The gate: where commands go whose flags meet a refusal, or all commands of a session in MULTI, or of all sessions while
// somebody watches. Nothing of this costs anything as long as the masks are empty.

/// Somebody who is told of each command: MONITOR, client tracking.
public protocol CommandObserver: AnyObject {
    /// An admitted command is about to run; its arguments are whole.
    func willRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine)
    /// It has run and replied.
    func didRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine)
}

extension CommandObserver {
    public func willRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {}
    public func didRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {}
}

extension Engine {
    /// Looks at a command that one of the masks points at: refuses it, queues it in a transaction, makes its session
    /// wait, or runs it before the eyes of the observers.
    /// - Returns: false when it may run as if nothing had been.
    @inline(never)
    func gate(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) -> Bool {
        let flags = table.rows[index].flags
        if let text = refusalText(flags, index, session) {
            refuse(index, text, session)
            return true
        }
        // A rule may have made room: that was no part of the command.
        closeUnit()
        if flags.contains(.seesData), refusals.contains(.seesData) { meetBarrier(index, args, session) }
        if hasOpenUnit, !session.isReplaying, flags.isDisjoint(with: [.allowBusy, .besideUnits]) {
            session.lastCommand = index
            hold(args, session)
            return true
        }
        if ordersDeadKeys, !session.isReplaying {
            if mustWait(index, flags, session) {
                session.lastCommand = index
                hold(args, session)
                return true
            }
            orderDeadKeys(flags, session)
        }
        if mustWaitForKeys(index, args, flags, session) {
            session.lastCommand = index
            holdForKeys(args, session)
            return true
        }
        if session.isInMulti, !flags.contains(.immediate) {
            session.lastCommand = index
            enqueue(index, args, session, call)
            return true
        }
        guard !observers.isEmpty || session.observer != nil else { return false }
        session.lastCommand = index
        perform(index, args, session, call)
        closeUnit()
        return true
    }

    /// Runs an admitted command, before the eyes of the observers if there are any.
    public func perform(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        if ordersDeadKeys { orderDeadKeys(table.rows[index].flags, session) }
        let watching = observers
        let own = session.observer
        own?.willRun(index, args, session, self)
        for observer in watching { observer.willRun(index, args, session, self) }
        run(index, args, session, call)
        for observer in watching { observer.didRun(index, args, session, self) }
        own?.didRun(index, args, session, self)
    }

    /// Begins to tell somebody of each command.
    public func observe(_ observer: any CommandObserver) {
        guard !observers.contains(where: { $0 === observer }) else { return }
        observers.append(observer)
        setGate()
    }

    /// Tells it no longer.
    public func unobserve(_ observer: any CommandObserver) {
        observers.removeAll { $0 === observer }
        setGate()
    }

    /// Queues a command of a session in MULTI.
    private func enqueue(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        guard let queue = session.queue else { return }
        if table.rows[index].flags.contains(.noMulti) {
            queue.spoil()
            return count(error: "ERR Command '\(table.fullName(index))' not allowed inside a transaction")
        }
        queue.enqueue(index, args, session, call)
        checkQueryBuffer(session)
    }

    /// Answers a command with a refusal and spoils the transaction that it was meant for.
    private func refuse(_ index: Int, _ text: ByteString, _ session: Session) {
        spoil(session)
        table.rows[index].rejected += 1
        abort(index, text, session)
    }
}
