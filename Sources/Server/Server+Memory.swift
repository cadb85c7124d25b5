// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Keyspace

// The phases of the turn that keep memory within its limit and its pages full.

extension Server {
    /// How often malloc is told to give back what it has kept long enough.
    static let decayMs: Int64 = 1000

    /// Evicts for about a millisecond while memory is above the limit. Nothing is read meanwhile from clients whose
    /// writes need more than can be evicted in front of them.
    /// - Returns: true when there is more to do.
    func memoryPhase() -> Bool {
        // Without a limit there is nothing to look at, and this is asked in every turn.
        guard engine.refusals.contains(.denyoom) || !heldDebtors.isEmpty else { return false }
        for id in keys.eviction.takeDebtors() {
            guard let connection = connections[id] else { continue }
            connection.hold()
            heldDebtors.append(id)
        }
        let more = evictForAWhile()
        if !heldDebtors.isEmpty, !more || !keys.isInMemoryDebt {
            for id in heldDebtors { connections[id]?.release() }
            heldDebtors = []
        }
        return more
    }

    private func evictForAWhile() -> Bool {
        let begin = Clock.ticks()
        while engine.memoryLimitSlice(max: Budget.evictions) {
            if elapsedUs(since: begin) > Budget.evictionUs { return true }
        }
        return false
    }

    /// One slice of a defragmenting pass, if it is time for one: the pauses between slices make the effort.
    func defragmentPhase() {
        // Mostly no pass runs: then there is no time for a slice, and nothing else is asked.
        guard nextDefragmentMs != Int64.max else { return }
        let now = keys.nowMs
        guard now >= nextDefragmentMs || now < nextDefragmentMs - Server.decayMs else { return }
        let begin = Clock.ticks()
        let budgetUs = Double(keys.defragmenter.settings.cycleUs)
        var spentUs = 0.0
        while keys.defragmentStep() {
            spentUs = elapsedUs(since: begin)
            if spentUs >= budgetUs { break }
        }
        let pauseUs = spentUs * Double(100 - keys.defragmenter.effort) / Double(keys.defragmenter.effort)
        nextDefragmentMs = keys.defragmenter.isRunning ? now + max(1, Int64(pauseUs / 1000)) : Int64.max
    }

    /// Begins a defragmenting pass if there is need of one.
    func considerDefragmentation(_ now: Int64) {
        keys.defragmenter.consider(nowMs: now)
        guard keys.defragmenter.isRunning else {
            nextDefragmentMs = Int64.max
            return
        }
        if nextDefragmentMs == Int64.max { nextDefragmentMs = now }
    }

    /// By itself malloc looks at its free pages only while it is used; an idle server would keep them.
    func decayMalloc(_ now: Int64) {
        guard now >= nextDecayMs || now < nextDecayMs - Server.decayMs else { return }
        nextDecayMs = now + Server.decayMs
        Heap.letMallocDecay()
    }

    private func elapsedUs(since begin: UInt64) -> Double {
        Double(Clock.ticks() &- begin) / engine.ticksPerUs
    }
}
