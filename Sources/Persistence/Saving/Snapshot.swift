// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// A snapshot that is being written while commands run.
//
// *Idea*. A cut fixes the data as it is now. Its walk, and what changes before the walk has come, fill chunks on the loop;
// a thread of the pool takes one batch of chunks after the other, compresses and writes them. When more waits than
// `waitingBytesMax`, the walk pauses until the disk has caught up. (What changes meanwhile is still taken in: each unit of
// the data once, so that is bounded by the data itself.)
//
// *Who frees*. Chunks belong to the snapshot until they were written.

/// Where a snapshot goes, and what is in it.
struct SnapshotPlan {
    /// What the file is called when it is whole, and before.
    let path: ByteString
    let temporary: ByteString
    let facts: SnapshotFacts
    /// The data is written as commands, not as a snapshot.
    var writesCommands = false
    let compresses: Bool
    let syncsOften: Bool
    /// Nil where no checksum is to be computed.
    let checksums: CRC64?

    func file(_ disk: any Disk) -> SnapshotFile {
        SnapshotFile(
            disk, path, temporary: temporary, compresses: compresses && !writesCommands,
            syncsOften: syncsOften, checksums: checksums, hasTrailer: !writesCommands)
    }

    func encoder(_ heap: Heap) -> any SnapshotEncoder {
        let out = RDBOutput(heap)
        return writesCommands ? CommandWriter(facts, out) : SnapshotWriter(facts, out)
    }
}

/// How a snapshot ended.
enum SnapshotOutcome {
    case saved
    case cancelled
    /// The disk would not take it.
    case failed(DiskProblem)
    /// The version that is wanted cannot hold this key.
    case refused(key: ByteString)
}

/// A snapshot that is being written while commands run.
final class Snapshot {
    /// So many bytes may wait for the disk before the walk pauses.
    static let waitingBytesMax = 8 << 20
    /// So many bytes make a piece of work.
    private static let batchBytesMax = 4 << 20

    private enum Stage {
        case walking
        /// Everything was handed over.
        case walked
        /// The last piece of work is on its way.
        case finishing
        case over
    }

    private let keys: Keyspace
    private let host: any Host
    private let file: SnapshotFile
    private let spool: SpoolFile
    private let writer: any SnapshotEncoder
    private var lane: Int?
    private var stage = Stage.walking
    private var waiting: [RDBChunk] = []
    private var working: [RDBChunk] = []
    private var waitingBytes = 0
    private var failure: SnapshotOutcome?
    private let onOver: (Snapshot, SnapshotOutcome) -> Void
    /// For tests: how long each key takes, in microseconds.
    var keyDelayUs: Int64 = 0
    private var pausedUntilUs: Int64 = 0
    private var delayedKeys = 0

    /// Begins a snapshot of the data as it is now.
    /// - Parameter onOver: told once, on the loop.
    /// - Returns: nil when as many cuts are open as there can be.
    init?(
        _ plan: SnapshotPlan, _ keys: Keyspace, _ host: any Host,
        onOver: @escaping (Snapshot, SnapshotOutcome) -> Void
    ) {
        self.keys = keys
        self.host = host
        self.onOver = onOver
        file = plan.file(host.disk)
        spool = SpoolFile(host.disk, plan.temporary + ".pre")
        writer = plan.encoder(keys.heap)
        writer.spool = spool
        guard let lane = keys.cut(writer) else { return nil }
        self.lane = lane
        writer.out.onChunk = { [unowned self] in take($0) }
        writer.fullness = { [unowned self] in isFull }
        writer.onEnd = { [weak self] in self?.cutEnded(isWhole: $0) }
    }

    deinit {
        for chunk in waiting + working { chunk.release(keys.heap) }
        spool.close()
    }

    /// Keys written so far.
    var keyCount: Int { writer.keyCount }
    /// Whether the last piece of work is on its way: then it is hardly cancelled.
    var isFinishing: Bool { stage == .finishing }

    private var isFull: Bool {
        if failure != nil || spool.hasLostBytes { return true }
        if waitingBytes >= Snapshot.waitingBytesMax { return true }
        return keyDelayUs > 0 && isDelayed
    }

    /// For tests: each key that was written puts the next one off.
    private var isDelayed: Bool {
        if keyCount > delayedKeys {
            pausedUntilUs = keys.nowUs + keyDelayUs * Int64(keyCount - delayedKeys)
            delayedKeys = keyCount
        }
        return keys.nowUs < pausedUntilUs
    }

    // MARK: From the cut

    private func take(_ chunk: RDBChunk) {
        guard stage != .over, failure == nil else { return chunk.release(keys.heap) }
        waiting.append(chunk)
        waitingBytes += chunk.waitingBytes
        pump()
    }

    private func cutEnded(isWhole: Bool) {
        lane = nil
        guard isWhole, stage == .walking else { return }
        writer.end()
        stage = .walked
        pump()
    }

    /// Whether `attend` has something to do.
    var needsAttention: Bool { failure != nil || writer.refusedKey != nil || spool.hasLostBytes || isPutOff }
    /// For tests: the end was put off.
    private var isPutOff: Bool { stage == .walked && working.isEmpty }

    /// Ends a snapshot that has failed. To be called in every turn: within the walk the cut cannot be closed.
    func attend() {
        guard stage == .walking || stage == .walked else { return }
        if let key = writer.refusedKey, failure == nil { failure = .refused(key: key) }
        if spool.hasLostBytes, failure == nil {
            failure = .failed(
                DiskProblem("read", spool.path, number: 5, reason: "What was put aside cannot be read back"))
        }
        guard let failure else { return pump() }
        // Who still writes is waited for.
        guard working.isEmpty else { return }
        stop()
        end(failure)
    }

    // MARK: To the disk

    /// Hands the next piece of work to the pool, if none is on its way.
    func pump() {
        guard working.isEmpty, stage == .walking || stage == .walked else { return }
        if stage == .walked, keyDelayUs > 0, isDelayed { return }
        if failure != nil || writer.refusedKey != nil || spool.hasLostBytes { return }
        var bytes = 0
        while let next = waiting.first, bytes < Snapshot.batchBytesMax {
            bytes += next.waitingBytes
            working.append(waiting.removeFirst())
        }
        let isLast = stage == .walked && waiting.isEmpty
        guard isLast || !working.isEmpty else { return }
        if isLast { stage = .finishing }
        let (file, chunks) = (file, working)
        host.away {
            file.write(chunks)
            if isLast { file.finish() }
        } then: { [self] in
            worked(isLast: isLast)
        }
    }

    private func worked(isLast: Bool) {
        for chunk in working {
            waitingBytes -= chunk.waitingBytes
            chunk.release(keys.heap)
        }
        working = []
        if stage == .over { return host.away({ [file] in file.discard() }, then: {}) }
        if let problem = file.problem, failure == nil { failure = .failed(problem) }
        if isLast {
            end(failure ?? .saved)
        } else {
            pump()
        }
    }

    /// The snapshot is not wanted any more.
    /// - Parameter waits: where the file is being finished, whether to wait for that.
    /// - Returns: false when it is being finished, or is whole already: then it will be told so.
    func cancel(waits: Bool) -> Bool {
        guard stage != .over, waits || !isFinishing, file.cancel() else { return false }
        let isWorking = !working.isEmpty
        stop(isWorking: isWorking)
        end(.cancelled)
        return true
    }

    /// Closes the cut and forgets what waits.
    private func stop(isWorking: Bool = false) {
        stage = .over
        if let lane { keys.abandonCut(lane) }
        for chunk in waiting {
            waitingBytes -= chunk.waitingBytes
            chunk.release(keys.heap)
        }
        waiting = []
        // Whoever works still reads the file; it is closed behind that.
        if !isWorking {
            _ = file.cancel()
            host.away({ [file] in file.discard() }, then: {})
        }
    }

    private func end(_ outcome: SnapshotOutcome) {
        stage = .over
        spool.close()
        onOver(self, outcome)
    }
}

/// A snapshot that all wait for.
enum WaitedSnapshot {
    /// Writes everything at once.
    /// - Parameter keyDelayUs: for tests: how long each key takes, in microseconds.
    static func write(
        _ plan: SnapshotPlan, _ keys: Keyspace, _ host: any Host, keyDelayUs: Int64 = 0
    ) -> SnapshotOutcome? {
        let file = plan.file(host.disk)
        file.write([])
        let writer = plan.encoder(keys.heap)
        writer.out.onChunk = { chunk in
            file.write([chunk])
            chunk.release(keys.heap)
        }
        guard let lane = keys.cut(writer) else { return nil }
        var written = 0
        while keyDelayUs > 0, keys.walkCuts(max: 1) {
            _ = host.sleep(us: keyDelayUs * Int64(writer.keyCount - written), nowUs: keys.nowUs)
            written = writer.keyCount
        }
        keys.completeCut(lane)
        writer.end()
        if let key = writer.refusedKey {
            _ = file.cancel()
            file.discard()
            return .refused(key: key)
        }
        file.finish()
        return file.problem.map { .failed($0) } ?? .saved
    }
}
