// SPDX-License-Identifier: Apache-2.0

/// Text that is put together from many small pieces: bytes, numbers and literals go straight into one growing buffer.
///
/// *Who frees*: the buffer itself, when it goes.
public final class TextBuffer {
    /// Bytes written since the last `clear`.
    public private(set) var count = 0
    private var base: Address
    private var capacity: Int
    private let heap: Heap
    /// What it rests with, in bytes.
    private let restingCapacity: Int

    /// - Parameter capacity: bytes that it has room for from the start, and keeps; at least 1.
    public init(_ heap: Heap, capacity: Int) {
        self.heap = heap
        self.capacity = capacity
        restingCapacity = capacity
        base = heap.allocate(capacity)
    }

    deinit { heap.free(base, capacity) }

    /// What was written; valid until the next piece is added.
    public var view: ByteView { base.view(0, count) }

    /// Forgets everything; gives back the room of an extraordinarily long text.
    public func clear() {
        count = 0
        if capacity > restingCapacity * 4 { resize(restingCapacity) }
    }

    @inline(__always) private func reserve(_ bytes: Int) -> Address {
        if count &+ bytes > capacity { resize(max(capacity * 2, count + bytes)) }
        return base + count
    }

    @inline(never) private func resize(_ larger: Int) {
        let moved = heap.allocate(larger)
        moved.copy(from: base, count: count)
        heap.free(base, capacity)
        base = moved
        capacity = larger
    }

    /// Adds bytes at the end.
    public func add(_ bytes: ByteView) {
        reserve(bytes.count).copy(from: bytes)
        count &+= bytes.count
    }
    /// Adds the bytes of a literal, an array or a byte string.
    @inline(__always) public func add(_ literal: StaticString) { add(ByteView(literal)) }
    public func add(_ bytes: [UInt8]) { bytes.withView { add($0) } }
    public func add(_ text: ByteString) { add(text.bytes) }
    /// Adds the UTF-8 of a text.
    public func add(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe add(ByteView(start: Address(start), count: bytes.count))
        }
    }
    /// Adds one byte.
    public func add(byte: UInt8) {
        reserve(1).setU8(0, byte)
        count &+= 1
    }

    /// The decimal text of a number.
    public func add(_ number: Int64) {
        let at = reserve(20)
        if number >= 0, number < 10 {
            at.setU8(0, UInt8(truncatingIfNeeded: number) &+ 48)
            count &+= 1
        } else {
            let length = decimalLength(number)
            _ = writeDecimal(number, endingAt: at + length)
            count &+= length
        }
    }
    /// A number in decimal.
    @inline(__always) public func add(_ number: Int) { add(Int64(number)) }

    /// A number with a fixed count of decimals, at most 9; see `Decimals`.
    public func add(_ value: Double, decimals: Int) {
        let parts = Decimals(value, decimals)
        if parts.isNegative { add(byte: UInt8(ascii: "-")) }
        add(Int64(clamping: parts.whole))
        guard decimals > 0 else { return }
        add(byte: UInt8(ascii: "."))
        let at = reserve(decimals)
        var rest = parts.fraction
        for place in stride(from: decimals - 1, through: 0, by: -1) {
            at.setU8(place, UInt8(truncatingIfNeeded: rest % 10) &+ 48)
            rest /= 10
        }
        count &+= decimals
    }
}

/// A number in decimal with a fixed count of places behind the point, rounded.
///
/// What is no number or infinite counts as 0; what has more than 63 bits before the point counts as the largest
/// number that has not.
public struct Decimals: Sendable {
    /// Whether a minus stands in front, which the other parts leave out.
    public let isNegative: Bool
    /// The digits before the point, as a number.
    public let whole: UInt64
    /// The digits behind the point, as a number.
    public let fraction: UInt64

    /// - Parameter places: 0 to 9.
    public init(_ value: Double, _ places: Int) {
        precondition((0...9).contains(places), "too many places behind the point")
        let size = value.isFinite ? value.magnitude : 0
        guard size < 0x1p63 else {
            (isNegative, whole, fraction) = (value < 0, UInt64(Int64.max), 0)
            return
        }
        var scale: UInt64 = 1
        for _ in 0..<places { scale *= 10 }
        var before = UInt64(size)
        var behind = UInt64(((size - Double(before)) * Double(scale)).rounded())
        if behind >= scale {
            before += 1
            behind = 0
        }
        (whole, fraction) = (before, behind)
        isNegative = value < 0 && (before | behind) != 0
    }
}
