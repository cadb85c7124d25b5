// SPDX-License-Identifier: Apache-2.0
import Keyspace

/// The directives of the memory limit, but for those of the policies, which stand in `Settings`.
public struct MemoryLimitSettings: Sendable {
    /// `maxmemory`, in bytes; 0 is no limit.
    public var bytes: UInt64 = 0
    /// How many keys are looked at for each one that goes, at least.
    public var samples = 5
    /// How much a write may do for the limit before it runs, from 0 to 100.
    public var tenacity = 10

    /// How many keys may go before a write runs: one takes about a microsecond, and Redis's figure is microseconds.
    var keysPerWrite: Int {
        // However tenacious: no more than can go in two milliseconds.
        let most = 1500.0
        if tenacity <= 10 { return max(16, tenacity * 50) }
        var keys = 500.0
        for _ in 10..<tenacity where keys < most { keys *= 1.15 }
        return Int(min(keys, most))
    }
}

extension Parameters {
    /// The directives of the memory limit.
    static let memoryLimit: [Parameter] = [
        Parameter("maxmemory", .memory(0...UInt64.max), .memory(\.memoryLimit.bytes)),
        Parameter("maxmemory-samples", .integer(1...64), .number(\.memoryLimit.samples)),
        Parameter("maxmemory-eviction-tenacity", .integer(0...100), .number(\.memoryLimit.tenacity)),
    ]
}
