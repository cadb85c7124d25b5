// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension InfoWriter {
    /// How many values there are of each size, for each database and type: `db0_distrib_lists_items:1=20,4=3,2K=1` counts
    /// lists of one element, of four to seven and of 2,048 to 4,095.
    static func keySizes(_ engine: Engine, _ out: TextBuffer) {
        let types: [(ValueType, StaticString)] = [
            (.string, "strings_sizes"), (.list, "lists_items"), (.set, "sets_items"), (.zset, "zsets_items"),
            (.hash, "hashes_items"),
        ]
        for database in 0..<engine.keys.databaseCount where engine.keys.count(of: database) > 0 {
            for (type, name) in types { keySizes(of: type, name, in: database, engine.keys, out) }
        }
    }

    private static func keySizes(
        of type: ValueType, _ name: StaticString, in database: Int, _ keys: Keyspace, _ out: TextBuffer
    ) {
        var isFirst = true
        keys.forEachSize(of: type, in: database) { size, count in
            if isFirst {
                out.add("db")
                out.add(database)
                out.add("_distrib_")
                out.add(name)
                out.add(":")
            } else {
                out.add(",")
            }
            isFirst = false
            addSize(size, out)
            out.add("=")
            out.add(count)
        }
        if !isFirst { out.endLine() }
    }

    /// A power of two in the largest unit that it is a multiple of.
    private static func addSize(_ size: UInt64, _ out: TextBuffer) {
        let unit = size == 0 ? 0 : size.trailingZeroBitCount / 10
        out.add(Int64(size >> UInt64(unit * 10)))
        let letters: StaticString = "KMGTPE"
        if unit > 0 { out.add(byte: ByteView(letters)[unit - 1]) }
    }
}
