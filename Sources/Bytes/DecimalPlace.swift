// SPDX-License-Identifier: Apache-2.0

/// Where the first digit of a decimal number stands: what is known of a number beyond what a double can hold.
public struct DecimalPlace {
    /// Whether there is a minus in front.
    public let isNegative: Bool
    /// How many digits from the point to the first one that is not 0: 3 for 100, 0 for 0.1, -2 for 0.001. 0 for zero.
    public let place: Int

    /// The place of the number that a text is: digits with a sign, a point and an exponent if there are any; nil where it
    /// is none.
    public init?(_ text: ByteView) {
        guard !text.isEmpty else { return nil }
        isNegative = text[0] == UInt8(ascii: "-")
        var at = isNegative || text[0] == UInt8(ascii: "+") ? 1 : 0
        var (digits, place, hasPoint, isZero) = (0, 0, false, true)
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if byte &- 48 <= 9 {
                digits += 1
                isZero = isZero && byte == 48
                if hasPoint { place -= isZero ? 1 : 0 } else { place += isZero ? 0 : 1 }
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        if at < text.count {
            guard text[at].asciiUpper == UInt8(ascii: "E"),
                let exponent = DecimalPlace.exponent(text.dropFirst(at + 1))
            else { return nil }
            place += exponent
        }
        self.place = isZero ? 0 : place
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
