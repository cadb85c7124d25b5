// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims
import Engine
import Glibc

// The server as a process of its machine: signals, crashes, restarts.

extension Server {
    /// Attends to signals and to what the engine asks of the process.
    func attend() {
        let service = engine.config.settings.service
        crashReport.enable(service.reportsCrashes)
        watch(service)
        host.supervision = supervision.name
        host.onCrash = { [unowned self] in crash($0) }
        host.onRestart = { [unowned self] in restart(inOrder: $0, delayMs: $1) }
        host.onAbortShutdown = { [unowned self] in abortShutdown() }
        host.onRemovesAtEnd = { [unowned self] in endSignals?.removesAtEnd($0) }
        endSignals = EndSignals(loop, log) { [unowned self] in endRequested() }
        // Redis and Valkey use it among themselves: whoever sends it to us must not end us.
        signal(SIGUSR2, SIG_IGN)
    }

    /// Ends the server if a signal has asked for it; while the cron is paused that waits.
    func endRequested() {
        guard let number = endSignals?.received, number != 0, !engine.insight.isCronPaused else { return }
        logEnd(number)
        let process = engine.config.settings.process
        let modes = ShutdownModes(words: number == SIGINT ? process.onInterrupt : process.onTerminate)
        guard engine.prepareShutdown(modes) else {
            log.warning(
                "\(EndSignals.name(number)) received but errors trying to shut down the server, check the logs for more "
                    + "information")
            _ = endSignals?.forget()
            return
        }
        host.requestShutdown()
        turn()
    }

    private func logEnd(_ number: Int32) {
        log.warning("Received \(EndSignals.name(number)) scheduling shutdown...")
    }

    /// Takes back the signal that asked for the end while a long command ran: the loop has not come round since.
    private func abortShutdown() -> Bool {
        guard let number = endSignals?.forget(), number != 0 else { return false }
        logEnd(number)
        log.notice("Shutdown manually aborted.")
        return true
    }

    /// The cron puts the watchdog off, so it must come round at least twice in its period.
    func watch(_ service: ServiceSettings) {
        let period = Int64(service.watchdogPeriodMs)
        crashReport.watch(periodMs: period == 0 ? 0 : max(period, 2 * Budget.cronMs))
    }

    private func crash(_ crash: DeliberateCrash) {
        switch crash {
        case .fault: nt_fault()
        case .panic: crashReport.fail("PANIC", "DEBUG PANIC was called")
        case .assertion: crashReport.fail("ASSERTION FAILED", "DEBUG ASSERT was called")
        }
    }

    // MARK: Restart

    private var executable: ByteString { host.facts?.executable ?? "" }

    private func restart(inOrder: Bool, delayMs: Int64) -> Bool {
        if let obstacle = launch.obstacle(executable) {
            log.warning("Cannot start anew: \(obstacle)")
            return false
        }
        _ = host.sleep(us: delayMs * 1000, nowUs: keys.nowUs)
        if inOrder {
            guard engine.prepareShutdown([]) else { return false }
            startsAnew = true
            host.requestShutdown()
            return true
        }
        _ = startAnew()
        return false
    }

    /// Returns only when it fails.
    func startAnew() -> Int32 {
        log.warning("Starting anew")
        log.warning("Cannot start anew: \(launch.again(executable))")
        return 1
    }
}
