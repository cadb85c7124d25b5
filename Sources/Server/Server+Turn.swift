// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import Loop

// The turn: what happens between two waits of the loop, in the order of its phases (see `TurnPhase`).

/// What phases do in any case, however little time the turn has left, and how much at once where time is not the measure.
enum Budget {
    /// Keys deleted because they are due.
    static let expiriesMin = 16
    /// Sessions whose wait ends because their time is over.
    static let timeoutsMin = 64
    /// Entries handed to open cuts, and for how long that goes on, in microseconds.
    static let cutEntriesMin = 32
    static let cutUs = 200.0
    /// Elements freed by the reclaimer.
    static let reclaimsMin = 64
    /// Keys evicted.
    static let evictionsMin = 8
    /// Sparse segments merged at each cron, and for how long.
    static let segmentsMin = 1
    static let segmentsUs = 200.0
    /// Pages returned to the kernel, how many in one call, and how often, in ms: taken together they are 100 MB a second.
    /// A thousand in one go would hold the turn for milliseconds.
    static let pagesMax = 32
    static let pagesPerCall = 8
    static let pagesUs = 250.0
    static let pagesMs: Int64 = 5
    /// Bytes of input of a session that was held, of which its commands are run before it is the next one's turn.
    static let resumedBytes = 4 << 10
    /// How often the cron runs, in ms.
    static let cronMs: Int64 = 400
}

extension Server {
    /// A step of the turn with what it does. Every turn looks at each: an object is not copied with all its parts.
    final class Step {
        let identity: TurnStep
        /// The phase that the step is; nil for a feature's work.
        let own: TurnPhase?
        let isBackground: Bool
        /// A feature's; nil for the phase's own.
        let work: TurnWork?

        init(_ identity: TurnStep, _ work: TurnWork? = nil) {
            self.identity = identity
            self.work = work
            own = identity.own
            isBackground = identity.isBackground
        }
    }

    /// The phases in their order, each with what features have done behind it.
    static func steps(_ features: [Feature]) -> [Step] {
        let works = features.flatMap(\.works)
        return TurnPhase.allCases.flatMap { phase in
            [Step(TurnStep(phase))]
                + works.filter { $0.phase == phase }.map { Step(TurnStep($0), $0) }
        }
    }

    /// Reads the clock, once per turn.
    func refreshTime() {
        keys.nowUs = Clock.realtimeUs()
        timeIsFresh = true
        watchdog.turnBegins()
    }

    /// The end of a turn, before the loop waits.
    func turn() {
        if !timeIsFresh { refreshTime() }
        engine.endPauses()
        allowance.begin()
        watchdog.phasesBegin()
        var more = false
        for number in steps.indices {
            let step = steps[number]
            let spent = watchdog.step(number, engine) { more = run(step) || more }
            if step.isBackground { allowance.spend(ticks: spent) }
            if step.own == .expire { engine.loop.expiryEnded(ticks: spent) }
            if step.own == .cron { engine.loop.cronEnded(ticks: spent) }
        }
        wait(workLeft: more)
        watchdog.turnEnds(engine, flushedTicks: output.takeEarlyTicks())
        timeIsFresh = false
        if host.shutdownRequested, !isStopping {
            isStopping = true
            loop.stop()
        }
    }

    /// - Returns: true when more is to be done at once.
    private func run(_ step: Step) -> Bool {
        if let work = step.work {
            guard work.isDue(engine) else { return false }
            var slice = allowance.slice(floor: work.floor)
            return work.run(engine, &slice)
        }
        switch step.own {
        case .expire: return expirePhase()
        case .timeouts: return timeoutsPhase()
        case .cut: return cutPhase()
        case .reclaim: return reclaimPhase()
        case .evict: return memoryPhase()
        case .defragment: defragmentPhase()
        case .cron: cronPhase()
        case .giveBack: giveBackPhase()
        case .resume: return resumePhase()
        case .flush: output.flush()
        case .reap: reapPhase()
        case .accept: acceptPhase()
        case nil: break
        }
        return false
    }

    private func expirePhase() -> Bool {
        guard keys.hasDueKeys() else { return false }
        var slice = allowance.slice(floor: Budget.expiriesMin)
        let more = keys.expire(&slice)
        engine.closeUnit()
        return more
    }

    private func timeoutsPhase() -> Bool {
        guard engine.hasWaiters else { return false }
        var slice = allowance.slice(floor: Budget.timeoutsMin)
        return engine.endWaits(&slice)
    }

    private func cutPhase() -> Bool {
        guard keys.hasOpenCut else { return false }
        var slice = allowance.slice(floor: Budget.cutEntriesMin, us: Budget.cutUs)
        return keys.walkCuts(&slice)
    }

    /// The more waits, the more time it gets, at most all that the turn has left.
    private func reclaimPhase() -> Bool {
        guard !keys.reclaimer.isIdle else { return false }
        let us = TurnAllowance.shareUs
        let most = us + (TurnAllowance.usMax - us) * keys.reclaimer.pressure
        var slice = allowance.slice(floor: Budget.reclaimsMin, us: most)
        return keys.reclaim(&slice)
    }

    private func cronPhase() {
        let now = keys.nowMs
        guard now >= nextCronMs || now < nextCronMs - Budget.cronMs else { return }
        nextCronMs = now + Budget.cronMs
        crashReport.turned()
        guard !engine.insight.isCronPaused else { return }
        endRequested()
        keys.heap.notePeak()
        noteShedConnections()
        engine.sampleRates()
        var slice = allowance.slice(floor: Budget.segmentsMin, us: Budget.segmentsUs)
        keys.tidy(&slice)
        decayMalloc(now)
        considerDefragmentation(now)
        considerGivingBack(now)
        engine.checkSoftLimits()
        closeIdleClients(now)
    }

    /// Sessions that nothing holds any more go on with the commands they waited with, one after the other and each in
    /// pieces, because thousands may have waited with long pipelines.
    /// - Returns: true when more have to wait for the next turn.
    private func resumePhase() -> Bool {
        guard engine.clients.heldCount > 0, engine.mayResume else { return false }
        var slice = allowance.slice(floor: 1)
        while engine.clients.heldCount > 0, engine.mayResume, slice.grant(1) > 0 {
            let waiting = engine.clients.takeHeld()
            var next = 0
            while next < waiting.count, engine.mayResume, slice.grant(1) > 0 {
                resume(waiting[next], max: Budget.resumedBytes)
                slice.spend()
                next += 1
            }
            // Those who have had a piece are at the end of the line now.
            engine.clients.putBack(waiting[next...])
        }
        return engine.clients.heldCount > 0 && engine.mayResume
    }

    /// Closes clients that have said nothing for too long. A quarter of them is looked at each time, so that each has
    /// its turn every second or two.
    private func closeIdleClients(_ now: Int64) {
        let timeout = Int64(engine.config.settings.timeoutSeconds) * 1000
        guard timeout > 0 else { return }
        let sessions = engine.clients.all
        for _ in 0..<min(sessions.count, max(16, (sessions.count + 3) / 4)) {
            idleCursor = idleCursor + 1 < sessions.count ? idleCursor + 1 : 0
            let session = sessions[idleCursor]
            // Who waits is not idle, nor is who listens.
            guard now - session.lastActiveMs > timeout, session.outputClass == .normal, !session.isHeld else {
                continue
            }
            log.verbose("Closing idle client")
            engine.clients.kill(session)
        }
    }

    /// Clients beyond what a turn takes in wait here for the next one, so that many newcomers at once do not hold up
    /// those who are being served.
    private func acceptPhase() {
        guard hasAccepted else { return }
        hasAccepted = false
        allowAccepts()
    }

    private func reapPhase() {
        closeDoomed()
        engine.evictClients()
        closeDoomed()
    }

    private func closeDoomed() {
        guard engine.clients.hasDoomed else { return }
        for id in engine.clients.takeDoomed() {
            // Whether or not it has read its replies: a client that reads nothing would stay for ever.
            if let connection = connections[id] { disconnect(connection) }
        }
    }

    /// Arms the timer for the next deadline or cron, and keeps the loop from waiting while slices are left.
    private func wait(workLeft: Bool) {
        if workLeft != isIdling {
            isIdling = workLeft
            if workLeft { idle?.start() } else { idle?.stop() }
        }
        // Two at a time: of more than three numbers `min` makes an array.
        let chores = min(nextCronMs, min(nextDefragmentMs, nextGiveBackMs))
        let waits = min(engine.pauses.nextEndMs ?? Int64.max, engine.nextWaitEndMs ?? Int64.max)
        var next = min(chores, min(keys.nextExpiryMs ?? Int64.max, waits))
        for wake in wakes { next = min(next, wake(engine)) }
        if next < armedForMs || armedForMs <= keys.nowMs {
            armedForMs = next
            timer?.arm(inMs: next - keys.nowMs)
        }
    }
}
