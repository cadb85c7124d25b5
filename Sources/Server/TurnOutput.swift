// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Loop
import RESP

/// The replies of a turn: each connection owns one range of the shared reply buffer, written once at the turn's end.
final class TurnOutput {
    /// Beyond this many bytes the replies leave before the turn ends.
    static let bytesMax = 192 << 10
    /// A client with more replies waiting than this is not read from until it has taken them. High, because clients
    /// that write a long pipeline before they read anything must not lock up.
    static let pauseBytesMin = 256 << 20
    /// What may wait for a client that has yet to authenticate: nobody without the password holds memory here.
    static let unauthenticatedBytesMax = 1024

    private let engine: Engine
    /// The engine's: a child of its own, because reaching it through the engine would count a reference each time.
    private let reply: Reply
    private let heap: Heap
    private let clients: ClientRegistry
    private let listed = ConnectionList()
    /// All connections, by the number of their socket: every message is on its way to a session.
    private var connections: [Connection?] = []
    /// Those with output that may not leave yet.
    private var barred: [Connection] = []
    /// Called for a connection that has sent everything and is to be closed.
    var onFinished: (Connection) -> Void = { _ in }
    /// Called for a connection that cannot be written to any more.
    var onBroken: (Connection) -> Void = { _ in }

    init(_ engine: Engine) {
        self.engine = engine
        reply = engine.reply
        heap = engine.keys.heap
        clients = engine.clients
    }

    /// A connection was made.
    func enter(_ connection: Connection) {
        let number = connection.session.descriptor
        guard number >= 0 else { return }
        while connections.count <= number { connections.append(nil) }
        connections[number] = connection
    }

    /// A connection is going away.
    func leave(_ connection: Connection) {
        if connection.isListed { forget(connection) }
        // The next release takes it off the list.
        connection.isBarred = false
        if self.connection(connection.session) != nil { connections[connection.session.descriptor] = nil }
    }

    /// The connection of a session, if it still has one.
    private func connection(_ session: Session) -> Connection? {
        let number = session.descriptor
        guard number >= 0, number < connections.count, let connection = connections[number],
            connection.session === session
        else { return nil }
        return connection
    }

    /// Notes that a connection's replies stand in the buffer from `start` on.
    @inline(__always) func add(_ connection: Connection, from start: Int) {
        let end = reply.count
        if start == end, !connection.session.isClosing { return }
        if connection.isListed {
            if connection.output.upperBound != start { return rearrange(connection, start) }
            connection.output = connection.output.lowerBound..<end
        } else {
            connection.isListed = true
            connection.output = start..<end
            listed.append(connection)
        }
        if end > TurnOutput.bytesMax { flushEarly() }
    }

    /// A second read of a client in one turn, behind the replies of others: what came before leaves first.
    @inline(never) private func rearrange(_ connection: Connection, _ start: Int) {
        send(connection)
        connection.output = start..<reply.count
    }

    /// Takes a connection that is going away off the list.
    private func forget(_ connection: Connection) {
        connection.isListed = false
        listed.remove(connection)
    }

    /// Time spent on sending before the end of the turn.
    private var earlyTicks: UInt64 = 0

    /// The time spent on sending, in this turn, before its end; it is forgotten here.
    func takeEarlyTicks() -> UInt64 {
        defer { earlyTicks = 0 }
        return earlyTicks
    }

    /// What is written already leaves before the turn ends.
    @inline(never) private func flushEarly() {
        let begin = Clock.ticks()
        flush()
        earlyTicks &+= Clock.ticks() &- begin
    }

    /// Writes everything and empties the reply buffer.
    func flush() {
        if clients.hasDoomed { forgetDoomed() }
        if !barred.isEmpty { releaseBarred() }
        flushReplies()
        if !engine.outbox.isEmpty { flushPushes() }
    }

    /// Those who are to be closed at the end of the turn are told nothing more.
    @inline(never) private func forgetDoomed() {
        for id in clients.doomed {
            guard let session = clients.sessions[id] else { continue }
            engine.outbox.forget(session)
            if let connection = connection(session) { connection.output = 0..<0 }
        }
    }

    private func flushReplies() {
        guard !listed.isEmpty else { return }
        listed.takeAll { _, connection in
            connection.isListed = false
            send(connection)
        }
        reply.reset()
    }

    // MARK: Messages

    /// Messages that wait for more than this leave before the turn ends.
    static let pushBytesMax = 1 << 20

    /// Messages for others were left behind by a read.
    @inline(never) func notePushes() {
        if engine.outbox.bytes > TurnOutput.pushBytesMax { flushEarly() }
    }

    /// Sends the messages of all sessions; their replies have left.
    @inline(never) private func flushPushes() {
        engine.outbox.takeSessions { session in
            if let connection = connection(session) { return sendPushes(connection) }
            engine.outbox.forget(session)
        }
    }

    /// Sends what waits for one session, its replies first, so that its next replies come behind.
    @inline(never) func sendPushes(_ connection: Connection) {
        if connection.isListed { send(connection) }
        if connection.stream.isClosed { return }
        var messages = engine.outbox.take(connection.session)
        deliver(&messages, connection)
    }

    /// Sends messages; what the kernel does not take now waits behind what has waited before.
    private func deliver(_ messages: inout ByteChain, _ connection: Connection) {
        countOutput(messages.count, connection)
        // Whatever it tells of may be the newest change.
        if connection.isBarred || engine.logProgress.isBehind {
            return bar(connection, engine.logProgress.written) { $0.append(all: &messages, heap) }
        }
        guard let taken = connection.stream.write(messages) else {
            messages.drop(heap)
            return onBroken(connection)
        }
        messages.drop(first: taken, heap)
        // Mostly everything has gone, and nothing was waiting.
        if messages.isEmpty, connection.queue.isEmpty, !connection.session.isClosing { return }
        if !messages.isEmpty { connection.queue.append(all: &messages, heap) }
        settle(connection)
    }

    /// So much more is told to a connection, whenever it leaves.
    @inline(__always) private func countOutput(_ bytes: Int, _ connection: Connection) {
        engine.stats.outputBytes &+= bytes
        connection.session.outputBytes &+= bytes
    }

    @inline(__always) private func send(_ connection: Connection) {
        let range = connection.output
        connection.output = 0..<0
        if connection.isBarred || connection.session.awaitedPosition > engine.logProgress.synced {
            return barReplies(connection, range)
        }
        if !reply.blocks.isEmpty { return sendPieces(connection, range) }
        let bytes = reply.written(range)
        guard bytes.count > 0 else { return settle(connection) }
        engine.stats.writes &+= 1
        let taken = connection.stream.write(bytes)
        if taken == bytes.count {
            countOutput(bytes.count, connection)
            if connection.session.isClosing { settle(connection) }
            return
        }
        keep(connection, bytes, taken)
    }

    /// What a write left over is copied and waits; a broken connection is given up.
    @inline(never) private func keep(_ connection: Connection, _ bytes: ByteView, _ taken: Int?) {
        guard let taken else { return onBroken(connection) }
        countOutput(bytes.count, connection)
        connection.queue.append(bytes.dropFirst(taken), heap)
        settle(connection)
    }

    /// The pieces of a range in their order, each with the block that holds it.
    private func forEachPiece(_ range: Range<Int>, _ body: (ByteView, Block?) -> Void) {
        var at = range.lowerBound
        var index = reply.firstBlock(from: range.lowerBound)
        while index < reply.blocks.count {
            let (offset, block) = reply.blocks[index]
            // A block at the very end belongs to the next range: each is followed by its line break.
            guard offset < range.upperBound else { break }
            index += 1
            if offset > at { body(reply.written(at..<offset), nil) }
            if block.count > 0 { body(block.view, block) }
            at = offset
        }
        if range.upperBound > at { body(reply.written(at..<range.upperBound), nil) }
    }

    /// Replies with large values among them: those are sent from their blocks, all pieces in one call.
    @inline(never) private func sendPieces(_ connection: Connection, _ range: Range<Int>) {
        var pieces: [ByteView] = []
        var owners: [Block?] = []
        forEachPiece(range) { piece, owner in
            pieces.append(piece)
            owners.append(owner)
        }
        if !pieces.isEmpty { engine.stats.writes &+= 1 }
        guard var left = connection.stream.write(pieces) else { return onBroken(connection) }
        for (piece, owner) in zip(pieces, owners) {
            countOutput(piece.count, connection)
            let step = min(left, piece.count)
            left -= step
            guard step < piece.count else { continue }
            if let owner {
                connection.queue.append(owner, from: step, heap)
            } else {
                connection.queue.append(piece.dropFirst(step), heap)
            }
        }
        settle(connection)
    }

    // MARK: What waits

    /// Has the stream attend to what waits, takes note of how much that is, and closes who has been sent everything and
    /// is to go, or must not have so much waiting.
    @inline(never) private func settle(_ connection: Connection) {
        let session = connection.session
        if !connection.queue.isEmpty, !connection.stream.isBusy, !connection.stream.submit(connection.queue) {
            return onBroken(connection)
        }
        note(connection)
        if connection.queue.isEmpty, !connection.isBarred {
            guard session.isClosing else { return connection.resume() }
            // What the session was answered in this turn is still to leave.
            if !connection.isListed { onFinished(connection) }
            return
        }
        if connection.queue.count > TurnOutput.unauthenticatedBytesMax, !session.isAuthenticated {
            return engine.exceedOutputLimit(session)
        }
        if connection.queue.memoryBytes + connection.barred.memoryBytes > TurnOutput.pauseBytesMin {
            connection.pause()
        }
    }

    private func note(_ connection: Connection) {
        let waits = !connection.queue.isEmpty
        let outside = waits ? Stream.requestBytes : 0
        engine.noteOutput(
            connection.session,
            queued: QueuedOutput(
                bytes: connection.queue.memoryBytes + connection.barred.memoryBytes + outside,
                outsideBytes: outside, pieces: connection.queue.nodeCount + connection.barred.nodeCount))
    }

    /// Sends as much of what waits as the socket takes now.
    /// - Returns: false when the connection is broken, and given up.
    private func writeQueue(_ connection: Connection) -> Bool {
        guard let taken = connection.stream.write(connection.queue) else {
            onBroken(connection)
            return false
        }
        connection.queue.drop(first: taken, heap)
        return true
    }

    /// The stream has sent the beginning of what waits; it goes on with the rest.
    func sent(_ bytes: Int, _ connection: Connection) {
        connection.queue.drop(first: bytes, heap)
        if !connection.queue.isEmpty {
            guard bytes > 0 else { return onBroken(connection) }
            guard writeQueue(connection) else { return }
        }
        settle(connection)
    }

    // MARK: The barrier

    /// Replies that must not leave before the log is on disk wait behind what waits already.
    @inline(never) private func barReplies(_ connection: Connection, _ range: Range<Int>) {
        let before = connection.barred.count
        bar(connection, connection.session.awaitedPosition) { chain in
            forEachPiece(range) { piece, owner in
                if let owner { chain.append(owner, heap) } else { chain.append(piece, heap) }
            }
        }
        let count = connection.barred.count - before
        countOutput(count, connection)
    }

    /// Adds to what a connection may not be sent yet.
    private func bar(_ connection: Connection, _ position: UInt64, _ write: (inout ByteChain) -> Void) {
        connection.barred.add(position, write)
        if !connection.isBarred, !connection.barred.isEmpty {
            connection.isBarred = true
            barred.append(connection)
        }
        settle(connection)
    }

    /// What is on disk by now leaves, ahead of all that is new.
    @inline(never) private func releaseBarred() {
        let synced = engine.logProgress.synced
        for connection in barred where connection.isBarred {
            let before = connection.queue.count
            connection.barred.release(upTo: synced, to: &connection.queue, heap)
            if connection.barred.isEmpty { connection.isBarred = false }
            guard connection.queue.count > before || !connection.isBarred else { continue }
            if !connection.stream.isBusy, !connection.queue.isEmpty {
                engine.stats.writes &+= 1
                guard writeQueue(connection) else { continue }
            }
            settle(connection)
        }
        barred.removeAll { !$0.isBarred }
    }
}
