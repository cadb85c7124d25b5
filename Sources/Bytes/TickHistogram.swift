// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How often durations of each size occurred: 32 steps in each doubling, so that a value is known to 3 %.
///
/// *Layout*: an array of counters that exists from `open` to `close`. A number's bucket is the top of its
/// floating-point form: the exponent and the first five bits behind the leading one, which one conversion yields.
/// *Who frees*: whoever opened it; copies of the value share the counters.
@safe public struct TickHistogram {
    @usableFromInline var counts: UnsafeMutablePointer<UInt64>?

    @usableFromInline static var stepBits: UInt64 { 5 }
    /// Up to 2^44 ticks, well over an hour; what takes longer counts as that.
    public static var bucketCount: Int { 44 << 5 }
    @usableFromInline static var firstBucket: Int { 1023 << 5 }

    /// A histogram that does not count yet and has no memory.
    public init() { unsafe counts = nil }

    /// Whether it counts, and has the memory for it.
    public var isOpen: Bool { unsafe counts != nil }

    /// Begins to count; does nothing when it has begun.
    public mutating func open() {
        guard unsafe counts == nil else { return }
        let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: TickHistogram.bucketCount)
        unsafe fresh.initialize(repeating: 0, count: TickHistogram.bucketCount)
        unsafe counts = fresh
    }

    /// Forgets everything and gives the memory back.
    public mutating func close() {
        unsafe counts?.deallocate()
        unsafe counts = nil
    }

    /// Counts a duration.
    /// - Returns: false when nothing is counted here.
    @inlinable @inline(__always) public func record(_ ticks: UInt64) -> Bool {
        guard let counts = unsafe counts else { return false }
        let bits = Double(Int64(truncatingIfNeeded: ticks | 1)).bitPattern
        let bucket =
            Int(truncatingIfNeeded: bits >> (52 &- TickHistogram.stepBits)) &- TickHistogram.firstBucket
        if UInt(bitPattern: bucket) < UInt(bitPattern: TickHistogram.bucketCount) {
            unsafe counts[bucket] &+= 1
        } else {
            unsafe counts[TickHistogram.bucketCount - 1] &+= 1
        }
        return true
    }

    /// How often a duration of this bucket occurred.
    public subscript(bucket: Int) -> UInt64 {
        precondition(bucket >= 0 && bucket < TickHistogram.bucketCount, "bucket out of range")
        guard let counts = unsafe counts else { return 0 }
        return unsafe counts[bucket]
    }

    /// How many durations were counted.
    public var total: UInt64 {
        guard let counts = unsafe counts else { return 0 }
        var sum: UInt64 = 0
        for bucket in 0..<TickHistogram.bucketCount { unsafe sum &+= counts[bucket] }
        return sum
    }

    /// Where a bucket ends, in ticks.
    public static func end(of bucket: Int) -> Double {
        Double(bitPattern: UInt64(bucket + 1 + firstBucket) << (52 - stepBits))
    }

    /// The end of the bucket below which so many hundredths of the durations lie; 0 without any.
    public func ticks(atPercentile percentile: Double) -> Double {
        ticks(atPercentile: percentile, of: total)
    }

    /// The same for who knows `total` already.
    public func ticks(atPercentile percentile: Double, of total: UInt64) -> Double {
        guard total > 0 else { return 0 }
        let wanted = max(1, UInt64((min(max(percentile, 0), 100) / 100 * Double(total) + 0.5)))
        var seen: UInt64 = 0
        for bucket in 0..<TickHistogram.bucketCount {
            seen &+= self[bucket]
            if seen >= wanted { return TickHistogram.end(of: bucket) }
        }
        return TickHistogram.end(of: TickHistogram.bucketCount - 1)
    }
}
