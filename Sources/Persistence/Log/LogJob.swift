// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Synchronization

/// A piece of work on the files of the log. A thread of the pool does it, or, where the server cannot wait for one, the
/// loop itself: whoever comes first, and the other one waits.
final class LogJob: @unchecked Sendable {
    private let work: @Sendable () throws(DiskProblem) -> Void
    private let hasRun = Mutex(false)
    /// Why it could not be done; known when it has run.
    private(set) var problem: DiskProblem?
    /// How long it took, in ticks of `Clock`.
    private(set) var ticks: UInt64 = 0
    /// What it works on and nobody else holds any more: the log was turned off. It goes when the job has ended.
    var orphans: [LogChunk] = []
    var orphanFile: LogFile?
    /// What follows on the loop; taken by whoever calls it.
    private var then: ((LogJob) -> Void)?

    init(_ work: @escaping @Sendable () throws(DiskProblem) -> Void, then: @escaping (LogJob) -> Void) {
        self.work = work
        self.then = then
    }

    /// Does the work, unless it was done.
    func run() {
        hasRun.withLock { hasRun in
            guard !hasRun else { return }
            hasRun = true
            let begin = Clock.ticks()
            do throws(DiskProblem) { try work() } catch { problem = error }
            ticks = Clock.ticks() &- begin
        }
    }

    /// Has what follows done, once, on the loop.
    func end() {
        let then = self.then
        self.then = nil
        then?(self)
    }

    /// Gives up what nobody else holds.
    func dropOrphans() {
        for chunk in orphans { chunk.release() }
        orphans = []
        orphanFile?.close()
        orphanFile = nil
    }
}
