// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// The phases of the turn that keep memory within its limit and its pages full.

/// Why nothing is read from a client.
struct Debt {
    /// Its writes need more room than there is.
    var needsRoom = false
    /// It has deleted more than can be freed: it may go on when so many bytes have been, in all.
    var freedBytes = 0
}

extension Server {
    /// How often malloc is told to give back what it has kept long enough.
    static let decayMs: Int64 = 1000

    /// Evicts for a while if memory is above the limit. Nothing is read meanwhile from clients whose writes need more than
    /// can be evicted in front of them, nor from those who delete more than can be freed.
    /// - Returns: true when there is more to do.
    func memoryPhase() -> Bool {
        // Mostly there is no limit and nobody owes anything, and this is asked in every turn.
        let isLimited = engine.refusals.contains(.denyoom)
        guard isLimited || !debts.isEmpty || keys.reclaimer.hasDebtors else { return false }
        holdDebtors()
        var more = false
        if isLimited {
            var slice = allowance.slice(floor: Budget.evictionsMin)
            more = engine.memoryLimit(&slice)
        }
        releaseDebtors(evictionIsDone: !more)
        return more
    }

    private func holdDebtors() {
        for id in keys.eviction.takeDebtors() { debts[id, default: Debt()].needsRoom = true }
        for (id, bytes) in keys.reclaimer.takeDebtors() { debts[id, default: Debt()].freedBytes = bytes }
        for id in debts.keys { connections[id]?.hold() }
    }

    private func releaseDebtors(evictionIsDone: Bool) {
        guard !debts.isEmpty else { return }
        let hasRoom = evictionIsDone || !keys.isInMemoryDebt
        for (id, debt) in debts where (hasRoom || !debt.needsRoom) && keys.reclaimer.hasFreed(debt.freedBytes)
        {
            debts[id] = nil
            connections[id]?.release()
        }
    }

    /// One slice of a defragmenting pass, if it is time for one: the pauses between slices make the effort.
    func defragmentPhase() {
        // Mostly no pass runs: then there is no time for a slice, and nothing else is asked.
        guard nextDefragmentMs != Int64.max else { return }
        let now = keys.nowMs
        guard now >= nextDefragmentMs || now < nextDefragmentMs - Server.decayMs else { return }
        let begin = Clock.ticks()
        var slice = allowance.slice(floor: 1, us: Double(keys.defragmenter.settings.cycleUs))
        let more = keys.defragment(&slice)
        let spentUs = Double(Clock.ticks() &- begin) / engine.ticksPerUs
        let pauseUs = spentUs * Double(100 - keys.defragmenter.effort) / Double(keys.defragmenter.effort)
        nextDefragmentMs = more ? now + max(1, Int64(pauseUs / 1000)) : Int64.max
    }

    /// Begins to give empty pages back to the kernel if there are any.
    func considerGivingBack(_ now: Int64) {
        if nextGiveBackMs == Int64.max, keys.heap.hasPagesToGiveBack { nextGiveBackMs = now }
    }

    /// Gives some empty pages back, if it is time for it.
    func giveBackPhase() {
        guard nextGiveBackMs != Int64.max else { return }
        let now = keys.nowMs
        guard now >= nextGiveBackMs || now < nextGiveBackMs - Budget.pagesMs else { return }
        var slice = allowance.slice(floor: Budget.pagesPerCall, us: Budget.pagesUs)
        var left = Budget.pagesMax
        var more = true
        while more, left > 0, case let pages = slice.grant(Budget.pagesPerCall), pages > 0 {
            more = keys.heap.giveBack(pages: pages)
            slice.spend(pages)
            left -= pages
        }
        nextGiveBackMs = more ? now + Budget.pagesMs : Int64.max
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
}
