// SPDX-License-Identifier: Apache-2.0
import Bytes

// A set of integers in one sorted array.
//
// *Idea*. All members have the width of the widest one: two, four or eight bytes. Finding is a binary search,
// adding and removing move the members behind. The bytes are Redis's intset, which RDB files carry as they
// are.
//
// *Layout*, little-endian:
//
//     0  u32 width of a member in bytes: 2, 4 or 8
//     4  u32 count
//     8  count × signed integers of that width, ascending
//
// 1,000 members below 32,768 take 2,008 bytes.
//
// *Invariants*. Strictly ascending. The width grows with the members and never shrinks, as in Redis, so a
// width may be larger than the members that are left need.
//
// *Who frees*. The handle is a plain address: whoever holds it in a value calls `free` once. An edit may move
// the set, after which only the handle that it returned is alive.

/// A sorted set of 64-bit integers in the bytes of Redis's intset.
@safe @frozen
public struct IntSet {
    static let headerBytes = 8
    /// The most members that the header can count.
    static let countMax = Int(UInt32.max)

    /// Where the set lies: heap memory of `byteCount` bytes.
    public let at: Address

    /// The set that lies at `at`, made by `create` or `copy`.
    @inlinable public init(at: Address) { self.at = at }

    /// An empty set.
    public static func create(_ heap: Heap) -> IntSet {
        let at = heap.allocatePacked(headerBytes)
        at.setU32(0, 2)
        at.setU32(4, 0)
        return IntSet(at: at)
    }

    /// A set in its own memory with these bytes, which `validate` has accepted.
    public static func copy(of bytes: ByteView, _ heap: Heap) -> IntSet {
        precondition(validate(bytes, deep: false), "not an intset")
        let at = heap.allocatePacked(bytes.count)
        at.copy(from: bytes)
        return IntSet(at: at)
    }

    /// A second set with the same members.
    public func copy(_ heap: Heap) -> IntSet {
        let fresh = heap.allocatePacked(byteCount)
        fresh.copy(from: at, count: byteCount)
        return IntSet(at: fresh)
    }

    /// Returns the memory; the handle is dead afterwards.
    public func free(_ heap: Heap) { heap.free(at, byteCount) }

    // MARK: Reading

    /// Bytes per member: 2, 4 or 8.
    public var width: Int { Int(at.u32(0)) }
    /// The number of members.
    @inlinable public var count: Int { Int(at.u32(4)) }
    /// The size of the set with its header, in bytes.
    public var byteCount: Int { IntSet.headerBytes + count * width }
    /// The set as RDB carries it; valid until the next edit.
    public var bytes: ByteView { at.view(0, byteCount) }

    /// The smallest member, or nil in an empty set.
    public var min: Int64? { count == 0 ? nil : member(0, width) }
    /// The largest member, or nil in an empty set.
    public var max: Int64? { count == 0 ? nil : member(count - 1, width) }

    /// The member of this rank, which must be in 0..<count.
    public func get(_ index: Int) -> Int64 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "intset index out of bounds")
        return member(index, width)
    }

    /// Whether `value` is a member: a binary search.
    public func contains(_ value: Int64) -> Bool {
        IntSet.width(of: value) <= width && search(value).found
    }

    // MARK: Edits

    /// Adds `value`.
    /// - Returns: the set from now on, and whether the value is new.
    public func insert(_ value: Int64, _ heap: Heap) -> (set: IntSet, added: Bool) {
        if IntSet.width(of: value) > width { return (widen(adding: value, heap), true) }
        let (index, found) = search(value)
        if found { return (self, false) }
        let n = count
        let width = width
        precondition(n < IntSet.countMax, "intset full")
        let offset = IntSet.headerBytes + index * width
        let moved = heap.splice(at, byteCount, at: offset, removing: 0, adding: width)
        IntSet.write(value, moved + offset, width)
        moved.setU32(4, UInt32(n + 1))
        return (IntSet(at: moved), true)
    }

    /// Takes `value` out.
    /// - Returns: the set from now on, and whether the value was a member.
    public func remove(_ value: Int64, _ heap: Heap) -> (set: IntSet, removed: Bool) {
        guard IntSet.width(of: value) <= width else { return (self, false) }
        let (index, found) = search(value)
        guard found else { return (self, false) }
        let n = count
        let width = width
        let offset = IntSet.headerBytes + index * width
        let moved = heap.splice(at, byteCount, at: offset, removing: width, adding: 0)
        moved.setU32(4, UInt32(n - 1))
        return (IntSet(at: moved), true)
    }

    /// Rewrites all members in the width of `value`. What needs more bytes than every member so far lies
    /// outside their range, so it becomes the first or the last.
    private func widen(adding value: Int64, _ heap: Heap) -> IntSet {
        let n = count
        let oldWidth = width
        precondition(n < IntSet.countMax, "intset full")
        let newWidth = IntSet.width(of: value)
        let fresh = heap.allocatePacked(IntSet.headerBytes + (n + 1) * newWidth)
        fresh.setU32(0, UInt32(newWidth))
        fresh.setU32(4, UInt32(n + 1))
        let members = fresh + IntSet.headerBytes
        let shift = value < 0 ? 1 : 0
        for index in 0..<n {
            IntSet.write(member(index, oldWidth), members + (index + shift) * newWidth, newWidth)
        }
        IntSet.write(value, members + (value < 0 ? 0 : n) * newWidth, newWidth)
        free(heap)
        return IntSet(at: fresh)
    }

    // MARK: Members

    /// The narrowest width that holds `value`.
    static func width(of value: Int64) -> Int {
        if value == Int64(Int16(truncatingIfNeeded: value)) { return 2 }
        return value == Int64(Int32(truncatingIfNeeded: value)) ? 4 : 8
    }

    @inline(__always) private func member(_ index: Int, _ width: Int) -> Int64 {
        IntSet.read(at + (IntSet.headerBytes + index * width), width)
    }

    @inline(__always) private static func read(_ slot: Address, _ width: Int) -> Int64 {
        switch width {
        case 2: Int64(slot.i16(0))
        case 4: Int64(slot.i32(0))
        default: slot.i64(0)
        }
    }

    @inline(__always) private static func write(_ value: Int64, _ slot: Address, _ width: Int) {
        switch width {
        case 2: slot.setU16(0, UInt16(truncatingIfNeeded: value))
        case 4: slot.setU32(0, UInt32(truncatingIfNeeded: value))
        default: slot.setI64(0, value)
        }
    }

    /// The rank of `value`, or the rank that it would get.
    private func search(_ value: Int64) -> (index: Int, found: Bool) {
        let n = count
        let width = width
        // Members often come in ascending order, so the end is asked first.
        if n == 0 || member(n - 1, width) < value { return (n, false) }
        var low = 0
        var high = n - 1
        while low < high {
            let middle = (low + high) / 2
            if member(middle, width) < value { low = middle + 1 } else { high = middle }
        }
        return (low, member(low, width) == value)
    }

    // MARK: Checks

    /// Traps on a broken invariant.
    public func checkInvariants() {
        precondition(width == 2 || width == 4 || width == 8, "intset width")
        for index in stride(from: 1, to: count, by: 1) {
            precondition(member(index - 1, width) < member(index, width), "intset order")
        }
    }

    /// Whether untrusted bytes are a set with at least one member. The shallow check proves that every access
    /// stays inside the bytes; `deep` proves the order too, without which lookups may miss.
    public static func validate(_ bytes: ByteView, deep: Bool) -> Bool {
        guard bytes.count >= headerBytes else { return false }
        let width = Int(bytes.start.u32(0))
        let count = Int(bytes.start.u32(4))
        guard width == 2 || width == 4 || width == 8, count > 0 else { return false }
        guard bytes.count == headerBytes + count * width else { return false }
        guard deep else { return true }
        let members = bytes.start + headerBytes
        for index in 1..<count {
            guard read(members + (index - 1) * width, width) < read(members + index * width, width) else {
                return false
            }
        }
        return true
    }
}
