// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

/// Client-side caching: remembers what tracking clients read, and tells them when it changes.
///
/// In default mode a key is forgotten as soon as its readers have been told; they are told again once they have read it
/// again. Keys are remembered by name alone, whatever their database, as in Redis. Nothing of this costs anything
/// while no client tracks.
public final class Tracking: FeaturePart, CommandObserver, ChangeListener {
    private let store: Store
    private var table: TrackingTable
    /// Tables that were given up whole: they are freed in slices.
    private var retired: [TrackingTable] = []
    private var prefixes = PrefixTable()
    /// How many sessions track.
    private(set) var clientCount = 0
    /// How many keys may be remembered; 0: any number.
    var keysMax = 1_000_000
    /// Key specifications of the commands that name keys by more than one range, by number.
    private var specs: [Int: [KeySpec]] = [:]
    /// The running unit has emptied a database.
    private var sawFlush = false

    init(_ store: Store) {
        self.store = store
        table = TrackingTable(store)
    }

    var keyCount: Int { table.keyCount }
    var itemCount: Int { table.itemCount }
    var prefixCount: Int { prefixes.count }
    public var bytes: Int { retired.reduce(table.bytes) { $0 + $1.bytes } }

    /// Traps on a broken invariant (tests and fuzzers).
    func checkInvariants(_ sessions: some Collection<Session>) {
        table.checkInvariants()
        precondition(
            clientCount == sessions.count { $0.tracking != nil }, "a wrong count of tracking sessions")
        let watched = Set(sessions.flatMap { $0.tracking?.prefixes ?? [] })
        precondition(prefixes.count == watched.count, "a prefix that nobody watches")
    }

    // MARK: Who tracks

    /// Begins to track, or changes how.
    func enable(
        _ session: Session, _ options: ClientTracking.Options, redirect: UInt64, prefixes added: [[UInt8]],
        _ engine: Engine
    ) {
        let tracking = session.tracking ?? ClientTracking(options, redirect: redirect)
        if session.tracking == nil {
            session[ClientTracking.self] = tracking
            session.observer = self
            clientCount += 1
            engine.keys.listeners.insert(.tracking)
            engine.listen(self)
        }
        tracking.options = options
        tracking.redirect = redirect
        tracking.isBroken = false
        defer { engine.recountFeatures(session) }
        guard options.contains(.broadcast) else { return }
        for prefix in added.isEmpty ? [[]] : added where prefixes.add(prefix, session.id) {
            tracking.prefixes.append(prefix)
        }
    }

    /// Tracks no longer. What the session has read is forgotten as it changes.
    func disable(_ session: Session, _ engine: Engine) {
        guard let tracking = session.tracking else { return }
        for prefix in tracking.prefixes { prefixes.remove(prefix, session.id) }
        session[ClientTracking.self] = nil
        session.observer = nil
        clientCount -= 1
        engine.recountFeatures(session)
        guard clientCount == 0 else { return }
        forgetAll()
        engine.keys.listeners.remove(.tracking)
        engine.unlisten(self)
    }

    // MARK: What is read

    public func willRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
        session.tracking?.depth += 1
    }

    public func didRun(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
        guard let tracking = session.tracking else { return }
        tracking.depth = max(0, tracking.depth - 1)
        let flags = engine.table.flags(index)
        if flags.contains(.readonly), !flags.contains(.pubsub), tracking.remembers {
            // What has changed before was not read yet.
            engine.tellChanges()
            remember(index, args, session, engine)
        }
        // CLIENT CACHING reaches to the next command, or over the whole transaction.
        guard tracking.isCaching, tracking.depth == 0, !session.isInMulti else { return }
        if !engine.table.fullName(index).hasPrefix("client|") { tracking.isCaching = false }
    }

    private func remember(_ index: Int, _ args: Arguments, _ session: Session, _ engine: Engine) {
        for spec in specs(index, engine) {
            for place in spec.indexes(args) ?? [] { table.remember(args[place], session.id) }
        }
    }

    private func specs(_ index: Int, _ engine: Engine) -> [KeySpec] {
        if let known = specs[index] { return known }
        let parsed = KeySpec.parse(engine.table.commands[index].keys).filter { !$0.isNoKey }
        specs[index] = parsed
        return parsed
    }

    // MARK: What changes

    /// A key was changed: tells those who have read it, and notes it for those who watch a prefix of it.
    func changed(_ effect: Effect, _ log: EffectLog, _ engine: Engine) {
        log.bytes.withView { bytes in
            let key = bytes[effect.range]
            prefixes.changed(key, by: effect.origin)
            invalidate(key, engine)
        }
    }

    /// Tells those who have read a key, and forgets it.
    private func invalidate(_ key: ByteView, _ engine: Engine) {
        let ids = table.take(key)
        guard !ids.isEmpty else { return }
        var message = Invalidation(keys: [key.array])
        for id in ids {
            // Those who have gone, or changed their mode, are still listed.
            guard let session = engine.clients.sessions[id], let tracking = session.tracking,
                !tracking.options.contains(.broadcast)
            else { continue }
            if tracking.options.contains(.noLoop), id == engine.keys.effects.origin { continue }
            message.send(to: session, tracking, engine)
        }
        message.release(engine.outbox)
    }

    /// A database was emptied: everybody who tracks is told once to forget everything.
    func flushed(_ engine: Engine) {
        guard !sawFlush else { return }
        sawFlush = true
        var message = Invalidation(keys: nil)
        for session in engine.clients.inOrder {
            if let tracking = session.tracking { message.send(to: session, tracking, engine) }
        }
        message.release(engine.outbox)
        forgetAll()
    }

    // MARK: Bounds

    private func forgetAll() {
        guard table.keyCount > 0 else { return }
        retired.append(table)
        table = TrackingTable(store)
    }

    /// Whether `slice` has something to do.
    public var hasWork: Bool { !retired.isEmpty || isOverLimit }
    private var isOverLimit: Bool { keysMax > 0 && table.keyCount > keysMax }

    /// A key that is given up costs as much as so many entries that are freed, and more where many have read it.
    private static let unitsPerKey = 8

    /// Frees what was given up, and gives keys up while there are too many: their readers are told that they changed. To
    /// be called once in a turn.
    public func run(_ engine: Engine, _ slice: inout Slice) {
        while hasWork, slice.grant(Tracking.unitsPerKey) > 0 {
            if isOverLimit, let key = table.randomKey(&engine.keys.random) {
                key.withView { invalidate($0, engine) }
                slice.spend(Tracking.unitsPerKey)
            }
            if let last = retired.last {
                if last.drain(max: Slice.unitsPerLook) { retired.removeLast() }
                slice.spend(Slice.unitsPerLook)
            }
        }
    }

    /// The same, bounded by count.
    public func slice(_ engine: Engine, max: Int) {
        var slice = Slice(max: max)
        run(engine, &slice)
    }

    // MARK: The end of a unit

    /// Sends what has changed under prefixes, each key once.
    public func unitEnds(_ engine: Engine) {
        sawFlush = false
        for (sessions, keys) in prefixes.takeChanges() {
            var message = Invalidation(keys: keys.map(\.name))
            for id in sessions {
                guard let session = engine.clients.sessions[id], let tracking = session.tracking else {
                    continue
                }
                guard tracking.options.contains(.noLoop), keys.contains(where: { $0.origin == id }) else {
                    message.send(to: session, tracking, engine)
                    continue
                }
                let others = keys.filter { $0.origin != id }.map(\.name)
                guard !others.isEmpty else { continue }
                var own = Invalidation(keys: others)
                own.send(to: session, tracking, engine)
                own.release(engine.outbox)
            }
            message.release(engine.outbox)
        }
    }
}
