// SPDX-License-Identifier: Apache-2.0
import Bytes

// The units of cuts within groups. A group is *touched* before the first change to it or to anything in it: the cut is
// handed the group, and its trees take part from then on. Leaves of the trees are units like those of a sorted set: the
// caller preserves the one that holds what is about to change. Groups made after the cut count as touched, and their trees
// take no part.

/// A unit of a group, as the number that names it.
public enum StreamUnit {
    /// The group itself.
    case group
    /// Where a consumer stands among others, or would.
    case consumer(ByteView)
    /// Where something is pending under an ID, or would be.
    case pending(StreamID)
}

extension StreamGroup {
    /// Lanes of cuts that want the group's consumers and pending entries as they were.
    var lanes: UInt8 { pending.lanes }
    var isGhost: Bool { at.u8(StreamGroupField.isGhost) != 0 }

    func isTouched(_ lane: Int, _ store: Store) -> Bool {
        at.u32(StreamGroupField.epoch(lane)) == store.epoch(lane)
    }
    func markTouched(_ lane: Int, _ store: Store) {
        at.setU32(StreamGroupField.epoch(lane), store.epoch(lane))
    }

    func part(_ cursor: TreeCursor) -> StreamPart {
        .pending(StreamID(cursor.id.high, cursor.id.low), StreamPending(at: cursor.entry), of: self)
    }
}

extension StreamLog {
    /// Hands a group over as it is, unless the cut on a lane has it already.
    func touch(_ group: StreamGroup, _ lane: Int, _ store: Store, _ visit: (StreamPart) -> Void) {
        if group.isTouched(lane, store) { return }
        group.markTouched(lane, store)
        group.pending.lanes |= 1 << UInt8(lane)
        group.consumers.lanes |= 1 << UInt8(lane)
        visit(.group(group))
    }

    /// The cut on a lane wants no more of a group; one that nobody has or wants any more is freed.
    func leave(_ group: StreamGroup, _ lane: Int, _ store: Store) {
        group.pending.lanes &= ~(1 << UInt8(lane))
        group.consumers.lanes &= ~(1 << UInt8(lane))
        guard group.isGhost, group.lanes == 0 else { return }
        var former = release(group)
        _ = former.free(max: .max, store)
    }

    /// Hands over a unit of a group before it changes, unless the cut on a lane has it already. The stream takes part in
    /// the cut.
    public func preserve(
        _ unit: StreamUnit, of group: StreamGroup, lane: Int, _ store: Store, _ visit: (StreamPart) -> Void
    ) {
        touch(group, lane, store, visit)
        guard group.lanes >> UInt8(lane) & 1 != 0 else { return }
        switch unit {
        case .group: break
        case .consumer(let name):
            let tree = group.consumers
            tree.preserve(tree.unit(of: .before(name, score: 0)), lane: lane, store) {
                visit(.consumer(StreamConsumer(entry: $0.entry), of: group))
            }
        case .pending(let id):
            let tree = group.pending
            tree.preserve(tree.unit(of: .before(id: id.ms, id.sequence)), lane: lane, store) {
                visit(group.part($0))
            }
        }
    }
}
