// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The numbers by which SORT orders.
enum SortScore {
    /// The number that a text is up to its first zero byte; nil where it is none. No text is 0, and what is too large or
    /// too small for a double is infinite or 0. Hexadecimal digits are none.
    static func read(_ whole: ByteView) -> Double? {
        let end = (0..<whole.count).first { whole[$0] == 0 } ?? whole.count
        let text = whole[0..<end]
        if let integer = text.integer { return Double(integer) }
        if text.isEmpty { return 0 }
        for index in 0..<text.count where text[index].asciiUpper == UInt8(ascii: "X") { return nil }
        if let number = text.double { return number }
        guard let far = DecimalPlace(text) else { return nil }
        let magnitude = far.place > 0 ? Double.infinity : 0
        return far.isNegative ? -magnitude : magnitude
    }
}
