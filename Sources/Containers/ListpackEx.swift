// SPDX-License-Identifier: Apache-2.0
import Bytes

// A packed hash whose fields have deadlines.
//
// *Idea*. The pairs are a plain listpack; the deadlines stand behind it, one for each pair in the order of the pairs, as
// distances from the earliest. Fields that were given their deadlines together die together or nearly so: distances
// of equal deadlines take no byte at all, those within four hours take three. (Redis's listpackex writes each deadline
// out as a third entry of ten bytes and keeps the triples ordered; what is written to disk can be put in that form.)
//
// *Layout*. One piece of memory from the heap:
//
//     0  24 bytes: node of the timing wheel, of which the first 8 are `earliest` (Int64.max when no field has a deadline)
//     24 address of the key's entry; null while no key holds the hash
//     32 u8 bytes of a distance, 0 … 8
//     33 the listpack
//     …  a distance for each pair, little-endian; all bits set: that field has no deadline
//
// Ten fields that die together cost 33 bytes more than without deadlines; otherwise a byte to three for each as a rule.
//
// *Invariants*. `earliest` is never later than the earliest deadline; it is Int64.max exactly when there is none. With
// distances of no bytes all fields die at `earliest`, or none does. While there are deadlines and a key holds the hash the
// node is in the wheel.
//
// *Who frees*. `free`, called once by whoever holds the handle, takes the node off the wheel too. Edits are `mutating`
// because they may move everything.

/// A list of pairs, each with a deadline or without, in one piece of memory.
@safe @frozen public struct ListpackEx {
    enum Offset {
        static let earliest = 0
        static let holder = 24
        static let width = 32
        static let pairs = 33
    }

    /// Where the structure begins.
    public let at: Address

    /// The handle of the structure that begins here.
    @inlinable public init(at: Address) { self.at = at }

    /// Takes over a list of pairs, none of which has a deadline yet; its handle is dead afterwards.
    public static func adopt(_ pairs: Listpack, _ heap: Heap) -> ListpackEx {
        let bytes = pairs.byteCount
        let at = heap.allocatePacked(Offset.pairs + bytes)
        at.zero(count: Offset.pairs)
        at.setI64(Offset.earliest, Table.noDeadline)
        (at + Offset.pairs).copy(from: pairs.at, count: bytes)
        pairs.free(heap)
        return ListpackEx(at: at)
    }

    /// A second one with the same pairs and deadlines, which no key holds.
    public func copy(_ heap: Heap) -> ListpackEx {
        let fresh = heap.allocatePacked(byteCount)
        fresh.copy(from: at, count: byteCount)
        let earliest = self.earliest
        fresh.zero(count: Offset.width)
        fresh.setI64(Offset.earliest, earliest)
        return ListpackEx(at: fresh)
    }

    /// Returns the memory; the handle is dead afterwards.
    public func free(_ store: Store) {
        store.wheel.remove(node: at)
        store.heap.free(at, byteCount)
    }

    // MARK: Reading

    /// The pairs. For reading only; valid until the next edit.
    @inlinable public var pairs: Listpack { Listpack(at: at + 33) }
    /// Number of pairs.
    public var count: Int { pairs.count / 2 }
    /// The size of the whole allocation in bytes.
    public var byteCount: Int { Offset.pairs + pairs.byteCount + width * count }

    /// The entry of the key that holds the hash; null while none does. Whoever moves the entry says so here.
    public var holder: Address {
        get { at.address(Offset.holder) }
        nonmutating set { at.setAddress(Offset.holder, newValue) }
    }

    /// No field dies before this time, in Unix ms; `Table.noDeadline` when none has a deadline.
    public var earliest: Int64 { at.i64(Offset.earliest) }
    /// Whether any field has a deadline.
    public var hasDeadlines: Bool { earliest != Table.noDeadline }

    private var width: Int { Int(at.u8(Offset.width)) }
    private var distances: Address { at + (Offset.pairs + pairs.byteCount) }

    /// The largest distance that so many bytes can hold; one more says that there is no deadline.
    private static func distanceMax(_ width: Int) -> UInt64 { (width == 8 ? 0 : 1 << UInt64(width * 8)) &- 2 }

    /// The deadline of the pair with this index, in Unix ms, or `Table.noDeadline`.
    public func deadline(_ index: Int) -> Int64 {
        let width = self.width
        if width == 0 { return earliest }
        // The eight bytes that end with the distance: in front there is always something.
        let distance = distances.u64((index + 1) * width - 8) >> UInt64(64 - width * 8)
        return distance > ListpackEx.distanceMax(width) ? Table.noDeadline : earliest + Int64(distance)
    }

    /// How many fields have a deadline; looks at all of them.
    public var volatileCount: Int {
        guard hasDeadlines else { return 0 }
        return (0..<count).reduce(0) { $0 + (deadline($1) == Table.noDeadline ? 0 : 1) }
    }

    // MARK: Pairs

    private var frame: Listpack.Frame { .init(before: Offset.pairs, behind: width * count) }

    /// Adds a pair without a deadline.
    public mutating func append(_ name: ByteView, _ value: ByteView, _ store: Store) {
        if width == 0, hasDeadlines { widen(to: 1, store) }
        edit(store) { pairs, frame, heap in
            for text in [name, value] {
                pairs.splice(
                    pairs.byteCount - 1, removing: 0, entries: 0, adding: .init(text), within: frame, heap)
            }
        }
        let bytes = width
        guard bytes > 0 else { return }
        let last = count - 1
        resizeDistances(at: last * bytes, removing: 0, adding: bytes, of: last, store)
        write(last, UInt64.max)
    }

    /// Gives a pair another value; its deadline stays.
    public mutating func replaceValue(_ pair: Listpack.Pair, with value: ByteView, _ store: Store) {
        edit(store) { pairs, frame, heap in
            let old = Listpack.entryBytes(pairs.address(pair.value))
            pairs.splice(
                pair.value.offset, removing: old, entries: 1, adding: .init(value), within: frame, heap)
        }
    }

    /// Takes a pair out with its deadline.
    public mutating func remove(_ pair: Listpack.Pair, _ store: Store) {
        let wasVolatile = deadline(pair.index) != Table.noDeadline
        takeOut(pair, store)
        if wasVolatile { settleEarliest(store) }
    }

    /// The first pairs, at most `max`, whose deadline is `nowMs` or earlier.
    public func duePairs(nowMs: Int64, max: Int) -> [Listpack.Pair] {
        guard earliest <= nowMs else { return [] }
        var due: [Listpack.Pair] = []
        var next = pairs.firstPair
        while let pair = next, due.count < max {
            if deadline(pair.index) <= nowMs { due.append(pair) }
            next = pairs.nextPair(pair)
        }
        return due
    }

    /// Takes pairs out that are given in their order, with their deadlines.
    public mutating func remove(_ some: [Listpack.Pair], _ store: Store) {
        // From behind, so that the positions of the others stay true.
        for pair in some.reversed() { takeOut(pair, store) }
        settleEarliest(store)
    }

    private mutating func takeOut(_ pair: Listpack.Pair, _ store: Store) {
        let bytes = width
        if bytes > 0 { resizeDistances(at: pair.index * bytes, removing: bytes, adding: 0, of: count, store) }
        let left = count - 1
        edit(store, behind: bytes * left) { pairs, frame, heap in
            let both =
                Listpack.entryBytes(pairs.address(pair.name)) + Listpack.entryBytes(pairs.address(pair.value))
            pairs.splice(pair.name.offset, removing: both, entries: 2, adding: nil, within: frame, heap)
        }
    }

    /// Runs an edit of the list, which may move everything; the wheel follows.
    private mutating func edit(
        _ store: Store, behind: Int? = nil, _ body: (inout Listpack, Listpack.Frame, Heap) -> Void
    ) {
        let isScheduled = store.wheel.holds(node: at)
        if isScheduled { store.wheel.remove(node: at) }
        var pairs = self.pairs
        body(&pairs, .init(before: Offset.pairs, behind: behind ?? width * count), store.heap)
        self = ListpackEx(at: pairs.at + -Offset.pairs)
        if isScheduled { store.wheel.schedule(node: at, .packed) }
    }

    // MARK: Deadlines

    /// Sets, moves or (with `Table.noDeadline`) clears the deadline of the pair with this index, in Unix ms.
    public mutating func setDeadline(_ index: Int, _ deadline: Int64, _ store: Store) {
        let old = self.deadline(index)
        guard old != deadline else { return }
        if deadline == Table.noDeadline {
            if width == 0 { widen(to: 1, store) }
            write(index, UInt64.max)
            return settleEarliest(store)
        }
        precondition(deadline >= 0, "a deadline before 1970")
        if width > 0, deadline >= earliest,
            UInt64(deadline - earliest) <= ListpackEx.distanceMax(width), hasDeadlines
        {
            write(index, UInt64(deadline - earliest))
            // All together now: the distances take no bytes any more.
            if deadline == earliest, width == 1, areAllEqual { settleEarliest(store) }
            return
        }
        var all = allDeadlines
        all[index] = deadline
        encode(all, store)
    }

    private var areAllEqual: Bool {
        let (distances, count) = (self.distances, self.count)
        for index in 0..<count where distances.u8(index) != 0 { return false }
        return true
    }

    private var allDeadlines: [Int64] { (0..<count).map { deadline($0) } }

    /// Finds the true earliest deadline, and the fewest bytes for the distances; to be called when the node falls due and
    /// nothing that is due is left.
    public mutating func settleEarliest(_ store: Store) { encode(allDeadlines, store) }

    private mutating func encode(_ deadlines: [Int64], _ store: Store) {
        let earliest = deadlines.min() ?? Table.noDeadline
        var latest = earliest
        var hasNone = false
        for deadline in deadlines {
            if deadline == Table.noDeadline { hasNone = true } else { latest = max(latest, deadline) }
        }
        var width = 0
        if earliest != Table.noDeadline, hasNone || latest > earliest {
            width = 1
            while UInt64(latest - earliest) > ListpackEx.distanceMax(width) { width += 1 }
        }
        store.wheel.remove(node: at)
        let count = deadlines.count
        if width != self.width {
            resizeDistances(at: 0, removing: self.width * count, adding: width * count, of: count, store)
            at.setU8(Offset.width, UInt8(width))
        }
        at.setI64(Offset.earliest, earliest)
        if width > 0 {
            for (index, deadline) in deadlines.enumerated() {
                write(index, deadline == Table.noDeadline ? UInt64.max : UInt64(deadline - earliest))
            }
        }
        if !holder.isNull { store.wheel.schedule(node: at, .packed) }
    }

    private mutating func widen(to width: Int, _ store: Store) {
        assert(self.width == 0, "the distances have bytes already")
        let isVolatile = hasDeadlines
        let count = self.count
        resizeDistances(at: 0, removing: 0, adding: width * count, of: count, store)
        at.setU8(Offset.width, UInt8(width))
        for index in 0..<count { write(index, isVolatile ? 0 : UInt64.max) }
    }

    /// Makes or takes room among the distances of `count` pairs; what is new must be written.
    private mutating func resizeDistances(
        at offset: Int, removing removed: Int, adding added: Int, of count: Int, _ store: Store
    ) {
        let isScheduled = store.wheel.holds(node: at)
        if isScheduled { store.wheel.remove(node: at) }
        let start = Offset.pairs + pairs.byteCount
        self = ListpackEx(
            at: store.heap.splice(
                at, start + width * count, at: start + offset, removing: removed, adding: added))
        if isScheduled { store.wheel.schedule(node: at, .packed) }
    }

    private func write(_ index: Int, _ distance: UInt64) {
        let width = self.width
        let place = distances + index * width
        for byte in 0..<width { place.setU8(byte, UInt8(truncatingIfNeeded: distance >> UInt64(byte * 8))) }
    }

    /// A key holds the hash from now on: its deadlines count.
    public func take(holder: Address, _ store: Store) {
        self.holder = holder
        if hasDeadlines { store.wheel.schedule(node: at, .packed) }
    }

    // MARK: Elsewhere

    /// The hash at a better place, if it lay in a sparse page.
    public func settled(_ mover: Mover, _ store: Store) -> ListpackEx {
        let isScheduled = store.wheel.holds(node: at)
        if isScheduled { store.wheel.remove(node: at) }
        let moved = mover.settle(at, Heap.roundedBytes(byteCount))
        if isScheduled { store.wheel.schedule(node: moved, .packed) }
        return ListpackEx(at: moved)
    }

    /// Traps on a broken invariant.
    public func checkInvariants(_ store: Store) {
        pairs.checkInvariants()
        precondition(pairs.count % 2 == 0, "half a pair")
        precondition(width <= 8, "distances of too many bytes")
        let deadlines = allDeadlines
        let earliest = deadlines.min() ?? Table.noDeadline
        precondition(self.earliest <= earliest, "a deadline before the earliest")
        precondition((self.earliest == Table.noDeadline) == (earliest == Table.noDeadline), "deadlines lost")
        precondition(
            store.wheel.holds(node: at) == (hasDeadlines && !holder.isNull),
            "the wheel does not know the hash")
    }
}
