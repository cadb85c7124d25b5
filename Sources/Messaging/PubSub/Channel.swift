// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine

/// A channel or pattern with at least one subscriber.
final class Channel {
    let name: [UInt8]
    /// The name as a pattern.
    private(set) lazy var glob = name.withView { Glob($0) }
    /// Rises with each channel made: an order that does not depend on hashes.
    let number: UInt64
    fileprivate let hash: UInt64
    /// Another channel whose name has the same hash.
    fileprivate var next: Channel?
    fileprivate var place = 0
    /// Who is told, in no particular order. Each session knows its place here.
    private(set) var receivers: [Session] = []

    fileprivate init(name: [UInt8], number: UInt64, hash: UInt64) {
        self.name = name
        self.number = number
        self.hash = hash
    }

    /// What it takes, in bytes.
    func bytes(_ kind: PubSub.Kind) -> Int {
        name.count + (kind == .pattern ? glob.memoryBytes : 0)
    }

    /// Adds a session.
    /// - Returns: its place, to be handed to `remove`.
    func add(_ session: Session) -> Int {
        receivers.append(session)
        return receivers.count - 1
    }

    /// Removes the session at a place; the last one moves there.
    /// - Returns: the session that moved, if one did.
    func remove(at place: Int) -> Session? {
        let last = receivers.removeLast()
        guard place < receivers.count else { return nil }
        receivers[place] = last
        return last
    }

    /// Lets go of all sessions: they and their channels hold each other.
    fileprivate func close() {
        receivers = []
        next = nil
    }
}

/// All channels of one kind. A name is looked up by its hash alone, so that nothing is allocated for a message.
struct ChannelTable {
    private var byHash: [UInt64: Channel] = [:]
    /// All of them, in no particular order.
    private(set) var all: [Channel] = []
    /// Lends its hash.
    private let store: Store
    private var nextNumber: UInt64 = 0

    init(_ store: Store) { self.store = store }

    var count: Int { all.count }

    func find(_ name: ByteView) -> Channel? {
        guard !all.isEmpty else { return nil }
        var channel = byHash[store.hash(name)]
        while let candidate = channel {
            if candidate.name.withView({ $0 == name }) { return candidate }
            channel = candidate.next
        }
        return nil
    }

    /// The channel of this name, made if there is none.
    mutating func open(_ name: ByteView) -> Channel {
        if let channel = find(name) { return channel }
        let channel = Channel(name: name.array, number: nextNumber, hash: store.hash(name))
        nextNumber += 1
        channel.next = byHash[channel.hash]
        byHash[channel.hash] = channel
        channel.place = all.count
        all.append(channel)
        return channel
    }

    /// Forgets a channel that has lost its last subscriber.
    mutating func remove(_ channel: Channel) {
        if byHash[channel.hash] === channel {
            byHash[channel.hash] = channel.next
        } else {
            var before = byHash[channel.hash]
            while let candidate = before, candidate.next !== channel { before = candidate.next }
            before?.next = channel.next
        }
        channel.next = nil
        let last = all.removeLast()
        guard last !== channel else { return }
        all[channel.place] = last
        last.place = channel.place
    }

    func close() { for channel in all { channel.close() } }
}
