// SPDX-License-Identifier: Apache-2.0
import CShims
import Glibc

/// A borrowed run of bytes: an argument of the running command, a key or a value in the store.
///
/// *Validity*: an argument lives until its handler returns; bytes of the store live until the next edit of the
/// keyspace. Whoever needs them longer copies them (`array`). Reads are bounds-checked.
@safe @frozen
public struct ByteView: Sendable {
    /// Where the bytes lie.
    public let start: Address
    /// The length in bytes.
    public let count: Int

    /// A view of `count` bytes; the caller answers for their being there as long as the view is used.
    @inlinable @inline(__always) public init(start: Address, count: Int) {
        self.start = start
        self.count = count
    }

    /// The bytes of a literal, which live forever.
    @inlinable @inline(__always) public init(_ literal: StaticString) {
        unsafe start = Address(UnsafeRawPointer(literal.utf8Start))
        count = literal.utf8CodeUnitCount
    }

    /// A view of no bytes, whose address is not null.
    @inlinable public static var empty: ByteView { ByteView("") }

    /// Whether there are no bytes.
    @inlinable @inline(__always) public var isEmpty: Bool { count == 0 }

    /// The byte at an index from 0. Traps beyond the end.
    @inlinable @inline(__always) public subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "byte index out of bounds")
        return start.u8(index)
    }

    /// The bytes from `range`, which must lie within the view.
    @inlinable public subscript(range: Range<Int>) -> ByteView {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "byte range out of bounds")
        return ByteView(start: start + range.lowerBound, count: range.count)
    }

    /// The view behind the first `n` bytes; empty if there are not more.
    @inlinable public func dropFirst(_ n: Int) -> ByteView { self[Swift.min(n, count)..<count] }

    /// A copy that outlives the view.
    public var array: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            if count > 0 { unsafe memcpy(buffer.baseAddress!, start.pointer, count) }
            used = count
        }
    }

    /// The first bytes, at most so many.
    @inlinable public func clipped(to max: Int) -> ByteView { self[0..<Swift.min(count, max)] }

    /// Whether both views show the same bytes, wherever these lie.
    @inlinable @inline(__always) public static func == (a: ByteView, b: ByteView) -> Bool {
        guard a.count == b.count else { return false }
        // Most keys: two overlapping words are cheaper than a call.
        if a.count &- 8 <= 8, a.count >= 8 {
            let tail = a.count &- 8
            return a.start.u64(0) == b.start.u64(0) && a.start.u64(tail) == b.start.u64(tail)
        }
        return unsafe a.count == 0 || memcmp(a.start.pointer, b.start.pointer, a.count) == 0
    }
    /// Whether the views differ in length or in any byte.
    @inlinable public static func != (a: ByteView, b: ByteView) -> Bool { !(a == b) }

    /// Which of two texts comes first by its bytes: negative for this one, 0 where they are the same.
    public func compared(with other: ByteView) -> Int {
        let shared = Swift.min(count, other.count)
        let order = unsafe shared == 0 ? 0 : Int(memcmp(start.pointer, other.start.pointer, shared))
        return order != 0 ? order : count - other.count
    }

    /// Whether this is the ASCII `word`, in any case. `word` is upper case.
    public func matches(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let other = ByteView(word)
        for i in 0..<count where start.u8(i).asciiUpper != other.start.u8(i) { return false }
        return true
    }

    /// Whether both are equal but for ASCII case.
    public func equalsIgnoringCase(_ other: ByteView) -> Bool {
        guard count == other.count else { return false }
        for i in 0..<count where start.u8(i).asciiUpper != other.start.u8(i).asciiUpper { return false }
        return true
    }

    /// Below 0, 0 or above 0, as these bytes come before the others, are the same, or come behind them: byte by byte, the
    /// shorter of two that begin alike first.
    @inlinable @inline(__always) public func order(to other: ByteView) -> Int {
        let common = Swift.min(count, other.count)
        let order = unsafe common == 0 ? 0 : memcmp(start.pointer, other.start.pointer, common)
        return order != 0 ? Int(order) : count &- other.count
    }

    /// Where `byte` occurs first, from `index` on; nil when it does not.
    public func firstIndex(of byte: UInt8, from index: Int = 0) -> Int? {
        guard index < count else { return nil }
        guard let hit = unsafe memchr((start + index).pointer, Int32(byte), count - index) else { return nil }
        return unsafe Address(hit) - start
    }

    /// Lets C read the bytes.
    @inlinable public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe body(UnsafeRawBufferPointer(start: start.pointer, count: count))
    }
}

extension UInt8 {
    /// The capital of an ASCII small letter; any other byte as it is.
    @inlinable @inline(__always) public var asciiUpper: UInt8 { self &- 97 < 26 ? self &- 32 : self }
    /// The small letter of an ASCII capital; any other byte as it is.
    @inlinable @inline(__always) public var asciiLower: UInt8 { self &- 65 < 26 ? self &+ 32 : self }
}

extension Array where Element == UInt8 {
    /// Lends the array's bytes as a view for the time of `body`.
    @inlinable public func withView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        let result: Result<R, E> = unsafe withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return Self.attempt(ByteView.empty, body) }
            return Self.attempt(unsafe ByteView(start: Address(base), count: buffer.count), body)
        }
        return try result.get()
    }

    @usableFromInline static func attempt<R, E: Error>(
        _ view: ByteView, _ body: (ByteView) throws(E) -> R
    ) -> Result<R, E> {
        do throws(E) { return .success(try body(view)) } catch { return .failure(error) }
    }

    /// Adds a copy of the bytes at the end.
    public mutating func append(_ view: ByteView) {
        unsafe view.withBytes { unsafe append(contentsOf: $0) }
    }
    /// Adds a number at the end, in eight bytes, low ones first.
    public mutating func append(littleEndian number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
    /// Adds the UTF-8 of a literal at the end.
    public mutating func append(_ literal: StaticString) { append(ByteView(literal)) }
}
