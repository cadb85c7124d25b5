// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Active defragmentation.
//
// *Idea*. When most keys of a large keyspace are deleted, the rest lies scattered over pages that can not go back to
// the system. A pass walks all tables by hash position, segment by segment, and moves what lies in sparse pages; as
// allocation always fills one page before it takes the next, one pass packs nearly everything. What counts as sparse
// follows from the whole: half way between the average and full.
//
// *Who names an entry*: its slot and, where it has a deadline, its pair. Nothing else, so a move needs no search. Between
// commands nobody holds a view of an entry; cuts keep positions in hash space and copies. Blocks are shared and larger
// than slabs: they stay.
//
// *Invariants*. A pass survives any change between two steps: it keeps a position in hash space, and of a large
// collection the key's name and a position.

/// The passes: when one begins, how far it is, what came of it.
public final class Defragmenter {
    /// Numbers that INFO shows.
    public struct Statistics: Sendable {
        /// Pieces moved, and pieces that lay well.
        public internal(set) var hits = 0
        public internal(set) var misses = 0
        /// Keys of which something was moved, and others.
        public internal(set) var keyHits = 0
        public internal(set) var keyMisses = 0
        /// How long passes took altogether, those that run now excepted, in ms.
        public internal(set) var totalMs: Int64 = 0
    }

    /// A collection that is walked in slices of its own.
    private struct Large {
        let key: [UInt8]
        let database: Int
        var position: UInt64 = 0
    }

    /// What the directives say; taken in by the next step.
    public var settings = DefragmentationSettings()
    /// What passes have done since the start or the last reset.
    public internal(set) var statistics = Statistics()
    private let mover: Mover
    private var database = 0
    private var table = 0
    private var position: UInt64 = 0
    private var large: [Large] = []
    private var beganMs: Int64?
    private var wastedAtStart = 0
    /// After a pass nothing begins before this time, unless the waste has grown beyond `wastedAtEnd`.
    private var restsUntilMs: Int64 = 0
    private var wastedAtEnd = 0
    private var restMs: Int64 = Defragmenter.restMsMin

    private static let restMsMin: Int64 = 10_000
    private static let restMsMax: Int64 = 640_000
    /// Elements of collections that one step looks at; the rest waits for steps of its own.
    private static let elementsPerStep = 500

    init(_ heap: Heap) { mover = Mover(heap) }

    /// Whether a pass is under way.
    public var isRunning: Bool { beganMs != nil }
    /// How long the present pass has taken so far, in ms; 0 when there is none.
    public func currentMs(_ nowMs: Int64) -> Int64 { beganMs.map { max(0, nowMs - $0) } ?? 0 }
    /// Sets the statistics to zero (CONFIG RESETSTAT).
    public func resetStatistics() { statistics = Statistics() }

    /// Bytes of slab pages beyond what is used of them.
    public var wastedBytes: Int { max(0, mover.heap.pageBytesInUse - mover.heap.slabBytes) }
    /// The same, in percent of what is used.
    public var wastedPercent: Int {
        let (product, overflow) = wastedBytes.multipliedReportingOverflow(by: 100)
        return overflow ? Int.max : product / max(1, mover.heap.slabBytes)
    }

    /// How much of the time a pass may take now, in percent.
    public var effort: Int {
        let low = settings.cycleMin
        let high = max(low, settings.cycleMax)
        let span = settings.thresholdUpper - settings.thresholdLower
        guard span > 0 else { return high }
        let above = min(max(0, wastedPercent - settings.thresholdLower), span)
        return low + (high - low) * above / span
    }

    // MARK: Passes

    /// Begins a pass if there is need of one; to be called now and then.
    public func consider(nowMs: Int64) {
        if !settings.isActive { return stop(nowMs) }
        guard !isRunning else { return }
        let wasted = wastedBytes
        guard wasted > settings.ignoreBytes, wastedPercent > settings.thresholdLower else { return }
        // What a pass could not pack is not tried again at once.
        let hasGrown = wasted > wastedAtEnd + wastedAtEnd / 4 + (1 << 20)
        guard hasGrown || nowMs >= restsUntilMs || nowMs < restsUntilMs - Defragmenter.restMsMax else {
            return
        }
        begin(nowMs: nowMs)
    }

    func begin(nowMs: Int64) {
        database = 0
        table = 0
        position = 0
        large = []
        beganMs = nowMs
        wastedAtStart = wastedBytes
    }

    private func stop(_ nowMs: Int64) {
        guard isRunning else { return }
        statistics.totalMs += currentMs(nowMs)
        beganMs = nil
        large = []
    }

    private func finish(_ nowMs: Int64) {
        stop(nowMs)
        wastedAtEnd = wastedBytes
        let hasHelped = wastedAtEnd < wastedAtStart - wastedAtStart / 20
        restMs = hasHelped ? Defragmenter.restMsMin : min(restMs * 2, Defragmenter.restMsMax)
        restsUntilMs = nowMs + restMs
    }

    // MARK: Steps

    /// Looks at one segment: some hundred entries, in a fraction of a millisecond.
    func step(_ keys: Keyspace) {
        let heap = mover.heap
        // Half way between the average and full; a page that is nearly full stays in any case.
        mover.fill = min(243, 128 + heap.slabBytes * 128 / max(1, heap.pageBytesInUse))
        let (hits, misses) = (mover.hits, mover.misses)
        if let next = large.popLast() {
            walk(next, keys)
        } else if database < keys.databaseCount {
            walkKeys(keys)
        } else {
            finish(keys.nowMs)
        }
        statistics.hits += mover.hits - hits
        statistics.misses += mover.misses - misses
    }

    private func walkKeys(_ keys: Keyspace) {
        let tables = keys.databases[database].tables
        let table = tables[self.table]
        let database = self.database
        var elementsLeft = Defragmenter.elementsPerStep
        let next = table.defragment(from: position, keys.store, mover) { slot in
            let before = mover.hits
            settle(slot, of: table, keys.store)
            let value = Value(slot.entry)
            if value.typeBits != 0 { settleCollection(value, database, &elementsLeft, keys) }
            if mover.hits > before { statistics.keyHits += 1 } else { statistics.keyMisses += 1 }
        }
        position = next ?? 0
        guard next == nil else { return }
        self.table += 1
        if self.table == tables.count {
            self.table = 0
            self.database += 1
        }
    }

    /// Moves a key's entry.
    private func settle(_ slot: Slot, of table: Table, _ store: Store) {
        let entry = slot.entry
        let moved = mover.settle(entry, Value(entry).entryBytes)
        guard moved != entry else { return }
        table.replace(slot, with: moved)
        let value = Value(moved)
        if value.typeBits != 0 { value.operations.settleIn(value, store) }
    }

    private func settleCollection(
        _ value: Value, _ database: Int, _ elementsLeft: inout Int, _ keys: Keyspace
    ) {
        let operations = value.operations
        operations.settle(value, mover, keys.store)
        guard let count = operations.large(value)?.count else { return }
        guard count <= settings.scanFieldsMax, count <= elementsLeft else {
            large.append(Large(key: value.key.array, database: database))
            return
        }
        elementsLeft -= count
        var position: UInt64 = 0
        while let next = operations.settleElements(value, from: position, mover, keys.store) {
            position = next
        }
    }

    /// One segment of a large collection, if the key still holds one.
    private func walk(_ item: Large, _ keys: Keyspace) {
        var item = item
        let value = item.key.withView { key -> Value? in
            let table = keys.databases[item.database].table(of: key)
            let slot = table.find(Table.hash(key, keys.store), key)
            return slot.isNone ? nil : Value(slot.entry)
        }
        guard let value,
            let next = value.operations.settleElements(value, from: item.position, mover, keys.store)
        else { return }
        item.position = next
        large.append(item)
    }
}

extension Keyspace {
    /// Goes one step of a pass, some hundred entries.
    /// - Returns: true while the pass is not at its end.
    public func defragmentStep() -> Bool {
        guard defragmenter.isRunning else { return false }
        defragmenter.step(self)
        return defragmenter.isRunning
    }

    /// Goes on with a pass, as many steps as the slice allows.
    /// - Returns: true while the pass is not at its end.
    public func defragment(_ slice: inout Slice) -> Bool {
        while defragmenter.isRunning, slice.grant(1) > 0 {
            defragmenter.step(self)
            slice.spend()
        }
        return defragmenter.isRunning
    }

    /// Begins a pass whatever the figures say (tests).
    public func beginDefragmentation() { defragmenter.begin(nowMs: nowMs) }
}
