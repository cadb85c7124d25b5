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

    /// How long the calling thread has run on a processor, in nanoseconds, and how often it has given it up by itself, to
    /// wait for something. Nil where the system does not tell. Takes about a microsecond.
    public static func threadTime() -> (ranNs: Int64, waits: Int64)? {
        var (ran, waits): (Int64, Int64) = (0, 0)
        return unsafe nt_thread_time(&ran, &waits) ? (ran, waits) : nil
    }

    /// Measures the tick counter against the monotonic clock for two milliseconds.
    public static func measureTicksPerUs() -> Double {
        let startNs = monotonicNs()
        let start = ticks()
        while monotonicNs() - startNs < 2_000_000 {}
        return Double(ticks() &- start) / (Double(monotonicNs() - startNs) / 1000)
    }
}
