// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// A consistent view of all databases at one moment, taken without copying them.
//
// *Idea*. `cut` opens a lane: from then on every change to a key first hands the key's unit (about five neighbours) to
// the cut's sink, unless it was handed over already; the walker hands over the rest in slices. Both go through one
// function, so each unit is seen exactly once, as it was at the cut. Small values are written at once. A large
// collection gets a *hold*: its count at the cut and, by the same mechanism in its own table, its elements; elements
// that change before the walker arrives wait in the hold.
//
// *Invariants*. A table takes part in a cut exactly while its lane bit is set; tables made later are not marked. A held
// collection that dies is kept by its hold until it was walked. No two segments of a marked table merge.
//
// *Who frees*. The cut frees tables that died while it held them; `finish` closes the lane.

/// Receives a cut, key by key in no particular order.
public protocol CutSink: AnyObject {
    /// A key begins. `count` elements follow, then `endKey`.
    func beginKey(_ key: ByteView, database: Int, type: ValueType, deadlineMs: Int64?, count: Int)
    func element(_ bytes: ByteView)
    func endKey()
}

/// A large collection that the cut still has to write.
private struct Hold {
    let key: [UInt8]
    let database: Int
    let type: ValueType
    let deadlineMs: Int64?
    let count: Int
    let table: Table
    /// Elements that changed before the walker came, as `[u32 length][bytes]`.
    var waiting: [UInt8] = []
    var position: UInt64 = 0
    var isBegun = false
    /// The value was deleted; the hold owns the table now.
    var isOrphan = false
}

/// One open cut: its lane, its sink and how far the walker has come.
final class Cut {
    let lane: Int
    let sink: any CutSink
    private var tables: [(database: Int, table: Table, position: UInt64?, isOrphan: Bool)] = []
    private var holds: [Hold] = []
    private var firstHold = 0
    /// Where each table of `holds` stands, by the bits of its root.
    private var holdOfTable: [UInt: Int] = [:]
    /// Small keys that changed while a large one was being written: they follow it.
    private let interlude = CutInterlude()

    init(lane: Int, sink: any CutSink, _ keys: Keyspace) {
        self.lane = lane
        self.sink = sink
        for database in 0..<keys.databaseCount {
            let table = keys.table(of: database)
            guard table.count > 0 else { continue }
            table.lanes |= 1 << UInt8(lane)
            tables.append((database, table, 0, false))
        }
    }

    private var bit: UInt8 { 1 << UInt8(lane) }

    /// Hands over the unit of `hash` as it is now, unless the sink has it.
    func preserve(_ hash: UInt64, _ table: Table, _ keys: Keyspace) {
        guard let index = tables.firstIndex(where: { $0.table.root == table.root }) else { return }
        let database = tables[index].database
        table.preserve(hash, lane, keys.store) { slot in save(slot, table, database, keys) }
    }

    /// Hands over the elements of a held collection that share the unit of `hash`.
    func preserveElements(_ hash: UInt64, _ table: Table, _ keys: Keyspace) {
        guard let index = holdOfTable[table.root.bits] else { return }
        table.preserve(hash, lane, keys.store) { slot in
            let element = Table.key(slot.entry + table.keyOffset)
            if holds[index].isBegun { sink.element(element) } else { holds[index].keep(element) }
        }
    }

    private func save(_ slot: Slot, _ table: Table, _ database: Int, _ keys: Keyspace) {
        let value = Value(slot.entry)
        let deadlineMs = Keyspace.deadline(kept: table.deadline(slot))
        if let inner = value.operations.table(value) {
            inner.lanes |= bit
            holdOfTable[inner.root.bits] = holds.count
            holds.append(
                Hold(
                    key: value.key.array, database: database, type: value.type, deadlineMs: deadlineMs,
                    count: inner.count, table: inner))
            return
        }
        let isWritingHold = firstHold < holds.count && holds[firstHold].isBegun
        let receiver: any CutSink = isWritingHold ? interlude : sink
        receiver.beginKey(
            value.key, database: database, type: value.type, deadlineMs: deadlineMs, count: value.elementCount
        )
        value.forEachElement(keys) { receiver.element($0) }
        receiver.endKey()
    }

    /// A table of the cut is no longer part of the keyspace: the cut frees it when it has been walked.
    func adopt(_ table: Table) -> Bool {
        if let index = tables.firstIndex(where: { $0.table.root == table.root }) {
            tables[index].isOrphan = true
            return true
        }
        if let index = holdOfTable[table.root.bits] {
            holds[index].isOrphan = true
            return true
        }
        return false
    }

    /// Walks about `max` entries further.
    /// - Returns: true when there is more to do.
    func walk(max: Int, _ keys: Keyspace) -> Bool {
        if firstHold < holds.count {
            walkHold(max, keys)
            return true
        }
        holds.removeAll()
        firstHold = 0
        guard let index = tables.firstIndex(where: { $0.position != nil }),
            let position = tables[index].position
        else {
            finish(keys)
            return false
        }
        let (database, table) = (tables[index].database, tables[index].table)
        let next = table.walkUnits(from: position, lane, keys.store, max: max) { slot in
            save(slot, table, database, keys)
        }
        tables[index].position = next
        if next == nil { leave(index, keys) }
        return true
    }

    private func walkHold(_ max: Int, _ keys: Keyspace) {
        if !holds[firstHold].isBegun {
            holds[firstHold].isBegun = true
            let hold = holds[firstHold]
            hold.key.withView {
                sink.beginKey(
                    $0, database: hold.database, type: hold.type, deadlineMs: hold.deadlineMs,
                    count: hold.count)
            }
            hold.forEachWaiting { sink.element($0) }
            holds[firstHold].waiting = []
        }
        let table = holds[firstHold].table
        let next = table.walkUnits(from: holds[firstHold].position, lane, keys.store, max: max) { slot in
            sink.element(Table.key(slot.entry + table.keyOffset))
        }
        if let next {
            holds[firstHold].position = next
            return
        }
        sink.endKey()
        interlude.replay(to: sink)
        release(holds[firstHold], keys)
        firstHold += 1
    }

    private func release(_ hold: Hold, _ keys: Keyspace) {
        holdOfTable[hold.table.root.bits] = nil
        hold.table.lanes &= ~bit
        if hold.isOrphan, hold.table.lanes == 0 { keys.reclaimer.add(members: hold.table) }
    }

    private func leave(_ index: Int, _ keys: Keyspace) {
        let table = tables[index].table
        table.lanes &= ~bit
        if tables[index].isOrphan, table.lanes == 0 { keys.reclaimer.add(database: table) }
    }

    private func finish(_ keys: Keyspace) {
        keys.store.closeLane(lane)
        keys.cuts[lane] = nil
    }

    /// Gives the cut up: nothing more is handed over.
    func abandon(_ keys: Keyspace) {
        for hold in holds.dropFirst(firstHold) { release(hold, keys) }
        for index in tables.indices where tables[index].position != nil { leave(index, keys) }
        finish(keys)
    }
}

extension Hold {
    mutating func keep(_ element: ByteView) {
        appendFramed(element, to: &waiting)
    }

    func forEachWaiting(_ visit: (ByteView) -> Void) {
        forEachFramed(waiting, visit)
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

    /// Hands about `max` further entries of each open cut to its sink.
    /// - Returns: true when there is more to do.
    @discardableResult public func walkCuts(max: Int) -> Bool {
        var more = false
        for lane in 0..<Store.laneCount {
            if let cut = cuts[lane] { more = cut.walk(max: max, self) || more }
        }
        return more
    }

    /// Gives a cut up.
    public func abandonCut(_ lane: Int) { cuts[lane]?.abandon(self) }

    @usableFromInline @inline(never) func preserve(_ hash: UInt64, _ table: Table) {
        for cut in cuts {
            if let cut, table.lanes >> UInt8(cut.lane) & 1 != 0 { cut.preserve(hash, table, self) }
        }
    }

    /// Called before an element of a collection that is kept as a marked table changes.
    @inline(never) func preserveElements(_ hash: UInt64, _ table: Table) {
        for cut in cuts {
            if let cut, table.lanes >> UInt8(cut.lane) & 1 != 0 { cut.preserveElements(hash, table, self) }
        }
    }

    func handToCuts(database table: Table) {
        for cut in cuts { _ = cut?.adopt(table) }
    }

    /// Frees a collection's table now, later, or when the cuts that hold it have walked it.
    func freeMembers(_ table: Table) {
        if table.lanes != 0 {
            for cut in cuts { _ = cut?.adopt(table) }
        } else if table.count > Reclaimer.immediateMax {
            reclaimer.add(members: table)
        } else {
            _ = table.drain(max: Int.max, store) { heap.free($0, Member.bytes($0)) }
            table.destroy(store)
        }
    }
}
