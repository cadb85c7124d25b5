// SPDX-License-Identifier: Apache-2.0
import Bytes
import Loop

/// Has large pieces of memory freed on the pool.
///
/// They are off the books while they wait. So that this never hides much, no more than two gigabytes wait; whoever
/// discards more than the pool can free has it freed on the loop.
final class Disposal {
    static let pendingBytesMax = 2 << 30

    private let loop: EventLoop
    /// Bytes that wait for the pool, or are being freed there.
    private(set) var pendingBytes = 0
    /// Pieces that the pool has freed.
    private(set) var freedPieces = 0

    init(_ loop: EventLoop) { self.loop = loop }

    /// Takes a piece over.
    /// - Returns: false when it is to be freed at once.
    func take(_ piece: DiscardedPiece) -> Bool {
        guard pendingBytes + piece.bytes <= Disposal.pendingBytesMax else { return false }
        let isTaken = loop.onPool({ piece.free() }) { [self] in
            pendingBytes -= piece.bytes
            freedPieces += 1
        }
        if isTaken { pendingBytes += piece.bytes }
        return isTaken
    }
}
