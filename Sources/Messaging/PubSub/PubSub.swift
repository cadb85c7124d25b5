// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine

/// The channels, shard channels and patterns that somebody listens to, and the way of a message to all of them.
///
/// A message is encoded once for each protocol that a receiver speaks. A channel costs one lookup, each pattern is
/// tried once; a receiver costs a reference in its queue.
public final class PubSub: FeaturePart, ChangeListener {
    /// What can be subscribed to.
    enum Kind: Int, CaseIterable { case channel, pattern, shard }

    private var tables: [ChannelTable]
    /// Where messages are put together; its room is kept.
    private var scratch: [UInt8] = []
    /// How many sessions are subscribed to anything.
    private(set) var subscriberCount = 0

    /// Which events on keys are published, and how.
    let events = KeyspaceEvents()

    private static let scratchBytesMax = 64 << 10

    init(_ store: Store) { tables = Kind.allCases.map { _ in ChannelTable(store) } }

    deinit { for table in tables { table.close() } }

    func count(_ kind: Kind) -> Int { tables[kind.rawValue].count }
    func channels(_ kind: Kind) -> [Channel] { tables[kind.rawValue].all }
    func find(_ name: ByteView, _ kind: Kind) -> Channel? { tables[kind.rawValue].find(name) }
    /// Whether a message could reach nobody at all.
    var isSilent: Bool { count(.channel) == 0 && count(.pattern) == 0 }

    // MARK: Subscribing

    /// Subscribes a session, unless it is already.
    func subscribe(_ session: Session, _ name: ByteView, _ kind: Kind) {
        let channel = tables[kind.rawValue].open(name)
        let subscriptions = session.subscriptions ?? Subscriptions()
        if session.subscriptions == nil {
            session[Subscriptions.self] = subscriptions
            session.isBoundToMessages = true
            if session.outputClass != .replica { session.outputClass = .pubsub }
            subscriberCount += 1
        }
        guard subscriptions.place(channel, kind) == nil else { return }
        subscriptions.add(channel, kind, place: channel.add(session))
    }

    /// Ends a subscription, if there is one of this name.
    func unsubscribe(_ session: Session, _ name: ByteView, _ kind: Kind) {
        if let channel = find(name, kind) { unsubscribe(session, channel, kind) }
    }

    func unsubscribe(_ session: Session, _ channel: Channel, _ kind: Kind) {
        guard let subscriptions = session.subscriptions, let place = subscriptions.remove(channel, kind)
        else {
            return
        }
        if let moved = channel.remove(at: place) { moved.subscriptions?.move(channel, kind, to: place) }
        if channel.receivers.isEmpty { tables[kind.rawValue].remove(channel) }
        guard subscriptions.totalCount == 0 else { return }
        session[Subscriptions.self] = nil
        session.isBoundToMessages = false
        if session.outputClass != .replica { session.outputClass = .normal }
        subscriberCount -= 1
    }

    /// Ends all subscriptions of a session, without a word (RESET, a lost connection).
    func forget(_ session: Session) {
        guard let subscriptions = session.subscriptions else { return }
        for kind in Kind.allCases {
            for channel in subscriptions.channels(kind) { unsubscribe(session, channel, kind) }
        }
    }

    /// Traps on a broken invariant (tests and fuzzers): sessions and channels know each other, and nobody else.
    func checkInvariants(_ sessions: some Collection<Session>) {
        for kind in Kind.allCases {
            for channel in channels(kind) {
                precondition(!channel.receivers.isEmpty, "a channel without a subscriber")
                precondition(
                    channel.name.withView { find($0, kind) === channel }, "a channel that is not found")
                for (place, session) in channel.receivers.enumerated() {
                    precondition(session.subscriptions?.place(channel, kind) == place, "a wrong place")
                }
            }
            let held = sessions.reduce(0) { $0 + ($1.subscriptions?.count(kind) ?? 0) }
            let listed = channels(kind).reduce(0) { $0 + $1.receivers.count }
            precondition(held == listed, "a session that is gone, or a channel that is not listed")
        }
        precondition(subscriberCount == sessions.count { $0.isSubscriber }, "a wrong count of subscribers")
    }

    // MARK: Publishing

    /// Sends a message to everybody who listens to the channel, or to a pattern that matches it.
    /// - Returns: how many receivers there were; a session counts once for each of its subscriptions.
    func publish(_ name: ByteView, _ message: ByteView, _ engine: Engine) -> Int {
        var count = 0
        if let channel = find(name, .channel) {
            count += send(channel, engine) { isRESP3 in
                header(isRESP3, 3, "message")
                scratch.appendBulk(name)
                scratch.appendBulk(message)
            }
        }
        for pattern in channels(.pattern) where pattern.glob.matches(name) {
            count += send(pattern, engine) { isRESP3 in
                header(isRESP3, 4, "pmessage")
                pattern.name.withView { scratch.appendBulk($0) }
                scratch.appendBulk(name)
                scratch.appendBulk(message)
            }
        }
        return count
    }

    /// Sends a message to everybody who listens to the shard channel.
    func publish(toShard name: ByteView, _ message: ByteView, _ engine: Engine) -> Int {
        guard let channel = find(name, .shard) else { return 0 }
        return send(channel, engine) { isRESP3 in
            header(isRESP3, 3, "smessage")
            scratch.appendBulk(name)
            scratch.appendBulk(message)
        }
    }

    private func header(_ isRESP3: Bool, _ count: Int, _ word: StaticString) {
        scratch.append(UInt8(ascii: isRESP3 ? ">" : "*"))
        scratch.append(UInt8(count) + 48)
        scratch.append("\r\n")
        scratch.appendBulk(ByteView(word))
    }

    /// Encodes a message into `scratch` by `write`, once for each protocol spoken, and queues it for all receivers.
    private func send(_ channel: Channel, _ engine: Engine, _ write: (_ isRESP3: Bool) -> Void) -> Int {
        var old: Block?
        var new: Block?
        for session in channel.receivers {
            let isRESP3 = session.isRESP3
            if let message = isRESP3 ? new : old {
                engine.push(message, to: session)
                continue
            }
            write(isRESP3)
            let message = engine.outbox.message(scratch)
            scratch.removeAll(keepingCapacity: scratch.count <= PubSub.scratchBytesMax)
            engine.push(message, to: session)
            if isRESP3 { new = message } else { old = message }
        }
        if let old { engine.outbox.release(old) }
        if let new { engine.outbox.release(new) }
        return channel.receivers.count
    }
}
