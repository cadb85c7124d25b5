// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A hash under construction that no key holds yet.
///
/// *Who frees*. The builder, unless an edit took the hash over.
final class HashBuilder: ValueBuilder {
    private let keys: Keyspace
    private var hash: HashContent?

    init(expecting count: Int, _ keys: Keyspace) {
        self.keys = keys
        hash = HashContent(expecting: count, keys)
    }

    deinit { hash?.free(keys) }

    func add(_ element: ValueElement) -> Bool {
        guard let value = element.value else { return false }
        return element.bytes.withText { name in add(name, value, element.deadlineMs) }
    }

    private func add(_ name: ByteView, _ value: StoredBytes, _ deadlineMs: Int64?) -> Bool {
        guard var hash else { preconditionFailure("the hash was taken over") }
        let found = hash.find(name, keys.store)
        guard !found.exists else { return false }
        var block: Block?
        if case .block(let given) = value { block = given }
        value.withText { hash.set(found, $0, adopting: block, keepsDeadline: false, keys) }
        if let deadlineMs {
            let deadline = min(max(deadlineMs, 0), Table.noDeadline - 1)
            hash.setDeadline(hash.find(name, keys.store), deadline, keys)
        }
        self.hash = hash
        return true
    }

    func take() -> BuiltValue {
        guard let hash else { preconditionFailure("the hash was taken over") }
        self.hash = nil
        return .collection(encoding: hash.encoding, at: hash.at)
    }
}
