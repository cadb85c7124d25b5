// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Reading access to a list in any of its encodings. Valid until the next edit.
public struct ListView {
    private let value: Value
    private let store: Store

    /// The list of a found key of type list.
    public init(_ value: Value, _ keys: Keyspace) {
        self.value = value
        store = keys.store
    }

    private var isPacked: Bool { value.encoding == Encoding.listpack }
    private var listpack: Listpack { Listpack(at: value.collection) }
    private var quicklist: Quicklist { Quicklist(root: value.collection) }

    /// How many elements the list has.
    public var count: Int { isPacked ? listpack.count : quicklist.count }

    /// Lends the element with this index, which there must be.
    public func withElement<R>(_ index: Int, _ body: (StoredBytes) -> R) -> R {
        guard isPacked else { return quicklist.withElement(index, store) { body(StoredBytes($0)) } }
        guard let position = listpack.seek(index) else { preconditionFailure("no such element") }
        return body(StoredBytes(listpack[position]))
    }

    /// Visits all elements in their order.
    public func forEach(_ visit: (StoredBytes) -> Void) {
        forEachWhile {
            visit($0)
            return true
        }
    }

    /// Visits `count` elements from an index on, in their order or backwards; there must be so many.
    public func forEach(
        from index: Int, count: Int, backward: Bool = false, _ visit: (StoredBytes) -> Void
    ) {
        guard count > 0 else { return }
        var left = count
        forEachWhile(from: index, backward: backward) {
            visit($0)
            left &-= 1
            return left > 0
        }
        precondition(left == 0, "no such elements")
    }

    /// Visits elements from an index on, in their order or backwards, until the visitor wants no more.
    public func forEachWhile(from index: Int = 0, backward: Bool = false, _ visit: (StoredBytes) -> Bool) {
        if isPacked {
            listpack.forEach(from: listpack.seek(index), backward: backward) { visit(StoredBytes($0)) }
        } else if backward {
            quicklist.forEachBackward(from: index, store) { visit(StoredBytes($0)) }
        } else {
            quicklist.forEach(from: index, store) { visit(StoredBytes($0)) }
        }
    }

    /// The index of the first element that is this text; nil when there is none.
    public func firstIndex(of text: ByteView) -> Int? {
        let wanted = ElementText(text)
        var (index, isFound) = (0, false)
        forEachWhile { element in
            isFound = wanted.isText(of: element)
            if !isFound { index &+= 1 }
            return !isFound
        }
        return isFound ? index : nil
    }
}

/// A text that elements of a list are compared with: once read as the number that it may be.
public struct ElementText {
    private let text: ByteView
    private let integer: Int64?

    /// The text, which must live as long as this.
    public init(_ text: ByteView) {
        self.text = text
        integer = text.integer
    }

    /// Whether an element has this text.
    public func isText(of element: StoredBytes) -> Bool {
        switch element {
        case .integer(let number): number == integer
        case .bytes(let view): view == text
        case .block(let block): block.view == text
        }
    }
}
