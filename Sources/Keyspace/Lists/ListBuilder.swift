// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A list under construction that no key holds yet: the result of SORT … STORE, or one that is restored.
///
/// *Who frees*. The builder, unless an edit took its elements over.
public final class ListBuilder: ValueBuilder {
    private enum Content {
        case packed(Listpack)
        case list(Quicklist)
        case taken
    }

    private let keys: Keyspace
    private var content: Content

    /// A list without elements.
    public init(_ keys: Keyspace) {
        self.keys = keys
        content = .packed(Listpack.create(keys.heap))
    }

    deinit {
        switch content {
        case .packed(let listpack): listpack.free(keys.heap)
        case .list(let list): keys.discard(ListNodes(list: list))
        case .taken: break
        }
    }

    /// How many elements have been added.
    public var count: Int {
        switch content {
        case .packed(let listpack): listpack.count
        case .list(let list): list.count
        case .taken: 0
        }
    }

    /// Adds an element behind the others; a large one's block is shared.
    public func append(_ element: StoredBytes) {
        if case .block(let block) = element {
            append(block.view, block)
        } else {
            element.withText { append($0, nil) }
        }
    }

    private func append(_ bytes: ByteView, _ block: Block?) {
        switch content {
        case .packed(var listpack):
            if keys.limits.packsList(of: listpack.count + 1, bytes: listpack.byteCount + bytes.count + 8) {
                listpack.append(bytes, keys.heap)
                content = .packed(listpack)
                return
            }
            let list = becomeList(listpack)
            list.pushBack(bytes, adopting: block, keys.store)
        case .list(let list): list.pushBack(bytes, adopting: block, keys.store)
        case .taken: preconditionFailure("the elements were taken over")
        }
    }

    func append(_ listpack: Listpack) -> Bool {
        guard !listpack.isEmpty else { return true }
        switch content {
        case .packed(let own):
            if own.isEmpty, keys.limits.packsList(of: listpack.count, bytes: listpack.byteCount) {
                own.free(keys.heap)
                content = .packed(listpack.copy(keys.heap))
                return true
            }
            let list = becomeList(own)
            list.adopt(listpack.copy(keys.heap), keys.store)
        case .list(let list): list.adopt(listpack.copy(keys.heap), keys.store)
        case .taken: preconditionFailure("the elements were taken over")
        }
        return true
    }

    private func becomeList(_ listpack: Listpack) -> Quicklist {
        let list = Quicklist.create(
            fill: keys.limits.listListpackSize, compressDepth: keys.limits.listCompressDepth, keys.store)
        list.adopt(listpack, keys.store)
        content = .list(list)
        return list
    }

    func add(_ element: ValueElement) -> Bool {
        guard element.value == nil, element.deadlineMs == nil else { return false }
        append(element.bytes)
        return true
    }

    func take() -> BuiltValue {
        defer { content = .taken }
        switch content {
        case .packed(let listpack): return .collection(encoding: Encoding.listpack, at: listpack.at)
        case .list(let list): return .collection(encoding: Encoding.quicklist, at: list.root)
        case .taken: preconditionFailure("the elements were taken over")
        }
    }
}

extension Edit {
    /// Makes the value the list that was built; whatever was there goes, and so does the deadline.
    public mutating func setList(_ builder: ListBuilder, _ keys: Keyspace) {
        guard case .collection(let encoding, let at) = builder.take() else { preconditionFailure("no list") }
        replaceCollection(.list, encoding, at, keys)
        setDeadline(nil, keys)
    }
}
