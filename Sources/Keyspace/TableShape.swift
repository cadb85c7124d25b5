// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// How a hash table is laid out, for those who look inside (DEBUG HTSTATS).
public struct TableShape: Sendable {
    /// How many entries the table has.
    public let entries: Int
    /// Entries with a deadline.
    public let volatile: Int
    /// Segments, each of up to 448 slots.
    public let segments: Int
    /// How many bits of the hash choose the segment.
    public let directoryBits: Int

    init(_ table: Table) {
        entries = table.count
        volatile = table.volatileCount
        segments = table.segmentCount
        directoryBits = table.depth
    }
}

extension Value {
    /// The shape of the value's table; nil where it has none.
    public var shape: TableShape? { operations.table(self).map { TableShape($0) } }
    /// Bytes and entries of the value's listpack; nil where it is none.
    public var listpackSize: (bytes: Int, entries: Int)? {
        guard typeBits != 0, encoding == Encoding.listpack, let bytes = operations.packed(self) else {
            return nil
        }
        return (bytes.count, Listpack(at: bytes.start).count)
    }
}
