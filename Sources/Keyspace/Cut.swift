// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// A consistent view of all databases at one moment, taken without copying them.
//
// *Idea*. `cut` opens a lane: from then on every change to a key first hands the key's unit (about five neighbours) to
// the cut's sink, unless it was handed over already; the walker hands over the rest in slices. Both go through one
// function, so each unit is seen exactly once, as it was at the cut. Small values are written at once. A large
// collection gets a *hold*: its count at the cut and, by the same mechanism in its own units, its elements.
//
// *The stream*. Nothing may fall between the elements of a key. While the walker writes a large collection, other keys
// that change wait in the interlude; elements of a large collection that change before the walker has come to it wait
// in its hold, and so does what changes while these are handed over, behind them. Both are records that share blocks and
// move to the sink's spool when they grow beyond a budget, and both are handed over in slices.
//
// *Invariants*. A table or collection takes part in a cut exactly while its lane bit is set, and the cut knows exactly
// those, by their identities; what is made later is not marked. A held collection that dies is kept by its hold until it
// was walked. No two segments of a marked table merge, and its root does not move.
//
// *Who frees*. The cut frees collections that died while it held them; `finish` closes the lane.

/// A large collection that the cut still has to write.
private struct Hold {
    let key: [UInt8]
    let database: Int
    let type: ValueType
    let encoding: UInt8
    let deadlineMs: Int64?
    let access: UInt32
    let count: Int
    let hasDeadlines: Bool
    let nodeCount: Int
    let collection: any LargeCollection
    /// Elements that changed before the walker came.
    var waiting: CutRecord?
    var position: UInt64 = 0
    /// The value was deleted; the hold owns the collection now.
    var isOrphan = false
}

/// A table of keys that takes part in the cut.
private struct HeldDatabase {
    let database: Int
    let table: Table
    /// How far it was walked; nil when it is done.
    var position: UInt64? = 0
    /// The database was emptied; the cut owns the table now.
    var isOrphan = false
}

/// One open cut: its lane, its sink and how far the walker has come.
final class Cut {
    /// What the walker is at.
    private enum Phase {
        /// The keys, one unit after the other.
        case keys
        /// The elements of the first hold that wait, then the others.
        case waiting, elements
        /// What changed while a hold was written.
        case interlude
    }

    let lane: Int
    let sink: any CutSink
    private var databases: [HeldDatabase] = []
    /// Where in `databases` each table stands that is not yet walked, by its identity.
    private var databaseOfTable: [UInt64: Int] = [:]
    private var holds: [Hold] = []
    private var firstHold = 0
    /// Where in `holds` each collection stands that is not yet walked, by its identity.
    private var holdOfCollection: [UInt64: Int] = [:]
    private var phase = Phase.keys
    private var interlude: CutRecord
    private let budget: CutBudget

    init(lane: Int, sink: any CutSink, _ keys: Keyspace) {
        self.lane = lane
        self.sink = sink
        budget = CutBudget(bytesMax: keys.cutBytesMax)
        interlude = CutRecord(budget, keys.heap)
        for database in 0..<keys.databaseCount {
            for table in keys.databases[database].tables where table.count > 0 {
                table.lanes |= bit
                databaseOfTable[table.identity] = databases.count
                databases.append(HeldDatabase(database: database, table: table))
            }
        }
    }

    private var bit: UInt8 { 1 << UInt8(lane) }
    /// Bytes of pre-images that wait in memory.
    var waitingBytes: Int { budget.bytes }
    /// Whether the sink is in the middle of a key.
    var isInKey: Bool { phase == .waiting || phase == .elements }

    // MARK: Saving

    /// Hands over the unit of `hash` as it is now, unless the sink has it.
    func preserve(_ hash: UInt64, _ table: Table, _ keys: Keyspace) {
        guard let index = databaseOfTable[table.identity] else {
            return assertionFailure("a marked table that the cut does not know")
        }
        let database = databases[index].database
        table.preserve(unitOf: hash, lane: lane, keys.store) { slot in
            save(slot, of: table, database: database, keys)
        }
        if budget.isExceeded { spill() }
    }

    /// Hands over the elements of a held collection that share a unit.
    func preserve(_ unit: UInt64, of collection: some LargeCollection, _ keys: Keyspace) {
        guard let index = holdOfCollection[collection.identity] else {
            return assertionFailure("a marked collection that the cut does not know")
        }
        // What is preserved reaches the sink in the order in which it was: of a stream's group, the group itself comes in
        // front of what is in it, which may be preserved while the group still waits.
        let isDirect = index == firstHold && isInKey && holds[index].waiting == nil
        let receiver: any CutSink = isDirect ? sink : waiting(index, keys)
        collection.preserve(unit, lane, keys) { receiver.element($0) }
        if budget.isExceeded { spill() }
    }

    private func waiting(_ index: Int, _ keys: Keyspace) -> CutRecord {
        if let record = holds[index].waiting { return record }
        let record = CutRecord(budget, keys.heap)
        holds[index].waiting = record
        return record
    }

    private func spill() {
        guard let spool = sink.spool else { return }
        // Full pieces first; many small beginnings can be too much as well.
        for all in [false, true] where budget.isExceeded {
            interlude.spill(to: spool, all: all)
            for hold in holds.dropFirst(firstHold) { hold.waiting?.spill(to: spool, all: all) }
        }
    }

    private func save(_ slot: Slot, of table: Table, database: Int, _ keys: Keyspace) {
        let value = Value(slot.entry)
        let operations = value.operations
        let deadlineMs = Keyspace.deadline(kept: table.deadline(slot))
        if let collection = operations.large(value) {
            collection.join(lane, keys)
            holdOfCollection[collection.identity] = holds.count
            holds.append(
                Hold(
                    key: value.key.array, database: database, type: value.type, encoding: value.encoding,
                    deadlineMs: deadlineMs, access: value.access, count: collection.count,
                    hasDeadlines: operations.hasDeadlines(value), nodeCount: value.nodeCount,
                    collection: collection))
            return
        }
        let receiver: any CutSink = isInKey ? interlude : sink
        value.hand(to: receiver, database: database, deadlineMs: deadlineMs, keys)
    }

    // MARK: What has died

    /// A database's table is no longer part of the keyspace: the cut frees it when it has been walked.
    /// - Returns: false when it has no part in the cut.
    func adopt(database table: Table) -> Bool {
        guard let index = databaseOfTable[table.identity] else { return false }
        databases[index].isOrphan = true
        return true
    }

    /// A collection is no longer a value: the cut frees it when it has been walked.
    /// - Returns: false when it has no part in the cut.
    func adopt(_ collection: some LargeCollection) -> Bool {
        guard let index = holdOfCollection[collection.identity] else { return false }
        holds[index].isOrphan = true
        return true
    }

    // MARK: Walking

    /// Walks about `max` entries further.
    /// - Returns: true when there is more to do.
    func walk(max: Int, _ keys: Keyspace) -> Bool {
        switch phase {
        case .keys: return walkKeys(max, keys)
        case .waiting:
            if let waiting = holds[firstHold].waiting {
                if waiting.replay(to: sink, max: max) { holds[firstHold].waiting = nil }
            } else {
                phase = .elements
                walkElements(max, keys)
            }
        case .elements: walkElements(max, keys)
        case .interlude:
            if interlude.isEmpty {
                phase = .keys
                return walkKeys(max, keys)
            }
            if interlude.replay(to: sink, max: max) { interlude = CutRecord(budget, keys.heap) }
        }
        return true
    }

    private func walkKeys(_ max: Int, _ keys: Keyspace) -> Bool {
        if firstHold < holds.count {
            beginHold()
            return walk(max: max, keys)
        }
        holds.removeAll()
        firstHold = 0
        guard let index = databases.firstIndex(where: { $0.position != nil }),
            let position = databases[index].position
        else {
            finish(keys)
            sink.cutEnded(isWhole: true)
            return false
        }
        let (database, table) = (databases[index].database, databases[index].table)
        let next = table.walkUnits(from: position, lane, keys.store, max: max) { slot in
            save(slot, of: table, database: database, keys)
        }
        databases[index].position = next
        if next == nil { leave(index, keys) }
        return true
    }

    private func beginHold() {
        let hold = holds[firstHold]
        hold.key.withView {
            sink.beginKey(
                CutKey(
                    key: $0, database: hold.database, type: hold.type, encoding: hold.encoding,
                    deadlineMs: hold.deadlineMs, access: hold.access, count: hold.count,
                    hasDeadlines: hold.hasDeadlines, nodeCount: hold.nodeCount))
        }
        phase = .waiting
    }

    private func walkElements(_ max: Int, _ keys: Keyspace) {
        let hold = holds[firstHold]
        let next = hold.collection.walk(from: hold.position, lane, max: max, keys) { sink.element($0) }
        if let next {
            holds[firstHold].position = next
            return
        }
        sink.endKey()
        release(holds[firstHold], keys)
        firstHold += 1
        phase = .interlude
    }

    private func release(_ hold: Hold, _ keys: Keyspace) {
        holdOfCollection[hold.collection.identity] = nil
        hold.collection.leave(lane, keys)
        if hold.isOrphan, hold.collection.lanes == 0 { keys.reclaimer.add(hold.collection) }
    }

    private func leave(_ index: Int, _ keys: Keyspace) {
        let table = databases[index].table
        databaseOfTable[table.identity] = nil
        table.lanes &= ~bit
        if databases[index].isOrphan, table.lanes == 0 {
            keys.reclaimer.add(database: FormerDatabase(table: table))
        }
    }

    private func finish(_ keys: Keyspace) {
        keys.store.closeLane(lane)
        keys.cuts[lane] = nil
    }

    /// Gives the cut up: nothing more is handed over.
    func abandon(_ keys: Keyspace) {
        for hold in holds.dropFirst(firstHold) { release(hold, keys) }
        holds = []
        firstHold = 0
        for index in databases.indices where databases[index].position != nil { leave(index, keys) }
        finish(keys)
        sink.cutEnded(isWhole: false)
    }
}

extension Keyspace {
    /// Whether a cut is being walked.
    public var hasOpenCut: Bool { store.openLanes != 0 }

    /// Opens a cut of all databases as they are now.
    /// - Returns: its lane, or nil when as many cuts are open as there are lanes.
    public func cut(_ sink: any CutSink) -> Int? {
        guard let lane = store.openLane() else { return nil }
        cuts[lane] = Cut(lane: lane, sink: sink, self)
        return lane
    }

    /// Hands about `max` further entries of open cuts to their sinks.
    /// - Returns: true when there is more to do.
    @discardableResult public func walkCuts(max: Int) -> Bool {
        var slice = Slice(max: max)
        return walkCuts(&slice)
    }

    /// Hands further entries of open cuts to their sinks, in turns, as many as the slice allows.
    /// - Returns: true when there is more to do at once: not while all sinks are full.
    public func walkCuts(_ slice: inout Slice) -> Bool {
        while hasOpenCut {
            if cuts.allSatisfy({ $0?.sink.isFull ?? true }) { return false }
            for lane in 0..<Store.laneCount {
                guard let cut = cuts[lane], !cut.sink.isFull else { continue }
                let units = slice.grant()
                if units == 0 { return true }
                _ = cut.walk(max: units, self)
                slice.spend(units)
            }
        }
        return false
    }

    /// Hands everything that is left of a cut to its sink, however long it takes and full as it may be.
    public func completeCut(_ lane: Int) {
        while let cut = cuts[lane], cut.walk(max: 4096, self) {}
    }

    /// Gives a cut up.
    public func abandonCut(_ lane: Int) { cuts[lane]?.abandon(self) }

    @usableFromInline @inline(never) func preserve(_ hash: UInt64, _ table: Table) {
        for cut in cuts {
            if let cut, table.lanes >> UInt8(cut.lane) & 1 != 0 { cut.preserve(hash, table, self) }
        }
    }

    /// Lets every open cut adopt something that has lanes; the last of them to have walked it has it freed.
    func handToCuts(_ adopt: (Cut) -> Bool) {
        var isHeld = false
        for cut in cuts { if let cut, adopt(cut) { isHeld = true } }
        assert(isHeld, "something marked that no cut knows")
    }

    /// Called before anything in a unit of a collection with lanes changes.
    @inline(never) func preserve(_ unit: UInt64, of collection: some LargeCollection) {
        for cut in cuts {
            if let cut, collection.lanes >> UInt8(cut.lane) & 1 != 0 {
                cut.preserve(unit, of: collection, self)
            }
        }
    }
}

extension Value {
    /// How many nodes a stream has; 0 for other types.
    fileprivate var nodeCount: Int { type == .stream ? stream.nodeCount : 0 }

    /// Hands the whole value to a sink.
    func hand(to sink: any CutSink, database: Int, deadlineMs: Int64?, _ keys: Keyspace) {
        let operations = operations
        let head = CutKey(
            key: key, database: database, type: type, encoding: encoding, deadlineMs: deadlineMs,
            access: access, count: operations.count(self), hasDeadlines: operations.hasDeadlines(self),
            nodeCount: nodeCount)
        if let packed = operations.packed(self) { return sink.key(head, packed: packed) }
        sink.beginKey(head)
        operations.forEachElement(self, keys) { sink.element($0) }
        sink.endKey()
    }
}

extension Keyspace {
    /// Hands a key that is there to a sink, as a cut would.
    public func hand(_ found: Found, to sink: any CutSink) {
        found.value.hand(to: sink, database: found.database, deadlineMs: deadline(found), self)
    }
}
