// SPDX-License-Identifier: Apache-2.0
import CShims

/// A raw address inside memory that one structure owns.
///
/// *Danger*: loads and stores are unchecked. Only the files that `HouseTests` licenses may use this type; everything
/// above them sees `ByteView` and typed values. All accesses are unaligned-safe and in host byte order.
@safe @frozen
public struct Address: Equatable, Sendable {
    /// The address as a number; 0 is null.
    public let bits: UInt

    /// The address that this number or pointer is.
    @inlinable @inline(__always) public init(bits: UInt) { self.bits = bits }
    @inlinable @inline(__always) public init(_ pointer: UnsafeRawPointer) { bits = UInt(bitPattern: pointer) }
    /// The address that this pointer is.
    @inlinable @inline(__always) public init(_ pointer: UnsafeMutableRawPointer) {
        bits = UInt(bitPattern: pointer)
    }

    /// No address.
    @inlinable @inline(__always) public static var null: Address { Address(bits: 0) }
    /// Whether this is no address.
    @inlinable @inline(__always) public var isNull: Bool { bits == 0 }

    /// The address for calls that take a pointer. Undefined for `null`.
    @inlinable @inline(__always) public var pointer: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped
    }

    /// Starts loading the cache line at this address. Harmless for any number, also `null`.
    @inlinable @inline(__always) public func prefetch() {
        unsafe nt_prefetch(UnsafeRawPointer(bitPattern: bits))
    }

    /// The address `n` bytes further on; a negative `n` goes back.
    @inlinable @inline(__always) public static func + (a: Address, n: Int) -> Address {
        Address(bits: a.bits &+ UInt(bitPattern: n))
    }
    /// How many bytes `a` lies behind `b`.
    @inlinable @inline(__always) public static func - (a: Address, b: Address) -> Int {
        Int(bitPattern: a.bits &- b.bits)
    }

    @inlinable @inline(__always) func load<T: BitwiseCopyable>(_ offset: Int, _: T.Type) -> T {
        unsafe pointer.loadUnaligned(fromByteOffset: offset, as: T.self)
    }
    @inlinable @inline(__always) func store<T: BitwiseCopyable>(_ offset: Int, _ value: T) {
        unsafe pointer.storeBytes(of: value, toByteOffset: offset, as: T.self)
    }

    /// The number that lies `offset` bytes further on. Any alignment will do.
    @inlinable @inline(__always) public func u8(_ offset: Int) -> UInt8 { load(offset, UInt8.self) }
    @inlinable @inline(__always) public func u16(_ offset: Int) -> UInt16 { load(offset, UInt16.self) }
    @inlinable @inline(__always) public func u32(_ offset: Int) -> UInt32 { load(offset, UInt32.self) }
    @inlinable @inline(__always) public func u64(_ offset: Int) -> UInt64 { load(offset, UInt64.self) }
    @inlinable @inline(__always) public func i8(_ offset: Int) -> Int8 { load(offset, Int8.self) }
    @inlinable @inline(__always) public func i16(_ offset: Int) -> Int16 { load(offset, Int16.self) }
    @inlinable @inline(__always) public func i32(_ offset: Int) -> Int32 { load(offset, Int32.self) }
    @inlinable @inline(__always) public func i64(_ offset: Int) -> Int64 { load(offset, Int64.self) }
    /// The address that is stored `offset` bytes further on.
    @inlinable @inline(__always) public func address(_ offset: Int) -> Address {
        Address(bits: load(offset, UInt.self))
    }

    /// Stores a number `offset` bytes further on. Any alignment will do.
    @inlinable @inline(__always) public func setU8(_ offset: Int, _ value: UInt8) { store(offset, value) }
    @inlinable @inline(__always) public func setU16(_ offset: Int, _ value: UInt16) { store(offset, value) }
    @inlinable @inline(__always) public func setU32(_ offset: Int, _ value: UInt32) { store(offset, value) }
    @inlinable @inline(__always) public func setU64(_ offset: Int, _ value: UInt64) { store(offset, value) }
    @inlinable @inline(__always) public func setI64(_ offset: Int, _ value: Int64) { store(offset, value) }
    /// Stores an address `offset` bytes further on.
    @inlinable @inline(__always) public func setAddress(_ offset: Int, _ value: Address) {
        store(offset, value.bits)
    }

    /// Copies `count` bytes; the ranges may not overlap.
    @inlinable @inline(__always) public func copy(from source: Address, count: Int) {
        if count > 0 { unsafe pointer.copyMemory(from: source.pointer, byteCount: count) }
    }
    /// Copies these bytes here; the ranges may not overlap.
    @inlinable @inline(__always) public func copy(from source: ByteView) {
        copy(from: source.start, count: source.count)
    }
    /// Moves `count` bytes; the ranges may overlap (memmove).
    @inlinable @inline(__always) public func move(from source: Address, count: Int) {
        if count > 0 { unsafe pointer.copyMemory(from: source.pointer, byteCount: count) }
    }
    /// Fills the next `count` bytes with zeros.
    @inlinable @inline(__always) public func zero(count: Int) {
        if count > 0 { unsafe pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count) }
    }
    /// A view of `count` bytes from `offset` on; nobody checks that they are there.
    @inlinable @inline(__always) public func view(_ offset: Int, _ count: Int) -> ByteView {
        ByteView(start: self + offset, count: count)
    }
}
