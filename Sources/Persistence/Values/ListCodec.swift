// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Keyspace

/// Lists in RDB files.
enum ListCodec: ValueCodec {
    static let type = ValueType.list

    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)? {
        switch rdbType {
        case RDBType.list: ElementReader<Elements>(context)
        case RDBType.listZiplist: PackedReader(type, context, restoreZiplist)
        case RDBType.listZiplists, RDBType.listListpacks: PiecesReader(rdbType, context)
        default: nil
        }
    }

    /// The oldest form: servers of every version read it, and the number of elements is all that has to be known first.
    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8? { RDBType.list }
    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput) {
        out.append(element.bytes)
    }

    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8? {
        version.number >= RDBVersion.listpacks.number ? RDBType.listListpacks : RDBType.listZiplists
    }

    /// One piece.
    static func write(packed: ByteView, _ rdbType: UInt8, _ out: RDBOutput) {
        out.append(length: 1)
        if rdbType == RDBType.listZiplists { return Ziplist.write(listpack: packed, out) }
        out.append(length: Piece.listpack)
        out.append(string: packed)
    }

    /// What a piece of a list is.
    fileprivate enum Piece {
        /// One large element.
        static let element = 1
        /// A listpack.
        static let listpack = 2
    }

    private enum Elements: ElementForm {
        static let type = ValueType.list
        static func read(_ input: inout RDBInput, base: Int64) throws(RDBStop) -> ValueElement {
            ValueElement(try input.string())
        }
    }

    fileprivate static func restoreZiplist(
        _ context: ReadingContext, _ bytes: ByteView, _ restorer: Restorer
    ) throws(RDBStop) -> Bool {
        try Ziplist.withListpack(of: bytes, context) { (listpack) throws(RDBStop) in
            try context.append(listpack, restorer)
        }
    }
}

extension ReadingContext {
    /// Adds the elements of a listpack behind the others.
    /// - Returns: false when it has none.
    fileprivate func append(_ bytes: ByteView, _ restorer: Restorer) throws(RDBStop) -> Bool {
        let bytes = listpack(bytes)
        guard restorer.append(packed: bytes) else { throw .damaged("Listpack integrity check failed") }
        return bytes.count > 7
    }
}

/// Reads a list that comes in pieces.
private final class PiecesReader: ValueReader {
    private let context: ReadingContext
    private let isZiplists: Bool
    private let restorer: Restorer
    private var left: Int?
    private var hasElements = false

    init(_ rdbType: UInt8, _ context: ReadingContext) {
        self.context = context
        isZiplists = rdbType == RDBType.listZiplists
        restorer = Restorer(.list, expecting: 0, context.keys)
    }

    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool {
        var pieces = try begin(&input)
        // A piece holds some dozens of elements.
        var room = Swift.max(1, max / 32)
        while pieces > 0, room > 0 {
            if try readPiece(&input) { hasElements = true }
            input.commit()
            pieces -= 1
            room -= 1
            left = pieces
        }
        return pieces == 0
    }

    private func begin(_ input: inout RDBInput) throws(RDBStop) -> Int {
        if let left { return left }
        let count = try input.count(bytesEach: 1)
        input.commit()
        left = count
        return count
    }

    private func readPiece(_ input: inout RDBInput) throws(RDBStop) -> Bool {
        if isZiplists {
            return try ListCodec.restoreZiplist(context, try input.blob(), restorer)
        }
        switch try input.length() {
        case UInt64(ListCodec.Piece.element):
            let element = try input.string()
            guard element.count > 0 else { throw .damaged("Quicklist integrity check failed") }
            guard restorer.add(ValueElement(element)) else { throw .damaged("Invalid element") }
            return true
        case UInt64(ListCodec.Piece.listpack): return try context.append(try input.blob(), restorer)
        default: throw .damaged("Quicklist integrity check failed")
        }
    }

    func take() -> Restorer? { hasElements ? restorer : nil }
}
