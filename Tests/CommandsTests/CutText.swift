// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// A sink that keeps the elements it is handed.
final class CutText: CutSink {
    private(set) var elements: [[UInt8]] = []

    func beginKey(_ key: ByteView, database: Int, type: ValueType, deadlineMs: Int64?, count: Int) {}
    func element(_ bytes: ByteView) { elements.append(bytes.array) }
    func endKey() {}
}
