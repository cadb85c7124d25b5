// SPDX-License-Identifier: Apache-2.0
import Bytes

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
        appendToList(segment, store)
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
        removeFromList(segment, store)
        store.heap.free(segment, SegmentField.size)
        addBytes(-SegmentField.size)
    }

    // MARK: Growth

    /// Makes room for one more entry of this hash.
    /// - Returns: the segment that takes it.
    @inline(never) func makeRoom(for hash: UInt64, _ store: Store) -> Address {
        advanceDirectory(store)
        return room(for: hash, store)
    }

    /// The segment that takes one more entry of this hash; where all is full, room is made first.
    func room(for hash: UInt64, _ store: Store) -> Address {
        while true {
            let segment = segment(hash)
            if Table.hasRoom(segment) { return segment }
            if segment.u8(SegmentField.children) == 0, grow(segment, store) { return segment }
            if !split(segment, hash, store) { return roomBelow(segment, hash, store) }
        }
    }

    /// Gives a segment more buckets.
    /// - Returns: false when it has all it can have.
    func grow(_ segment: Address, _ store: Store) -> Bool {
        let buckets = Int(segment.u16(SegmentField.buckets))
        guard buckets < Table.chunksMax * 8 else { return false }
        resize(segment, buckets < 8 ? buckets * 2 : buckets + 8, store)
        return true
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
                    deadline = Table.denseDeadline(segment, bucket, position)
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
        if dense { allocateDenseLines(segment, DenseForm(of: moving), store) }
        for item in moving {
            let at = Table.place(segment, item.word)
            if dense, item.deadline != Table.noDeadline {
                Table.setDense(segment, at.bucket, at.position, item.deadline)
            }
        }
    }

    /// Fills an empty segment and chooses how its deadlines are kept.
    private func fill(_ segment: Address, _ moving: [Moving], _ store: Store) {
        segment.setU16(SegmentField.count, UInt16(moving.count))
        prepareDeadlines(segment, for: moving, store)
        for item in moving {
            let at = Table.place(segment, item.word)
            keepDeadline(of: item, in: segment, bucket: at.bucket, position: at.position)
        }
        settleInList(segment)
        store.wheel.schedule(segment)
    }

    /// Fills a segment with other entries than it has; their tags are those of the segment.
    func rebuild(_ segment: Address, _ moving: [Moving], _ store: Store) {
        empty(segment, buckets: Table.bucketsFor(moving.count), store)
        fill(segment, moving, store)
    }

    private func empty(_ segment: Address, buckets: Int, _ store: Store) {
        freeDeadlines(segment, store)
        freeChunks(segment, store)
        allocateChunks(segment, buckets, store)
        segment.setU16(SegmentField.count, 0)
    }

    /// Parts a segment that the directory names by more than one pointer, and that has no overflow. `hash` is any that
    /// belongs to it.
    func splitNamed(_ segment: Address, _ hash: UInt64, _ store: Store) {
        let depth = Int(segment.u8(SegmentField.depth))
        assert(depth < self.depth && segment.u8(SegmentField.children) == 0)
        // The sibling takes the upper half of the segment's run of directory pointers.
        let half = run(segment) / 2
        let first = first(hash, segment)
        var all: [Moving] = []
        all.reserveCapacity(448)
        gather(segment, &all, pairs: true)
        for item in all { Address(bits: UInt(item.word & Table.pointerMask)).prefetch() }
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
        name(sibling, from: first + half, count: half, store)
        noteSplit(into: depth + 1, store)
    }

    /// The key whose length byte stands at `at`.
    @inlinable @inline(__always) public static func key(_ at: Address) -> ByteView {
        let length = Int(at.u8(0) & 127)
        return length == 127 ? at.view(5, Int(at.u32(1))) : at.view(1, length)
    }

    // MARK: Shrinking

    /// Gives memory back when a segment has become sparse: fewer buckets, then one segment for two siblings.
    /// `hash` is that of any key that belongs to the segment: it tells where the directory names it.
    @inline(never) func tighten(_ segment: Address, _ hash: UInt64, _ store: Store) {
        advanceDirectory(store)
        let count = Int(segment.u16(SegmentField.count))
        let buckets = Int(segment.u16(SegmentField.buckets))
        if buckets > 1, count * 2 < buckets * 8 {
            let fewer = Table.bucketsFor(count + count / 4)
            if fewer < buckets { resize(segment, fewer, store) }
        }
        let named = self.segment(hash)
        if named.u8(SegmentField.children) != 0 { return trim(named, hash, store) }
        if count <= 96, depth > 0, segment.u8(SegmentField.depth) > 0, mayMove(store) {
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
                trimAll(segment(at), store)
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
        let first = first(hash, segment)
        let span = run(segment)
        guard span * 2 <= store.pace.runMax else { return }
        let other = pointer(first ^ span)
        guard Int(other.u8(SegmentField.depth)) == depth, other.u8(SegmentField.children) == 0 else { return }
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
        low.setU8(SegmentField.depth, UInt8(depth - 1))
        rebuild(low, all, store)
        name(low, from: first & ~span, count: span * 2, store)
        noteMerge(of: depth, store)
    }
}
