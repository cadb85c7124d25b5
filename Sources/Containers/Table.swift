// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

// The hash table under databases, sets, hashes and member indexes.
//
// *Idea*. Extendible hashing (Fagin et al.): the top bits of a hash select, through a directory of pointers, a segment
// of at most 448 slots; a full segment splits alone, so there is never a rehash and no step costs more than one split:
// the directory itself grows in slices (`Table+Directory.swift`), and where it may not grow a segment gets overflow
// segments (`Table+Overflow.swift`). The hash is a pseudo-random function of the key (`Store.hash`).
// The 16 bits behind the segment's prefix are kept in the slot as its tag. The tag picks the home bucket inside the
// segment (tag × buckets / 65536), so a segment can grow from 1 to 56 buckets without looking at a key, and position
// follows the order of hashes everywhere: a SCAN cursor is a position in hash space and survives every change.
// (Bucket lines of tagged pointers: Valkey's hashtable.c; segments with local depth: Dash and Dragonfly.)
//
// *Layout*. All raw memory of one `Heap`.
//
//     root (72 B)     see `RootField`: the directory, or the only segment while the depth is 0; the counts; the list
//                     that names each segment once; the table's identity
//     segment (192 B) see `SegmentField`; the first 64 bytes are what a lookup needs
//     bucket (64 B)   eight slots, filled from the front: 48-bit entry pointer | tag << 48; 0 is empty
//     chunk           eight buckets (512 B, one slab class, so growing strands nothing); the first chunk of a small
//                     table is one, two or four buckets
//     deadlines       per segment, either a list of (entry, deadline) pairs or, from a quarter of the entries on, four
//                     bytes beside each slot, eight where they lie far apart (`Table+Dense.swift`)
//
// An entry is any memory whose key stands at the key offset: a byte with the length (bit 7 says that the entry has a
// deadline; 127 means that a u32 length follows), then the key.
//
// Arithmetic: 78 % of slots used on average, so 8 / 0.78 = 10.3 bytes per entry, half as much again with deadlines on
// all.
//
// *Invariants*. An entry lies in its home bucket or behind it (cyclically), and every bucket between is full. A bucket
// with an empty last slot ends every probe. Removal shifts entries back. The directory has 2^depth pointers; a segment
// of local depth d has 2^(depth − d) of them, side by side. The list of segments names each one once, also those that
// only overflow leads to.
//
// *Who frees*. `destroy` frees the table's own memory; entries belong to the caller, who visits them first.

/// A place in a table: valid until the next insertion or removal.
@frozen public struct Slot {
    /// The segment that the place lies in; null for none.
    public let segment: Address
    /// The cache line of eight slots that the place lies in.
    public let line: Address
    /// Which of the line's slots it is, 0 to 7.
    public let position: UInt32
    /// Index of the bucket in the segment.
    public let bucket: UInt32

    @inlinable @inline(__always) init(segment: Address, line: Address, position: UInt32, bucket: UInt32) {
        self.segment = segment
        self.line = line
        self.position = position
        self.bucket = bucket
    }
    /// The answer of a lookup that found nothing.
    @inlinable @inline(__always) public static var none: Slot {
        Slot(segment: .null, line: .null, position: 0, bucket: 0)
    }
    /// Whether this is no place: nothing was found.
    @inlinable @inline(__always) public var isNone: Bool { line.isNull }
    /// The entry that lies here.
    @inlinable @inline(__always) public var entry: Address {
        Address(bits: UInt(line.u64(Int(position) &* 8) & Table.pointerMask))
    }
}

/// A handle to a table; copies name the same table.
@frozen public struct Table {
    /// How many chunks of eight buckets a segment grows to: 448 slots.
    public static let chunksMax = 7
    /// The bits of a slot's word that are the entry's address; the 16 above them are the tag.
    public static let pointerMask: UInt64 = 0xFFFF_FFFF_FFFF
    /// What `deadline` answers for an entry without one.
    public static let noDeadline = Int64.max

    /// Where the table's root lies.
    public let root: Address

    /// The handle of the table with this root.
    @inlinable @inline(__always) public init(root: Address) { self.root = root }

    /// A new empty table; `owner` is any number the caller wants to find again from a due segment.
    /// - Parameter expected: about how many entries will come: it is laid out for so many, but not for more than a
    ///   million, because whoever says so may be wrong.
    public static func create(_ store: Store, keyOffset: Int, owner: UInt32 = 0, expecting expected: Int = 0)
        -> Table
    {
        let table = bare(store, keyOffset: keyOffset, owner: owner)
        let count = max(0, min(expected, expectedMax))
        let depth = depthFor(count)
        let buckets = bucketsFor(count >> depth)
        if depth > 0 { table.openDirectory(depth, store) }
        for index in 0..<(1 << depth) {
            table.name(table.newSegment(store, depth: depth, buckets: buckets), from: index, count: 1, store)
        }
        return table
    }

    /// A table without any segment yet, which is none until it has one.
    static func bare(_ store: Store, keyOffset: Int, owner: UInt32 = 0) -> Table {
        let root = store.heap.allocateZeroed(RootField.size)
        root.setU8(RootField.keyOffset, UInt8(keyOffset))
        root.setU32(RootField.owner, owner)
        root.setI64(RootField.bytes, Int64(RootField.size))
        root.setU64(RootField.identity, store.nextIdentity())
        return Table(root: root)
    }

    private static let expectedMax = 1 << 20

    /// How many bits of the hash choose the segment where so many entries have come one by one: a segment takes some
    /// 390 before it splits, and by chance a few more come to one than to another.
    private static func depthFor(_ count: Int) -> Int {
        count <= 340 ? 0 : Int.bitWidth - ((count - 1) / 340).leadingZeroBitCount
    }

    /// How many entries there are.
    @inlinable @inline(__always) public var count: Int { Int(root.u64(RootField.count)) }
    /// How many top bits of a hash choose the segment; 0 while there is one segment.
    @inlinable @inline(__always) public var depth: Int { Int(root.u8(RootField.depth)) }
    /// Where the key begins in an entry, in bytes.
    @inlinable @inline(__always) public var keyOffset: Int { Int(root.u8(RootField.keyOffset)) }
    /// Lanes of cuts that want pre-images of this table's entries.
    @inlinable @inline(__always) public var lanes: UInt8 {
        get { root.u8(RootField.lanes) }
        nonmutating set { root.setU8(RootField.lanes, newValue) }
    }
    /// Any number of the caller's, by which it finds its way from a due segment to what the table belongs to.
    @inlinable public var owner: UInt32 {
        get { root.u32(RootField.owner) }
        nonmutating set { root.setU32(RootField.owner, newValue) }
    }
    /// What the table is known by: no other table of the store has ever had this number, nor will have. Its root's
    /// address is no name, because roots move and their memory is used again.
    public var identity: UInt64 { root.u64(RootField.identity) }
    /// The entry of the key that holds the table as its value; null for a database, and while no key does. Whoever moves
    /// the entry says so here.
    public var holder: Address {
        get { root.address(RootField.holder) }
        nonmutating set { root.setAddress(RootField.holder, newValue) }
    }
    /// How many values of a database have elements with deadlines; counted by whoever changes values.
    public var datedValues: Int {
        get { Int(root.u64(RootField.holder)) }
        nonmutating set { root.setU64(RootField.holder, UInt64(newValue)) }
    }
    /// Bytes of the table and of what the caller added with `addBytes`.
    public var bytes: Int { Int(root.i64(RootField.bytes)) }
    /// How many entries have a deadline.
    @inlinable public var volatileCount: Int { Int(root.u64(RootField.volatile)) }
    /// How many segments the entries lie in, each of up to 448 slots.
    public var segmentCount: Int { Int(root.u32(RootField.segments)) }

    /// Adds to `bytes` what the caller allocates for the table's entries; negative when it frees.
    @inlinable @inline(__always) public func addBytes(_ n: Int) {
        root.setI64(RootField.bytes, root.i64(RootField.bytes) &+ Int64(n))
    }

    // MARK: Lookup

    @inlinable @inline(__always) func segment(_ hash: UInt64) -> Address {
        let depth = UInt64(root.u8(RootField.depth))
        let directory = root.address(RootField.directory)
        if depth == 0 { return directory }
        return directory.address(Int(truncatingIfNeeded: hash >> (64 &- depth)) &* 8)
    }

    @inlinable @inline(__always) static func tag(_ hash: UInt64, _ segment: Address) -> UInt16 {
        UInt16(truncatingIfNeeded: (hash << UInt64(segment.u8(SegmentField.depth))) >> 48)
    }

    @inlinable @inline(__always) static func home(_ tag: UInt16, _ segment: Address) -> Int {
        (Int(tag) &* Int(segment.u16(SegmentField.buckets))) >> 16
    }

    @inlinable @inline(__always) static func line(_ segment: Address, _ bucket: Int) -> Address {
        segment.address(SegmentField.chunk0 &+ (bucket >> 3) &* 8) + (bucket & 7) &* 64
    }

    /// Whether the bucket's last slot is taken: buckets are filled from the front.
    @inlinable @inline(__always) static func isFull(_ line: Address) -> Bool { line.u64(56) != 0 }

    /// The hash of a key in tables of this store.
    @inlinable @inline(__always) public static func hash(_ key: ByteView, _ store: Store) -> UInt64 {
        store.hash(key)
    }

    /// Starts loading the memory that a lookup of this hash needs first.
    @inlinable @inline(__always) public func prefetch(_ hash: UInt64) {
        segment(hash).prefetch()
    }

    @inlinable @inline(__always) static func keyMatches(_ at: Address, _ key: ByteView) -> Bool {
        let length = Int(at.u8(0) & 127)
        if length == 127 {
            return Int(at.u32(1)) == key.count && ByteView(start: at + 5, count: key.count) == key
        }
        return length == key.count && ByteView(start: at + 1, count: length) == key
    }

    /// Where the entry with this key lies, or `Slot.none`.
    @inlinable public func find(_ hash: UInt64, _ key: ByteView) -> Slot {
        let segment = segment(hash)
        let tag = Table.tag(hash, segment)
        let buckets = Int(segment.u16(SegmentField.buckets))
        let keyOffset = self.keyOffset
        var bucket = (Int(tag) &* buckets) >> 16
        var left = buckets
        while true {
            let line = Table.line(segment, bucket)
            var hits = unsafe nt_match_tags(line.pointer, tag)
            while hits != 0 {
                let position = hits.trailingZeroBitCount
                let entry = Address(bits: UInt(line.u64(position &* 8) & Table.pointerMask))
                if !entry.isNull, Table.keyMatches(entry + keyOffset, key) {
                    return Slot(
                        segment: segment, line: line, position: UInt32(truncatingIfNeeded: position),
                        bucket: UInt32(truncatingIfNeeded: bucket))
                }
                hits &= hits &- 1
            }
            left &-= 1
            if !Table.isFull(line) || left == 0 {
                return segment.u8(SegmentField.children) == 0 ? .none : findBelow(segment, hash, key)
            }
            bucket &+= 1
            if bucket == buckets { bucket = 0 }
        }
    }

    // MARK: Looking ahead

    /// The segment that a hash belongs to, on its way into the cache.
    @inline(__always) public func warmSegment(_ hash: UInt64) -> Address {
        let segment = segment(hash)
        segment.prefetch()
        return segment
    }

    /// The home bucket of a hash, on its way into the cache, and the tag to look for.
    @inline(__always) public static func warmBucket(_ segment: Address, _ hash: UInt64) -> (
        line: Address, tag: UInt16
    ) {
        let tag = tag(hash, segment)
        let line = line(segment, home(tag, segment))
        line.prefetch()
        return (line, tag)
    }

    /// The entry that a bucket holds under a tag, on its way into the cache; an entry may straddle two lines.
    /// - Returns: the entry, null when the bucket holds none. It may be that of another key with the same tag.
    @discardableResult @inline(__always)
    public static func warmEntry(_ line: Address, _ tag: UInt16) -> Address {
        let hits = unsafe nt_match_tags(line.pointer, tag)
        guard hits != 0 else { return .null }
        let entry = Address(bits: UInt(line.u64(hits.trailingZeroBitCount &* 8) & pointerMask))
        // An empty slot looks like the tag 0.
        if entry.isNull { return entry }
        entry.prefetch()
        (entry + 56).prefetch()
        return entry
    }

    // MARK: Change

    /// Adds an entry whose key is not there yet. The deadline bit of the entry must be clear.
    @discardableResult public func insert(_ entry: Address, _ hash: UInt64, _ store: Store) -> Slot {
        var segment = segment(hash)
        if !Table.hasRoom(segment) { segment = makeRoom(for: hash, store) }
        root.setU64(RootField.count, root.u64(RootField.count) &+ 1)
        return enter(entry, hash, segment)
    }

    /// Stores an entry in a segment that has room.
    @inline(__always) func enter(_ entry: Address, _ hash: UInt64, _ segment: Address) -> Slot {
        let at = Table.place(segment, UInt64(entry.bits) | UInt64(Table.tag(hash, segment)) << 48)
        segment.setU16(SegmentField.count, segment.u16(SegmentField.count) &+ 1)
        return Slot(
            segment: segment, line: Table.line(segment, at.bucket),
            position: UInt32(truncatingIfNeeded: at.position),
            bucket: UInt32(truncatingIfNeeded: at.bucket))
    }

    /// Puts another entry with the same key in the slot's place; the deadline, if any, stays.
    public func replace(_ slot: Slot, with entry: Address) {
        let at = Int(slot.position) &* 8
        let old = slot.line.u64(at)
        if slot.segment.u16(SegmentField.volatile) != 0, slot.segment.u8(SegmentField.dense) == 0 {
            Table.renamePair(slot.segment, Address(bits: UInt(old & Table.pointerMask)), entry)
        }
        slot.line.setU64(at, UInt64(entry.bits) | (old & ~Table.pointerMask))
    }

    /// Takes the slot's entry out; the caller frees it. Its deadline goes with it.
    public func remove(_ slot: Slot, _ store: Store) {
        let segment = slot.segment
        let entry = slot.entry
        if entry.u8(keyOffset) & 128 != 0 { setDeadline(slot, Table.noDeadline, store) }
        Table.close(segment, Int(slot.bucket), Int(slot.position))
        let left = segment.u16(SegmentField.count) &- 1
        segment.setU16(SegmentField.count, left)
        root.setU64(RootField.count, root.u64(RootField.count) &- 1)
        if left & 15 == 0 { tighten(segment, Table.hash(Table.key(entry + keyOffset), store), store) }
    }

    /// How many entries a segment of so many buckets takes before it grows: seven of eight slots.
    @inlinable @inline(__always) static func limit(_ buckets: Int) -> Int {
        buckets >= 8 ? buckets &* 7 : (buckets == 4 ? 28 : (buckets == 2 ? 15 : 8))
    }

    /// Whether a segment takes one more entry without growing.
    @inline(__always) static func hasRoom(_ segment: Address) -> Bool {
        Int(segment.u16(SegmentField.count)) < limit(Int(segment.u16(SegmentField.buckets)))
    }

    /// Stores a slot word in the first bucket with room from its home on.
    static func place(_ segment: Address, _ word: UInt64) -> (bucket: Int, position: Int) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        var bucket = home(UInt16(word >> 48), segment)
        while true {
            let line = line(segment, bucket)
            if !Table.isFull(line) {
                var position = 0
                while line.u64(position &* 8) != 0 { position &+= 1 }
                line.setU64(position &* 8, word)
                return (bucket, position)
            }
            bucket &+= 1
            if bucket == buckets { bucket = 0 }
        }
    }

    /// Closes the hole at a place: first within its bucket, then by shifting back entries that had overflowed.
    static func close(_ segment: Address, _ bucket: Int, _ position: Int) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        var hole = bucket
        var wasFull = fill(segment, hole, position)
        var probe = hole
        while wasFull {
            probe = probe &+ 1 == buckets ? 0 : probe &+ 1
            if probe == hole { return }
            let line = line(segment, probe)
            if let found = overflowed(in: segment, at: probe, past: hole) {
                moveWord(segment, from: (probe, found), to: (hole, 7))
                hole = probe
                wasFull = fill(segment, hole, found)
            } else if !Table.isFull(line) {
                return
            }
        }
    }

    /// Moves the last slot of a bucket into a freed one; says whether the bucket had been full.
    private static func fill(_ segment: Address, _ bucket: Int, _ position: Int) -> Bool {
        let line = line(segment, bucket)
        var last = 7
        while last > position, line.u64(last &* 8) == 0 { last &-= 1 }
        if last != position { moveWord(segment, from: (bucket, last), to: (bucket, position)) }
        line.setU64(last &* 8, 0)
        return last == 7
    }

    /// An entry of `probe` whose home is at `hole` or before it, cyclically.
    private static func overflowed(in segment: Address, at probe: Int, past hole: Int) -> Int? {
        let line = line(segment, probe)
        let buckets = Int(segment.u16(SegmentField.buckets))
        let distance = probe >= hole ? probe &- hole : probe &+ buckets &- hole
        for position in 0..<8 {
            let word = line.u64(position &* 8)
            if word == 0 { return nil }
            let home = home(UInt16(word >> 48), segment)
            let travelled = probe >= home ? probe &- home : probe &+ buckets &- home
            if travelled >= distance { return position }
        }
        return nil
    }

    private static func moveWord(_ segment: Address, from: (Int, Int), to: (Int, Int)) {
        line(segment, to.0).setU64(to.1 &* 8, line(segment, from.0).u64(from.1 &* 8))
        if segment.u8(SegmentField.dense) != 0 { moveDense(segment, from: from, to: to) }
    }
}
