// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What all tables of one keyspace share: the heap, the hash, the timing wheel of their segments and the lanes of
/// open cuts.
public final class Store {
    /// How many cuts can be open at once.
    public static let laneCount = 2

    /// Where tables, entries and trees take their memory from.
    public let heap: Heap
    /// The hash of every key and element; servers that share its key have equal SCAN cursors.
    public let hash: KeyedHash
    /// The deadlines of all tables' segments, packed hashes and waiting clients.
    public let wheel: TimingWheel
    /// Elements of quicklists of so many bytes and more get nodes of their own (tests); 0: those that are larger than a
    /// node.
    public var plainBytesMin = 0
    /// How directories grow.
    var pace = DirectoryPace()
    /// Directory pointers written so far: tests measure by it how long a step is.
    var pointersWritten = 0
    /// Bit i is set while a cut is open on lane i.
    public internal(set) var openLanes: UInt8 = 0
    private var epochs: (UInt32, UInt32) = (0, 0)
    private var lastEpoch: UInt32 = 0
    private var lastIdentity: UInt64 = 0

    /// A store with a heap of its own, the hash of this key, and its wheel at `nowMs` (Unix time).
    public convenience init(key: HashKey, nowMs: Int64 = 0) { self.init(KeyedHash(key), nowMs: nowMs) }

    /// Takes over the hash, which it frees in the end.
    init(_ hash: KeyedHash, nowMs: Int64) {
        heap = Heap()
        self.hash = hash
        wheel = TimingWheel(heap: heap, nowMs: nowMs)
    }

    deinit { hash.free() }

    /// The epoch of the cut that is open on `lane`.
    @inlinable @inline(__always) public func epoch(_ lane: Int) -> UInt32 { epochOf(lane) }
    @usableFromInline func epochOf(_ lane: Int) -> UInt32 { lane == 0 ? epochs.0 : epochs.1 }

    /// A number that was never given out before.
    func nextIdentity() -> UInt64 {
        lastIdentity += 1
        return lastIdentity
    }

    /// Opens a lane for a new cut; nil when all are taken.
    public func openLane() -> Int? {
        guard let lane = (0..<Store.laneCount).first(where: { openLanes & (1 << $0) == 0 }) else {
            return nil
        }
        lastEpoch &+= 1
        if lastEpoch == 0 { lastEpoch = 1 }
        if lane == 0 { epochs.0 = lastEpoch } else { epochs.1 = lastEpoch }
        openLanes |= 1 << UInt8(lane)
        return lane
    }

    /// Closes a lane. Tables still marked with it are unmarked by whoever held them.
    public func closeLane(_ lane: Int) { openLanes &= ~(1 << UInt8(lane)) }
}

extension Store {
    /// Takes a segment out of the wheel: its table is being taken apart.
    public func unschedule(_ segment: Address) { wheel.remove(segment) }
    /// Takes a packed hash out of the wheel: no key holds it any more.
    public func unschedule(_ dated: ListpackEx) { wheel.remove(node: dated.at) }
}
