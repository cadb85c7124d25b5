// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// The log of commands on its way to the disk.
//
// *Idea*. The loop encodes units into chunks and hands them to the pool, one job at a time: to write them, and to bring
// them to the disk as often as `appendfsync` says. While a job is on its way, more chunks collect: the slower the disk
// is, the larger are the batches. With `always`, who is answered waits until its position is on the disk (see
// `LogProgress`); all others go on.
//
// *What is not on the disk stays in memory.* Chunks are freed when they are on the disk (with `no`: when they were
// written). Whatever goes wrong, the file is cut back to what is safe and everything since then is written again, to
// another file where bringing it to the disk has failed: after such a failure nobody knows what of it is there. Until
// that has worked, writes are refused.
//
// *Bounds*. Chunks that wait or are kept are counted; beyond `waitingBytesMax` writes are held. With `everysec` they are
// also held while something has waited for the disk for a second: so much may be lost, and no more.
//
// *Who frees*. Chunks belong to the log until they are on the disk; jobs only read them.

/// Keeps the log of commands of one engine.
final class AppendLog: EffectReader {
    enum State {
        case off
        /// Commands are logged, but the base is still being written.
        case starting
        case on
    }

    /// What is to be done, in this order.
    enum Entry {
        case chunk(LogChunk)
        /// What comes behind belongs into a new file.
        case newFile
        /// The base of a rewrite is there: the manifest is to name it.
        case publish(LogManifest.File)
        /// The file is to be closed: the log is turned off.
        case close

        /// Commands to be written, if it is these.
        var chunk: LogChunk? { if case .chunk(let chunk) = self { chunk } else { nil } }
    }

    /// Why nothing can be written at present.
    struct Failure {
        let problem: DiskProblem
        /// Bringing bytes to the disk has failed: the file is not to be trusted.
        let isSync: Bool
        var retryUs: Int64
    }

    /// How often bytes are brought to the disk.
    enum Policy { case always, everySecond, never }

    /// So many bytes may wait for the disk before writes are held.
    static let waitingBytesMax = 128 << 20
    /// So many bytes make a job, and so many are brought to the disk before their time.
    static let batchBytesMax = 8 << 20
    static let unsyncedBytesMax = 32 << 20
    /// Microseconds after which something is brought to the disk, and after which writes are held.
    static let syncUs: Int64 = 500_000
    static let lateUs: Int64 = 1_000_000
    /// Few bytes wait so long for more, in microseconds.
    static let collectUs: Int64 = 2000
    static let collectBytes = 256 << 10
    /// After a failure it is tried again after so many microseconds.
    static let retryUs: Int64 = 500_000
    /// A log to which nothing was added for so long has its end covered by a mark.
    static let restUs: Int64 = 1_000_000

    unowned let engine: Engine
    private(set) var state = State.off
    var settings = LogSettings()
    var policy = Policy.everySecond
    /// The files as they are on the disk.
    var manifest = LogManifest()
    /// The file that is written to.
    var file: LogFile?
    var stream = PropagationStream(for: EffectLog.Reader.aof)
    private var open: LogChunk?
    var queue: [Entry] = []
    /// What was written, or is being written, and is not safe yet.
    var retained: [LogChunk] = []
    private(set) var waitingBytes = 0
    var retainedBytes = 0
    var job: LogJob?
    var failure: Failure?
    /// Everything before this position is on the disk.
    var durable: UInt64 = 0
    var stampSecond: Int64 = 0
    var lastHandOffUs: Int64 = 0
    private var isCovered = true
    /// Bytes of the file that is written to, as the last job left it, and of all others of the log.
    var fileBytes = 0
    var olderBytes = 0
    /// The log was turned off, and is being closed.
    private(set) var isStopping = false
    /// Somebody waits until what was written is on the disk.
    private var isAwaited = false
    /// What the log's size is compared with when it is to be rewritten by itself.
    var sizeAfterRewrite = 0
    var rewrite = RewriteRecord()
    /// For tests: how long each write takes in addition, in microseconds (DEBUG AOF-FLUSH-SLEEP).
    var writeDelayUs = 0
    /// How often writes had to wait for the disk.
    var delays = 0
    private var isLate = false
    /// Told that writes are refused, or no longer.
    var onFailureChanged: () -> Void = {}
    /// Told that a manifest names the base of a rewrite.
    var onPublished: () -> Void = {}
    /// Told that something is on the disk.
    var onDurable: () -> Void = {}

    init(_ engine: Engine) { self.engine = engine }

    var host: any Host { engine.host }
    var nowUs: Int64 { engine.keys.nowUs }
    /// Behind the last unit that was logged.
    var position: UInt64 { engine.logProgress.written }
    /// Bytes of all files of the log.
    var byteCount: Int { olderBytes + fileBytes }
    /// Bytes that wait to be written.
    var pendingBytes: Int { waitingBytes }
    /// Who is answered waits for the disk.
    var isStrict: Bool { state == .on && policy == .always }

    // MARK: Units

    func unitEnded(_ log: EffectLog) {
        guard log.commandCount > 0 else { return }
        let chunk = open ?? openChunk()
        let before = chunk.count
        if settings.hasTimestamps { stamp(chunk) }
        stream.forEachPiece(of: log) { piece, block in chunk.append(piece, block) }
        let count = chunk.count &- before
        waitingBytes &+= count
        engine.logProgress.written &+= UInt64(count)
        if chunk.room < LogChunk.usualBytes / 8 || chunk.hasSplices { closeChunk() }
        let session = engine.running.session
        if session.id == log.origin { engine.noteLogged(session) }
        if isStrict { engine.followBarrier() }
    }

    @inline(never) private func openChunk() -> LogChunk {
        let chunk = LogChunk(engine.keys.heap, position: position, database: stream.database, nowUs: nowUs)
        open = chunk
        return chunk
    }

    /// What comes next goes to another chunk.
    func closeChunk() {
        guard let chunk = open else { return }
        open = nil
        queue.append(.chunk(chunk))
    }

    private func stamp(_ chunk: LogChunk) {
        let second = engine.keys.nowMs / 1000
        guard second != stampSecond else { return }
        stampSecond = second
        Array("#TS:\(second)\r\n".utf8).withView { chunk.append($0, nil) }
    }

    // MARK: On and off

    /// Begins to log.
    func begin(_ state: State) {
        let effects = engine.keys.effects
        if effects.readers & EffectLog.Reader.aof == 0 {
            effects.readers |= EffectLog.Reader.aof
            engine.effectReaders.append(self)
        }
        stream.forgetDatabase()
        durable = position
        stampSecond = 0
        enter(state)
    }

    /// The base is there.
    func enter(_ state: State) {
        self.state = state
        followPolicy()
    }

    /// Takes in how often bytes are to be brought to the disk.
    func followPolicy() {
        switch settings.policy {
        case "always": policy = .always
        case "no": policy = .never
        default: policy = .everySecond
        }
        // What was not brought to the disk so far waits there as well.
        engine.logProgress.synced =
            isStrict ? retained.first?.position ?? firstWaiting?.position ?? position : .max
        engine.setBarrier(isStrict)
    }

    /// Logs nothing any more; what waits is forgotten, so it has to be written before.
    func end() {
        engine.keys.effects.readers &= ~EffectLog.Reader.aof
        engine.effectReaders.removeAll { $0 === self }
        state = .off
        closeChunk()
        for chunk in queue.compactMap(\.chunk) { chunk.release() }
        if let job {
            // It still reads what it was given.
            job.orphans += retained
            job.orphanFile = file
        } else {
            for chunk in retained { chunk.release() }
            if let file { host.away({ file.close() }, then: {}) }
        }
        job = nil
        (retained, queue, waitingBytes, retainedBytes) = ([], [], 0, 0)
        failure = nil
        (file, isStopping, isAwaited) = (nil, false, false)
        olderBytes += fileBytes
        fileBytes = 0
        engine.logProgress.synced = .max
        engine.setBarrier(false)
        release()
        onFailureChanged()
        onDurable()
    }

    /// Logs nothing any more, and ends when what was logged is on the disk.
    func stop() {
        engine.keys.effects.readers &= ~EffectLog.Reader.aof
        isStopping = true
        closeChunk()
        queue.removeAll { if case .newFile = $0 { true } else { false } }
        queue.append(.close)
        attend()
    }

    private func closeFile() {
        guard let file else { return end() }
        let position = self.position
        perform { () throws(DiskProblem) in
            try file.sync()
            try file.coverRest(position: position)
        } sync: { () throws(DiskProblem) in
            try file.sync()
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            letGo(isOnDisk: true)
            end()
        }
    }

    /// Somebody waits until what was written so far is on the disk.
    func bringToDisk() { isAwaited = policy == .everySecond }

    // MARK: The turn

    /// Whether anything is to be done in this turn.
    var isDue: Bool { state != .off || !queue.isEmpty }

    /// When something is to be done next, in Unix ms.
    var nextMs: Int64 {
        guard state != .off, job == nil else { return .max }
        if let failure { return failure.retryUs / 1000 + 1 }
        if waitingBytes > 0 { return (lastHandOffUs + AppendLog.collectUs) / 1000 + 1 }
        if let first = retained.first, policy == .everySecond {
            return (first.beganUs + AppendLog.syncUs) / 1000 + 1
        }
        return isCovered ? .max : (lastHandOffUs + AppendLog.restUs) / 1000 + 1
    }

    /// Hands the next job to the pool, if none is on its way and there is one.
    func attend() {
        watchLateness()
        guard job == nil else { return }
        if let failure {
            if nowUs >= failure.retryUs { recover(failure) }
            return
        }
        switch queue.first {
        case .newFile: switchFile()
        case .publish(let base): publish(base)
        case .close: closeFile()
        case .chunk, nil: handOff()
        }
    }

    /// Holds writes while the disk is too far behind.
    private func watchLateness() {
        let oldest = retained.first?.beganUs ?? firstWaiting?.beganUs ?? nowUs
        let isTooOld = policy == .everySecond && state == .on && !rests && nowUs - oldest > AppendLog.lateUs
        let isTooMuch = waitingBytes + retainedBytes > AppendLog.waitingBytesMax
        guard (isTooOld || isTooMuch) && failure == nil else { return release() }
        if !isLate {
            isLate = true
            delays += 1
            host.log(
                .notice,
                "Asynchronous AOF fsync is taking too long (disk is busy?). Writes wait until it is done.")
        }
        engine.pause(.writes, .log, untilMs: engine.keys.nowMs + 1000)
    }

    var firstWaiting: LogChunk? { queue.first?.chunk ?? open }

    private func release() {
        guard isLate else { return }
        isLate = false
        engine.unpause(.log)
    }

    /// Nothing is brought to the disk at present.
    private var rests: Bool { settings.restsDuringRewrite && rewrite.isRunning }

    private func handOff() {
        guard let file else { return }
        let first = retained.first ?? firstWaiting
        guard let first else { return coverEnd(file) }
        var syncs = false
        switch policy {
        case .always: syncs = !rests
        case .everySecond:
            syncs =
                !rests
                && (isAwaited || nowUs - first.beganUs >= AppendLog.syncUs
                    || retainedBytes >= AppendLog.unsyncedBytesMax)
        case .never: break
        }
        // Few bytes wait for more: handing them over costs more than they do.
        let isWorthIt =
            waitingBytes >= AppendLog.collectBytes || nowUs - lastHandOffUs >= AppendLog.collectUs
            || nowUs < lastHandOffUs || policy == .always
        guard syncs || (waitingBytes > 0 && isWorthIt) else { return }
        write(takeChunks(), to: file, syncs: syncs)
    }

    /// Takes the chunks of the next job out of the queue.
    private func takeChunks() -> [LogChunk] {
        closeChunk()
        var chunks: [LogChunk] = []
        var bytes = 0
        while bytes < AppendLog.batchBytesMax, chunks.count < queue.count,
            let chunk = queue[chunks.count].chunk
        {
            bytes += chunk.count
            chunks.append(chunk)
        }
        queue.removeFirst(chunks.count)
        return chunks
    }

    private func write(_ chunks: [LogChunk], to file: LogFile, syncs: Bool) {
        lastHandOffUs = nowUs
        isCovered = chunks.isEmpty && isCovered
        let keeps = policy == .never || rests
        let (disk, delayUs) = (host.disk, writeDelayUs)
        for chunk in chunks { retain(chunk) }
        perform { () throws(DiskProblem) in
            if delayUs > 0 { disk.rest(us: delayUs) }
            try file.write(chunks)
            if keeps { file.keep() }
        } sync: { () throws(DiskProblem) in
            if syncs { try file.sync() }
        } then: { [unowned self] problem in
            if let problem { return failed(problem) }
            if syncs || keeps { letGo(isOnDisk: syncs) }
        }
    }

    /// What is written is kept until it is safe.
    func retain(_ chunk: LogChunk) {
        waitingBytes -= chunk.count
        retainedBytes += chunk.count
        retained.append(chunk)
    }

    /// Everything that was written is safe.
    func letGo(isOnDisk: Bool) {
        let end = retained.last?.end
        if isOnDisk, let end { durable = end }
        for chunk in retained { chunk.release() }
        retained.removeAll(keepingCapacity: true)
        retainedBytes = 0
        if isStrict, let end {
            engine.logProgress.synced = end
            engine.followBarrier()
        }
        guard isOnDisk else { return }
        isAwaited = false
        onDurable()
    }

    /// A log that nothing is added to ends with a mark, so that every byte of it is covered by one.
    private func coverEnd(_ file: LogFile) {
        guard !isCovered, nowUs - lastHandOffUs >= AppendLog.restUs else { return }
        isCovered = true
        let (position, syncs) = (self.position, policy != .never)
        perform { () throws(DiskProblem) in
            if syncs { try file.sync() }
            try file.coverRest(position: position)
        } sync: { () throws(DiskProblem) in
            if syncs { try file.sync() } else { file.keep() }
        } then: { [unowned self] problem in
            if let problem { failed(problem) }
        }
    }

    // MARK: Jobs

    /// Has files written and brought to the disk, away from the loop.
    func perform(
        _ work: @escaping @Sendable () throws(DiskProblem) -> Void,
        sync: @escaping @Sendable () throws(DiskProblem) -> Void = {},
        then: @escaping (_ problem: DiskProblem?) -> Void
    ) {
        let wrote = LogJob(work) { _ in }
        let synced = LogJob(sync) { _ in }
        let job = LogJob {
            wrote.run()
            if wrote.problem == nil { synced.run() }
        } then: { [unowned self] job in
            guard self.job === job else { return job.dropOrphans() }
            self.job = nil
            if let file { fileBytes = file.byteCount }
            tell(wrote, synced)
            then(wrote.problem ?? synced.problem)
        }
        self.job = job
        host.away({ job.run() }, then: { job.end() })
    }

    /// Waits for the job that is on its way.
    func waitForJob() {
        guard let job else { return }
        job.run()
        job.end()
    }

    private func tell(_ wrote: LogJob, _ synced: LogJob) {
        guard let examiner = engine.examiner else { return }
        func ms(_ job: LogJob) -> Int { Int(Double(job.ticks) / engine.ticksPerUs / 1000) }
        examiner.tookLong(.log(.write), ms: ms(wrote), engine)
        examiner.tookLong(.log(rewrite.isRunning ? .writeDuringRewrite : .writeAlone), ms: ms(wrote), engine)
        if policy == .always { examiner.tookLong(.log(.syncAlways), ms: ms(synced), engine) }
    }
}
