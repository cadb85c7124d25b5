// SPDX-License-Identifier: Apache-2.0
import Engine
import Keyspace

extension Tracking {
    /// The directives of client tracking. Its commands are subcommands of CLIENT.
    public static let feature = Feature(
        "tracking", families: [family],
        info: [
            InfoSection("Clients") { $1.line("tracking_clients", $0.tracking.clientCount) },
            InfoSection("Stats") { engine, out in
                out.line("tracking_total_keys", engine.tracking.keyCount)
                out.line("tracking_total_items", engine.tracking.itemCount)
                out.line("tracking_total_prefixes", engine.tracking.prefixCount)
            },
        ],
        works: [
            // What is remembered of keys is kept within its limit behind all that deletes keys.
            TurnWork(
                "tracking", behind: .giveBack,
                advice:
                    "Telling clients what to forget took long: very many have read the same keys. Tracking by prefixes "
                    + "(BCAST) remembers no keys.",
                floor: 64, isDue: { $0.tracking.hasWork }
            ) { engine, slice in
                engine.tracking.run(engine, &slice)
                return engine.tracking.hasWork
            }
        ]
    ) { engine in Tracking(engine.keys.store) }

    public func apply(_ settings: Settings, _ engine: Engine) { keysMax = settings.trackingKeysMax }

    public func told(_ effect: Effect, _ log: EffectLog, _ engine: Engine) {
        switch effect.kind {
        case .change: changed(effect, log, engine)
        case .flush: flushed(engine)
        case .command, .event, .ready: break
        }
    }

    public func disconnected(_ session: Session, _ engine: Engine) { disable(session, engine) }
    public func reset(_ session: Session, _ engine: Engine) { disable(session, engine) }
    /// CLIENT CACHING has lost its aim.
    public func refused(_ session: Session) { session.tracking?.isCaching = false }

    public func describe(_ session: Session, _ facts: inout SessionFacts) {
        guard let tracking = session.tracking else { return }
        facts.letters.append(UInt8(ascii: "t"))
        if tracking.isBroken { facts.letters.append(UInt8(ascii: "R")) }
        if tracking.options.contains(.broadcast) { facts.letters.append(UInt8(ascii: "B")) }
        facts.fields["redir"] = Int(tracking.redirect)
        facts.bytes += tracking.memoryBytes
    }

    public func checkInvariants(_ engine: Engine) { checkInvariants(engine.clients.sessions.values) }
}

extension Session {
    /// How it tracks keys; nil when it does not.
    var tracking: ClientTracking? { self[ClientTracking.self] }
}

extension Engine {
    /// What clients that track keys have read.
    public var tracking: Tracking { part(Tracking.self) }
}
