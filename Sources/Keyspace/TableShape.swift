// SPDX-License-Identifier: Apache-2.0
import Containers

/// How a hash table is laid out, for those who look inside (DEBUG HTSTATS).
public struct TableShape: Sendable {
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

extension Keyspace {
    /// The shape of a database's table.
    public func shape(of database: Int) -> TableShape { TableShape(table(of: database)) }
}

extension SetView {
    /// The shape of the set's table; nil where it has another encoding.
    public var shape: TableShape? { isTable ? TableShape(table) : nil }
    /// Bytes and entries of the set's listpack; nil where it has another encoding.
    public var packed: (bytes: Int, entries: Int)? {
        value.encoding == Encoding.listpack ? (listpack.byteCount, listpack.count) : nil
    }
}
