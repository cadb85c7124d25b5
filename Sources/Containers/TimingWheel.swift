// SPDX-License-Identifier: Apache-2.0
import Bytes

// A hierarchical timing wheel (Varghese and Lauck) of nodes that live inside other structures.
//
// *Idea*. Eleven levels of 64 slots cover every positive time. A node lies on the level of the highest 6-bit digit in which its
// deadline differs from the wheel's time, in the slot of that digit. When the time reaches a slot of a higher level,
// its nodes move down; on level 0 they are due. Each level keeps a bitmap of its occupied slots, so the next event is
// found by counting zeros and an idle wheel needs no ticks.
//
// *Layout*. 11 × 64 list heads, then the head of the due list. A node is any memory with three fields at fixed offsets:
// deadline (i64, ms), next and previous (addresses). Tables put their segment headers here.
//
// *Invariants*. A node is in at most one list; `previous` of the first node is the head's own address with bit 0 set,
// so that unlinking needs no search. A node with null `previous` is in no list.
//
// *Who frees*. The heads belong to the wheel; nodes to their owners, who remove them before freeing.

/// Orders segments by their earliest deadline, in milliseconds.
public final class TimingWheel {
    static let levels = 11
    static let deadlineOffset = 72
    static let nextOffset = 80
    static let previousOffset = 88

    /// The time up to which nodes have been handed to the due list, in ms.
    public private(set) var nowMs: Int64
    private let heads: Address
    private let heap: Heap
    private var occupied: [UInt64]

    public init(heap: Heap, nowMs: Int64) {
        self.heap = heap
        self.nowMs = max(0, nowMs)
        let bytes = (TimingWheel.levels * 64 + 1) * 8
        heads = heap.allocateZeroed(bytes)
        occupied = Array(repeating: 0, count: TimingWheel.levels)
    }

    deinit { heap.free(heads, (TimingWheel.levels * 64 + 1) * 8) }

    private var dueHead: Address { heads + TimingWheel.levels * 64 * 8 }

    /// Puts a node in its place by its deadline, wherever it was before.
    func schedule(_ node: Address) {
        remove(node)
        let deadline = node.i64(TimingWheel.deadlineOffset)
        guard deadline != Int64.max else { return }
        guard deadline > nowMs else { return push(node, dueHead) }
        let (level, slot) = place(deadline)
        occupied[level] |= 1 << UInt64(slot)
        push(node, heads + (level * 64 + slot) * 8)
    }

    /// Puts a new node in its place by its deadline.
    public func schedule(_ node: Address, deadlineMs: Int64) {
        node.setI64(TimingWheel.deadlineOffset, deadlineMs)
        node.setAddress(TimingWheel.previousOffset, .null)
        schedule(node)
    }

    /// Takes a node out; it may be in no list.
    public func remove(_ node: Address) {
        let previous = node.address(TimingWheel.previousOffset)
        guard !previous.isNull else { return }
        let next = node.address(TimingWheel.nextOffset)
        if previous.bits & 1 == 1 {
            Address(bits: previous.bits & ~1).setAddress(0, next)
        } else {
            previous.setAddress(TimingWheel.nextOffset, next)
        }
        if !next.isNull { next.setAddress(TimingWheel.previousOffset, previous) }
        node.setAddress(TimingWheel.previousOffset, .null)
    }

    /// Whether a node is in a list.
    func holds(_ node: Address) -> Bool { !node.address(TimingWheel.previousOffset).isNull }

    /// The first due segment, or null. It stays due until its deadline moves on.
    public var firstDue: Address { dueHead.address(0) }

    /// Moves the wheel to `ms`; what falls due goes to the due list. Time may also have been set back: then every node
    /// is placed anew, or those between would count as due all the while.
    public func advance(toMs ms: Int64) {
        if ms < nowMs { return rewind(toMs: max(0, ms)) }
        while let (level, slot, startMs) = nextSlot(), startMs <= ms {
            nowMs = max(nowMs, startMs)
            occupied[level] &= ~(1 << UInt64(slot))
            let head = heads + (level * 64 + slot) * 8
            while !head.address(0).isNull { schedule(head.address(0)) }
        }
        nowMs = ms
    }

    private func rewind(toMs ms: Int64) {
        var all: [Address] = []
        for index in 0...(TimingWheel.levels * 64) {
            let head = heads + index * 8
            while case let node = head.address(0), !node.isNull {
                remove(node)
                all.append(node)
            }
        }
        occupied = Array(repeating: 0, count: TimingWheel.levels)
        nowMs = ms
        for node in all { schedule(node) }
    }

    /// When the wheel next wants attention, in ms; nil when nothing is scheduled. Never later than the earliest
    /// deadline, and seldom earlier (a move between levels).
    public var nextEventMs: Int64? {
        if !firstDue.isNull { return nowMs }
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
        node.setAddress(TimingWheel.previousOffset, Address(bits: head.bits | 1))
        if !first.isNull { first.setAddress(TimingWheel.previousOffset, node) }
        head.setAddress(0, node)
    }
}
