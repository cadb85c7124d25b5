// SPDX-License-Identifier: Apache-2.0
import Glibc

// Numbers with a fixed count of digits behind the point.

/// The text of a number with four digits behind the point, rounded to the nearest and, halfway, to the even one; lives on
/// the stack.
public struct FourDecimals: ~Copyable {
    private var storage: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var count = 0

    /// The text of a number at or above 0. What is too large to count in ten-thousandths is told as the largest that is not.
    public init(_ value: Double) {
        let scaled = (value * 10_000).rounded(.toNearestOrEven)
        let parts = scaled < 0x1p63 ? Int64(max(0, scaled)) : Int64.max
        var length = 0
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let end = unsafe Address(bytes.baseAddress!) + 32
            // Five digits at least, then the first of them move in front of the point.
            let digits = max(5, writeDecimal(parts, endingAt: end))
            for index in 1...5 where index > decimalLength(parts) {
                (end + -index).setU8(0, UInt8(ascii: "0"))
            }
            let start = end + -digits
            (start + -1).move(from: start, count: digits - 4)
            (end + -5).setU8(0, UInt8(ascii: "."))
            length = digits + 1
        }
        count = length
    }

    /// Calls `body` with the text.
    public mutating func withView<R>(_ body: (ByteView) -> R) -> R {
        let count = self.count
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe body(ByteView(start: Address(bytes.baseAddress!) + (32 - count), count: count))
        }
    }
}

/// The text of a double with so many digits behind the point, at most 60, as `printf` writes it.
public func fixedText(_ value: Double, decimals: Int) -> [UInt8] {
    precondition((0...60).contains(decimals), "too many digits behind the point")
    // 309 digits in front of the point, and a sign.
    var text = [CChar](repeating: 0, count: 380)
    let size = text.count
    let count = unsafe withVaList([Int32(decimals), value]) { unsafe vsnprintf(&text, size, "%.*f", $0) }
    return text.prefix(Int(count)).map { UInt8(bitPattern: $0) }
}
