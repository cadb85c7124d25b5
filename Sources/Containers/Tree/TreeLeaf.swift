// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A leaf of a tree.
@frozen @usableFromInline struct TreeLeaf: Equatable {
    static let bytesMax = 512
    /// A tree begins with a leaf of so many bytes.
    static let bytesMin = 64
    private static let pointerBytes = 6

    @usableFromInline let at: Address

    func initialize(_ kind: TreeKind, bytes: Int) {
        at.zero(count: LeafField.keys)
        at.setU8(LeafField.size, UInt8(bytes / 8))
        at.setU8(LeafField.keyBytes, UInt8(kind.keyBytes))
        let capacity = (bytes - LeafField.keys) / (kind.keyBytes + TreeLeaf.pointerBytes)
        at.setU8(LeafField.capacity, UInt8(capacity))
        assert(capacity > 0 && capacity < 256, "a leaf of no use")
    }

    var next: Address { at.address(LeafField.next) }
    var previous: Address { at.address(LeafField.previous) }
    var count: Int {
        get { Int(at.u16(LeafField.count)) }
        nonmutating set { at.setU16(LeafField.count, UInt16(truncatingIfNeeded: newValue)) }
    }
    var capacity: Int { Int(at.u8(LeafField.capacity)) }
    var keyBytes: Int { Int(at.u8(LeafField.keyBytes)) }
    /// The size of the leaf in bytes.
    var bytes: Int { Int(at.u8(LeafField.size)) * 8 }
    var isFull: Bool { count == capacity }

    // MARK: Entries

    @inline(__always) private func pointerOffset(_ index: Int) -> Int {
        LeafField.keys &+ keyBytes &* capacity &+ TreeLeaf.pointerBytes &* index
    }

    @inline(__always) func pointer(_ index: Int) -> Address {
        assert(index >= 0 && index < count, "no such entry")
        let offset = pointerOffset(index)
        return Address(bits: UInt(at.u32(offset)) | UInt(at.u16(offset &+ 4)) << 32)
    }

    func setPointer(_ index: Int, _ entry: Address) {
        assert(index >= 0 && index < count, "no such entry")
        assert(entry.bits >> 48 == 0, "an address of more than 48 bits")
        let offset = pointerOffset(index)
        at.setU32(offset, UInt32(truncatingIfNeeded: entry.bits))
        at.setU16(offset + 4, UInt16(truncatingIfNeeded: entry.bits >> 32))
    }

    /// The two halves of an id.
    @inline(__always) func id(_ index: Int) -> (high: UInt64, low: UInt64) {
        assert(keyBytes == 16 && index < capacity, "not a leaf of ids")
        let offset = LeafField.keys &+ index &* 16
        return (at.u64(offset), at.u64(offset &+ 8))
    }

    /// What an entry of a tree of positions weighs.
    @inline(__always) func weight(_ index: Int) -> Int {
        assert(keyBytes == 2 && index < capacity, "not a leaf of positions")
        return Int(at.u16(LeafField.keys &+ index &* 2))
    }

    func setWeight(_ index: Int, _ weight: Int) {
        assert(keyBytes == 2 && index < count, "not a leaf of positions")
        at.setU16(LeafField.keys + index * 2, UInt16(weight))
    }

    /// The weight of all entries, or of the first ones.
    func weight(of kind: TreeKind, first: Int? = nil) -> Int {
        let count = first ?? self.count
        guard kind == .position else { return count }
        var sum = 0
        for index in 0..<count { sum &+= weight(index) }
        return sum
    }

    // MARK: Change

    /// Puts an entry in front of another.
    func insert(_ item: TreeItem, at index: Int, _ kind: TreeKind) {
        assert(index >= 0 && index <= count && !isFull, "no room for an entry")
        let (width, behind) = (keyBytes, count - index)
        let key = LeafField.keys + index * width
        (at + (key + width)).move(from: at + key, count: behind * width)
        let offset = pointerOffset(index)
        (at + (offset + TreeLeaf.pointerBytes)).move(from: at + offset, count: behind * TreeLeaf.pointerBytes)
        count += 1
        setPointer(index, item.pointer)
        switch kind {
        case .score:
            at.setU8(key, digest(item.high))
            // A frame that was made for few entries says little about many.
            if count & (count - 1) == 0 { reframe() }
        case .id:
            at.setU64(key, item.high)
            at.setU64(key + 8, item.low)
        case .position: at.setU16(key, UInt16(item.low))
        }
    }

    /// Takes entries out.
    func remove(from: Int, to: Int) {
        assert(from >= 0 && from < to && to <= count, "no such entries")
        let (width, behind) = (keyBytes, count - to)
        let keys = at + LeafField.keys
        (keys + from * width).move(from: keys + to * width, count: behind * width)
        (at + pointerOffset(from)).move(from: at + pointerOffset(to), count: behind * TreeLeaf.pointerBytes)
        count -= to - from
    }

    /// Copies entries of another leaf behind the last one. A leaf of scores needs a new frame afterwards.
    func append(_ other: TreeLeaf, from: Int, count added: Int) {
        assert(count + added <= capacity && from + added <= other.count, "entries without room")
        assert(keyBytes == other.keyBytes, "a leaf of another kind")
        let index = count
        count += added
        overwrite(index, with: other, from: from, count: added)
    }

    /// Makes room for entries in front of all others, which `overwrite` is to fill.
    func openFront(_ added: Int) {
        assert(added > 0 && count + added <= capacity, "entries without room")
        let (width, all) = (keyBytes, count)
        let keys = at + LeafField.keys
        (keys + added * width).move(from: keys, count: all * width)
        (at + pointerOffset(added)).move(from: at + pointerOffset(0), count: all * TreeLeaf.pointerBytes)
        count += added
    }

    /// Copies entries of another leaf over those from an index on.
    func overwrite(_ index: Int, with other: TreeLeaf, from: Int, count copied: Int) {
        assert(index + copied <= count && from + copied <= other.count, "no such entries")
        assert(capacity == other.capacity || index == 0, "leaves of two sizes")
        let width = keyBytes
        (at + (LeafField.keys + index * width)).copy(
            from: other.at + (LeafField.keys + from * width), count: copied * width)
        (at + pointerOffset(index)).copy(
            from: other.at + other.pointerOffset(from), count: copied * TreeLeaf.pointerBytes)
    }

    // MARK: Digests

    /// The byte that stands for a score: never more for a lower score.
    @inline(__always) func digest(_ score: UInt64) -> UInt8 {
        let base = at.u64(LeafField.base)
        if score < base { return 0 }
        let distance = (score &- base) >> UInt64(at.u8(LeafField.shift))
        return distance > 255 ? 255 : UInt8(truncatingIfNeeded: distance)
    }

    @inline(__always) func digest(at index: Int) -> UInt8 { at.u8(LeafField.keys &+ index) }
    func setDigest(_ index: Int, _ score: UInt64) { at.setU8(LeafField.keys + index, digest(score)) }

    /// Makes digests tell the entries apart as they are now: these take the middle half of what a byte can say, and what
    /// comes on either side of them the rest.
    func reframe() {
        guard count > 0 else { return }
        let first = ScoredMember.order(pointer(0))
        let span = ScoredMember.order(pointer(count - 1)) - first
        let shift = max(0, 64 - span.leadingZeroBitCount - 7)
        let margin = UInt64(64) << UInt64(shift)
        at.setU8(LeafField.shift, UInt8(shift))
        at.setU64(LeafField.base, first > margin ? first - margin : 0)
        for index in 0..<count { setDigest(index, ScoredMember.order(pointer(index))) }
    }
}
