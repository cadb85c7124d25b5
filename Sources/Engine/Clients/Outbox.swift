// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// Messages from one session to others: pub/sub, invalidations, MONITOR.
//
// A message is encoded once; each receiver's chain takes a copy of a small one and a hold on a large one. All of it is the
// heap's, so a message that nobody takes is in the books from the moment it is sent. The rim sends a session's chain
// behind the replies that it has been given so far and ahead of its next ones, so that what a client reads is in the
// order in which it happened. Messages for the session whose own command is running follow the reply of that command (of
// EXEC, in a transaction), because a push inside an array would tear it.

/// The sessions for which messages wait.
public final class Outbox {
    private let heap: Heap
    /// Those with messages that nobody has sent yet, in the order of their first message.
    private var waiting: [Session] = []
    /// An empty array with room, which takes the place of the one that is being worked through.
    private var spareSessions: [Session] = []
    /// More room than this is given back.
    private static let spareMax = 1024
    /// Messages for the session whose command runs, until its reply is complete.
    private var own = ByteChain()
    /// What waits in all chains together, in bytes of memory; a large message counts for each receiver.
    public private(set) var bytes = 0

    init(_ heap: Heap) { self.heap = heap }

    deinit {
        own.drop(heap)
        for session in waiting { session.pushes.drop(heap) }
    }

    /// Whether no session has messages waiting.
    public var isEmpty: Bool { waiting.isEmpty }
    var hasOwn: Bool { !own.isEmpty }

    /// A message of these bytes, held once by the caller.
    public func message(_ bytes: [UInt8]) -> Block {
        let block = Block.create(heap, capacity: max(bytes.count, 1))
        bytes.withView { block.bytes.copy(from: $0) }
        block.count = bytes.count
        return block
    }

    /// Ends the caller's own hold on a message.
    public func release(_ message: Block) { message.release(heap) }

    func add(own message: Block) { own.append(message, heap) }

    func add(_ message: Block, to session: Session) {
        let before = session.pushes.memoryBytes
        if session.pushes.isEmpty { waiting.append(session) }
        session.pushes.append(message, heap)
        bytes += session.pushes.memoryBytes - before
    }

    /// Hands the messages over that follow the reply of the running command; `body` sees them piece by piece.
    func takeOwn(_ body: (ByteView) -> Void) {
        var messages = ByteChain()
        swap(&messages, &own)
        messages.forEachPiece(body)
        messages.drop(heap)
    }

    /// Takes the messages of one session; the caller sends or frees them.
    public func take(_ session: Session) -> ByteChain {
        bytes -= session.pushes.memoryBytes
        var messages = ByteChain()
        swap(&messages, &session.pushes)
        return messages
    }

    /// Takes the sessions for which messages wait; they are forgotten here, their messages are not.
    public func takeSessions(_ body: (Session) -> Void) {
        var sessions: [Session] = []
        swap(&sessions, &spareSessions)
        swap(&sessions, &waiting)
        for session in sessions { body(session) }
        sessions.removeAll(keepingCapacity: sessions.count <= Outbox.spareMax)
        swap(&sessions, &spareSessions)
    }

    /// A session is gone, and with it what it was to be told.
    public func forget(_ session: Session) {
        guard session.hasPushes else { return }
        bytes -= session.pushes.memoryBytes
        session.pushes.drop(heap)
        waiting.removeAll { $0 === session }
    }
}

extension Engine {
    /// Tells a session something in protocol form, behind everything it has been told before.
    public func push(_ message: Block, to session: Session) {
        if session.id == keys.effects.origin { return pushOwn(message) }
        if session.isClosing { return }
        // Where nothing is allocated no limit is met: memory is what they limit.
        if session.pushes.appendInPlace(message.view) { return }
        if limitedClasses & session.outputClass.rawValue != 0,
            !hasRoom(session, for: session.pushes.growth(for: message.count))
        {
            return
        }
        outbox.add(message, to: session)
    }

    @inline(never) private func pushOwn(_ message: Block) {
        outbox.add(own: message)
        // The end of the unit hands it over.
        keys.effects.isEmpty = false
    }

    /// Tells one session something in protocol form.
    public func push(_ bytes: [UInt8], to session: Session) {
        let message = outbox.message(bytes)
        push(message, to: session)
        outbox.release(message)
    }
}
