// SPDX-License-Identifier: Apache-2.0
import Bytes

@testable import Keyspace

/// Keeps the elements of the keys that a cut hands over, in their order.
final class ElementKeeper: CutSink {
    private(set) var elements: [String: [String]] = [:]
    private var key = ""

    func key(_ head: CutKey, packed: ByteView) {
        beginKey(head)
        head.forEachElement(of: packed) { element($0) }
    }
    func beginKey(_ head: CutKey) {
        key = ByteString(head.key).description
        elements[key] = []
    }
    func element(_ element: ValueElement) {
        elements[key]?.append(element.bytes.withText { ByteString($0).description })
    }
    func endKey() {}
}
