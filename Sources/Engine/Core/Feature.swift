// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// How the parts of the server plug into the engine. Nothing below a feature names it: it brings its commands,
// directives, INFO fields and refusals as values, and hears of sessions, settings and units through one protocol. The
// one list of features stands in the target that wires the server; their order there is the order of every walk.

/// One part of the server: what it brings along, and what it keeps for an engine.
public struct Feature: Sendable {
    /// For error messages and tests.
    public let name: String
    /// Its commands with their documentation and its directives.
    public let families: [Family]
    /// Its sections of INFO, and the fields that it adds to sections of others.
    public let info: [InfoSection]
    /// Why it may refuse commands; see `GateRule`.
    public let rules: [GateRule]
    /// What it has done in every turn of the loop.
    public let works: [TurnWork]
    /// Makes what it keeps for one engine; nil for a feature without a state. The engine is not complete yet: the
    /// part may keep it (unowned), not use it.
    public let makePart: (@Sendable (Engine) -> any FeaturePart)?

    /// A feature of these parts, each of which may be missing.
    public init(
        _ name: String, families: [Family] = [], info: [InfoSection] = [], rules: [GateRule] = [],
        works: [TurnWork] = [], makePart: (@Sendable (Engine) -> any FeaturePart)? = nil
    ) {
        self.name = name
        self.families = families
        self.info = info
        self.rules = rules
        self.works = works
        self.makePart = makePart
    }
}

/// What a feature keeps for one engine. Every method has a default that does nothing.
public protocol FeaturePart: AnyObject {
    /// Takes the directives in: at start, and after each change of the configuration.
    func apply(_ settings: Settings, _ engine: Engine)
    /// A client has connected; nothing of it has run yet.
    func connected(_ session: Session, _ engine: Engine)
    /// A session's connection is gone: what is kept for it goes.
    func disconnected(_ session: Session, _ engine: Engine)
    /// The session is put back to how it was when it connected (RESET).
    func reset(_ session: Session, _ engine: Engine)
    /// Memory that it holds for sessions outside of theirs, in bytes.
    var bytes: Int { get }
    /// What it has to say of a session in CLIENT LIST and for its memory.
    func describe(_ session: Session, _ facts: inout SessionFacts)
    /// A command of the session was refused before it ran.
    func refused(_ session: Session)
    /// A client has emptied all databases.
    func dataEmptied(_ engine: Engine)
    /// The server is about to end.
    /// - Returns: false when it must not; the log says why.
    func willShutDown(_ modes: ShutdownModes, _ engine: Engine) -> Bool
    /// Sets its counters to zero (CONFIG RESETSTAT).
    func resetStatistics()
    /// Traps on a broken invariant (tests and fuzzers).
    func checkInvariants(_ engine: Engine)
}

extension FeaturePart {
    public var bytes: Int { 0 }
    public func apply(_ settings: Settings, _ engine: Engine) {}
    public func connected(_ session: Session, _ engine: Engine) {}
    public func disconnected(_ session: Session, _ engine: Engine) {}
    public func reset(_ session: Session, _ engine: Engine) {}
    public func describe(_ session: Session, _ facts: inout SessionFacts) {}
    public func refused(_ session: Session) {}
    public func dataEmptied(_ engine: Engine) {}
    public func willShutDown(_ modes: ShutdownModes, _ engine: Engine) -> Bool { true }
    public func resetStatistics() {}
    public func checkInvariants(_ engine: Engine) {}
}

/// What the features know of a session.
public struct SessionFacts {
    /// Fields of CLIENT LIST by their names there.
    public var fields: [String: Int] = [:]
    /// Letters of `flags=`, in any order: they are shown in Redis's.
    public var letters: [UInt8] = []
    /// Memory held for the session, in bytes.
    public var bytes = 0

    public init() {}
}

/// Hears of what a unit has done while it runs: events on keys and changes, in the order in which they happened.
public protocol ChangeListener: AnyObject {
    /// Something has happened; its bytes are in the log, for the time of the call.
    func told(_ effect: Effect, _ log: EffectLog, _ engine: Engine)
    /// The unit is over: everything has been told.
    func unitEnds(_ engine: Engine)
}

/// A reason to refuse commands, looked at only while a mask of the engine or the session points at the command.
public struct GateRule: Sendable {
    /// Where a rule stands among the others: Redis's order, in which the first reason that holds is the one given.
    public enum Place: Int, Sendable, CaseIterable {
        /// Who the client is and what it may do, then what the server is unable or unwilling to do: `acknowledgements`
        /// is for too few replicas, `subscribed` for clients that listen, `busy` for a script that runs too long.
        case authentication, access, replicaClient, slot, memory, disk, acknowledgements, readOnlyReplica
        case subscribed, staleData, loading, busy
    }

    /// Where the rule stands among the others.
    public let place: Place
    /// Only commands with one of these flags are looked at.
    public let flags: CommandFlags
    /// The error of a command (by its number) of a session, its code first; nil when it may run.
    public let refusal: @Sendable (_ engine: Engine, _ command: Int?, _ session: Session) -> ByteString?

    /// A rule that is asked about commands with any of these flags.
    public init(
        _ place: Place, _ flags: CommandFlags,
        _ refusal: @escaping @Sendable (_ engine: Engine, _ command: Int?, _ session: Session) -> ByteString?
    ) {
        self.place = place
        self.flags = flags
        self.refusal = refusal
    }
}

/// The parts of one engine, found by their type.
struct FeatureParts {
    let all: [any FeaturePart]
    private let types: [ObjectIdentifier]

    init(_ parts: [any FeaturePart]) {
        all = parts
        types = parts.map { ObjectIdentifier(type(of: $0)) }
    }

    /// The part of a type, which some feature of the list must have made.
    func find<Part: FeaturePart>(_ type: Part.Type) -> Part {
        let wanted = ObjectIdentifier(type)
        var index = 0
        while index < types.count {
            if types[index] == wanted, let part = all[index] as? Part { return part }
            index += 1
        }
        preconditionFailure("no feature of the list has made this part")
    }
}
