// SPDX-License-Identifier: Apache-2.0

// Doubles as text, in the form that clients of Redis 8 and Valkey know: an integer of up to 62 bits as such, any other
// number by the fewest digits that are read back as the same, with an exponent where the digits would stand far from
// the point.

/// Room for the text of any double; lives on the stack.
public struct DoubleText: ~Copyable {
    /// The text of a double takes no more bytes: 17 digits, 7 zeros, sign, point and exponent do not come together.
    static let bytesMax = 40

    private var storage: [5 of UInt64] = [5 of UInt64](repeating: 0)
    private var first = 0
    private var count = 0

    /// The text of a number.
    public init(_ value: Double) {
        if let integer = DoubleText.integer(value) {
            let end = DoubleText.bytesMax
            count = withStorage { writeDecimal(integer, endingAt: $0 + end) }
            first = end - count
        } else if value.isNaN {
            append("nan")
        } else if value.isInfinite {
            append(value < 0 ? "-inf" : "inf")
        } else if value == 0 {
            append("-0")
        } else {
            var digits = ShortestDigits(value.magnitude)
            if value < 0 { append(byte: UInt8(ascii: "-")) }
            write(&digits)
        }
    }

    /// Calls `body` with the text.
    public mutating func withView<R>(_ body: (ByteView) -> R) -> R {
        let (from, count) = (first, self.count)
        return withStorage { body($0.view(from, count)) }
    }

    /// The integer that a double is, if it is printed as one: up to half of what 64 bits hold, -0 excepted.
    @inline(__always) public static func integer(_ value: Double) -> Int64? {
        guard abs(value) <= 0x1p62 else { return nil }
        let integer = Int64(value)
        return Double(integer) == value && (integer != 0 || value.sign == .plus) ? integer : nil
    }

    private mutating func withStorage<R>(_ body: (Address) -> R) -> R {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe body(Address(bytes.baseAddress!))
        }
    }

    private mutating func append(byte: UInt8) {
        let at = count
        withStorage { $0.setU8(at, byte) }
        count += 1
    }

    private mutating func append(_ text: StaticString) { append(ByteView(text)) }

    private mutating func append(_ text: ByteView) {
        for index in 0..<text.count { append(byte: text[index]) }
    }

    private mutating func append(zeros: Int) {
        for _ in 0..<max(0, zeros) { append(byte: UInt8(ascii: "0")) }
    }

    /// Writes digits: with a point among or in front of them, or with an exponent.
    private mutating func write(_ digits: inout ShortestDigits) {
        let (all, scale) = (digits.count, digits.scale)
        let exponent = scale + all - 1
        if scale >= 0, abs(exponent) < all + 7 {
            digits.withView(0..<all) { append($0) }
            append(zeros: scale)
        } else if scale < 0, scale > -7 || abs(exponent) < 4 {
            let before = all + scale
            if before > 0 {
                digits.withView(0..<before) { append($0) }
            } else {
                append(zeros: 1)
            }
            append(".")
            append(zeros: -before)
            digits.withView(max(0, before)..<all) { append($0) }
        } else {
            digits.withView(0..<1) { append($0) }
            if all > 1 {
                append(".")
                digits.withView(1..<all) { append($0) }
            }
            append(exponent < 0 ? "e-" : "e+")
            var text = DecimalText(Int64(abs(exponent)))
            text.withView { append($0) }
        }
    }
}
