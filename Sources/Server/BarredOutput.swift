// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What one connection may not be sent yet: it tells of changes that are not on disk.
///
/// *Invariants*. Positions grow from mark to mark; the bytes of all marks together are those of the chain.
struct BarredOutput: ~Copyable {
    /// So many bytes may leave when the log is on disk up to `position`.
    private struct Mark {
        let position: UInt64
        var bytes: Int
    }

    private var bytes = ByteChain()
    private var marks: [Mark] = []

    var isEmpty: Bool { marks.isEmpty }
    var memoryBytes: Int { bytes.memoryBytes }
    var nodeCount: Int { bytes.nodeCount }
    /// Bytes that wait.
    var count: Int { bytes.count }

    /// Adds what `write` puts into the chain: it waits for this position and for all before it.
    mutating func add(_ position: UInt64, _ write: (inout ByteChain) -> Void) {
        let before = bytes.count
        write(&bytes)
        let added = bytes.count - before
        guard added > 0 else { return }
        if let last = marks.indices.last, marks[last].position >= position {
            marks[last].bytes += added
        } else {
            marks.append(Mark(position: position, bytes: added))
        }
    }

    /// Moves what may leave, now that the log is on disk up to `synced`.
    mutating func release(upTo synced: UInt64, to queue: inout ByteChain, _ heap: Heap) {
        let free = marks.prefix { $0.position <= synced }
        bytes.move(first: free.reduce(0) { $0 + $1.bytes }, to: &queue, heap)
        marks.removeFirst(free.count)
        assert(!marks.isEmpty || bytes.isEmpty, "bytes that no mark will release")
    }

    /// Frees everything.
    mutating func drop(_ heap: Heap) {
        bytes.drop(heap)
        marks = []
    }
}
