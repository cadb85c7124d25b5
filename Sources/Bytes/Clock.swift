// SPDX-License-Identifier: Apache-2.0
import CShims

/// The world's time, read by the rims only: the engine is told what time it is.
public enum Clock {
    /// Unix time in microseconds.
    public static func realtimeUs() -> Int64 { nt_realtime_us() }
    /// Nanoseconds since an arbitrary start; never goes back.
    public static func monotonicNs() -> Int64 { nt_monotonic_ns() }
    /// The cheapest tick counter of the machine; `ticksPerUs` says how fast it runs.
    @inlinable @inline(__always) public static func ticks() -> UInt64 { nt_ticks() }

    /// Measures the tick counter against the monotonic clock for two milliseconds.
    public static func measureTicksPerUs() -> Double {
        let startNs = monotonicNs()
        let start = ticks()
        while monotonicNs() - startNs < 2_000_000 {}
        return Double(ticks() &- start) / (Double(monotonicNs() - startNs) / 1000)
    }
}
