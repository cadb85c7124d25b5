// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct TickHistogramTests {
    @Test func countsNothingUntilOpened() {
        var histogram = TickHistogram()
        #expect(!histogram.record(5) && histogram.total == 0)
        histogram.open()
        #expect(histogram.record(5) && histogram.total == 1)
        histogram.open()
        #expect(histogram.total == 1)
        histogram.close()
        #expect(!histogram.isOpen && histogram.total == 0)
    }

    /// Every value lies below the end of its bucket, by no more than a thirty-second.
    @Test func bucketsAreNarrow() {
        var value: UInt64 = 1
        while value < 1 << 43 {
            var histogram = TickHistogram()
            histogram.open()
            defer { histogram.close() }
            _ = histogram.record(value)
            let end = histogram.ticks(atPercentile: 50)
            // The lowest bit does not count, so that zero has a place.
            let seen = Double(value | 1)
            #expect(end > seen && end <= seen * (1 + 1.0 / 32) + 1, "\(value)")
            value = value * 5 / 3 + 1
        }
    }

    @Test func extremesHaveAPlace() {
        var histogram = TickHistogram()
        histogram.open()
        defer { histogram.close() }
        for value in [0, 1, UInt64(1) << 44, UInt64(1) << 62, UInt64(Int64.max)] {
            #expect(histogram.record(value))
        }
        #expect(histogram.total == 5 && histogram[0] == 2)
        #expect(histogram[TickHistogram.bucketCount - 1] == 3)
        // A number that no clock yields: it is counted all the same.
        #expect(histogram.record(UInt64.max) && histogram.total == 6)
    }

    @Test func percentiles() {
        var histogram = TickHistogram()
        histogram.open()
        defer { histogram.close() }
        #expect(histogram.ticks(atPercentile: 50) == 0)
        for value in 1...1000 { _ = histogram.record(UInt64(value * 1000)) }
        for (share, value) in [
            (0.0, 1_000.0), (50, 500_000), (99, 990_000), (99.9, 999_000), (100, 1_000_000),
        ] {
            let found = histogram.ticks(atPercentile: share)
            #expect(found >= value && found <= value * 1.04, "\(share)")
        }
    }
}
