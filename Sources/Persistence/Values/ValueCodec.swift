// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

// How values of each type stand in RDB files. A type has one codec, in a file of its own beside this one and a row in
// `ValueCodecs.all`: readers for every form that servers have written so far, and a writer for each version.
//
// *Reading*. The type's number decides on a `ValueReader`, which takes one item after the other and builds a value that
// no key holds yet (`Restorer`).
//
// *Writing*. A value is handed over as a cut does it: in one piece, or its head, its elements and its end.

/// What readers of values have to know.
struct ReadingContext {
    let keys: Keyspace
    /// What the file says it is.
    let version: RDBVersion
    /// Whether fields whose time is over are left out.
    let dropsDeadFields: Bool
    let scratch: RDBScratch
}

/// Reads one value in as many steps as the input takes.
protocol ValueReader: AnyObject {
    /// Reads about `max` further items, and commits each.
    /// - Returns: true when the value is whole.
    func read(_ input: inout RDBInput, max: Int) throws(RDBStop) -> Bool
    /// The whole value; nil when it has no elements.
    func take() -> Restorer?
    /// Whether it has no elements because all had died.
    var hasDied: Bool { get }
}

extension ValueReader {
    var hasDied: Bool { false }
}

/// How the values of one type stand in RDB files.
protocol ValueCodec: SendableMetatype {
    /// The type of values that it writes.
    static var type: ValueType { get }
    /// A reader of values of this RDB type; nil when it is none of this codec's.
    static func reader(_ rdbType: UInt8, _ context: ReadingContext) -> (any ValueReader)?

    /// The RDB type of a value that comes in elements; nil when the version cannot hold it.
    static func elementsType(_ head: CutKey, _ version: RDBVersion) -> UInt8?
    /// Writes what stands before the elements: mostly their count.
    static func begin(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput)
    /// Writes one element.
    static func write(_ element: ValueElement, _ rdbType: UInt8, _ out: RDBOutput)
    /// Takes the head and the elements instead of `begin` and `write`, for types whose elements do not come in the order
    /// of the file; nil for all others.
    static func arranger(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) -> (any ElementArranger)?
    /// The RDB type of a value in one piece; nil when it has to be written in elements.
    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8?
    /// Writes a value in one piece.
    static func write(packed: ByteView, _ rdbType: UInt8, _ out: RDBOutput)
}

/// Writes the elements of one value, whatever order they come in.
protocol ElementArranger: AnyObject {
    /// Writes an element, or keeps it for later.
    func write(_ element: ValueElement)
    /// All have come: writes what was kept.
    /// - Returns: false when they were not what the head has said, so that what was written is damaged.
    func end() -> Bool
}

extension ValueCodec {
    static func arranger(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) -> (any ElementArranger)? { nil }
    static func begin(_ head: CutKey, _ rdbType: UInt8, _ out: RDBOutput) { out.append(length: head.count) }
    static func packedType(_ head: CutKey, _ version: RDBVersion) -> UInt8? { nil }
    static func write(packed: ByteView, _ rdbType: UInt8, _ out: RDBOutput) { out.append(string: packed) }
}

/// The codecs of all types.
enum ValueCodecs {
    static let all: [any ValueCodec.Type] = [
        StringCodec.self, ListCodec.self, SetCodec.self, SortedSetCodec.self, HashCodec.self,
        StreamCodec.self,
    ]

    /// The codec that writes values of a type; nil while there is none.
    static func writer(of type: ValueType) -> (any ValueCodec.Type)? { all.first { $0.type == type } }

    /// A reader of values of an RDB type.
    static func reader(_ rdbType: UInt8, _ context: ReadingContext) throws(RDBStop) -> any ValueReader {
        for codec in all {
            if let reader = codec.reader(rdbType, context) { return reader }
        }
        throw unreadable(rdbType)
    }

    private static func unreadable(_ rdbType: UInt8) -> RDBStop {
        switch rdbType {
        case RDBType.module: .unsupported("The RDB file contains module data that cannot be loaded")
        case RDBType.earlyModule: .unsupported("A value of a module in a format that has no end")
        default: .damaged("Unknown RDB type")
        }
    }
}
