// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Numbers with decimals as text.
public enum FixedText {
    /// A number with a fixed count of decimals, as text; see `Decimals`.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        let parts = Decimals(value, decimals)
        let whole = (parts.isNegative ? "-" : "") + String(parts.whole)
        guard decimals > 0 else { return whole }
        let digits = String(parts.fraction)
        return whole + "." + String(repeating: "0", count: decimals - digits.utf8.count) + digits
    }

    /// The text of a percentile, without zeros at its end.
    public static func percentile(_ share: Double) -> String {
        var digits = fixed(share, 8)[...]
        while digits.hasSuffix("0") { digits.removeLast() }
        return String(digits.hasSuffix(".") ? digits.dropLast() : digits)
    }
}
