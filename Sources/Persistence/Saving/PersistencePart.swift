// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// Keeps the data of one engine on disk.
public final class PersistencePart: FeaturePart {
    /// How the last snapshots went, for INFO, LASTSAVE and the refusal of writes.
    struct Record {
        /// When the data on disk was last complete, in Unix seconds: at the start that is now.
        var lastSavedSeconds: Int64
        /// The last snapshot in the background failed, for this reason.
        var failure: ByteString?
        /// When one was last begun, and how long the last one took, in seconds.
        var lastTrySeconds: Int64 = 0
        var lastDurationSeconds: Int64 = -1
        /// When the one that runs was begun.
        var beganSeconds: Int64 = 0
        /// Changes that had been counted when it was begun, and keys there were.
        var dirtyBefore = 0
        var keysBefore = 0
        /// Snapshots begun so far.
        var count = 0
    }

    unowned let engine: Engine
    let checksums = CRC64()
    var settings = SaveSettings()
    /// The log of commands.
    let log: AppendLog
    /// The base of the log that is being written.
    var rewriteSnapshot: Snapshot?
    /// The files of the log that are being loaded.
    var logLoading: LogLoading?
    /// What is on disk has been loaded, or never will be.
    var isReady = false
    var record: Record
    /// The snapshot that is being written.
    var snapshot: Snapshot?
    /// One is to be begun as soon as possible.
    var isScheduled = false
    /// The data is being loaded.
    var loading: LoadRun?
    /// Told when it is there, or cannot be.
    var onLoaded: (Bool) -> Void = { _ in }
    /// Whether what was last loaded while the server ran was whole.
    var lastReloadIsWhole = false
    /// How the last loading went.
    var lastLoad = LoadCounts()
    /// Why the last snapshot failed that somebody waited for.
    var lastProblem: ByteString = ""
    /// How often the log tells of payloads that cannot be restored.
    var damageLog = RateLimit(everyMs: 20)
    /// Texts of the libraries of functions, which are data.
    var functions: [[UInt8]] { engine.libraryKeeper?.libraryTexts ?? [] }
    /// For tests: checksums of payloads are not compared (DEBUG SET-SKIP-CHECKSUM-VALIDATION).
    var skipsChecksums = false
    private var snapshotNumber = 0
    private var nextCheckMs: Int64 = 0

    init(_ engine: Engine) {
        self.engine = engine
        record = Record(lastSavedSeconds: engine.keys.nowMs / 1000)
        log = AppendLog(engine)
        log.onFailureChanged = { [unowned self] in logFailureChanged() }
        log.onPublished = { [unowned self] in basePublished() }
        log.onDurable = { [unowned engine] in if engine.hasWaiters { engine.retryWaiting(.logPosition) } }
    }

    public func apply(_ settings: Settings, _ engine: Engine) {
        self.settings = settings.saving
        log.settings = settings.logging
        if log.state != .off { log.followPolicy() }
        log.deleteHistory()
        followFailure()
        followSwitch()
    }

    public func resetStatistics() {
        record.count = 0
        log.rewrite.count = 0
        log.delays = 0
    }

    var nowSeconds: Int64 { engine.keys.nowMs / 1000 }

    // MARK: Plans

    /// Where a snapshot of the data as it is now goes, and what is said in it.
    /// - Parameter isWaited: all wait for it; others tell by its temporary name that it is being written.
    func plan(isWaited: Bool = false) -> SnapshotPlan {
        snapshotNumber += 1
        let process = engine.host.facts?.processID ?? 0
        let number = isWaited ? "" : "-\(snapshotNumber)"
        return SnapshotPlan(
            path: settings.fileName, temporary: "temp-\(process)\(number).rdb", facts: facts(),
            compresses: settings.compresses, syncsOften: settings.syncsOften,
            checksums: settings.checksums ? checksums : nil)
    }

    /// The oldest version that can hold the data.
    private var automaticVersion: RDBVersion {
        let keys = engine.keys
        var hasStreams = false
        for database in 0..<keys.databaseCount {
            if keys.datedCount(of: database) > 0 { return .datedFields }
            keys.forEachSize(of: .stream, in: database) { _, _ in hasStreams = true }
        }
        if hasStreams { return .streams }
        return functions.isEmpty ? .plain : .functions
    }

    private func facts() -> SnapshotFacts {
        let keys = engine.keys
        var facts = SnapshotFacts()
        facts.version = settings.wantedVersion ?? automaticVersion
        facts.serverVersion = "\(Version.redis)"
        facts.createdSeconds = nowSeconds
        facts.nowSeconds = nowSeconds
        facts.usedBytes = keys.heap.usedBytes
        facts.sizes = (0..<keys.databaseCount).map { (keys.count(of: $0), keys.volatileCount(of: $0)) }
        facts.functions = functions
        if keys.eviction.policy.usesLFU {
            facts.access = .frequency
        } else if keys.eviction.policy.usesLRU {
            facts.access = .idle
        }
        return facts
    }

    // MARK: Saving

    /// Writes the data to disk while all wait.
    /// - Returns: whether it is there.
    func save() -> Bool {
        record.count += 1
        let plan = plan(isWaited: true)
        engine.host.removesAtEnd(plan.temporary)
        defer { engine.host.removesAtEnd(nil) }
        let outcome = WaitedSnapshot.write(
            plan, engine.keys, engine.host, keyDelayUs: Int64(max(0, settings.saveDelayUs)))
        guard case .saved = outcome else {
            lastProblem = tell(failed: outcome)
            return false
        }
        engine.host.log(.notice, "DB saved on disk")
        engine.keys.stats.dirty = 0
        record.lastSavedSeconds = nowSeconds
        record.failure = nil
        followFailure()
        return true
    }

    /// Begins a snapshot in the background.
    /// - Returns: whether it was begun.
    func saveInBackground() -> Bool {
        record.lastTrySeconds = nowSeconds
        let plan = plan()
        let made = Snapshot(plan, engine.keys, engine.host) { [unowned self] _, outcome in ended(outcome) }
        guard let made else {
            engine.host.log(.warning, "Can't save in background: too many cuts are open")
            return false
        }
        made.keyDelayUs = Int64(max(0, settings.saveDelayUs))
        record.count += 1
        record.dirtyBefore = engine.keys.stats.dirty
        record.keysBefore = engine.keys.keyCount
        record.beganSeconds = nowSeconds
        isScheduled = false
        snapshot = made
        engine.host.removesAtEnd(plan.temporary)
        engine.host.log(.notice, "Background saving started")
        return true
    }

    private func ended(_ outcome: SnapshotOutcome) {
        snapshot = nil
        engine.host.removesAtEnd(nil)
        switch outcome {
        case .saved:
            engine.host.log(.notice, "DB saved on disk")
            engine.host.log(.notice, "Background saving terminated with success")
            engine.keys.stats.dirty = max(0, engine.keys.stats.dirty - record.dirtyBefore)
            record.lastSavedSeconds = nowSeconds
            record.failure = nil
        case .cancelled: engine.host.log(.warning, "Background saving terminated by request")
        case .failed, .refused:
            record.failure = tell(failed: outcome)
            engine.host.log(.warning, "Background saving error")
        }
        record.lastDurationSeconds = nowSeconds - record.beganSeconds
        followFailure()
    }

    /// Tells the log why a snapshot failed.
    func tell(failed outcome: SnapshotOutcome?) -> ByteString {
        let reason: ByteString
        switch outcome {
        case .failed(let problem):
            let free = engine.host.disk.freeBytes(at: problem.path)
            reason =
                "\(problem.path): \(problem.operation): \(problem.reason) (errno \(problem.number)"
                + (free.map { ", \($0) bytes free)" } ?? ")")
        case .refused(let key):
            reason = "RDB version \(settings.version) cannot hold the value of key '\(key)'"
        default: reason = "too many cuts are open"
        }
        engine.host.log(.warning, "Write error while saving DB to the disk: \(reason)")
        return reason
    }

    // MARK: Refusals

    /// The last snapshot failed, so that writes are refused.
    var refusesWrites: Bool {
        settings.stopsWrites && record.failure != nil && !settings.savePoints.isEmpty
    }

    /// Sends writes, and PING, through the gate while they are refused.
    func followFailure() {
        if refusesWrites || log.failure != nil {
            engine.refusals.insert([.write, .fast])
        } else {
            engine.refusals.remove([.write, .fast])
        }
    }

    /// Why a write is refused.
    var refusalOfWrites: ByteString {
        if !refusesWrites, let failure = log.failure {
            return "MISCONF Errors writing to the AOF file: \(failure.problem.reason)"
        }
        return """
            MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands \
            that may modify the data set are disabled, because this instance is configured to report errors during writes \
            if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about \
            the RDB error. (The last attempt: \(record.failure ?? ""))
            """
    }

    // MARK: The turn

    /// After a failure the next attempt is this long put off, in seconds.
    private static let retrySeconds: Int64 = 5
    private static let checkMs: Int64 = 100

    /// Whether anything is to be done in this turn.
    var isDue: Bool {
        if let snapshot, snapshot.needsAttention { return true }
        if let rewriteSnapshot, rewriteSnapshot.needsAttention { return true }
        return engine.keys.nowMs >= nextCheckMs
    }

    /// Begins the snapshots whose time has come, and ends those that failed.
    func work() {
        snapshot?.attend()
        rewriteSnapshot?.attend()
        nextCheckMs = engine.keys.nowMs + PersistencePart.checkMs
        // A cut lies between two units.
        guard !engine.hasOpenUnit else { return }
        followSwitch()
        considerRewrite()
        guard snapshot == nil, !log.rewrite.isRunning, loading == nil else { return }
        if isScheduled {
            _ = saveInBackground()
            return
        }
        let mayTry =
            record.failure == nil || nowSeconds - record.lastTrySeconds > PersistencePart.retrySeconds
        guard mayTry else { return }
        let dirty = engine.keys.stats.dirty
        for point in settings.savePoints
        where dirty >= point.changes && dirty > 0 && nowSeconds - record.lastSavedSeconds > point.seconds {
            engine.host.log(
                .notice, "\(point.changes) changes in \(point.seconds) seconds. Saving...")
            _ = saveInBackground()
            return
        }
    }

    // MARK: The end

    /// All databases were emptied: a snapshot of what was there is not wanted any more, and the file on disk is to be as
    /// empty.
    public func dataEmptied(_ engine: Engine) {
        guard loading == nil else { return }
        if let snapshot, snapshot.cancel(waits: false) { self.snapshot = nil }
        guard !settings.savePoints.isEmpty else { return }
        // One that is being finished puts on disk what is there no more, and another one has to follow it; and a
        // transaction is never saved in part.
        if snapshot != nil || engine.isNested { isScheduled = true } else { _ = save() }
    }

    public func willShutDown(_ modes: ShutdownModes, _ engine: Engine) -> Bool {
        if let snapshot {
            engine.host.log(.warning, "There is a snapshot being saved. Giving it up!")
            _ = snapshot.cancel(waits: true)
            self.snapshot = nil
        }
        guard settleLog(modes) else { return false }
        // Half of the data must not take the place of all of it.
        guard loading == nil, !modes.contains(.noSave),
            modes.contains(.save) || !settings.savePoints.isEmpty
        else { return true }
        engine.host.log(.notice, "Saving the final RDB snapshot before exiting.")
        if save() { return true }
        engine.host.log(
            .warning,
            modes.contains(.force)
                ? "Error trying to save the DB. Exit anyway." : "Error trying to save the DB, can't exit.")
        return false
    }
}
