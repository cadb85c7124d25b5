// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What parts a child from the one before: its first entry.
struct TreeSeparator: Equatable {
    /// The score as a number, or the upper half of an id.
    let high: UInt64
    /// The entry with the score, or the lower half of an id.
    let low: UInt64
}

/// An inner node of a tree.
struct TreeInner: Equatable {
    static let bytes = 512

    let at: Address

    func initialize(_ kind: TreeKind) {
        at.setU64(0, 0)
        let separatorBytes = kind.separatorBytes
        at.setU8(InnerField.separatorBytes, UInt8(separatorBytes))
        at.setU8(InnerField.capacity, UInt8((TreeInner.bytes - InnerField.weights) / (16 + separatorBytes)))
        assert(capacity >= 4, "a node that cannot split")
    }

    var count: Int {
        get { Int(at.u8(InnerField.count)) }
        nonmutating set { at.setU8(InnerField.count, UInt8(truncatingIfNeeded: newValue)) }
    }
    var capacity: Int { Int(at.u8(InnerField.capacity)) }
    var isFull: Bool { count == capacity }
    private var separatorBytes: Int { Int(at.u8(InnerField.separatorBytes)) }

    @inline(__always) func weight(_ index: Int) -> Int { Int(at.u64(InnerField.weights &+ index &* 8)) }
    @inline(__always) func addWeight(_ index: Int, _ weight: Int) {
        let offset = InnerField.weights &+ index &* 8
        at.setU64(offset, at.u64(offset) &+ UInt64(bitPattern: Int64(weight)))
    }
    func setWeight(_ index: Int, _ weight: Int) { at.setU64(InnerField.weights + index * 8, UInt64(weight)) }

    @inline(__always) func child(_ index: Int) -> Address {
        assert(index >= 0 && index < count, "no such child")
        return at.address(InnerField.weights &+ (capacity &+ index) &* 8)
    }
    func setChild(_ index: Int, _ child: Address) {
        assert(index >= 0 && index < count, "no such child")
        at.setAddress(InnerField.weights + (capacity + index) * 8, child)
    }

    @inline(__always) private func separatorOffset(_ index: Int) -> Int {
        InnerField.weights &+ capacity &* 16 &+ index &* 16
    }
    /// The separator of a child, which is not the first one; in a tree of positions there are none.
    @inline(__always) func separator(_ index: Int) -> TreeSeparator {
        guard separatorBytes > 0 else { return TreeSeparator(high: 0, low: 0) }
        let offset = separatorOffset(index)
        return TreeSeparator(high: at.u64(offset), low: at.u64(offset &+ 8))
    }
    func setSeparator(_ index: Int, _ separator: TreeSeparator) {
        guard separatorBytes > 0 else { return }
        at.setU64(separatorOffset(index), separator.high)
        at.setU64(separatorOffset(index) + 8, separator.low)
    }

    /// The weight of all children, or of the first ones.
    @inline(__always) func weightSum(first: Int? = nil) -> Int {
        var sum = 0
        for index in 0..<(first ?? count) { sum &+= weight(index) }
        return sum
    }

    /// Puts a child in front of another.
    func insert(_ child: Address, weight: Int, _ separator: TreeSeparator, at index: Int) {
        assert(index >= 0 && index <= count && !isFull, "no room for a child")
        shift(from: index, by: 1)
        count += 1
        setWeight(index, weight)
        setChild(index, child)
        setSeparator(index, separator)
    }

    func remove(_ index: Int) {
        assert(index >= 0 && index < count, "no such child")
        shift(from: index + 1, by: -1)
        count -= 1
    }

    func removeFirst(_ removed: Int) {
        assert(removed > 0 && removed < count, "no children left")
        shift(from: removed, by: -removed)
        count -= removed
    }

    /// Moves the children from an index on.
    private func shift(from index: Int, by distance: Int) {
        let behind = count - index
        let weights = at + (InnerField.weights + index * 8)
        (weights + distance * 8).move(from: weights, count: behind * 8)
        let children = weights + capacity * 8
        (children + distance * 8).move(from: children, count: behind * 8)
        guard separatorBytes > 0 else { return }
        let separators = at + separatorOffset(index)
        (separators + distance * 16).move(from: separators, count: behind * 16)
    }

    /// Copies children of another node behind the last one.
    func append(_ other: TreeInner, from: Int, count added: Int) {
        assert(count + added <= capacity && from + added <= other.count, "children without room")
        for index in from..<(from + added) {
            insert(other.child(index), weight: other.weight(index), other.separator(index), at: count)
        }
    }
}
