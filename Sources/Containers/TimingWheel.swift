// SPDX-License-Identifier: Apache-2.0
import Bytes

// A hierarchical timing wheel (Varghese and Lauck) of nodes that live inside other structures.
//
// *Idea*. Eleven levels of 64 slots cover every positive time. A node lies on the level of the highest 6-bit digit in which its
// deadline differs from the wheel's time, in the slot of that digit. When the time reaches a slot of a higher level,
// its nodes move down; on level 0 they are due. Each level keeps a bitmap of its occupied slots, so the next event is
// found by counting zeros and an idle wheel needs no ticks.
//
// *Slices*. A slot may hold as many nodes as there are, and time may jump, either way: so moving on stops after any number
// of nodes, and goes on where it stopped. Until it has caught up the wheel is *behind*: its time is that of the slot it is
// at, and nothing counts as due before its time, but some nodes are not known to be due yet. When time is set back all
// nodes have to be placed anew: the heads they hang on retire, new ones take their place, and the nodes follow by and by.
//
// *Layout*. 11 × 64 list heads, then the head of the due list. A node is any memory of 24 bytes at an even address:
//
//     0 i64 deadline in ms      8 address of the next node      16 address of the node or head before it | tags
//
// The tags of `previous` use bits that addresses leave free: bit 0 says that the list's head comes before the node, so
// that unlinking needs no search; bits 62 and 63 are the node's kind and outlive its time in a list.
//
// *Invariants*. A node is in at most one list; one that is in no list has a null `previous`, tags apart.
//
// While the wheel is behind, the slot that it is at has lost its bit already, and `slot` names it. A node on a retired
// head waits to be placed anew.
//
// *Who frees*. The heads belong to the wheel; nodes to their owners, who remove them before freeing. Retired heads go
// when the last node has left them.

/// What waits for its time, by its earliest deadline in milliseconds: segments of tables, packed collections.
public final class TimingWheel {
    /// What a node is part of.
    public enum Kind: UInt8, Sendable {
        /// The header of a table's segment, whose node stands at `SegmentField.earliest`.
        case segment = 0
        /// A packed hash with deadlines, which begins with its node.
        case packed = 1
        /// A client that waits: the node, and behind it what its owner keeps there.
        case waiter = 2
    }

    /// What has fallen due.
    public enum Due {
        /// The segment of a table: at least one of its entries may be due.
        case segment(Address)
        /// A packed hash: at least one of its fields may be due.
        case packed(ListpackEx)
        /// The node of a client whose time to wait is over.
        case waiter(Address)
    }

    static let levels = 11
    /// Where a segment's node has its deadline.
    static let deadlineOffset = SegmentField.earliest
    static let nextOffset = 8
    static let previousOffset = 16
    private static let isFirst: UInt = 1
    private static let kindShift: UInt = 62
    private static let kindBits: UInt = 3 << 62

    /// The time up to which nodes have been handed to the due list, in ms.
    public private(set) var nowMs: Int64
    private var heads: Address
    private let heap: Heap
    private var occupied: [UInt64]
    /// Where time is to be, in ms; `nowMs` gets there in slices.
    private var goalMs: Int64
    /// The head of the slot whose nodes are being moved; null: none.
    private var slot = Address.null
    /// The heads of the time before it was set back, as far as their nodes are to be placed anew; null: none.
    private var retired = Address.null
    private var retiredIndex = 0

    /// An empty wheel that stands at `nowMs` (Unix time) and takes its own memory from `heap`.
    public init(heap: Heap, nowMs: Int64) {
        self.heap = heap
        self.nowMs = max(0, nowMs)
        goalMs = max(0, nowMs)
        heads = heap.allocateZeroed(TimingWheel.headBytes)
        occupied = Array(repeating: 0, count: TimingWheel.levels)
    }

    deinit {
        heap.free(heads, TimingWheel.headBytes)
        if !retired.isNull { heap.free(retired, TimingWheel.headBytes) }
    }

    /// The heads of all slots, and of what is due.
    private static let headCount = levels * 64 + 1
    private static let headBytes = headCount * 8

    private var dueHead: Address { heads + TimingWheel.levels * 64 * 8 }

    // MARK: Nodes

    /// Puts a node in its place by its deadline, wherever it was before. One without a deadline stays out.
    func schedule(node: Address, _ kind: Kind) {
        assert(
            node.bits & (TimingWheel.isFirst | TimingWheel.kindBits) == 0, "an address that leaves no room")
        remove(node: node)
        node.setAddress(
            TimingWheel.previousOffset, Address(bits: UInt(kind.rawValue) << TimingWheel.kindShift))
        place(node)
    }

    /// Takes a node out; it may be in no list.
    func remove(node: Address) {
        let previous = node.address(TimingWheel.previousOffset).bits
        let before = previous & ~TimingWheel.kindBits
        guard before != 0 else { return }
        let next = node.address(TimingWheel.nextOffset)
        if before & TimingWheel.isFirst != 0 {
            Address(bits: before & ~TimingWheel.isFirst).setAddress(0, next)
        } else {
            Address(bits: before).setAddress(TimingWheel.nextOffset, next)
        }
        if !next.isNull { TimingWheel.setPrevious(next, before) }
        TimingWheel.setPrevious(node, 0)
    }

    /// Whether a node is in a list.
    func holds(node: Address) -> Bool {
        node.address(TimingWheel.previousOffset).bits & ~TimingWheel.kindBits != 0
    }

    /// Says what comes before a node; its kind stays.
    private static func setPrevious(_ node: Address, _ before: UInt) {
        let kind = node.address(previousOffset).bits & kindBits
        node.setAddress(previousOffset, Address(bits: before | kind))
    }

    private func place(_ node: Address) {
        let deadline = node.i64(0)
        guard deadline != Int64.max else { return }
        guard deadline > nowMs else { return push(node, dueHead) }
        let (level, slot) = place(deadline)
        occupied[level] |= 1 << UInt64(slot)
        push(node, heads + (level * 64 + slot) * 8)
    }

    /// The first node that is due; nil when none is. It stays due until its deadline moves on or it is removed.
    public var due: Due? {
        let node = dueHead.address(0)
        guard !node.isNull else { return nil }
        let kind = node.address(TimingWheel.previousOffset).bits & TimingWheel.kindBits
        return switch Kind(rawValue: UInt8(truncatingIfNeeded: kind >> TimingWheel.kindShift)) {
        case .packed: .packed(ListpackEx(at: node))
        case .waiter: .waiter(node)
        case .segment, nil: .segment(node + -SegmentField.earliest)
        }
    }

    /// Whether anything is due.
    public var hasDue: Bool { !dueHead.address(0).isNull }

    // MARK: Waiters

    /// How long the node of a waiter is, in bytes.
    public static let nodeBytes = 24

    /// Puts the new node of a waiter in its place by its deadline.
    public func schedule(waiter node: Address, deadlineMs: Int64) {
        node.setI64(0, deadlineMs)
        node.setAddress(TimingWheel.previousOffset, .null)
        schedule(node: node, .waiter)
    }

    /// Takes the node of a waiter out; it may be in no list.
    public func remove(waiter node: Address) { remove(node: node) }

    // MARK: Segments

    func schedule(_ segment: Address) { schedule(node: segment + SegmentField.earliest, .segment) }
    func remove(_ segment: Address) { remove(node: segment + SegmentField.earliest) }
    func holds(_ segment: Address) -> Bool { holds(node: segment + SegmentField.earliest) }

    /// The first due segment, or null, of a wheel that holds nothing else.
    var firstDue: Address {
        if case .segment(let segment) = due { segment } else { .null }
    }

    // MARK: Time

    /// Moves the wheel towards `ms`, as far as that goes with `max` nodes; `isBehind` says whether there is more to do.
    /// - Returns: how much of `max` it took: one for each node, and one for each slot.
    public func advance(toMs ms: Int64, max: Int) -> Int {
        assert(max > 0, "no room for any step")
        goalMs = Swift.max(0, ms)
        if goalMs < nowMs { retire() }
        var left = max
        while left > 0, isBehind {
            if !retired.isNull {
                replaceRetired(&left)
            } else if !slot.isNull {
                moveSlot(&left)
            } else if let (level, index, startMs) = nextSlot(), startMs <= goalMs {
                nowMs = startMs
                occupied[level] &= ~(1 << UInt64(index))
                slot = heads + (level * 64 + index) * 8
                left -= 1
            } else {
                nowMs = goalMs
            }
        }
        return max - left
    }

    /// Whether the wheel is not yet where it was last told to be: nodes may be due that it does not show.
    public var isBehind: Bool { nowMs < goalMs || !slot.isNull || !retired.isNull }

    /// Moves nodes of the slot that the wheel is at to where they belong now.
    private func moveSlot(_ left: inout Int) {
        while left > 0 {
            let node = slot.address(0)
            guard !node.isNull else {
                slot = .null
                return
            }
            remove(node: node)
            place(node)
            left -= 1
        }
    }

    /// Places nodes anew that hang on retired heads.
    private func replaceRetired(_ left: inout Int) {
        while left > 0 {
            let node = (retired + retiredIndex * 8).address(0)
            if node.isNull {
                retiredIndex += 1
                guard retiredIndex == TimingWheel.headCount else { continue }
                heap.free(retired, TimingWheel.headBytes)
                retired = .null
                return
            }
            remove(node: node)
            place(node)
            left -= 1
        }
    }

    /// Time has been set back: what was placed by the later time is placed anew, or those between would count as due
    /// all the while.
    private func retire() {
        assert(goalMs < nowMs, "time has not been set back")
        nowMs = goalMs
        slot = .null
        if !retired.isNull {
            // Set back twice within a few turns: what still waits is placed at once.
            var left = Int.max
            replaceRetired(&left)
        }
        retired = heads
        retiredIndex = 0
        heads = heap.allocateZeroed(TimingWheel.headBytes)
        occupied = Array(repeating: 0, count: TimingWheel.levels)
    }

    /// When the wheel next wants attention, in ms; nil when nothing is scheduled. Never later than the earliest
    /// deadline, and seldom earlier (a move between levels).
    public var nextEventMs: Int64? {
        if hasDue || isBehind { return nowMs }
        return nextSlot()?.startMs
    }

    private func place(_ deadline: Int64) -> (level: Int, slot: Int) {
        let differing = UInt64(deadline ^ nowMs) | 63
        let level = (63 - differing.leadingZeroBitCount) / 6
        return (level, Int(deadline >> Int64(level * 6)) & 63)
    }

    private func nextSlot() -> (level: Int, slot: Int, startMs: Int64)? {
        for level in 0..<TimingWheel.levels where occupied[level] != 0 {
            let shift = Int64(level * 6)
            // A deadline's digit is larger than the wheel's, so the first occupied slot is always ahead.
            let slot = occupied[level].trailingZeroBitCount
            assert(slot > Int(nowMs >> shift) & 63, "the wheel has run past a slot")
            // On the highest level the shift leaves nothing of the time.
            let base = level == TimingWheel.levels - 1 ? 0 : nowMs & ~((Int64(64) << shift) - 1)
            return (level, slot, base + (Int64(slot) << shift))
        }
        return nil
    }

    private func push(_ node: Address, _ head: Address) {
        let first = head.address(0)
        node.setAddress(TimingWheel.nextOffset, first)
        TimingWheel.setPrevious(node, head.bits | TimingWheel.isFirst)
        if !first.isNull { TimingWheel.setPrevious(first, node.bits) }
        head.setAddress(0, node)
    }
}
