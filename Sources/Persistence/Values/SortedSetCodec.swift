// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Sorted sets in RDB files.
enum SortedSetCodec: ValueCodec {
    static let type = ValueType.zset

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        switch rdbType {
        case RDBType.scores: ElementReader<Scores>(context)
        case RDBType.textScores: ElementReader<TextScores>(context)
        case RDBType.zsetListpack: PackedReader(type, context, PackedForm.listpack)
        case RDBType.zsetZiplist: PackedReader(type, context, restoreZiplist)
        default: nil
        }
    }

    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? { RDBType.scores }
    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        out.append(element.bytes)
        out.append(u64: (element.score ?? 0).bitPattern)
    }

    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        version.number >= RDBVersion.listpacks.number ? RDBType.zsetListpack : RDBType.zsetZiplist
    }

    static func write(packed: ByteView, _ rdbType: UInt8, _ out: RDBOutput) {
        if rdbType == RDBType.zsetZiplist { return Ziplist.write(listpack: packed, out) }
        out.append(string: packed)
    }

    private enum Scores: ElementForm {
        static let type = ValueType.zset
        static let bytesMin = 9
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let member = try input.string()
            return ValueElement(member, score: try input.float64())
        }
    }

    private enum TextScores: ElementForm {
        static let type = ValueType.zset
        static let bytesMin = 2
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            let member = try input.string()
            return ValueElement(member, score: try input.textScore())
        }
    }

    private static func restoreZiplist(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try Ziplist.withListpack(of: bytes, context, failure: "Zset ziplist integrity check failed") {
            (listpack) throws(RDBStop) in
            try context.adopt(listpack, Encoding.listpack, restorer)
        }
    }
}
