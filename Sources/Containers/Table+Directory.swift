// SPDX-License-Identifier: Apache-2.0
import Bytes

// How the directory grows and shrinks by one bit.
//
// *Idea*. A small directory is copied at once. A large one gets a *successor* of twice or half its size, to which the
// pointers are carried a slice at a time, with each step that changes segments; what is carried already is written in
// both. The successor takes over in one step. A larger one is begun when an eighth of the directory is in use to its
// last bit, long before a segment there is full again; if one is full earlier it gets overflow segments for the time
// being (`Table+Overflow.swift`). So no step copies more than a slice.
//
// *Bounds*. The directory has at most `pointersPerSegment` pointers for each segment: keys whose hashes agree in many
// bits, by an attacker's choice or because everything else was deleted in the order of a scan, cost overflow segments
// and not memory. A run of pointers to one segment is at most `runMax` long, but for segments with overflow: merging
// stops there, and before the directory doubles a segment with a longer run splits. So no step rewrites more than that.
//
// *Layout*. See `DirectoryField`: the block begins in front of the pointers, which `root` names.
//
// *Invariants*. The counts by depth are those of the segments that the directory names. A successor of greater depth
// exists only while some segment has the full depth, one of smaller depth only while none has.

/// How directories grow and shrink; tests make the numbers small.
struct DirectoryPace {
    /// A directory of up to so many pointers is copied at once.
    var atOnce = 4096
    /// Pointers carried in one slice.
    var slice = 512
    /// The longest run of pointers to one segment.
    var runMax = 4096
    /// How many pointers there may be for each segment.
    var pointersPerSegment = 64
}

extension Table {
    /// More bits than this no directory uses: behind them there have to be 16 for a tag within those of a cursor.
    static let depthMax = 36

    private static func blockBytes(_ depth: Int) -> Int { DirectoryField.size(depth: depth) + 8 << depth }

    /// Bytes of the directory and its successor.
    var directoryBytes: Int {
        guard depth > 0 else { return 0 }
        return Table.blockBytes(depth) + (successor.isNull ? 0 : Table.blockBytes(successorDepth))
    }

    private var directory: Address { root.address(RootField.directory) }

    private func allocateDirectory(_ depth: Int, _ store: Store) -> Address {
        let header = DirectoryField.size(depth: depth)
        let block = store.heap.allocate(Table.blockBytes(depth))
        block.zero(count: header)
        addBytes(Table.blockBytes(depth))
        return block + header
    }

    private func freeDirectory(_ directory: Address, _ depth: Int, _ store: Store) {
        store.heap.free(directory + -DirectoryField.size(depth: depth), Table.blockBytes(depth))
        addBytes(-Table.blockBytes(depth))
    }

    /// Gives a table without segments a directory of this depth, for as many segments as it has pointers, or for fewer
    /// where somebody counts them.
    func openDirectory(_ depth: Int, _ store: Store, segments: Int? = nil) {
        assert(self.depth == 0 && segmentCount == 0, "a table that has one")
        assert(depth > 0 && depth <= Table.depthMax, "a directory of no use")
        root.setAddress(RootField.directory, allocateDirectory(depth, store))
        root.setU8(RootField.depth, UInt8(depth))
        count(segmentsOfDepth: depth, by: segments ?? 1 << depth)
    }

    /// The directory to a better place; only while it is small enough for a slab.
    func settleDirectory(_ mover: Mover) {
        guard depth > 0 else { return }
        let header = DirectoryField.size(depth: depth)
        let block = mover.settle(directory + -header, Table.blockBytes(depth))
        root.setAddress(RootField.directory, block + header)
    }

    func destroyDirectory(_ store: Store) {
        guard depth > 0 else { return }
        dropSuccessor(store)
        freeDirectory(directory, depth, store)
    }

    // MARK: Counts

    /// How many segments of a depth the directory names.
    func segments(ofDepth depth: Int) -> Int {
        assert(self.depth > 0 && depth >= 0 && depth <= self.depth)
        return Int(directory.u32(DirectoryField.segments(ofDepth: depth)))
    }

    func count(segmentsOfDepth depth: Int, by difference: Int) {
        let new = segments(ofDepth: depth) + difference
        directory.setU32(DirectoryField.segments(ofDepth: depth), UInt32(new))
    }

    // MARK: Pointers

    /// How many pointers name a segment.
    func run(_ segment: Address) -> Int { 1 << (depth - Int(segment.u8(SegmentField.depth))) }

    /// Visits the segments that the directory names, each with its first pointer and how many there are.
    func forEachNamed(_ visit: (Address, Int, Int) -> Void) {
        guard depth > 0 else { return visit(directory, 0, 1) }
        var first = 0
        while first < 1 << depth {
            let segment = pointer(first)
            visit(segment, first, run(segment))
            first += run(segment)
        }
    }

    /// The first pointer of a segment that a hash belongs to, by its place.
    func first(_ hash: UInt64, _ segment: Address) -> Int {
        let local = UInt64(segment.u8(SegmentField.depth))
        return local == 0 ? 0 : Int(hash >> (64 - local)) << (depth - Int(local))
    }

    func pointer(_ index: Int) -> Address { directory.address(index &* 8) }

    /// Lets a run of pointers name a segment.
    func name(_ segment: Address, from first: Int, count: Int, _ store: Store) {
        guard depth > 0 else { return root.setAddress(RootField.directory, segment) }
        let directory = self.directory
        for i in first..<(first + count) { directory.setAddress(i &* 8, segment) }
        store.pointersWritten += count
        guard !successor.isNull else { return }
        copyToSuccessor(from: first, to: min(first + count, carried))
    }

    /// Writes pointers into the successor.
    private func copyToSuccessor(from first: Int, to end: Int) {
        let directory = self.directory
        let successor = self.successor
        if successorDepth > depth {
            for i in stride(from: first, to: end, by: 1) {
                successor.setAddress(i &* 16, directory.address(i &* 8))
                successor.setAddress(i &* 16 &+ 8, directory.address(i &* 8))
            }
        } else {
            for i in stride(from: (first + 1) & ~1, to: end, by: 2) {
                successor.setAddress(i &* 4, directory.address(i &* 8))
            }
        }
    }

    // MARK: The successor

    var successor: Address { depth == 0 ? .null : directory.address(DirectoryField.successor) }
    var successorDepth: Int { Int(directory.u8(DirectoryField.successorDepth)) }
    /// How many pointers the successor has already.
    var carried: Int { Int(directory.u64(DirectoryField.carried)) }

    /// Whether pointers are still to be carried to a directory of another size.
    public var isResizing: Bool { !successor.isNull && (successorDepth < depth || carried < 1 << depth) }

    private func begin(successorOf depth: Int, _ store: Store) {
        assert(successor.isNull && abs(depth - self.depth) == 1 && depth > 0)
        let new = allocateDirectory(depth, store)
        directory.setAddress(DirectoryField.successor, new)
        directory.setU8(DirectoryField.successorDepth, UInt8(depth))
        directory.setU64(DirectoryField.carried, 0)
    }

    func dropSuccessor(_ store: Store) {
        guard !successor.isNull else { return }
        freeDirectory(successor, successorDepth, store)
        directory.setAddress(DirectoryField.successor, .null)
    }

    /// Carries a slice of pointers; all of them where there are few.
    private func carry(_ store: Store) {
        let size = 1 << depth
        var at = carried
        let end = size <= store.pace.atOnce ? size : min(size, at + store.pace.slice)
        if successorDepth > depth {
            // A run that the doubling would make too long is parted first.
            var next = at
            while next < end {
                let segment = pointer(next)
                let run = run(segment)
                if run >= store.pace.runMax, next & (run - 1) == 0, segment.u8(SegmentField.children) == 0 {
                    splitNamed(segment, UInt64(next) << UInt64(64 - depth), store)
                } else {
                    next = min(end, (next & ~(run - 1)) + run)
                }
            }
        }
        copyToSuccessor(from: at, to: end)
        store.pointersWritten += end - at
        at = end
        directory.setU64(DirectoryField.carried, UInt64(at))
    }

    /// Lets the successor take over, if it has all pointers.
    private func adopt(_ store: Store) -> Bool {
        guard carried == 1 << depth else { return false }
        let (old, oldDepth) = (directory, depth)
        let (new, newDepth) = (successor, successorDepth)
        for depth in 0...min(oldDepth, newDepth) {
            let field = DirectoryField.segments(ofDepth: depth)
            new.setU32(field, old.u32(field))
        }
        root.setAddress(RootField.directory, new)
        root.setU8(RootField.depth, UInt8(newDepth))
        freeDirectory(old, oldDepth, store)
        return true
    }

    // MARK: Growing

    private func mayDeepen(_ store: Store) -> Bool {
        depth < Table.depthMax && 2 << depth <= store.pace.pointersPerSegment * segmentCount
    }

    /// Makes the directory one bit deeper.
    /// - Returns: false when it may not become deeper, or is not yet ready to.
    func deepen(_ store: Store) -> Bool {
        guard mayDeepen(store) else { return false }
        if depth == 0 {
            let only = directory
            let new = allocateDirectory(1, store)
            root.setAddress(RootField.directory, new)
            root.setU8(RootField.depth, 1)
            count(segmentsOfDepth: 0, by: 1)
            name(only, from: 0, count: 2, store)
            return true
        }
        if successor.isNull { begin(successorOf: depth + 1, store) }
        assert(successorDepth > depth, "shrinking while a segment has the full depth")
        // Slices are carried once for each change, however much is to be moved for it.
        if 1 << depth <= store.pace.atOnce { carry(store) }
        return adopt(store)
    }

    /// A segment has become two of this depth.
    func noteSplit(into depth: Int, _ store: Store) {
        count(segmentsOfDepth: depth - 1, by: -1)
        count(segmentsOfDepth: depth, by: 2)
        guard depth == self.depth else { return }
        if !successor.isNull, successorDepth < depth { dropSuccessor(store) }
        prepareSuccessor(store)
    }

    /// Begins a larger directory in good time; to be called when segments of the full depth have come to be.
    func prepareSuccessor(_ store: Store) {
        guard depth > 0 else { return }
        let size = 1 << depth
        if successor.isNull, size > store.pace.atOnce, segments(ofDepth: depth) >= size / 8, mayDeepen(store)
        {
            begin(successorOf: depth + 1, store)
        }
    }

    // MARK: Shrinking

    /// Two segments of this depth have become one.
    func noteMerge(of depth: Int, _ store: Store) {
        count(segmentsOfDepth: depth, by: -2)
        count(segmentsOfDepth: depth - 1, by: 1)
        shrink(store)
    }

    /// Takes bits off the directory that no segment uses, as far as that goes in a slice.
    private func shrink(_ store: Store) {
        while depth > 0, segments(ofDepth: depth) == 0 {
            if !successor.isNull, successorDepth > depth { dropSuccessor(store) }
            if depth == 1 {
                let only = pointer(0)
                dropSuccessor(store)
                freeDirectory(directory, 1, store)
                root.setAddress(RootField.directory, only)
                root.setU8(RootField.depth, 0)
                return
            }
            if successor.isNull { begin(successorOf: depth - 1, store) }
            carry(store)
            guard adopt(store) else { return }
        }
    }

    /// Goes on towards the directory's next size.
    func advanceDirectory(_ store: Store) {
        guard !successor.isNull else { return }
        if successorDepth > depth { return carry(store) }
        shrink(store)
    }
}
