// SPDX-License-Identifier: Apache-2.0

/// Copies of many texts, end to end; those that lie in blocks are shared instead.
///
/// *Who frees*. The pool, all at once.
public final class TextPool {
    /// One of the texts.
    @frozen public struct Text: Sendable {
        /// Where it begins, or the number of its block.
        fileprivate let place: Int
        /// Its length; negative where it lies in a block.
        fileprivate let count: Int
    }

    private let heap: Heap
    private var bytes: Address
    private var capacity = 4096
    private var used = 0
    private var blocks: [Block] = []

    /// A pool without texts, whose memory comes from `heap`.
    public init(_ heap: Heap) {
        self.heap = heap
        bytes = heap.allocate(capacity)
    }

    deinit {
        for block in blocks { block.release(heap) }
        heap.free(bytes, capacity)
    }

    /// Takes a copy of a text.
    public func add(_ text: ByteView) -> Text {
        if text.count > capacity - used { grow(text.count) }
        (bytes + used).copy(from: text)
        defer { used += text.count }
        return Text(place: used, count: text.count)
    }

    /// Takes a text in that fills a block, which is retained.
    public func add(_ block: Block) -> Text {
        block.retain()
        blocks.append(block)
        return Text(place: blocks.count - 1, count: -1)
    }

    private func grow(_ count: Int) {
        let larger = max(capacity * 2, used + count)
        let moved = heap.allocate(larger)
        moved.copy(from: bytes, count: used)
        heap.free(bytes, capacity)
        bytes = moved
        capacity = larger
    }

    /// A text; valid until the next one is taken in.
    public subscript(text: Text) -> ByteView { block(text)?.view ?? bytes.view(text.place, text.count) }

    /// The block of a text that lies in one.
    public func block(_ text: Text) -> Block? { text.count < 0 ? blocks[text.place] : nil }
}
