// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Why a command was not carried out: one case per text on the wire.
@frozen public enum Refusal: Error {
    /// The arguments fit no form of the command. The cases below mean what their texts say; see `text`.
    case syntax
    case notInteger
    case outOfRange
    case notFloat
    case wrongType
    case noSuchKey
    /// The number of arguments is wrong; the text names the command.
    case wrongArity
    /// A deadline that is no time or too far off; the text names the command.
    case invalidExpire
    case overflow
    case notFinite
    case stringTooLong
    case offsetOutOfRange
    case mustBePositive
    /// An integer whose negation does not exist.
    case beyondSymmetricRange
    case invalidCursor
    case sameObject
    case databaseOutOfRange
    /// A text of its own, its code first (`ERR …`).
    case custom(StaticString)
    /// A text made for the occasion, which the handler left in `call.refusalText`.
    case composed

    /// The text on the wire; nil where it depends on the call.
    var text: StaticString? {
        switch self {
        case .syntax: "ERR syntax error"
        case .notInteger: "ERR value is not an integer or out of range"
        case .outOfRange: "ERR value is out of range"
        case .notFloat: "ERR value is not a valid float"
        case .wrongType: "WRONGTYPE Operation against a key holding the wrong kind of value"
        case .noSuchKey: "ERR no such key"
        case .overflow: "ERR increment or decrement would overflow"
        case .notFinite: "ERR increment would produce NaN or Infinity"
        case .stringTooLong: "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        case .offsetOutOfRange: "ERR offset is out of range"
        case .mustBePositive: "ERR value is out of range, must be positive"
        case .beyondSymmetricRange:
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
        case .invalidCursor: "ERR invalid cursor"
        case .sameObject: "ERR source and destination objects are the same"
        case .databaseOutOfRange: "ERR DB index is out of range"
        case .custom(let text): text
        case .wrongArity, .invalidExpire, .composed: nil
        }
    }
}
