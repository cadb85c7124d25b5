// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// The log of commands as a part of the server: turning it on and off, rewriting it, the end.

/// How rewrites of the log went.
struct RewriteRecord {
    /// A base is being written, or named in the manifest.
    var isRunning = false
    /// One is to be begun as soon as possible.
    var isScheduled = false
    /// What is logged since its beginning.
    var firstIncrement: LogManifest.File?
    var count = 0
    /// How many have failed since the last one that has not.
    var failures = 0
    var lastFailed = false
    /// In seconds; -1 before the first.
    var lastDurationSeconds: Int64 = -1
    var beganSeconds: Int64 = 0
    /// After failures none is begun by itself before this time, in Unix seconds.
    var nextSeconds: Int64 = 0
}

extension PersistencePart {
    // MARK: On and off

    /// Turns the log on or off, as the settings say; between two units.
    func followSwitch() {
        guard isReady, loading == nil, !engine.isNested, !engine.hasOpenUnit else { return }
        if log.settings.isOn {
            if log.state == .off, nowSeconds >= log.rewrite.nextSeconds { startLog() }
        } else if log.state != .off, !log.isStopping {
            stopLog()
        }
    }

    /// Begins to log while the server runs: the data is written as a base first.
    private func startLog() {
        if snapshot != nil {
            guard !log.rewrite.isScheduled else { return }
            log.rewrite.isScheduled = true
            return engine.host.log(
                .warning,
                "AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible."
            )
        }
        if log.rewrite.isRunning {
            engine.host.log(
                .warning,
                "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now."
            )
            cancelRewrite()
        }
        log.begin(.starting)
        guard !rewriteLog() else { return }
        engine.host.log(
            .warning,
            "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check the above logs for more info about the error."
        )
        log.end()
        log.rewrite.nextSeconds = nowSeconds + 1
    }

    private func stopLog() {
        log.rewrite.isScheduled = false
        cancelRewrite()
        if log.state == .starting || log.failure != nil {
            log.end()
        } else {
            log.stop()
        }
    }

    /// The disk does not take the log: writes are refused, or the log that was to be begun is not.
    func logFailureChanged() {
        if log.failure != nil, log.state == .starting || log.isStopping {
            let isStarting = log.state == .starting
            cancelRewrite()
            log.end()
            if isStarting {
                engine.host.log(.warning, "Failed to enable AOF! Trying it again in one second.")
                log.rewrite.nextSeconds = nowSeconds + 1
            }
        }
        followFailure()
    }

    // MARK: Rewriting

    /// Begins to rewrite the log; between two units.
    /// - Returns: whether it was begun.
    func rewriteLog() -> Bool {
        let (log, names) = (log, log.settings.names)
        log.rewrite.isScheduled = false
        let isSnapshot = log.settings.basesAreSnapshots
        let base = names.base(log.manifest.nextBaseNumber, isSnapshot: isSnapshot)
        do throws(DiskProblem) { try engine.host.disk.makeFolder(names.folder) } catch {
            engine.host.log(
                .warning, "Can't open or create append-only dir \(names.folder): \(error.reason)")
            return false
        }
        let begun = Snapshot(logPlan(base), engine.keys, engine.host) { [unowned self] _, outcome in
            baseEnded(base, outcome)
        }
        guard let begun else {
            engine.host.log(.warning, "Can't rewrite append only file in background: too many cuts are open")
            return false
        }
        // The cut lies where the new file begins.
        if log.state != .off { log.beginFile() }
        begun.keyDelayUs = Int64(max(0, settings.saveDelayUs))
        rewriteSnapshot = begun
        log.rewrite.isRunning = true
        log.rewrite.firstIncrement = nil
        log.rewrite.beganSeconds = nowSeconds
        log.rewrite.count += 1
        engine.host.log(.notice, "Background append only file rewriting started")
        return true
    }

    /// Where a base goes, and what is in it.
    func logPlan(_ base: LogManifest.File) -> SnapshotPlan {
        let names = log.settings.names
        let plan = plan()
        var facts = plan.facts
        facts.isLogBase = true
        facts.hasTimestamp = log.settings.hasTimestamps
        return SnapshotPlan(
            path: names.path(base.name), temporary: names.path("temp-rewriteaof-bg-" + plan.temporary),
            facts: facts, writesCommands: !base.name.hasSuffix(".rdb"), compresses: settings.compresses,
            syncsOften: log.settings.syncsBaseOften, checksums: plan.checksums)
    }

    private func baseEnded(_ base: LogManifest.File, _ outcome: SnapshotOutcome) {
        rewriteSnapshot = nil
        switch outcome {
        case .saved:
            engine.host.log(.notice, "Background AOF rewrite terminated with success")
            log.queue.append(.publish(base))
            log.attend()
        case .cancelled: rewriteEnded(isWhole: false)
        case .failed, .refused:
            _ = tell(failed: outcome)
            engine.host.log(.warning, "Background AOF rewrite terminated with error")
            rewriteEnded(isWhole: false)
        }
    }

    /// The manifest names the new base.
    func basePublished() {
        log.sizeAfterRewrite = log.byteCount
        if log.state == .starting { log.enter(.on) }
        engine.host.log(.notice, "Background AOF rewrite finished successfully")
        rewriteEnded(isWhole: true)
    }

    private func rewriteEnded(isWhole: Bool) {
        log.rewrite.isRunning = false
        log.rewrite.lastDurationSeconds = nowSeconds - log.rewrite.beganSeconds
        log.rewrite.lastFailed = !isWhole
        log.rewrite.failures = isWhole ? 0 : log.rewrite.failures + 1
        if isWhole { log.rewrite.nextSeconds = 0 }
        guard !isWhole, log.state == .starting else { return }
        log.end()
        log.rewrite.nextSeconds = nowSeconds + 1
        engine.host.log(.warning, "Failed to enable AOF! Trying it again in one second.")
        followFailure()
    }

    /// Gives up the rewrite that is under way. What is logged since its beginning stays where it is.
    func cancelRewrite() {
        guard log.rewrite.isRunning else { return }
        engine.host.log(
            .notice, "Killing running AOF rewrite child: it is a part of the server, and given up")
        if let snapshot = rewriteSnapshot {
            rewriteSnapshot = nil
            _ = snapshot.cancel(waits: true)
        }
        log.queue.removeAll { if case .publish = $0 { true } else { false } }
        log.rewrite.isRunning = false
        log.rewrite.lastFailed = true
    }

    /// More increments than this are a sign that rewrites fail.
    private static let incrementsMax = 3
    private static let delayMinutesMax: Int64 = 60

    /// Rewrites the log if it has grown enough, or was to be rewritten; every 100 ms.
    func considerRewrite() {
        guard !log.rewrite.isRunning, snapshot == nil, loading == nil else { return }
        if log.rewrite.isScheduled, log.state != .starting {
            // The log is turned on with it.
            if log.state == .off, log.settings.isOn { return }
            if !rewriteLog() { log.rewrite.lastFailed = true }
            return
        }
        let settings = log.settings
        let size = log.byteCount
        guard log.state == .on, log.failure == nil, settings.growthPercent > 0,
            size > settings.rewriteBytesMin
        else { return }
        let base = max(1, log.sizeAfterRewrite)
        let growth = Int64((Double(size) * 100 / Double(base)).rounded(.down)) - 100
        guard growth >= Int64(settings.growthPercent), !isRewriteLimited else { return }
        engine.host.log(.notice, "Starting automatic rewriting of AOF on \(growth)% growth")
        if !rewriteLog() { log.rewrite.lastFailed = true }
    }

    /// Each rewrite that fails leaves an increment behind, so they are tried less and less often.
    private var isRewriteLimited: Bool {
        guard log.manifest.increments.count >= PersistencePart.incrementsMax, log.rewrite.failures > 0 else {
            return false
        }
        if log.rewrite.nextSeconds == 0 {
            let minutes = min(
                PersistencePart.delayMinutesMax, 1 << Int64(min(log.rewrite.failures - 1, 6)))
            log.rewrite.nextSeconds = nowSeconds + minutes * 60
            engine.host.log(
                .warning,
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in \(minutes) minutes"
            )
            return true
        }
        guard nowSeconds >= log.rewrite.nextSeconds else { return true }
        log.rewrite.nextSeconds = 0
        return false
    }

    // MARK: The end

    /// Brings the log to the disk before the server ends.
    /// - Returns: false when it must not end.
    func settleLog(_ modes: ShutdownModes) -> Bool {
        if log.rewrite.isRunning {
            if log.state == .starting {
                guard modes.contains(.force) else {
                    engine.host.log(.warning, "Writing initial AOF, can't exit.")
                    return false
                }
                engine.host.log(.warning, "Writing initial AOF. Exit anyway.")
            }
            engine.host.log(.warning, "There is a child rewriting the AOF. Killing it!")
            cancelRewrite()
        }
        guard log.state == .on else { return true }
        engine.host.log(.notice, "Calling fsync() on the AOF file.")
        guard let problem = log.settle() else { return true }
        engine.host.log(.warning, "Fail to fsync the AOF file: \(problem.reason) (\(problem.path)).")
        // What was acknowledged is in memory alone: it goes only where that was asked for.
        if modes.contains(.force) || modes.contains(.noSave) { return true }
        engine.host.log(.warning, "The end of the AOF is not on the disk, can't exit.")
        return false
    }
}
