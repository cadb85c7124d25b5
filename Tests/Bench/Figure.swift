// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Figures as text, with as many digits as a reader can use.
enum Figure {
    /// Three significant digits, thousands grouped: 0.412, 6.81, 84.2, 1 250, 934 579.
    static func text(_ value: Double) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 1 { return String(format: "%.3f", value) }
        if size < 10 { return String(format: "%.2f", value) }
        if size < 100 { return String(format: "%.1f", value) }
        var digits = String(Int(size.rounded()))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: " ")
    }

    /// Operations per second: "934 k", "1.25 M".
    static func rate(_ value: Double) -> String {
        value >= 1e6 ? String(format: "%.2f M", value / 1e6) : "\(text((value / 1000)))" + " k"
    }

    /// "0.42×", or a dash if one side is missing.
    static func ratio(_ ours: Double?, _ peer: Double?) -> String {
        guard let ours, let peer, peer > 0 else { return "–" }
        return String(format: "%.2f×", ours / peer)
    }

    /// The median, and how far the farthest sample is from it in per cent.
    static func spread(_ spread: Spread, _ write: (Double) -> String = text) -> String {
        let farthest = max(spread.high - spread.median, spread.median - spread.low)
        guard spread.samples.count > 1, spread.median > 0 else { return write(spread.median) }
        return "\(write(spread.median)) ±\(Int((farthest / spread.median * 100).rounded())) %"
    }
}
