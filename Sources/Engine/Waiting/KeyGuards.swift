// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// Guarding keys: while somebody hands them to another server and waits for its answer, commands that may change them
// wait, and all others go on. Names are guarded in every database, so that COPY and MOVE need no rules of their own.
//
// What changes keys without being a command that names them (a script's undeclared keys, the end of a key's time) is not
// kept away: whoever guards keys looks at the end whether they are still what they were.

/// The keys that are guarded, and the sessions that wait for them.
final class KeyGuards {
    private var counts: [[UInt8]: Int] = [:]
    /// In the order in which they came; some may have gone since.
    private var waiting: [Session] = []
    /// Where the keys of commands stand, as far as it was needed.
    private var specs: [Int: [KeySpec]] = [:]

    var isEmpty: Bool { counts.isEmpty }

    func add(_ key: ByteView) { counts[key.array, default: 0] += 1 }

    func remove(_ key: ByteView) {
        let name = key.array
        guard let count = counts[name] else { preconditionFailure("a key that nobody guards") }
        counts[name] = count == 1 ? nil : count - 1
    }

    func append(_ session: Session) {
        waiting.append(session)
        // Those who have gone make room.
        if waiting.count % 256 == 0 { waiting.removeAll { !$0.isGuarded } }
    }

    func takeWaiting() -> [Session] {
        defer { waiting = [] }
        return waiting.filter(\.isGuarded)
    }

    /// Whether a command that changes data may change one of the keys.
    func concern(_ index: Int, _ flags: CommandFlags, _ args: Arguments, _ table: CommandTable) -> Bool {
        let all = specs(index, table)
        // What names no keys and writes may mean all of them; messages are no data.
        if all.isEmpty { return flags.contains(.write) }
        for spec in all {
            // Where it is not known which keys, any may be.
            guard spec.find != .unknown, let places = spec.indexes(args) else { return true }
            for place in places where counts[args[place].array] != nil { return true }
        }
        return false
    }

    private func specs(_ index: Int, _ table: CommandTable) -> [KeySpec] {
        if let known = specs[index] { return known }
        let parsed = KeySpec.parse(table.commands[index].keys).filter { !$0.isNoKey }
        specs[index] = parsed
        return parsed
    }
}

extension Engine {
    /// Lets commands that may change a key wait until it is released; may be called several times for one key.
    public func guardKey(_ key: ByteView) {
        guards.add(key)
        setGate()
    }

    /// Ends one guard of a key. Those who have waited go on in a later turn.
    public func releaseKey(_ key: ByteView) {
        guards.remove(key)
        // Whoever waits for another key waits again.
        for session in guards.takeWaiting() {
            session.isGuarded = false
            clients.hold(session)
        }
        setGate()
    }

    /// Whether a command has to wait for a key that is guarded.
    func mustWaitForKeys(_ index: Int, _ args: Arguments, _ flags: CommandFlags, _ session: Session) -> Bool {
        guard !guards.isEmpty else { return false }
        if flags.contains(.runsQueue) {
            // What is queued was not looked at.
            return session.queue.map { $0.flags.contains(.write) } ?? false
        }
        if session.isInMulti, !flags.contains(.immediate) { return false }
        guard !flags.isDisjoint(with: [.write, .mayReplicate]) else { return false }
        return guards.concern(index, flags, args, table)
    }

    /// Makes a session wait with this command until keys are released.
    func holdForKeys(_ args: Arguments, _ session: Session) {
        session.stops.insert(.held)
        session.isGuarded = true
        session.heldInput.append(args)
        guards.append(session)
    }
}
