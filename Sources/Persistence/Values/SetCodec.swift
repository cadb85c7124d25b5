// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Sets in RDB files.
enum SetCodec: ValueCodec {
    static let type = ValueType.set

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        switch rdbType {
        case RDBType.set: ElementReader<Members>(context)
        case RDBType.setIntset: PackedReader(type, context, restoreIntegers)
        case RDBType.setListpack: PackedReader(type, context, PackedForm.listpack)
        default: nil
        }
    }

    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? { RDBType.set }
    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        out.append(element.bytes)
    }

    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        if head.encoding == Encoding.intset { return RDBType.setIntset }
        return version.number >= RDBVersion.setListpacks.number ? RDBType.setListpack : nil
    }

    private enum Members: ElementForm {
        static let type = ValueType.set
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            ValueElement(try input.string())
        }
    }

    private static func restoreIntegers(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try context.adopt(bytes, Encoding.intset, restorer)
    }
}
