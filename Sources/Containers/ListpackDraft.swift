// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A listpack that is written from its front to its end in one go, without the room that every edit asks for anew.
///
/// *Who frees*. The draft its memory, which grows by doubling; whoever wants to keep the list copies it.
@safe public final class ListpackDraft {
    private let heap: Heap
    private var at: Address
    private var capacity: Int
    private var end = Listpack.headerBytes
    private var count = 0

    /// An empty draft with room for about so many bytes.
    public init(_ heap: Heap, expectedBytes: Int) {
        self.heap = heap
        capacity = max(64, expectedBytes)
        at = heap.allocate(capacity)
    }

    deinit { heap.free(at, capacity) }

    /// Adds an element behind the others.
    public func append(_ element: Listpack.Element) {
        let element = Listpack.canonical(element)
        let body = Listpack.bodyBytes(of: element)
        let bytes = body + Listpack.backLengthBytes(body)
        precondition(bytes <= Listpack.bytesMax - end - 1, "listpack too large")
        if end + bytes + 1 > capacity { grow(to: end + bytes + 1) }
        Listpack.write(element, body: body, at: at + end)
        end += bytes
        count += 1
    }

    private func grow(to bytes: Int) {
        let larger = max(bytes, capacity * 2)
        let fresh = heap.allocate(larger)
        fresh.copy(from: at, count: end)
        heap.free(at, capacity)
        (at, capacity) = (fresh, larger)
    }

    /// The list as it stands; valid until the next element.
    public var bytes: ByteView {
        at.setU32(0, UInt32(end + 1))
        at.setU16(4, UInt16(min(count, Listpack.countUnknown)))
        at.setU8(end, Listpack.end)
        return at.view(0, end + 1)
    }
}
