// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Counts of durations in buckets a 64th of their value wide.
struct LatencyHistogram {
    private static let steps = 64
    private var counts = [Int](repeating: 0, count: 64 * steps)
    private(set) var total = 0

    mutating func record(_ nanoseconds: Int, count: Int = 1) {
        counts[LatencyHistogram.bucket(max(0, nanoseconds))] += count
        total += count
    }

    /// The duration in milliseconds that so many per cent of all do not exceed; 0 if nothing was recorded.
    func percentile(_ percent: Double) -> Double {
        let wanted = Int((Double(total) * percent / 100).rounded(.up))
        var sum = 0
        for (index, count) in counts.enumerated() where count > 0 {
            sum += count
            if sum >= wanted { return LatencyHistogram.middle(index) / 1e6 }
        }
        return 0
    }

    /// Below 64 each value has a bucket, above each power of two has 64.
    private static func bucket(_ value: Int) -> Int {
        guard value >= steps else { return value }
        let shift = Int.bitWidth - 1 - value.leadingZeroBitCount - 6
        return (shift + 1) * steps + (value >> shift) - steps
    }

    private static func middle(_ bucket: Int) -> Double {
        guard bucket >= steps else { return Double(bucket) }
        let shift = bucket / steps - 1
        return (Double(bucket % steps + steps) + 0.5) * Double(1 << shift)
    }
}
