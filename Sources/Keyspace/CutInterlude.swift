// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Keeps small keys while a large collection is being written, because a key must not fall between its elements.
final class CutInterlude: CutSink {
    private struct Head {
        let database: Int
        let type: ValueType
        let deadlineMs: Int64?
        let count: Int
    }
    private var heads: [Head] = []
    /// Per key its name, then its elements, each framed by its length.
    private var bytes: [UInt8] = []

    func beginKey(_ key: ByteView, database: Int, type: ValueType, deadlineMs: Int64?, count: Int) {
        heads.append(Head(database: database, type: type, deadlineMs: deadlineMs, count: count))
        appendFramed(key, to: &bytes)
    }
    func element(_ element: ByteView) { appendFramed(element, to: &bytes) }
    func endKey() {}

    /// Hands everything kept to the sink and forgets it.
    func replay(to sink: any CutSink) {
        var next = 0
        var left = 0
        forEachFramed(bytes) { piece in
            if left == 0 {
                let head = heads[next]
                next += 1
                sink.beginKey(
                    piece, database: head.database, type: head.type, deadlineMs: head.deadlineMs,
                    count: head.count)
                left = head.count
            } else {
                sink.element(piece)
                left -= 1
            }
            if left == 0 { sink.endKey() }
        }
        heads = []
        bytes = []
    }
}

/// Appends `[u32 length][bytes]`.
func appendFramed(_ piece: ByteView, to bytes: inout [UInt8]) {
    for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: piece.count >> shift)) }
    bytes.append(piece)
}

/// Visits what `appendFramed` wrote.
func forEachFramed(_ bytes: [UInt8], _ visit: (ByteView) -> Void) {
    bytes.withView { all in
        var at = 0
        while at < all.count {
            let count = Int(all[at]) | Int(all[at + 1]) << 8 | Int(all[at + 2]) << 16 | Int(all[at + 3]) << 24
            visit(all[(at + 4)..<(at + 4 + count)])
            at += 4 + count
        }
    }
}
