// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// The migrations of an engine, and the connections that are kept for the next ones.
final class MigrationPart: FeaturePart {
    /// So long a connection is kept that nobody uses, and so many of them.
    private static let idleMs: Int64 = 10_000
    private static let idleMax = 64
    /// How often time is looked at, in ms.
    private static let checkMs: Int64 = 50

    private unowned let engine: Engine
    private var migrations: [UInt64: Migration] = [:]
    /// Those whose client has gone: they are settled without it.
    private var orphans: [ObjectIdentifier: Migration] = [:]
    /// Connections that wait for the next migration, the one used last at the end.
    private(set) var cache: [MigrationConnection] = []
    private var nextCheckMs: Int64 = 0

    init(_ engine: Engine) { self.engine = engine }

    /// The migration that a session waits for.
    func migration(of session: Session) -> Migration? { migrations[session.id] }

    /// Begins a migration that a session waits for.
    func begin(_ migration: Migration, _ session: Session) {
        migrations[session.id] = migration
        connect(migration, anew: false)
    }

    /// Gives a migration a connection: one that is kept, unless it has to be a new one.
    func connect(_ migration: Migration, anew: Bool) {
        let name = MigrationConnection.name(migration.request, migration.target)
        if !anew, let index = cache.lastIndex(where: { $0.name == name }) {
            let kept = cache.remove(at: index)
            kept.current = migration
            return migration.start(kept)
        }
        let made = MigrationConnection(name, self, engine.keys)
        made.current = migration
        made.open(migration.target, engine.host)
        migration.start(made)
    }

    /// A connection has no more to do.
    func keep(_ connection: MigrationConnection) {
        connection.lastUsedMs = engine.keys.nowMs
        cache.append(connection)
        if cache.count > MigrationPart.idleMax { cache.removeFirst().close() }
    }

    /// A connection that is kept is no good any more.
    func drop(_ connection: MigrationConnection) { cache.removeAll { $0 === connection } }

    /// A migration is over: whoever waits for it is answered.
    func ended(_ migration: Migration) {
        if orphans.removeValue(forKey: ObjectIdentifier(migration)) != nil {
            _ = migration.settle()
            return engine.closeUnit()
        }
        engine.retryWaiting(.migration)
    }

    /// Its client is being answered.
    func forget(_ migration: Migration) { migrations[migration.sessionID] = nil }

    /// What was sent cannot be called back: the migration goes on without its client.
    func disconnected(_ session: Session, _ engine: Engine) {
        guard let migration = migrations.removeValue(forKey: session.id) else { return }
        orphans[ObjectIdentifier(migration)] = migration
    }

    /// Whether `work` is to be called.
    var isDue: Bool {
        guard !cache.isEmpty || !migrations.isEmpty || !orphans.isEmpty else { return false }
        return engine.keys.nowMs >= nextCheckMs
    }

    /// Ends what has taken too long, and connections that nobody has used for a while.
    func work() {
        let now = engine.keys.nowMs
        nextCheckMs = now + MigrationPart.checkMs
        for migration in Array(migrations.values) + Array(orphans.values) { migration.checkTime() }
        let old = cache.filter { now - $0.lastUsedMs >= MigrationPart.idleMs }
        for connection in old {
            drop(connection)
            connection.close()
        }
    }
}

/// A connection to another server, for one migration after the other.
final class MigrationConnection: LinkOwner {
    /// Longer lines are none of a server's.
    private static let lineBytesMax = 16 << 10

    /// Where it goes, and as whom.
    let name: ByteString
    private unowned let part: MigrationPart
    private let keys: Keyspace
    private var link: (any Link)?
    private var line: [UInt8] = []
    private(set) var isOpen = false
    /// The database that is selected there; nil where that is not known.
    var database: Int64?
    var lastUsedMs: Int64 = 0
    /// Who uses it; nil while it is kept.
    var current: Migration?

    init(_ name: ByteString, _ part: MigrationPart, _ keys: Keyspace) {
        self.name = name
        self.part = part
        self.keys = keys
    }

    /// Whoever has said who they are share their connections with nobody else.
    static func name(_ request: MigrationRequest, _ target: LinkTarget) -> ByteString {
        var name: ByteString = "\(target.host):\(target.port)"
        for part in [request.user, request.password] {
            if let part { name = name + "\0\(part.count):" + part }
        }
        return name
    }

    func open(_ target: LinkTarget, _ host: any Host) { link = host.connect(target, self) }

    var unsentBytes: Int { link?.unsentBytes ?? 0 }

    /// Sends a command.
    func send(_ words: [ByteString]) {
        guard let link else { return }
        var head: [UInt8] = Array("*\(words.count)\r\n".utf8)
        for word in words {
            head += Array("$\(word.count)\r\n".utf8)
            // A large value is not copied once more.
            if word.count > 1 << 16 {
                head.withView { link.send($0) }
                word.withView { link.send($0) }
                head = []
            } else {
                head += word.bytes
            }
            head += [13, 10]
        }
        head.withView { link.send($0) }
    }

    /// Its migration is over, and it is as good as before.
    func isDone() {
        current = nil
        if line.isEmpty { part.keep(self) } else { close() }
    }

    func close() {
        current = nil
        let link = self.link
        self.link = nil
        link?.close()
    }

    // MARK: What happens

    func opened(_ link: any Link) {
        isOpen = true
        current?.opened()
    }

    func failed(_ link: any Link, _ problem: LinkProblem) {
        self.link = nil
        current?.failed(problem)
    }

    func received(_ bytes: ByteView, _ link: any Link) {
        var rest = bytes
        while !rest.isEmpty {
            // Nobody has asked for anything.
            guard let migration = current else { return ended(link, nil) }
            guard let end = rest.firstIndex(of: 10) else {
                line.append(rest)
                if line.count > MigrationConnection.lineBytesMax { migration.broke() }
                return
            }
            line.append(rest[0..<end])
            rest = rest.dropFirst(end + 1)
            if line.last == 13 { line.removeLast() }
            let whole = line
            line = []
            whole.withView { migration.answered($0) }
        }
    }

    func drained(_ link: any Link) { current?.pump() }

    func ended(_ link: any Link, _ reason: ByteString?) {
        isOpen = false
        if let migration = current { return migration.broke() }
        part.drop(self)
        close()
    }
}
