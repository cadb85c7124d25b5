// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLZF

/// An element of a quicklist, or bytes that are to become one.
@frozen public enum QuicklistElement {
    /// What a listpack holds; valid until the list's next edit.
    case packed(Listpack.Element)
    /// A large element: whoever wants to keep it retains its block.
    case block(Block)

    /// An element that is a view of bytes and has no block.
    public init(_ bytes: ByteView) { self = .packed(.bytes(bytes)) }

    /// The length of the element's text in bytes.
    public var textBytes: Int {
        switch self {
        case .packed(let element): element.textBytes
        case .block(let block): block.count
        }
    }

    /// Calls `body` with the element's text, which does not outlive the call.
    public func withText<R>(_ body: (ByteView) -> R) -> R {
        switch self {
        case .packed(let element): element.withText(body)
        case .block(let block): body(block.view)
        }
    }
}

/// A node's content as a whole.
@frozen public enum QuicklistPiece {
    /// Elements in their order; valid while whoever lends it runs.
    case packed(Listpack)
    /// One large element.
    case plain(Block)

    /// Visits the elements.
    public func forEach(_ visit: (QuicklistElement) -> Void) {
        switch self {
        case .plain(let block): visit(.block(block))
        case .packed(let listpack):
            listpack.forEach(from: listpack.first) { element in
                visit(.packed(element))
                return true
            }
        }
    }
}

extension QuicklistNode {
    /// Lends the node's content; what is compressed is taken apart for that time.
    func withPiece<R>(_ heap: Heap, _ body: (QuicklistPiece) -> R) -> R {
        switch form {
        case .packed: return body(.packed(listpack))
        case .plain: return body(.plain(block))
        case .compressed:
            let listpack = decompressed(heap)
            defer { listpack.free(heap) }
            return body(.packed(listpack))
        }
    }

    /// The listpack of a compressed node in memory of its own.
    func decompressed(_ heap: Heap) -> Listpack {
        let (bytes, listpackBytes) = compressed
        let target = heap.allocatePacked(listpackBytes)
        let written = unsafe lzf_decompress(
            bytes.start.pointer, UInt32(bytes.count), target.pointer, UInt32(listpackBytes))
        precondition(Int(written) == listpackBytes, "a compressed node is damaged")
        return Listpack(at: target)
    }
}

extension Quicklist {
    /// The node that holds the element with an index, and the element's index in it.
    func find(_ index: Int) -> (cursor: TreeCursor, node: QuicklistNode, inner: Int)? {
        guard let (cursor, inner) = tree.find(rank: index) else { return nil }
        return (cursor, QuicklistNode(at: cursor.entry), inner)
    }

    /// Lends the element with this index, which there must be.
    public func withElement<R>(_ index: Int, _ store: Store, _ body: (QuicklistElement) -> R) -> R {
        guard let (_, node, inner) = find(index) else { preconditionFailure("no such element") }
        return node.withPiece(store.heap) { piece in
            switch piece {
            case .plain(let block): return body(.block(block))
            case .packed(let listpack):
                guard let position = listpack.seek(inner) else { preconditionFailure("a wrong count") }
                return body(.packed(listpack[position]))
            }
        }
    }

    /// Visits elements from an index on, forwards, until the visitor wants no more.
    public func forEach(from index: Int, _ store: Store, _ visit: (QuicklistElement) -> Bool) {
        guard let (first, _, inner) = find(index) else { return }
        var skip = inner
        var cursor: TreeCursor? = first
        while let here = cursor {
            let goesOn = QuicklistNode(at: here.entry).withPiece(store.heap) { piece in
                guard case .packed(let listpack) = piece else { return Quicklist.visit(piece, visit) }
                return listpack.forEach(from: skip == 0 ? listpack.first : listpack.seek(skip)) {
                    visit(.packed($0))
                }
            }
            if !goesOn { return }
            skip = 0
            cursor = here.next
        }
    }

    /// Visits elements from an index on, backwards, until the visitor wants no more.
    public func forEachBackward(from index: Int, _ store: Store, _ visit: (QuicklistElement) -> Bool) {
        guard let (last, _, inner) = find(index) else { return }
        var start: Int? = inner
        var cursor: TreeCursor? = last
        while let here = cursor {
            let goesOn = QuicklistNode(at: here.entry).withPiece(store.heap) { piece in
                guard case .packed(let listpack) = piece else { return Quicklist.visit(piece, visit) }
                return listpack.forEach(
                    from: start.map { listpack.seek($0) } ?? listpack.last, backward: true
                ) {
                    visit(.packed($0))
                }
            }
            if !goesOn { return }
            start = nil
            cursor = here.previous
        }
    }

    private static func visit(_ piece: QuicklistPiece, _ visit: (QuicklistElement) -> Bool) -> Bool {
        if case .plain(let block) = piece { return visit(.block(block)) }
        return true
    }
}
