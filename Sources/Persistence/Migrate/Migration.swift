// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Keys on their way to another server: what was sent, and what the other side has said to it.
final class Migration {
    /// So much is on its way at once before the next value is written down, in bytes.
    private static let unsentBytesMax = 1 << 20

    /// What comes next from the other side.
    private enum Stage { case connecting, authenticating, selecting, restoring }

    /// A key that was sent.
    private struct Sent {
        let name: WatchVersions.Name
        /// Tells whether it is still what was sent; nil for a copy.
        let ticket: WatchVersions.Ticket?
        var isConfirmed = false
    }

    let request: MigrationRequest
    let target: LinkTarget
    /// The id of the session that waits, also when it has gone.
    let sessionID: UInt64
    private unowned let engine: Engine
    private let database: Int
    private let names: [ByteString]
    private var nextName = 0
    private var sent: [Sent] = []
    private var answered = 0
    private var stage = Stage.connecting
    private var connection: MigrationConnection?
    private var mayRetry = true
    private var hasAnswer = false
    private var problem: ByteString?
    private var lastProgressMs: Int64
    /// Nothing more is expected: `settle` is next.
    private(set) var isOver = false

    /// - Parameter names: keys of the session's database that are there.
    init(
        _ request: MigrationRequest, port: Int, _ names: [ByteString], _ session: Session, _ engine: Engine
    ) {
        self.request = request
        self.names = names
        self.engine = engine
        target = LinkTarget(host: request.host, port: port, timeoutMs: request.timeoutMs)
        sessionID = session.id
        database = session.database
        lastProgressMs = engine.keys.nowMs
        guard !request.copies else { return }
        for name in names { name.withView { engine.guardKey($0) } }
    }

    private var part: MigrationPart { engine.part(MigrationPart.self) }

    // MARK: The connection

    /// Begins with a connection that is open, or is being opened.
    func start(_ connection: MigrationConnection) {
        self.connection = connection
        stage = .connecting
        lastProgressMs = engine.keys.nowMs
        if connection.isOpen { opened() }
    }

    /// The other side has answered the call.
    func opened() {
        lastProgressMs = engine.keys.nowMs
        if let password = request.password {
            stage = .authenticating
            var words: [ByteString] = ["AUTH"]
            if let user = request.user { words.append(user) }
            return send(words + [password])
        }
        select()
    }

    private func select() {
        guard connection?.database != request.database else { return restore() }
        stage = .selecting
        send(["SELECT", "\(request.database)"])
    }

    private func restore() {
        stage = .restoring
        connection?.database = request.database
        pump()
        endIfAnswered()
    }

    private func send(_ words: [ByteString]) { connection?.send(words) }

    /// Sends further keys, if the other side takes them.
    func pump() {
        guard stage == .restoring, !isOver, let connection else { return }
        lastProgressMs = engine.keys.nowMs
        while nextName < names.count, connection.unsentBytes < Migration.unsentBytesMax, problem == nil {
            nextName += 1
            names[nextName - 1].withView { send(key: $0, on: connection) }
        }
    }

    private func send(key: ByteView, on connection: MigrationConnection) {
        let keys = engine.keys
        let found = keys.peek(key, in: database)
        // It has died meanwhile.
        guard found.exists else { return }
        var ttlMs: Int64 = 0
        if let deadline = keys.deadline(found) {
            ttlMs = deadline - keys.nowMs
            if ttlMs < 0 { return }
            ttlMs = max(1, ttlMs)
        }
        let saving = engine.part(PersistencePart.self)
        let payload = Payload.bytes(
            found, keys, saving.settings.wantedVersion, compresses: saving.settings.compresses,
            saving.checksums)
        guard let payload else {
            problem =
                "ERR RDB version \(saving.settings.version) cannot hold the value of key '\(ByteString(key))'"
            return
        }
        let name = WatchVersions.Name(key, database: database)
        sent.append(Sent(name: name, ticket: request.copies ? nil : keys.watch(name)))
        var words: [ByteString] = ["RESTORE", ByteString(key), "\(ttlMs)", ByteString(payload)]
        if request.replaces { words.append("REPLACE") }
        connection.send(words)
    }

    // MARK: Answers

    /// The other side has answered with a line, without its end.
    func answered(_ line: ByteView) {
        lastProgressMs = engine.keys.nowMs
        hasAnswer = true
        // Whoever answers with anything else is no such server.
        guard !line.isEmpty, line[0] == UInt8(ascii: "-") || line[0] == UInt8(ascii: "+") else {
            return broke()
        }
        let isError = line[0] == UInt8(ascii: "-")
        if isError, problem == nil {
            problem = "ERR Target instance replied with error: \(line.dropFirst(1))"
        }
        switch stage {
        case .connecting: broke()
        case .authenticating: if isError { end(isSound: true) } else { select() }
        case .selecting: if isError { end(isSound: true) } else { restore() }
        case .restoring:
            guard answered < sent.count else { return broke() }
            sent[answered].isConfirmed = !isError
            answered += 1
            pump()
            endIfAnswered()
        }
    }

    private func endIfAnswered() {
        let isSent = nextName == names.count || problem != nil
        if stage == .restoring, isSent, answered == sent.count { end(isSound: true) }
    }

    // MARK: The end

    /// The connection could not be made.
    func failed(_ failure: LinkProblem) {
        let isUnanswered = failure.isTimeout || failure.isUnknownHost
        end(
            isUnanswered
                ? "IOERR error or timeout connecting to the client"
                : "IOERR error or timeout writing to target instance")
    }

    /// The connection is gone, or not to be trusted.
    func broke() {
        // One that was kept may have been closed long ago.
        if mayRetry, !hasAnswer, !isOver {
            mayRetry = false
            unwatch()
            sent = []
            (nextName, answered) = (0, 0)
            let old = connection
            connection = nil
            old?.close()
            return part.connect(self, anew: true)
        }
        end(isUnsent ? Migration.notWritten : Migration.notRead)
    }

    private static let notWritten: ByteString = "IOERR error or timeout writing to target instance"
    private static let notRead: ByteString = "IOERR error or timeout reading to target instance"
    private var isUnsent: Bool { (connection?.unsentBytes ?? 0) > 0 }

    /// Gives up when nothing has happened for too long.
    func checkTime() {
        guard !isOver, stage != .connecting, engine.keys.nowMs - lastProgressMs >= request.timeoutMs else {
            return
        }
        end(isUnsent ? Migration.notWritten : Migration.notRead)
    }

    /// - Parameter reason: what went wrong with the connection.
    private func end(_ reason: ByteString) {
        if problem == nil { problem = reason }
        end(isSound: false)
    }

    /// - Parameter isSound: the connection can be used again.
    private func end(isSound: Bool) {
        guard !isOver else { return }
        isOver = true
        let connection = self.connection
        self.connection = nil
        if isSound {
            if problem != nil { connection?.database = nil }
            connection?.isDone()
        } else {
            connection?.close()
        }
        part.ended(self)
    }

    private func unwatch() {
        for item in sent { if let ticket = item.ticket { engine.keys.unwatch(ticket) } }
    }

    /// Deletes the keys that the other side has confirmed, and lets everybody go on. To be called once, when it is over.
    /// - Returns: the error to answer with; nil when all has gone well.
    func settle() -> ByteString? {
        let keys = engine.keys
        var changed: WatchVersions.Name?
        var deleted: [WatchVersions.Name] = []
        for item in sent {
            guard item.isConfirmed, let ticket = item.ticket else { continue }
            item.name.withKey { key in
                let found = keys.peek(key, in: database)
                guard found.exists else { return }
                guard keys.watches.isCurrent(ticket) else { return changed = item.name }
                keys.delete(found)
                deleted.append(item.name)
            }
        }
        propagate(deleted)
        unwatch()
        sent = []
        if !request.copies {
            for name in names { name.withView { engine.releaseKey($0) } }
        }
        if problem == nil, let changed {
            return changed.withKey {
                "ERR key '\(ByteString($0))' was changed while it was on its way: it is here, and there as it was before"
            }
        }
        return problem
    }

    private func propagate(_ names: [WatchVersions.Name]) {
        let effects = engine.keys.effects
        guard effects.isWanted, !names.isEmpty else { return }
        effects.begin(names.count + 1, database: database)
        effects.append(ByteView("DEL"))
        for name in names { name.withKey { effects.append($0) } }
        effects.end()
    }
}
