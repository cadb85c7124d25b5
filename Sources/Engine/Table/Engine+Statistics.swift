// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// Looks more closely at a command that has run: it took long, or it or its reply may be large.
public protocol CommandExaminer: AnyObject {
    /// - Parameters:
    ///   - ticks: how long it took, by `Clock.ticks`.
    ///   - replyStart: where its reply begins.
    func examine(
        _ index: Int, _ args: Arguments, ticks: UInt64, _ session: Session, replyStart: Int, _ engine: Engine)
    /// Something other than a command took so many milliseconds.
    func tookLong(_ event: LatencyEvent, ms: Int, _ engine: Engine)
}

extension Engine {
    @inline(never)
    func examine(_ index: Int, _ args: Arguments, _ ticks: UInt64, _ session: Session, replyStart: Int) {
        examiner?.examine(index, args, ticks: ticks, session, replyStart: replyStart, self)
    }

    /// Counts a call of a command, which took so many ticks.
    @inline(__always) func noteCall(_ index: Int, _ ticks: UInt64, _ session: Session) {
        stats.commands &+= 1
        session.commandCount &+= 1
        table.rows[index].ticks &+= ticks
        if !table.rows[index].histogram.record(ticks) { countCall(index, ticks) }
    }

    /// Counts a call whose command has no histogram: it gets one, unless calls are not sorted.
    @inline(never) private func countCall(_ index: Int, _ ticks: UInt64) {
        guard tracksLatency else { return table.rows[index].calls &+= 1 }
        table.rows[index].histogram.open()
        _ = table.rows[index].histogram.record(ticks)
    }

    /// Whether calls are sorted by duration from now on.
    public func sortCalls(_ sorts: Bool) {
        if !sorts, tracksLatency { table.closeHistograms() }
        tracksLatency = sorts
    }
}

extension Arguments {
    /// Bytes of the command in protocol form.
    public var requestBytes: Int {
        func digits(_ number: Int) -> Int { decimalLength(Int64(number)) }
        return (0..<count).reduce(digits(count) + 3) { $0 + digits(self[$1].count) + self[$1].count + 5 }
    }
}

extension Engine {
    /// Sets all counters to zero (CONFIG RESETSTAT).
    public func resetStatistics() {
        stats = EngineStats()
        errorCounts = ErrorCounts()
        table.resetStatistics()
        let dirty = keys.stats.dirty
        keys.stats = KeyspaceStats()
        keys.reclaimer.resetStatistics()
        keys.eviction.resetStatistics(keys)
        keys.defragmenter.resetStatistics()
        keys.stats.dirty = dirty
        rates = Rates()
        loop = LoopStatistics()
        for part in allParts { part.resetStatistics() }
    }
}
