// SPDX-License-Identifier: Apache-2.0
import CShims

// Number text. Parsing is as strict as Redis's `string2ll`: no sign but '-', no leading zeros, no spaces, no overflow.

extension ByteView {
    /// The signed 64-bit integer that this text is, or nil.
    public var integer: Int64? {
        guard count > 0, count <= 20 else { return nil }
        var index = 0
        let negative = start.u8(0) == UInt8(ascii: "-")
        if negative { index = 1 }
        guard index < count else { return nil }
        var digit = start.u8(index) &- 48
        if digit == 0 { return count == 1 ? 0 : nil }
        guard digit <= 9 else { return nil }
        var magnitude = UInt64(digit)
        index += 1
        while index < count {
            digit = start.u8(index) &- 48
            guard digit <= 9 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            index += 1
        }
        if negative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return magnitude < 1 << 63 ? Int64(magnitude) : nil
    }

    /// The unsigned 64-bit integer that this text is, or nil (SCAN cursors).
    public var unsignedInteger: UInt64? {
        guard count > 0, count <= 20 else { return nil }
        var value: UInt64 = 0
        for i in 0..<count {
            let digit = start.u8(i) &- 48
            guard digit <= 9 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// The double that this text is (strtod's syntax, infinities included, NaN and surrounding space not), or nil.
    public var double: Double? {
        // Most are small integers.
        if count < 16, let integer { return Double(integer) }
        var value = 0.0
        let ok = unsafe withBytes { bytes in
            unsafe nt_parse_double(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &value)
        }
        return ok ? value : nil
    }
}

extension ByteView {
    /// The double that this text is as the limit of a range, or nil. Limits are read more loosely than numbers are: what
    /// follows a zero byte does not count, no text is 0, and what is too large or too small for a double is infinite
    /// or 0; but there are no hexadecimal ones.
    public var doubleLimit: Double? {
        let end = firstIndex(of: 0) ?? count
        if end == 0 { return 0 }
        if end < 16, let integer = self[0..<end].integer { return Double(integer) }
        for index in 0..<end where self[index].asciiLower == UInt8(ascii: "x") { return nil }
        var value = 0.0
        let ok = unsafe self[0..<end].withBytes { bytes in
            unsafe nt_parse_double_limit(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &value)
        }
        return ok ? value : nil
    }
}

/// Room for the decimal text of any 64-bit integer; lives on the stack.
public struct DecimalText: ~Copyable {
    @usableFromInline var storage: (UInt64, UInt64, UInt64) = (0, 0, 0)
    @usableFromInline let first: Int

    /// The text of a number: at most 20 bytes, without an allocation.
    @inlinable public init(_ value: Int64) {
        first = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe writeDecimal(value, endingAt: Address(bytes.baseAddress!) + 24)
        }
    }

    /// Calls `body` with the text.
    @inlinable public mutating func withView<R>(_ body: (ByteView) -> R) -> R {
        let from = first
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe body(ByteView(start: Address(bytes.baseAddress!) + (24 - from), count: from))
        }
    }
}

/// Writes the decimal text of `value` so that it ends before `end`, which has at least 20 bytes in front of it.
/// - Returns: the number of bytes written.
@inlinable public func writeDecimal(_ value: Int64, endingAt end: Address) -> Int {
    var magnitude = value.magnitude
    var at = -1
    while magnitude >= 10 {
        let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
        end.setU8(at, UInt8(truncatingIfNeeded: digit) &+ 48)
        magnitude = quotient
        at -= 1
    }
    end.setU8(at, UInt8(truncatingIfNeeded: magnitude) &+ 48)
    if value < 0 {
        at -= 1
        end.setU8(at, UInt8(ascii: "-"))
    }
    return -at
}

/// How many bytes the decimal text of `value` takes.
@inlinable public func decimalLength(_ value: Int64) -> Int {
    var length = value < 0 ? 2 : 1
    var magnitude = value.magnitude
    while magnitude >= 10 {
        magnitude /= 10
        length += 1
    }
    return length
}

/// The text of a double as clients are told it; see `DoubleText`.
public func doubleText(_ value: Double) -> [UInt8] {
    var text = DoubleText(value)
    return text.withView { $0.array }
}

/// Why a decimal addition has no result.
public enum DecimalSumError: Error { case leftInvalid, rightInvalid, notFinite }

/// Adds two decimal texts with extended precision; the result has no exponent and no trailing zeros (INCRBYFLOAT).
public func decimalSum(_ left: ByteView, _ right: ByteView) throws(DecimalSumError) -> [UInt8] {
    var status: Int32 = 0
    let text = unsafe [UInt8](unsafeUninitializedCapacity: 5200) { buffer, used in
        var written = 0
        unsafe buffer.baseAddress!.withMemoryRebound(to: CChar.self, capacity: 5200) { out in
            unsafe status = left.withBytes { l in
                unsafe right.withBytes { r in
                    unsafe nt_sum_ldouble(
                        l.baseAddress?.assumingMemoryBound(to: CChar.self), l.count,
                        r.baseAddress?.assumingMemoryBound(to: CChar.self), r.count, out, 5200, &written)
                }
            }
        }
        used = written
    }
    switch Int(status) {
    case NT_SUM_OK: return text
    case NT_SUM_LEFT_INVALID: throw .leftInvalid
    case NT_SUM_RIGHT_INVALID: throw .rightInvalid
    default: throw .notFinite
    }
}
