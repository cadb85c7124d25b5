// SPDX-License-Identifier: Apache-2.0
import Engine

/// What one session is subscribed to.
final class Subscriptions {
    /// A channel, and the session's place among its receivers.
    struct Held {
        let channel: Channel
        var place: Int
    }

    private var held: [[ObjectIdentifier: Held]] = [[:], [:], [:]]
    /// Bytes of the names, and of what was made of patterns.
    private(set) var nameBytes = 0

    func count(_ kind: PubSub.Kind) -> Int { held[kind.rawValue].count }
    /// What SUBSCRIBE and PSUBSCRIBE call the number of subscriptions; shard channels are counted apart.
    var globalCount: Int { count(.channel) + count(.pattern) }
    var totalCount: Int { globalCount + count(.shard) }
    var memoryBytes: Int { nameBytes + totalCount * 64 }

    /// The session's place among the channel's receivers; nil when it is not subscribed.
    func place(_ channel: Channel, _ kind: PubSub.Kind) -> Int? {
        held[kind.rawValue][ObjectIdentifier(channel)]?.place
    }

    func add(_ channel: Channel, _ kind: PubSub.Kind, place: Int) {
        held[kind.rawValue][ObjectIdentifier(channel)] = Held(channel: channel, place: place)
        nameBytes += channel.bytes(kind)
    }

    /// - Returns: the session's place among the channel's receivers; nil when it is not subscribed.
    func remove(_ channel: Channel, _ kind: PubSub.Kind) -> Int? {
        guard let found = held[kind.rawValue].removeValue(forKey: ObjectIdentifier(channel)) else {
            return nil
        }
        nameBytes -= channel.bytes(kind)
        return found.place
    }

    /// The session has moved among a channel's receivers.
    func move(_ channel: Channel, _ kind: PubSub.Kind, to place: Int) {
        held[kind.rawValue][ObjectIdentifier(channel)]?.place = place
    }

    /// All channels of a kind, the oldest first.
    func channels(_ kind: PubSub.Kind) -> [Channel] {
        held[kind.rawValue].values.map(\.channel).sorted { $0.number < $1.number }
    }
}

extension Session {
    /// What it is subscribed to; nil when that is nothing.
    var subscriptions: Subscriptions? { self[Subscriptions.self] }
    /// Whether the client is subscribed to any channel, shard channel or pattern.
    public var isSubscriber: Bool { isBoundToMessages }
}
