// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// A sink that keeps the elements it is handed.
final class CutText: CutSink {
    private(set) var elements: [[UInt8]] = []

    func beginKey(_ head: CutKey) {}
    func key(_ head: CutKey, packed: ByteView) { head.forEachElement(of: packed) { element($0) } }
    func element(_ element: ValueElement) { elements.append(element.bytes.array) }
    func endKey() {}
}
