// SPDX-License-Identifier: Apache-2.0
// A reply as a client sees it, in the types of RESP2 and RESP3.

/// One reply. What the wire tells apart stays apart: a bulk string is not a simple one, and the three nulls differ.
public indirect enum Resp: Equatable, Sendable {
    case simple(String)
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case nullBulk
    case array([Resp])
    case nullArray
    /// RESP3's `_`.
    case null
    case boolean(Bool)
    /// The text as it was sent, so that `inf` and every digit can be compared.
    case double(String)
    case bigNumber(String)
    case verbatim(format: String, [UInt8])
    case blobError([UInt8])
    /// Keys and values in turn, as they were sent.
    case map([Resp])
    case set([Resp])
    case push([Resp])
    /// The attributes, keys and values in turn, and the reply they stand before.
    case attributed([Resp], Resp)

    public static let ok = Resp.simple("OK")

    public static func bulk(_ text: String) -> Resp { .bulk(Array(text.utf8)) }

    /// The text of a simple, bulk or verbatim string or of an error.
    public var text: String? {
        switch self {
        case .simple(let text), .error(let text), .double(let text), .bigNumber(let text): text
        case .bulk(let bytes), .verbatim(_, let bytes), .blobError(let bytes):
            String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The elements of an array, set, push or map.
    public var elements: [Resp]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements), .map(let elements): elements
        default: nil
        }
    }

    public var isError: Bool {
        switch self {
        case .error, .blobError: true
        default: false
        }
    }

    /// The value that follows `key` in a map, or in an array of keys and values in turn.
    public subscript(_ key: String) -> Resp? {
        guard let elements else { return nil }
        for index in stride(from: 0, to: elements.count - 1, by: 2) where elements[index].text == key {
            return elements[index + 1]
        }
        return nil
    }
}

/// Literals stand for what a command returns most: a bulk string, an integer, an array.
extension Resp: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    public init(stringLiteral value: String) { self = .bulk(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: Resp...) { self = .array(elements) }
}

/// As `redis-cli` would print it, on one line.
extension Resp: CustomStringConvertible {
    public var description: String {
        switch self {
        case .simple(let text): text
        case .error(let text): "(error) \(text)"
        case .integer(let value): "(integer) \(value)"
        case .bulk(let bytes): Resp.quoted(bytes)
        case .nullBulk: "(nil bulk)"
        case .nullArray: "(nil array)"
        case .null: "(null)"
        case .boolean(let value): "(\(value))"
        case .double(let text): "(double) \(text)"
        case .bigNumber(let text): "(big number) \(text)"
        case .verbatim(let format, let bytes): "(\(format)) \(Resp.quoted(bytes))"
        case .blobError(let bytes): "(blob error) \(Resp.quoted(bytes))"
        case .array(let elements): "\(elements)"
        case .map(let elements): "(map) \(elements)"
        case .set(let elements): "(set) \(elements)"
        case .push(let elements): "(push) \(elements)"
        case .attributed(let attributes, let reply): "(attributes \(attributes)) \(reply)"
        }
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        let shown = bytes.prefix(200).map { byte in
            0x20..<0x7f ~= byte && byte != 0x22 ? String(UnicodeScalar(byte)) : "\\x" + hexadecimal(byte)
        }
        return "\"" + shown.joined() + (bytes.count > 200 ? "…\" (\(bytes.count) bytes)" : "\"")
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
