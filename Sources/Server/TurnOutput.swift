// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Loop
import RESP

/// The replies of a turn: each connection owns one range of the shared reply buffer, written once at the turn's end.
///
/// The list holds connections unmanaged, because it is filled and emptied for every read of every client; a connection
/// is kept alive by its stream, which is closed only after its range was written or forgotten.
@safe final class TurnOutput {
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
    private var listed: [Unmanaged<Connection>] = unsafe []
    /// The connection of a session, if it still has one.
    var connection: (Session) -> Connection? = { _ in nil }
    /// Called for a connection that has sent everything and is to be closed, or that broke.
    var onFinished: (Connection) -> Void = { _ in }

    init(_ engine: Engine) {
        self.engine = engine
        reply = engine.reply
        unsafe listed.reserveCapacity(1024)
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
            unsafe listed.append(Unmanaged.passUnretained(connection))
        }
        if end > TurnOutput.bytesMax { flushEarly() }
    }

    /// A second read of a client in one turn, behind the replies of others: what came before leaves first.
    @inline(never) private func rearrange(_ connection: Connection, _ start: Int) {
        send(connection)
        connection.output = start..<reply.count
    }

    /// Takes a connection that is going away off the list.
    func forget(_ connection: Connection) {
        connection.isListed = false
        unsafe listed.removeAll { unsafe $0.toOpaque() == Unmanaged.passUnretained(connection).toOpaque() }
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
        flushReplies()
        if !engine.outbox.isEmpty { flushPushes() }
    }

    private func flushReplies() {
        guard unsafe !listed.isEmpty else { return }
        var index = 0
        while index < (unsafe listed.count) {
            unsafe listed[index]._withUnsafeGuaranteedRef { connection in
                connection.isListed = false
                send(connection)
            }
            index += 1
        }
        unsafe listed.removeAll(keepingCapacity: true)
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
        engine.outbox.withMessages(of: connection.session) { messages in
            if messages.count == 1 { return send(messages[0], connection) }
            var pieces: [ByteView] = []
            var owners: [Block?] = []
            pieces.reserveCapacity(messages.count)
            owners.reserveCapacity(messages.count)
            for message in messages {
                pieces.append(message.view)
                owners.append(message)
            }
            sendPieces(connection, pieces, owners)
        }
    }

    /// Sends a single message; what the kernel does not take waits in its block.
    private func send(_ message: Block, _ connection: Connection) {
        let bytes = message.view
        guard let taken = connection.stream.write(bytes) else { return sent(connection, nil, lost: true) }
        engine.stats.outputBytes &+= bytes.count
        connection.session.outputBytes &+= bytes.count
        if taken < bytes.count { keep(connection, bytes.dropFirst(taken), message) }
        sent(connection, nil)
    }

    @inline(__always) private func send(_ connection: Connection) {
        let range = connection.output
        connection.output = 0..<0
        if !reply.blocks.isEmpty { return sendPieces(connection, range) }
        let bytes = reply.written(range)
        guard bytes.count > 0 else { return sent(connection, nil) }
        engine.stats.writes &+= 1
        let taken = connection.stream.write(bytes)
        if taken == bytes.count {
            connection.session.outputBytes &+= bytes.count
            engine.stats.outputBytes &+= bytes.count
            if connection.session.isClosing { sent(connection, nil) }
            return
        }
        sent(connection, taken.map { bytes.dropFirst($0) }, lost: taken == nil)
    }

    /// What a write left over is copied and queued; a broken connection is given up.
    @inline(never) private func sent(_ connection: Connection, _ rest: ByteView?, lost: Bool = false) {
        if lost { return onFinished(connection) }
        if let rest {
            connection.session.outputBytes &+= rest.count
            engine.stats.outputBytes &+= rest.count
            queueCopy(connection, rest)
        }
        engine.noteOutput(connection.session, queued: connection.stream.queuedBytes)
        if connection.stream.queuedBytes > TurnOutput.unauthenticatedBytesMax,
            !connection.session.isAuthenticated
        {
            engine.stats.outputLimitDisconnections += 1
            return onFinished(connection)
        }
        if connection.stream.queuedBytes > TurnOutput.pauseBytesMin { connection.pause() }
        if connection.session.isClosing, connection.stream.queuedBytes == 0 { onFinished(connection) }
    }

    private func queueCopy(_ connection: Connection, _ bytes: ByteView) {
        guard bytes.count > 0 else { return }
        let heap = engine.keys.heap
        let block = Block.create(heap, capacity: bytes.count)
        block.bytes.copy(from: bytes)
        block.count = bytes.count
        connection.stream.queue(block.view) { block.release(heap) }
    }

    /// Replies with large values among them: those are sent from their blocks, all pieces in one call.
    @inline(never) private func sendPieces(_ connection: Connection, _ range: Range<Int>) {
        var pieces: [ByteView] = []
        var owners: [Block?] = []
        func add(_ piece: ByteView, _ owner: Block?) {
            guard piece.count > 0 else { return }
            pieces.append(piece)
            owners.append(owner)
        }
        var at = range.lowerBound
        var index = reply.firstBlock(from: range.lowerBound)
        while index < reply.blocks.count {
            let (offset, block) = reply.blocks[index]
            // A block at the very end belongs to the next range: each is followed by its line break.
            guard offset < range.upperBound else { break }
            index += 1
            add(reply.written(at..<offset), nil)
            add(block.view, block)
            at = offset
        }
        add(reply.written(at..<range.upperBound), nil)
        sendPieces(connection, pieces, owners)
    }

    /// Sends pieces in order; `owners` hold the bytes of those that need not be copied.
    private func sendPieces(_ connection: Connection, _ pieces: [ByteView], _ owners: [Block?]) {
        if !pieces.isEmpty { engine.stats.writes &+= 1 }
        guard let taken = connection.stream.write(pieces) else { return sent(connection, nil, lost: true) }
        var left = taken
        for (piece, owner) in zip(pieces, owners) {
            engine.stats.outputBytes &+= piece.count
            connection.session.outputBytes &+= piece.count
            let step = min(left, piece.count)
            left -= step
            if step < piece.count { keep(connection, piece.dropFirst(step), owner) }
        }
        sent(connection, nil)
    }

    /// Queues what the kernel did not take; `owner` holds its bytes, otherwise they are copied.
    private func keep(_ connection: Connection, _ rest: ByteView, _ owner: Block?) {
        guard let owner else { return queueCopy(connection, rest) }
        let heap = engine.keys.heap
        owner.retain()
        connection.stream.queue(rest) { owner.release(heap) }
    }
}
