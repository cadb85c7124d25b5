// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands of transactions. Between MULTI and EXEC the dispatcher queues everything but the rows marked
/// `immediate`.
public enum Transactions {
    /// The commands with what they keep for each engine, and INFO's count of watching clients.
    public static let feature = Feature(
        "transactions", families: [family],
        info: [
            InfoSection("Clients") { engine, out in
                let watching = engine.clients.all.count { $0.transaction?.tickets.isEmpty == false }
                out.line("watching_clients", watching)
            }
        ]
    ) { _ in TransactionPart() }

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "MULTI", arity: 1, [.noscript, .loading, .stale, .fast, .noMulti, .allowBusy],
            .transactions, Multi.self),
        Command(
            "EXEC", arity: 1, [.noscript, .loading, .stale, .skipSlowlog, .immediate, .runsQueue],
            .transactions,
            Exec.self),
        Command(
            "DISCARD", arity: 1, [.noscript, .loading, .stale, .fast, .allowBusy, .immediate], .transactions,
            Discard.self),
        Command(
            "WATCH", arity: -2, [.noscript, .loading, .stale, .fast, .noMulti, .allowBusy],
            .transactions, keys: "idx1+range(-1,1,0)[RO]", Watch.self),
        Command(
            "UNWATCH", arity: 1, [.noscript, .loading, .stale, .fast, .allowBusy], .transactions, Unwatch.self
        ),
    ]
}

/// MULTI
enum Multi: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        _ = call.session.openTransaction(keys)
        call.session.isInMulti = true
        reply.ok()
    }
}

/// EXEC
enum Exec: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let session = call.session
        if call.resumption != .none, let queue = session[StoppableQueue.self] {
            session[StoppableQueue.self] = nil
            call.propagateNothing()
            return reply.raw(contentsOf: queue.reply)
        }
        guard session.isInMulti, let transaction = session.transaction else {
            throw .custom("ERR EXEC without MULTI")
        }
        // The watches end whatever happens, and what is queued can queue nothing.
        session.isInMulti = false
        session.queue = nil
        defer { call.engine.recount(session) }
        if let text = call.engine.refusalText(transaction.flags, nil, session) {
            throw call.refusal("EXECABORT Transaction discarded because of: \(text)")
        }
        guard !transaction.isSpoiled else {
            throw .custom("EXECABORT Transaction discarded because of previous errors.")
        }
        guard transaction.watchesHold() else { return reply.nullArray() }
        transaction.unwatch()
        if transaction.flags.contains(.stops) { return runStoppable(transaction, call, args, reply) }
        reply.array(transaction.queue.count)
        call.engine.runQueued(transaction, session, reply)
        // Each command has propagated itself; the end of the unit makes one transaction of them.
        call.propagateNothing()
    }

    private static func runStoppable(
        _ transaction: Transaction, _ call: Call, _ args: Arguments, _ reply: Reply
    ) {
        let queue = StoppableQueue(transaction, call, reply)
        call.propagateNothing()
        if queue.goOn(call.engine) { return reply.raw(contentsOf: queue.reply) }
        call.session[StoppableQueue.self] = queue
        call.waitForUnit(args)
    }
}

/// DISCARD
enum Discard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard call.session.isInMulti else { throw .custom("ERR DISCARD without MULTI") }
        call.session.dropQueue()
        call.engine.recount(call.session)
        reply.ok()
    }
}

/// WATCH key [key ...]
enum Watch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
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
    /// MULTI's queue and WATCH's tickets, if it has ever had any.
    var transaction: Transaction? { queue as? Transaction }

    /// The transaction of the session, made on first use.
    func openTransaction(_ keys: Keyspace) -> Transaction {
        if let transaction { return transaction }
        let transaction = Transaction(keys)
        queue = transaction
        return transaction
    }
}

/// What transactions have to do with sessions.
final class TransactionPart: FeaturePart {
    func disconnected(_ session: Session, _ engine: Engine) { session.dropQueue() }
    func reset(_ session: Session, _ engine: Engine) { session.dropQueue() }
    func describe(_ session: Session, _ facts: inout SessionFacts) {
        if session.isInMulti { facts.letters.append(UInt8(ascii: "x")) }
        guard let transaction = session.transaction else { return }
        facts.fields["multi"] = transaction.queue.count
        facts.fields["watch"] = transaction.tickets.count
        facts.fields["multi-mem"] = transaction.queuedBytes
    }
}

extension Engine {
    /// Runs what EXEC found in the queue. Each command replies and propagates for itself.
    func runQueued(_ transaction: Transaction, _ session: Session, _ reply: Reply) {
        let frame = openFrame(session, reply)
        for command in transaction.queue {
            command.withArguments(frame.call.list) { perform(command.index, $0, session, frame.call) }
        }
        closeFrame(frame, restoresSession: false)
    }
}
