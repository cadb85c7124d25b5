// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// Changes to lists: one listpack while they are small, a quicklist otherwise. `list-max-listpack-size` says what is
// small; who has grown out of it returns at half of it, so that a list at the limit does not change to and fro.

/// An end of a list: the left one is in front of the first element.
@frozen public enum ListSide: Sendable {
    case left, right
}

extension Edit {
    /// Gives a free key an empty list.
    public mutating func makeList(_ keys: Keyspace) {
        setCollection(.list, Encoding.listpack, Listpack.create(keys.heap).at, keys)
    }

    /// Prepares the list for more elements of so many bytes together.
    public mutating func expectElements(_ more: Int, bytes: Int, _ keys: Keyspace) {
        guard value.encoding == Encoding.listpack else { return }
        let listpack = Listpack(at: value.collection)
        if keys.limits.packsList(of: listpack.count + more, bytes: listpack.byteCount + bytes) { return }
        let list = Quicklist.create(
            fill: keys.limits.listListpackSize, compressDepth: keys.limits.listCompressDepth, keys.store)
        list.adopt(listpack, keys.store)
        setCollection(.list, Encoding.quicklist, list.root, keys)
    }

    /// Turns a list that has become small back into one listpack.
    public mutating func packSmallList(_ keys: Keyspace) {
        guard value.encoding == Encoding.quicklist else { return }
        let list = Quicklist(root: value.collection)
        guard let listpack = list.onlyListpack,
            keys.limits.repacksList(of: listpack.count, bytes: listpack.byteCount)
        else { return }
        if list.lanes == 0 {
            setCollection(.list, Encoding.listpack, list.takeOnlyListpack(keys.store).at, keys)
        } else {
            // Cuts still read the list.
            setCollection(.list, Encoding.listpack, listpack.copy(keys.heap).at, keys)
            keys.discard(ListNodes(list: list))
        }
    }

    /// Adds an element at an end; see `expectElements`. Its bytes must not lie in the list.
    /// - Parameter adopting: the block that holds exactly these bytes, if there is one.
    public mutating func push(
        _ bytes: ByteView, adopting block: Block? = nil, _ side: ListSide, _ keys: Keyspace
    ) {
        guard value.encoding == Encoding.listpack else {
            let list = Quicklist(root: value.collection)
            switch side {
            case .left: list.pushFront(bytes, adopting: block, keys.store)
            case .right: list.pushBack(bytes, adopting: block, keys.store)
            }
            return
        }
        changeListpack(keys) { listpack in
            switch side {
            case .left: listpack.prepend(bytes, keys.heap)
            case .right: listpack.append(bytes, keys.heap)
            }
        }
    }

    /// Adds an element in front of the one with this index, or behind all; see `expectElements`.
    public mutating func insertElement(
        _ bytes: ByteView, adopting block: Block? = nil, at index: Int, _ keys: Keyspace
    ) {
        guard value.encoding == Encoding.listpack else {
            return Quicklist(root: value.collection).insert(bytes, adopting: block, at: index, keys.store)
        }
        changeListpack(keys) { listpack in
            if let position = listpack.seek(index) {
                listpack.insert(bytes, before: position, keys.heap)
            } else {
                listpack.append(bytes, keys.heap)
            }
        }
    }

    /// Puts another element in the place of the one with this index, which there must be; see `expectElements`.
    public mutating func setElement(
        _ index: Int, _ bytes: ByteView, adopting block: Block? = nil, _ keys: Keyspace
    ) {
        guard value.encoding == Encoding.listpack else {
            return Quicklist(root: value.collection).set(index, bytes, adopting: block, keys.store)
        }
        changeListpack(keys) { listpack in
            guard let position = listpack.seek(index) else { preconditionFailure("no such element") }
            listpack.replace(position, with: bytes, keys.heap)
        }
    }

    /// What is cut out of a list is freed at once if it is no more than this, in elements and bytes.
    private static var restMax: Int { 1024 }
    private static var restBytesMax: Int { 1 << 20 }

    /// Removes elements from an index on; there must be so many. An emptied list is removed by `commit`. What is freed
    /// with them is freed in slices if it is much.
    public mutating func removeElements(from index: Int, count: Int, _ keys: Keyspace) {
        guard value.encoding == Encoding.listpack else {
            let list = Quicklist(root: value.collection)
            var rest = list.cut(from: index, count: count, keys.store)
            if rest.count > Edit.restMax || rest.bytes > Edit.restBytesMax {
                keys.reclaimLater(ListRest(rest))
            } else {
                rest.free(max: .max, keys.store)
            }
            return
        }
        guard count > 0 else { return }
        changeListpack(keys) { $0.delete(index: index, limit: count, keys.heap) }
    }

    /// Removes the element at an end of the list, which is not empty.
    public mutating func pop(_ side: ListSide, _ keys: Keyspace) {
        removeElements(from: side == .left ? 0 : value.elementCount - 1, count: 1, keys)
    }

    /// Removes elements with this text, the first ones or the last ones, up to `limit`.
    /// - Returns: how many were removed.
    public mutating func removeElements(
        equalTo text: ByteView, limit: Int, backward: Bool, _ keys: Keyspace
    ) -> Int {
        guard value.encoding == Encoding.listpack else {
            return Quicklist(root: value.collection).remove(
                equalTo: text, limit: limit, backward: backward, keys.store)
        }
        var removed = 0
        changeListpack(keys) {
            removed = $0.remove(equalTo: text, limit: limit, backward: backward, keys.heap)
        }
        return removed
    }

    @inline(__always)
    private mutating func changeListpack(_ keys: Keyspace, _ change: (inout Listpack) -> Void) {
        var listpack = Listpack(at: value.collection)
        change(&listpack)
        slot.entry.setAddress(value.payloadOffset, listpack.at)
    }
}

extension EncodingLimits {
    /// What a listpack of a list may hold whose size is limited by a number of elements, in bytes.
    private static let safeBytesMax = 8192
    /// The most elements that are packed whatever the limits say.
    private static let packedElementsMax = 32_767

    /// The most elements and bytes of a packed list, as `list-max-listpack-size` says it: a number of elements, or -1 … -5
    /// for 4, 8, 16, 32 and 64 KB.
    private var packedList: (elements: Int, bytes: Int) {
        if listListpackSize >= 0 {
            return (min(max(1, listListpackSize), EncodingLimits.packedElementsMax), Int.max)
        }
        return (EncodingLimits.packedElementsMax, 2048 << min(5, -listListpackSize))
    }

    /// Whether a list of so many elements and bytes is small enough to be packed.
    func packsList(of count: Int, bytes: Int) -> Bool {
        let limit = packedList
        return count <= limit.elements
            && bytes <= (limit.bytes == .max ? EncodingLimits.safeBytesMax : limit.bytes)
    }

    /// Whether a list that has grown out of a listpack is small enough to be packed again.
    func repacksList(of count: Int, bytes: Int) -> Bool {
        let limit = packedList
        return count <= limit.elements / 2 && bytes <= limit.bytes / 2
    }
}
