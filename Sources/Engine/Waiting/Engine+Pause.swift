// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

// While the data stands still, or while an import decides what dies, every command passes the gate: some wait there, and
// for the others the gate decides how they meet dead keys.

extension Engine {
    /// Lets commands wait until `untilMs` (Unix ms) or `unpause`. Nothing expires or is evicted meanwhile.
    public func pause(_ scope: PauseScope, _ reason: PauseReason, untilMs: Int64) {
        guard untilMs > keys.nowMs || pauses.isActive else { return }
        pauses.begin(reason, scope, untilMs: untilMs)
        standStill()
    }

    /// Ends a pause early. Those who wait are resumed by the rim.
    public func unpause(_ reason: PauseReason) {
        guard pauses.isActive else { return }
        pauses.end(reason)
        standStill()
    }

    /// Ends the pauses whose time is over; to be called in every turn.
    @inline(__always) public func endPauses() {
        if pauses.isActive { endPausesNow() }
    }

    @inline(never) private func endPausesNow() {
        pauses.end(nowMs: keys.nowMs)
        if !pauses.isActive { standStill() }
    }

    /// The data is being loaded, or is all there: meanwhile nothing dies, and most commands are refused.
    public func setLoading(_ loading: Bool) {
        isLoading = loading
        if loading { refusals.insert(.notLoading) } else { refusals.remove(.notLoading) }
        standStill()
    }

    /// Whether what held sessions is over.
    public var mayResume: Bool { !pauses.isActive && !openUnitHolds }

    /// Whether how dead keys are met depends on the command.
    var ordersDeadKeys: Bool { pauses.isActive || config.settings.importMode }

    /// Brings the keyspace and the gate in step with pauses and import mode.
    func standStill() {
        keys.expiryIsPaused = ordersDeadKeys || isLoading || hasOpenUnit
        keys.evictionMode =
            pauses.isActive || isLoading
            ? .paused : config.settings.importMode || hasOpenUnit ? .forbidden : .active
        if !ordersDeadKeys { keys.deadKeys = hasOpenUnit ? .hidden : .deleted }
        setGate()
    }

    /// Sends every command through the gate as long as somebody there wants to see it.
    func setGate() {
        if observers.isEmpty, !ordersDeadKeys, !hasOpenUnit, guards.isEmpty {
            refusals.remove(.any)
        } else {
            refusals.insert(.any)
        }
    }

    /// Whether a command has to wait for the end of a pause.
    func mustWait(_ index: Int, _ flags: CommandFlags, _ session: Session) -> Bool {
        guard pauses.isActive else { return false }
        if pauses.holdsAll { return true }
        let tells: CommandFlags = [.write, .mayReplicate]
        if !flags.isDisjoint(with: tells) { return true }
        // What a script does shows only while it runs.
        if flags.contains(.stops), flags.isDisjoint(with: [.readonly, .runsQueue]) { return true }
        guard flags.contains(.runsQueue), let queue = session.queue else { return false }
        return !queue.flags.isDisjoint(with: tells.union(.stops))
    }

    /// Decides how a command meets keys that are due.
    func orderDeadKeys(_ flags: CommandFlags, _ session: Session) {
        if config.settings.importMode, session.isImportSource {
            keys.deadKeys = .alive
        } else if !flags.isDisjoint(with: [.write, .mayReplicate, .admin]) {
            // Commands that write must not meet hidden keys: scripts and DEBUG are among them.
            keys.deadKeys = .deleted
        } else {
            keys.deadKeys = .hidden
        }
    }
}
