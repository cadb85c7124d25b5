// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

extension GateRule {
    /// The rules of all features and the engine's own in the order in which they are asked; those of one place in the
    /// order of the features.
    static func ordered(_ features: [Feature]) -> [GateRule] {
        let own = GateRule(.authentication, .needsAuth) { _, _, session in
            session.refusals.contains(.needsAuth) ? "\(Engine.unauthenticated)" : nil
        }
        let all = [own] + features.flatMap(\.rules)
        return Place.allCases.flatMap { place in all.filter { $0.place == place } }
    }
}

extension Engine {
    /// Why a command with these flags is refused to a session at present, code first; nil when it may run.
    /// - Parameter command: its number; nil for several commands together.
    public func refusalText(_ flags: CommandFlags, _ command: Int?, _ session: Session) -> ByteString? {
        if session.isReplaying { return nil }
        for rule in rules where !flags.isDisjoint(with: rule.flags) {
            if let text = rule.refusal(self, command, session) { return text }
        }
        return nil
    }

    /// Puts a session back to how it was when it connected (RESET).
    public func reset(_ session: Session) {
        for part in allParts { part.reset(session, self) }
        session.reset()
        keys.current = 0
        keys.touches = true
        session.isRESP3 = config.settings.sockets.defaultProtocol == 3
        if !config.settings.password.isEmpty { session.refusals.insert(.needsAuth) }
        limit(session)
        recountFeatures(session)
    }

    /// What the features have to say of a session.
    public func facts(_ session: Session) -> SessionFacts {
        var facts = SessionFacts()
        for part in allParts { part.describe(session, &facts) }
        return facts
    }

    /// Memory that the features hold for sessions outside of theirs, in bytes.
    public var featureBytes: Int { allParts.reduce(0) { $0 + $1.bytes } }

    /// What features keep for a session has changed: its memory is counted anew.
    public func recountFeatures(_ session: Session) {
        session.featureBytes = facts(session).bytes
        recount(session)
    }

    /// Traps on a broken invariant of what features keep (tests and fuzzers).
    public func checkInvariants() {
        precondition(depth == 0, "a frame was left open")
        waiters.lines.checkInvariants()
        for part in allParts { part.checkInvariants(self) }
    }
}
