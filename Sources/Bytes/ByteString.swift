// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A string of bytes, as a client or a file gave them: mostly text, but what is no UTF-8 stays as it is.
///
/// Error texts, log lines and settings are made of these, because clients' bytes stand in them: a String would put
/// U+FFFD where it does not understand. Two are equal when their bytes are; a String also takes the Kelvin sign for a
/// K. Interpolation takes bytes, texts and integers.
public struct ByteString: Hashable, Comparable, Sendable, ExpressibleByStringInterpolation {
    /// The bytes as they came, UTF-8 or not.
    public private(set) var bytes: [UInt8]

    /// A copy of these bytes; of a text, its UTF-8.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }
    public init(_ view: ByteView) { bytes = view.array }
    public init(_ text: String) { bytes = Array(text.utf8) }
    /// A text of C's, up to its zero.
    public init(cString start: UnsafePointer<CChar>) {
        bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
    /// For Swift's literals: the UTF-8 of the text, with interpolated bytes as they are.
    public init(stringLiteral literal: String) { bytes = Array(literal.utf8) }
    public init(stringInterpolation: Interpolation) { bytes = stringInterpolation.bytes }

    /// Collects the pieces of an interpolated literal.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        /// For Swift, which says how long the literal parts are together; reserves 16 bytes for each other part.
        public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        /// Adds a piece: bytes as they are, text as UTF-8.
        public mutating func appendLiteral(_ literal: String) { bytes += literal.utf8 }
        public mutating func appendInterpolation(_ view: ByteView) { bytes.append(view) }
        public mutating func appendInterpolation(_ string: ByteString) { bytes += string.bytes }
        public mutating func appendInterpolation(_ bytes: [UInt8]) { self.bytes += bytes }
        public mutating func appendInterpolation(_ text: String) { bytes += text.utf8 }
        public mutating func appendInterpolation(_ text: StaticString) { bytes.append(text) }
        /// Adds a number in decimal.
        public mutating func appendInterpolation(_ number: some BinaryInteger) {
            bytes += String(number).utf8
        }
    }

    /// Whether there are no bytes.
    public var isEmpty: Bool { bytes.isEmpty }
    /// The length in bytes.
    public var count: Int { bytes.count }

    /// Lends the bytes as a view for the time of `body`.
    @inlinable public func withView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        try bytes.withView(body)
    }

    /// For C: with a zero at its end.
    public var cString: [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

    /// By the values of the bytes.
    public static func < (a: ByteString, b: ByteString) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

    /// With ASCII letters in lower case; all other bytes stay.
    public var lowercased: ByteString { ByteString(bytes.map(\.asciiLower)) }
    /// With ASCII letters in upper case; all other bytes stay.
    public var uppercased: ByteString { ByteString(bytes.map(\.asciiUpper)) }

    /// Whether the bytes begin with these, letter case included.
    public func hasPrefix(_ prefix: StaticString) -> Bool {
        withView {
            $0.count >= prefix.utf8CodeUnitCount && $0[0..<prefix.utf8CodeUnitCount] == ByteView(prefix)
        }
    }

    /// Whether the bytes end with these, letter case included.
    public func hasSuffix(_ suffix: StaticString) -> Bool {
        withView { view in
            let from = view.count - suffix.utf8CodeUnitCount
            return from >= 0 && view.dropFirst(from) == ByteView(suffix)
        }
    }

    /// The pieces between separators, empty ones left out.
    public func words(_ separator: UInt8 = 32) -> [ByteString] {
        bytes.split(separator: separator).map { ByteString($0) }
    }

    /// The bytes behind the first `n`; none if there are not more.
    public func dropFirst(_ n: Int = 1) -> ByteString { ByteString(bytes.dropFirst(n)) }

    /// The bytes of `a` with those of `b` behind them.
    public static func + (a: ByteString, b: ByteString) -> ByteString { ByteString(a.bytes + b.bytes) }
    /// Adds the bytes of `b` to the end of `a`.
    public static func += (a: inout ByteString, b: ByteString) { a.bytes += b.bytes }
}

extension ByteString: CustomStringConvertible {
    /// As text, for people: what is no UTF-8 is repaired.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension Sequence where Element == ByteString {
    /// All of them, with `separator` in between.
    public func joined(separator: ByteString) -> ByteString {
        ByteString(Array(map(\.bytes).joined(separator: separator.bytes)))
    }
}
