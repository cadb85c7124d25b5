// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

/// Strings in RDB files.
enum StringCodec: ValueCodec {
    static let type = ValueType.string

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        rdbType == RDBType.string ? StringReader(context) : nil
    }

    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? { RDBType.string }
    static func begin(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) {}
    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        out.append(element.bytes)
    }
}

/// Reads a string.
private final class StringReader: ValueReader {
    private let restorer: Restorer

    init(_ context: ReadingContext) { restorer = Restorer(.string, expecting: 1, context.keys) }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        guard restorer.add(ValueElement(try input.string())) else { throw .damaged("Invalid string") }
        input.commit()
        return true
    }

    func take() -> Restorer? { restorer }
}
