// SPDX-License-Identifier: Apache-2.0
import Bytes
import CShims

// How segments grow, split, shrink and merge, and how the directory follows.

/// A slot word and its deadline on their way from one segment to another.
struct Moving {
    var word: UInt64
    var deadline: Int64
}

extension Table {
    // MARK: Segments and chunks

    func newSegment(_ store: Store, depth: Int, buckets: Int) -> Address {
        let segment = store.heap.allocateZeroed(SegmentField.size)
        addBytes(SegmentField.size)
        segment.setU8(SegmentField.depth, UInt8(depth))
        segment.setI64(SegmentField.earliest, Table.noDeadline)
        segment.setAddress(SegmentField.owner, root)
        allocateChunks(segment, buckets, store)
        appendToDense(segment, store)
        return segment
    }

    private static func chunkBytes(_ buckets: Int) -> Int { min(buckets, 8) * 64 }

    private func allocateChunks(_ segment: Address, _ buckets: Int, _ store: Store) {
        let chunks = (buckets + 7) / 8
        for i in 0..<chunks {
            segment.setAddress(
                SegmentField.chunk0 + i * 8, store.heap.allocateZeroed(Table.chunkBytes(buckets)))
        }
        segment.setU16(SegmentField.buckets, UInt16(buckets))
        segment.setU8(SegmentField.chunks, UInt8(chunks))
        addBytes(chunks * Table.chunkBytes(buckets))
    }

    private func freeChunks(_ segment: Address, _ store: Store) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        let chunks = Int(segment.u8(SegmentField.chunks))
        for i in 0..<chunks {
            store.heap.free(segment.address(SegmentField.chunk0 + i * 8), Table.chunkBytes(buckets))
        }
        addBytes(-chunks * Table.chunkBytes(buckets))
    }

    func freeSegment(_ segment: Address, _ store: Store) {
        store.wheel.remove(segment)
        freeDeadlines(segment, store)
        freeChunks(segment, store)
        removeFromDense(segment)
        store.heap.free(segment, SegmentField.size)
        addBytes(-SegmentField.size)
    }

    private func appendToDense(_ segment: Address, _ store: Store) {
        let count = Int(root.u32(RootField.segments))
        let capacity = Int(root.u32(RootField.denseRoom))
        if count == capacity {
            let larger = capacity == 0 ? 1 : capacity * 2
            let array = store.heap.allocate(larger * 8)
            array.copy(from: root.address(RootField.dense), count: count * 8)
            if capacity > 0 { store.heap.free(root.address(RootField.dense), capacity * 8) }
            root.setAddress(RootField.dense, array)
            root.setU32(RootField.denseRoom, UInt32(larger))
            addBytes((larger - capacity) * 8)
        }
        root.address(RootField.dense).setAddress(count * 8, segment)
        segment.setU32(SegmentField.index, UInt32(count))
        root.setU32(RootField.segments, UInt32(count + 1))
    }

    private func removeFromDense(_ segment: Address) {
        var hole = Int(segment.u32(SegmentField.index))
        let last = Int(root.u32(RootField.segments)) - 1
        if hole < volatileSegments {
            volatileSegments -= 1
            setSegment(segmentAt(volatileSegments), at: hole)
            hole = volatileSegments
        }
        // What lay last has its place already when all segments have deadlines.
        if hole != last { setSegment(segmentAt(last), at: hole) }
        root.setU32(RootField.segments, UInt32(last))
    }

    private func setSegment(_ segment: Address, at index: Int) {
        root.address(RootField.dense).setAddress(index * 8, segment)
        segment.setU32(SegmentField.index, UInt32(index))
    }

    /// How many segments have entries with a deadline; they lie in front in the dense array.
    var volatileSegments: Int {
        get { Int(root.u32(RootField.volatileSegments)) }
        nonmutating set { root.setU32(RootField.volatileSegments, UInt32(newValue)) }
    }

    /// Brings a segment to the side of the dense array where its deadlines want it.
    func settleInDense(_ segment: Address) {
        let index = Int(segment.u32(SegmentField.index))
        let isVolatile = segment.u16(SegmentField.volatile) != 0
        guard isVolatile != (index < volatileSegments) else { return }
        let border = isVolatile ? volatileSegments : volatileSegments - 1
        setSegment(segmentAt(border), at: index)
        setSegment(segment, at: border)
        volatileSegments += isVolatile ? 1 : -1
    }

    func segmentAt(_ index: Int) -> Address { root.address(RootField.dense).address(index * 8) }

    // MARK: Growth

    @inline(never) func makeRoom(_ segment: Address, _ hash: UInt64, _ store: Store) {
        let buckets = Int(segment.u16(SegmentField.buckets))
        if buckets < 8 {
            resize(segment, buckets * 2, store)
        } else if buckets < Table.chunksMax * 8 {
            resize(segment, buckets + 8, store)
        } else {
            split(segment, hash, store)
        }
    }

    /// Buckets for so many entries at 80 % of the slots, in whole chunks.
    static func bucketsFor(_ count: Int) -> Int {
        if count <= 4 { return 1 }
        if count <= 10 { return 2 }
        if count <= 22 { return 4 }
        return min(chunksMax * 8, ((count * 10 / 64) + 8) & ~7)
    }

    /// Takes all slot words of a segment out, with their deadlines if they are kept beside the slots.
    func gather(_ segment: Address, _ into: inout [Moving], pairs: Bool) {
        let dense = segment.u8(SegmentField.dense) != 0
        for bucket in 0..<Int(segment.u16(SegmentField.buckets)) {
            let line = Table.line(segment, bucket)
            for position in 0..<8 {
                let word = line.u64(position * 8)
                if word == 0 { break }
                var deadline = Table.noDeadline
                if dense {
                    deadline = Table.deadlineLine(segment, bucket).i64(position * 8)
                } else if pairs, segment.u16(SegmentField.volatile) != 0 {
                    let entry = Address(bits: UInt(word & Table.pointerMask))
                    if entry.u8(keyOffset) & 128 != 0 { deadline = Table.pairDeadline(segment, entry) }
                }
                into.append(Moving(word: word, deadline: deadline))
            }
        }
    }

    /// Gives a segment another number of buckets. No key is read: tags say where everything goes, and pairs of
    /// deadlines name entries, not places.
    func resize(_ segment: Address, _ buckets: Int, _ store: Store) {
        var moving: [Moving] = []
        moving.reserveCapacity(Int(segment.u16(SegmentField.count)))
        gather(segment, &moving, pairs: false)
        let dense = segment.u8(SegmentField.dense) != 0
        if dense { freeDenseLines(segment, store) }
        freeChunks(segment, store)
        allocateChunks(segment, buckets, store)
        if dense { allocateDenseLines(segment, store) }
        for item in moving {
            let at = Table.place(segment, item.word)
            if dense { Table.deadlineLine(segment, at.bucket).setI64(at.position * 8, item.deadline) }
        }
    }

    /// Fills an empty segment and chooses how its deadlines are kept.
    private func fill(_ segment: Address, _ moving: [Moving], _ store: Store) {
        segment.setU16(SegmentField.count, UInt16(moving.count))
        let volatile = moving.reduce(0) { $0 + ($1.deadline == Table.noDeadline ? 0 : 1) }
        prepareDeadlines(segment, volatile: volatile, of: moving.count, store)
        for item in moving {
            let at = Table.place(segment, item.word)
            keepDeadline(of: item, in: segment, bucket: at.bucket, position: at.position)
        }
        settleInDense(segment)
        store.wheel.schedule(segment)
    }

    private func empty(_ segment: Address, buckets: Int, _ store: Store) {
        freeDeadlines(segment, store)
        freeChunks(segment, store)
        allocateChunks(segment, buckets, store)
        segment.setU16(SegmentField.count, 0)
    }

    private func split(_ segment: Address, _ hash: UInt64, _ store: Store) {
        let depth = Int(segment.u8(SegmentField.depth))
        precondition(depth < 36, "the hash prefix is exhausted")
        if depth == self.depth { doubleDirectory(store) }
        var all: [Moving] = []
        all.reserveCapacity(448)
        gather(segment, &all, pairs: true)
        for item in all { unsafe nt_prefetch(Address(bits: UInt(item.word & Table.pointerMask)).pointer) }
        var low: [Moving] = []
        var high: [Moving] = []
        low.reserveCapacity(256)
        high.reserveCapacity(256)
        for item in all {
            let entry = Address(bits: UInt(item.word & Table.pointerMask))
            let full = Table.hash(Table.key(entry + keyOffset), store)
            let tag = (full << UInt64(depth + 1)) >> 48
            let moved = Moving(word: (item.word & Table.pointerMask) | tag << 48, deadline: item.deadline)
            if item.word >> 63 == 0 { low.append(moved) } else { high.append(moved) }
        }
        empty(segment, buckets: Table.bucketsFor(low.count), store)
        segment.setU8(SegmentField.depth, UInt8(depth + 1))
        let sibling = newSegment(store, depth: depth + 1, buckets: Table.bucketsFor(high.count))
        inheritSaved(segment, sibling)
        fill(segment, low, store)
        fill(sibling, high, store)
        // The sibling takes the upper half of the segment's run of directory pointers.
        let span = 1 << (self.depth - depth)
        let first = depth == 0 ? 0 : Int(hash >> UInt64(64 - depth)) << (self.depth - depth)
        for i in (first + span / 2)..<(first + span) {
            root.address(RootField.directory).setAddress(i * 8, sibling)
        }
        if depth + 1 == self.depth { root.setU32(RootField.deepest, root.u32(RootField.deepest) + 2) }
    }

    /// The key whose length byte stands at `at`.
    @inlinable @inline(__always) public static func key(_ at: Address) -> ByteView {
        let length = Int(at.u8(0) & 127)
        return length == 127 ? at.view(5, Int(at.u32(1))) : at.view(1, length)
    }

    private func doubleDirectory(_ store: Store) {
        let depth = self.depth
        let old = root.address(RootField.directory)
        let size = 1 << depth
        let new = store.heap.allocate(size * 2 * 8)
        for i in 0..<size {
            let segment = depth == 0 ? old : old.address(i * 8)
            new.setAddress(i * 16, segment)
            new.setAddress(i * 16 + 8, segment)
        }
        if depth > 0 { store.heap.free(old, size * 8) }
        addBytes(size * (depth > 0 ? 8 : 16))
        root.setAddress(RootField.directory, new)
        root.setU8(RootField.depth, UInt8(depth + 1))
        root.setU32(RootField.deepest, 0)
    }

    // MARK: Shrinking

    /// Gives memory back when a segment has become sparse: fewer buckets, then one segment for two siblings.
    /// `hash` is that of any key that belongs to the segment: it tells where the directory names it.
    @inline(never) func tighten(_ segment: Address, _ hash: UInt64, _ store: Store) {
        let count = Int(segment.u16(SegmentField.count))
        let buckets = Int(segment.u16(SegmentField.buckets))
        if buckets > 1, count * 2 < buckets * 8 {
            let fewer = Table.bucketsFor(count + count / 4)
            if fewer < buckets { resize(segment, fewer, store) }
        }
        if count <= 96, segment.u8(SegmentField.depth) > 0, store.openLanes == 0 || lanes == 0 {
            merge(segment, hash, store)
        }
    }

    /// Tightens up to `max` segments from a hash position on. A segment that emptied while a cut was open merges with
    /// nobody by itself afterwards.
    /// - Returns: where to go on, 0 at the end.
    public func tidy(from position: UInt64, max: Int, _ store: Store) -> UInt64 {
        var at = position
        for _ in 0..<max {
            var depth: UInt64
            repeat {
                depth = UInt64(segment(at).u8(SegmentField.depth))
                tighten(segment(at), at, store)
            } while UInt64(segment(at).u8(SegmentField.depth)) < depth
            if depth == 0 { return 0 }
            let next = (at >> (64 - depth)) + 1
            if next == 1 << depth { return 0 }
            at = next << (64 - depth)
        }
        return at
    }

    private func merge(_ segment: Address, _ hash: UInt64, _ store: Store) {
        let depth = Int(segment.u8(SegmentField.depth))
        let first = Int(hash >> UInt64(64 - depth)) << (self.depth - depth)
        let span = 1 << (self.depth - depth)
        let other = root.address(RootField.directory).address((first ^ span) * 8)
        guard Int(other.u8(SegmentField.depth)) == depth else { return }
        let total = Int(segment.u16(SegmentField.count)) + Int(other.u16(SegmentField.count))
        guard total <= 192 else { return }
        let low = first & span == 0 ? segment : other
        let high = first & span == 0 ? other : segment
        var all: [Moving] = []
        gather(low, &all, pairs: true)
        let boundary = all.count
        gather(high, &all, pairs: true)
        for i in all.indices {
            let tag = (all[i].word >> 48) >> 1 | (i < boundary ? 0 : 1 << 15)
            all[i].word = (all[i].word & Table.pointerMask) | tag << 48
        }
        freeSegment(high, store)
        empty(low, buckets: Table.bucketsFor(total), store)
        low.setU8(SegmentField.depth, UInt8(depth - 1))
        fill(low, all, store)
        let start = first & ~span
        for i in start..<(start + span * 2) { root.address(RootField.directory).setAddress(i * 8, low) }
        if depth == self.depth {
            root.setU32(RootField.deepest, root.u32(RootField.deepest) - 2)
            if root.u32(RootField.deepest) == 0 { halveDirectory(store) }
        }
    }

    private func halveDirectory(_ store: Store) {
        let depth = self.depth
        let old = root.address(RootField.directory)
        let size = 1 << depth
        if depth == 1 {
            root.setAddress(RootField.directory, old.address(0))
        } else {
            let new = store.heap.allocate(size / 2 * 8)
            for i in 0..<(size / 2) { new.setAddress(i * 8, old.address(i * 16)) }
            root.setAddress(RootField.directory, new)
        }
        store.heap.free(old, size * 8)
        addBytes(-(size * (depth == 1 ? 8 : 4)))
        root.setU8(RootField.depth, UInt8(depth - 1))
        var deepest = 0
        for i in 0..<Int(root.u32(RootField.segments))
        where Int(segmentAt(i).u8(SegmentField.depth)) == depth - 1 {
            deepest += 1
        }
        root.setU32(RootField.deepest, UInt32(deepest))
        if deepest == 0, depth > 1 { halveDirectory(store) }
    }
}
