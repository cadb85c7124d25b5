// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// Messages from one session to others: pub/sub, invalidations, MONITOR.
//
// A message is encoded once and held in a counted block; each receiver's queue holds a reference. The rim sends a
// session's queue behind the replies that it has been given so far and ahead of its next ones, so that what a client
// reads is in the order in which it happened. Messages for the session whose own command is running follow the reply
// of that command (of EXEC, in a transaction), because a push inside an array would tear it.

/// The sessions for which messages wait.
public final class Outbox {
    private let heap: Heap
    /// Those with messages that nobody has sent yet, in the order of their first message.
    private var waiting: [Session] = []
    /// Empty arrays with room, which take the places of those that are being sent.
    private var spareMessages: [Block] = []
    private var spareSessions: [Session] = []
    /// More room than this is given back.
    private static let spareMax = 64
    /// Messages for the session whose command runs, until its reply is complete.
    private var own: [Block] = []
    /// Bytes that wait in all queues together; a shared message counts for each receiver.
    public private(set) var bytes = 0

    init(_ heap: Heap) { self.heap = heap }

    deinit {
        for message in own { message.release(heap) }
        for session in waiting { session.dropPushes(heap) }
    }

    public var isEmpty: Bool { waiting.isEmpty }
    var hasOwn: Bool { !own.isEmpty }

    /// A message of these bytes, held once by the caller.
    func message(_ bytes: [UInt8]) -> Block {
        let block = Block.create(heap, capacity: max(bytes.count, 1))
        bytes.withView { block.bytes.copy(from: $0) }
        block.count = bytes.count
        return block
    }

    /// Ends the caller's own hold on a message.
    func release(_ message: Block) { message.release(heap) }

    func add(own message: Block) {
        message.retain()
        own.append(message)
    }

    func add(_ message: Block, to session: Session) {
        message.retain()
        if session.pushes.isEmpty { waiting.append(session) }
        session.pushes.append(message)
        session.pushedBytes += message.count
        bytes += message.count
    }

    /// Hands the messages over that follow the reply of the running command; `body` sees each once.
    func takeOwn(_ body: (ByteView) -> Void) {
        let messages = own
        own = []
        for message in messages {
            body(message.view)
            message.release(heap)
        }
    }

    /// Takes the messages of one session and lends them to `body`, which sends or retains them.
    public func withMessages(of session: Session, _ body: ([Block]) -> Void) {
        bytes -= session.pushedBytes
        session.pushedBytes = 0
        var messages: [Block] = []
        swap(&messages, &spareMessages)
        swap(&messages, &session.pushes)
        body(messages)
        for message in messages { message.release(heap) }
        messages.removeAll(keepingCapacity: messages.count <= Outbox.spareMax)
        swap(&messages, &spareMessages)
    }

    /// Takes the sessions for which messages wait; they are forgotten here, their messages are not.
    public func takeSessions(_ body: (Session) -> Void) {
        var sessions: [Session] = []
        swap(&sessions, &spareSessions)
        swap(&sessions, &waiting)
        for session in sessions { body(session) }
        sessions.removeAll(keepingCapacity: sessions.count <= Outbox.spareMax * 16)
        swap(&sessions, &spareSessions)
    }

    /// A session is gone, and with it what it was to be told.
    public func forget(_ session: Session) {
        guard session.hasPushes else { return }
        bytes -= session.pushedBytes
        session.dropPushes(heap)
        waiting.removeAll { $0 === session }
    }
}

extension Session {
    fileprivate func dropPushes(_ heap: Heap) {
        for message in pushes { message.release(heap) }
        pushes = []
        pushedBytes = 0
    }
}

extension Engine {
    /// Tells a session something in protocol form, behind everything it has been told before.
    public func push(_ message: Block, to session: Session) {
        if session.id == keys.effects.origin {
            outbox.add(own: message)
            // The end of the unit hands it over.
            keys.effects.isEmpty = false
        } else if !session.isClosing {
            outbox.add(message, to: session)
            if limitedClasses & session.outputClass.rawValue != 0 { checkOutput(session) }
        }
    }

    /// Tells one session something in protocol form.
    public func push(_ bytes: [UInt8], to session: Session) {
        let message = outbox.message(bytes)
        push(message, to: session)
        outbox.release(message)
    }
}
