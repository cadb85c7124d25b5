// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
import Keyspace
import Loop

// The turn: what happens between two waits of the loop, in the order of its phases.

/// Budgets of the background work of one turn.
enum Budget {
    /// Keys deleted because they are due.
    static let expiries = 512
    /// Elements freed by the reclaimer.
    static let reclaims = 2000
    /// Entries handed to open cuts.
    static let cutEntries = 500
    /// Keys that are evicted at once, and for how long that goes on, in microseconds.
    static let evictions = 16
    static let evictionUs = 1000.0
    /// Pages returned to the kernel: 4 MB, in well under a millisecond.
    static let pages = 256
    /// Sparse segments merged at each cron.
    static let segments = 256
    /// Bytes of input of sessions that were held, of which their commands are run.
    static let resumedBytes = 256 << 10
    /// How often the cron runs, in ms.
    static let cronMs: Int64 = 400
    /// How often it runs while there are pages to return.
    static let busyCronMs: Int64 = 40
}

extension Server {
    /// Reads the clock, once per turn.
    func refreshTime() {
        keys.nowUs = Clock.realtimeUs()
        timeIsFresh = true
        watchdog.turnBegins()
    }

    /// The end of a turn, before the loop waits. Each phase has its reason to stand where it does:
    /// expiry first, because what it deletes belongs to the replies' past; slices next, because their pre-images must
    /// be taken before the next commands; then replies leave; clients to be closed go last, after their replies, and what
    /// the others hold is weighed then.
    func turn() {
        if !timeIsFresh { refreshTime() }
        engine.endPauses()
        var more = false
        let expiry = watchdog.phase("expire", engine) { more = expirePhase() || more }
        engine.loop.expiryEnded(ticks: expiry)
        watchdog.phase("cut", engine) { more = keys.walkCuts(max: Budget.cutEntries) || more }
        watchdog.phase("reclaim", engine) { more = keys.reclaimSlice(max: Budget.reclaims) || more }
        watchdog.phase("evict", engine) { more = memoryPhase() || more }
        watchdog.phase("defrag", engine) { defragmentPhase() }
        engine.loop.cronEnded(ticks: watchdog.phase("cron", engine) { cronPhase() })
        watchdog.phase("tracking", engine) { more = trackingPhase() || more }
        watchdog.phase("resume", engine) { more = resumePhase() || more }
        watchdog.phase("flush", engine) { output.flush() }
        watchdog.phase("reap", engine) { reapPhase() }
        if hasAccepted { watchdog.phase("accept", engine) { acceptPhase() } }
        wait(workLeft: more)
        watchdog.turnEnds(engine)
        timeIsFresh = false
        if host.shutdownRequested, !isStopping {
            isStopping = true
            loop.stop()
        }
    }

    private func expirePhase() -> Bool {
        let more = keys.expireSlice(max: Budget.expiries)
        engine.closeUnit()
        return more
    }

    /// Frees what is remembered of keys that clients track, and keeps it within its limit.
    private func trackingPhase() -> Bool {
        guard engine.tracking.hasWork else { return false }
        engine.tracking.slice(engine)
        return engine.tracking.hasWork
    }

    private func cronPhase() {
        let now = keys.nowMs
        guard now >= nextCronMs || now < nextCronMs - Budget.cronMs else { return }
        guard !engine.insight.isCronPaused else {
            crashReport.turned()
            return nextCronMs = now + Budget.cronMs
        }
        nextCronMs = now + Budget.cronMs
        crashReport.turned()
        keys.heap.notePeak()
        noteShedConnections()
        engine.sampleRates()
        if keys.heap.giveBack(pages: Budget.pages) { nextCronMs = now + Budget.busyCronMs }
        keys.tidy(max: Budget.segments)
        decayMalloc(now)
        considerDefragmentation(now)
        engine.checkSoftLimits()
        closeIdleClients(now)
    }

    /// Sessions that nothing holds any more go on with the commands they waited with, one after the other and each in
    /// pieces, because thousands may have waited with long pipelines.
    /// - Returns: true when more have to wait for the next turn.
    private func resumePhase() -> Bool {
        guard engine.clients.heldCount > 0, engine.mayResume else { return false }
        let waiting = engine.clients.takeHeld()
        var left = Budget.resumedBytes
        var next = 0
        while next < waiting.count, left > 0, engine.mayResume {
            let before = waiting[next].heldBytes
            resume(waiting[next], max: left)
            left -= before
            next += 1
        }
        engine.clients.putBack(waiting[next...])
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
        hasAccepted = false
        allowAccepts()
    }

    private func reapPhase() {
        closeDoomed()
        engine.evictClients()
        closeDoomed()
    }

    private func closeDoomed() {
        guard !engine.clients.doomed.isEmpty else { return }
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
        let chores = min(nextCronMs, nextDefragmentMs)
        let next = min(chores, min(keys.nextExpiryMs ?? Int64.max, engine.pauses.nextEndMs ?? Int64.max))
        if next < armedForMs || armedForMs <= keys.nowMs {
            armedForMs = next
            timer?.arm(inMs: next - keys.nowMs)
        }
    }
}
