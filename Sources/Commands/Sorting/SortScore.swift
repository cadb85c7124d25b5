// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The numbers by which SORT orders.
enum SortScore {
    /// The number that a text is; nil where it is none. No text is 0, and what is too large or too small for a double is
    /// infinite or 0. Hexadecimal digits are none.
    static func read(_ text: ByteView) -> Double? {
        if let integer = text.integer { return Double(integer) }
        if text.isEmpty { return 0 }
        for index in 0..<text.count where text[index].asciiUpper == UInt8(ascii: "X") { return nil }
        return text.double ?? beyondDouble(text)
    }

    /// The value of a decimal number that no double is close to.
    private static func beyondDouble(_ text: ByteView) -> Double? {
        var at = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { at = 1 }
        // Where the first digit that is not 0 stands: how many digits from the point on, to the left if positive.
        var (digits, place, pointSeen, isZero) = (0, 0, false, true)
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "."), !pointSeen {
                pointSeen = true
            } else if byte &- 48 <= 9 {
                digits += 1
                isZero = isZero && byte == 48
                if pointSeen { place -= isZero ? 1 : 0 } else { place += isZero ? 0 : 1 }
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        if at < text.count {
            guard text[at].asciiUpper == UInt8(ascii: "E"), let exponent = exponent(text.dropFirst(at + 1))
            else {
                return nil
            }
            place += exponent
        }
        let magnitude = isZero || place <= 0 ? 0 : Double.infinity
        return isNegative ? -magnitude : magnitude
    }

    private static func exponent(_ text: ByteView) -> Int? {
        guard !text.isEmpty else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        let digits = isNegative || text[0] == UInt8(ascii: "+") ? text.dropFirst(1) : text
        guard !digits.isEmpty else { return nil }
        var value = 0
        for index in 0..<digits.count {
            guard digits[index] &- 48 <= 9 else { return nil }
            value = min(value * 10 + Int(digits[index] - 48), 1 << 40)
        }
        return isNegative ? -value : value
    }
}
