// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The commands of transactions. Between MULTI and EXEC the dispatcher queues everything but the rows marked
/// `immediate`.
public enum Transactions {
    public static let commands: [Command] = [
        Command(
            "MULTI", arity: 1, [.noscript, .loading, .stale, .fast, .noMulti, .allowBusy, .immediate],
            .transactions, Multi.self),
        Command(
            "EXEC", arity: 1, [.noscript, .loading, .stale, .skipSlowlog, .immediate], .transactions,
            Exec.self),
        Command(
            "DISCARD", arity: 1, [.noscript, .loading, .stale, .fast, .allowBusy, .immediate], .transactions,
            Discard.self),
        Command(
            "WATCH", arity: -2, [.noscript, .loading, .stale, .fast, .noMulti, .allowBusy, .immediate],
            .transactions, keys: "idx1+range(-1,1,0)[RO]", Watch.self),
        Command(
            "UNWATCH", arity: 1, [.noscript, .loading, .stale, .fast, .allowBusy], .transactions, Unwatch.self
        ),
    ]
}

/// MULTI
enum Multi: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard !call.session.isInMulti else { throw .custom("ERR MULTI calls can not be nested") }
        _ = call.session.openTransaction(keys)
        call.session.isInMulti = true
        reply.ok()
    }
}

/// EXEC
enum Exec: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let session = call.session
        guard session.isInMulti, let transaction = session.transaction else {
            throw .custom("ERR EXEC without MULTI")
        }
        // The watches end whatever happens, and what is queued can queue nothing.
        session.isInMulti = false
        session.transaction = nil
        defer { call.engine.recount(session) }
        if let text = call.engine.refusalText(transaction.flags, session) {
            throw call.refusal("EXECABORT Transaction discarded because of: \(text)")
        }
        guard !transaction.isSpoiled else {
            throw .custom("EXECABORT Transaction discarded because of previous errors.")
        }
        guard transaction.watchesHold() else { return reply.nullArray() }
        transaction.unwatch()
        reply.array(transaction.queue.count)
        call.engine.runQueued(transaction, session, call)
        // Each command has propagated itself; the end of the unit makes one transaction of them.
        call.propagateNothing()
    }
}

/// DISCARD
enum Discard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard call.session.isInMulti else { throw .custom("ERR DISCARD without MULTI") }
        call.session.discardTransaction()
        call.engine.recount(call.session)
        reply.ok()
    }
}

/// WATCH key [key ...]
enum Watch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard !call.session.isInMulti else { throw .custom("ERR WATCH inside MULTI is not allowed") }
        let transaction = call.session.openTransaction(keys)
        for i in 1..<args.count { transaction.watch(args[i]) }
        call.engine.recount(call.session)
        reply.ok()
    }
}

/// UNWATCH
enum Unwatch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.session.transaction?.unwatch()
        call.engine.recount(call.session)
        reply.ok()
    }
}

extension Session {
    /// The transaction of the session, made on first use.
    func openTransaction(_ keys: Keyspace) -> Transaction {
        if let transaction { return transaction }
        let transaction = Transaction(keys)
        self.transaction = transaction
        return transaction
    }

    /// Leaves MULTI and ends all watches (DISCARD, RESET).
    func discardTransaction() {
        isInMulti = false
        transaction = nil
    }
}

extension Engine {
    /// Runs what EXEC found in the queue. Each command replies and propagates for itself. The arguments of EXEC are
    /// gone afterwards: the queued ones take their place.
    func runQueued(_ transaction: Transaction, _ session: Session, _ call: Call) {
        isInQueue = true
        for i in transaction.queue.indices {
            transaction.withArguments(of: i, call.list) { index, args in
                perform(index, args, session, call)
            }
        }
        isInQueue = false
        queueEnded()
        call.list.trim()
    }

    /// Queues a command of a session in MULTI.
    func enqueue(_ index: Int, _ args: Arguments, _ session: Session, _ call: Call) {
        guard let transaction = session.transaction else { return }
        let flags = table.rows[index].flags
        if flags.contains(.noMulti) {
            transaction.isSpoiled = true
            return count(error: "ERR Command not allowed inside a transaction")
        }
        // Queueing takes memory, whatever the command does.
        if let text = refusalText(.denyoom, session) {
            transaction.isSpoiled = true
            table.rows[index].rejected += 1
            return count(error: ByteView(text))
        }
        transaction.enqueue(index, args, flags, call)
        reply.simple("QUEUED")
        checkQueryBuffer(session)
    }

    /// Why commands with these flags are refused to a session at present; nil when they may run. The order is Redis's.
    func refusalText(_ flags: CommandFlags, _ session: Session) -> StaticString? {
        if session.refusals.contains(.needsAuth), flags.contains(.needsAuth) {
            return Engine.unauthenticated
        }
        if session.isMonitor, !flags.isDisjoint(with: [.write, .readonly, .mayReplicate]) {
            return "ERR Replica can't interact with the keyspace"
        }
        if refusals.contains(.denyoom), flags.contains(.denyoom), isOutOfMemory() {
            return "OOM command not allowed when used memory > 'maxmemory'."
        }
        return nil
    }
}
