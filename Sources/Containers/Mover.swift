// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Moves pieces of slabs to fuller pages, and counts what it did.
public final class Mover {
    /// The heap whose pages are judged, and that the pieces are allocated from.
    public let heap: Heap
    /// Pages filled below this, of 256 parts, are sparse.
    public var fill = 128
    /// Pieces that were moved, and pieces that lay well.
    public private(set) var hits = 0
    public private(set) var misses = 0

    /// A mover of pieces of this heap, its counts at zero.
    public init(_ heap: Heap) { self.heap = heap }

    /// The piece at its new place if it lay in a sparse page, or where it was. What named it must name it anew.
    public func settle(_ object: Address, _ bytes: Int) -> Address {
        guard heap.isSparse(object, bytes, fill: fill) else {
            misses += 1
            return object
        }
        hits += 1
        return heap.move(object, bytes)
    }
}
