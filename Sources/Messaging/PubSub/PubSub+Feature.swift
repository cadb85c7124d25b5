// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension PubSub {
    /// The commands, directives and refusals of publish and subscribe, keyspace events among them.
    public static let feature = Feature(
        "pubsub", families: [PubSubCommands.family],
        info: [
            InfoSection("Clients") { $1.line("pubsub_clients", $0.pubsub.subscriberCount) },
            InfoSection("Stats") { engine, out in
                out.line("pubsub_channels", engine.pubsub.count(.channel))
                out.line("pubsub_patterns", engine.pubsub.count(.pattern))
                out.line("pubsubshard_channels", engine.pubsub.count(.shard))
            },
        ],
        rules: [
            GateRule(.subscribed, .notSubscribed) { engine, command, session in
                guard session.refusals.contains(.notSubscribed), let command else { return nil }
                return """
                    ERR Can't execute '\(engine.table.fullName(command))': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING \
                    / QUIT / RESET are allowed in this context
                    """
            }
        ]
    ) { engine in PubSub(engine.keys.store) }

    public func apply(_ settings: Settings, _ engine: Engine) {
        let publishes = events.choose(settings.keyspaceEvents, engine.keys.effects)
        if publishes { engine.listen(self) } else { engine.unlisten(self) }
    }

    public func told(_ effect: Effect, _ log: EffectLog, _ engine: Engine) {
        if effect.kind == .event { events.publish(effect, log, self, engine) }
    }

    public func unitEnds(_ engine: Engine) {}

    public func disconnected(_ session: Session, _ engine: Engine) { forget(session) }
    public func reset(_ session: Session, _ engine: Engine) { forget(session) }

    public func describe(_ session: Session, _ facts: inout SessionFacts) {
        guard let subscriptions = session.subscriptions else { return }
        facts.letters.append(UInt8(ascii: "P"))
        facts.fields["sub"] = subscriptions.count(.channel)
        facts.fields["psub"] = subscriptions.count(.pattern)
        facts.fields["ssub"] = subscriptions.count(.shard)
        facts.bytes += subscriptions.memoryBytes
    }

    public func checkInvariants(_ engine: Engine) { checkInvariants(engine.clients.sessions.values) }
}

/// What the directives of messages ask for.
public struct MessageSettings: FeatureSettings {
    /// Which keyspace events are published: the letters of `notify-keyspace-events`.
    public var keyspaceEvents = ""
    /// How many keys are remembered for clients that track them; 0: any number.
    public var trackingKeysMax = 1_000_000
    public init() {}
}

extension Settings {
    /// Which keyspace events are published: the letters of `notify-keyspace-events`.
    public var keyspaceEvents: String {
        get { self[MessageSettings.self].keyspaceEvents }
        set { self[MessageSettings.self].keyspaceEvents = newValue }
    }
    /// How many keys are remembered for clients that track them; 0: any number.
    public var trackingKeysMax: Int {
        get { self[MessageSettings.self].trackingKeysMax }
        set { self[MessageSettings.self].trackingKeysMax = newValue }
    }
}

extension Engine {
    /// Who listens to which channels.
    var pubsub: PubSub { part(PubSub.self) }
}
