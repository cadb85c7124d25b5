// SPDX-License-Identifier: Apache-2.0
import Engine
import Keyspace

/// The directives of the memory limit.
public struct MemoryLimitSettings: FeatureSettings {
    /// `maxmemory`, in bytes; 0 is no limit.
    public var bytes: UInt64 = 0
    /// How many keys are looked at for each one that goes, at least.
    public var samples = 5
    /// How much a write may do for the limit before it runs, from 0 to 100.
    public var tenacity = 10
    /// Who goes when it is reached: `maxmemory-policy`.
    public var policy = "noeviction"
    public init() {}

    /// So many keys may go before a write runs however little time it is given.
    static let keysPerWriteMin = 16

    /// For how long keys may go before a write runs, in microseconds. However tenacious: no more than two milliseconds.
    var usPerWrite: Double {
        if tenacity <= 10 { return Double(tenacity) * 50 }
        var us = 500.0
        for _ in 10..<tenacity where us < 2000 { us *= 1.15 }
        return min(us, 2000)
    }

    /// How many that makes where time does not count: one takes a microsecond or two.
    var keysPerWrite: Int { max(MemoryLimitSettings.keysPerWriteMin, Int(usPerWrite)) }
}

extension Settings {
    /// What the directives of the memory limit ask for.
    public var memoryLimit: MemoryLimitSettings {
        get { self[MemoryLimitSettings.self] }
        set { self[MemoryLimitSettings.self] = newValue }
    }
    /// The policy alone, `maxmemory-policy`: Redis's names.
    public var maxmemoryPolicy: String {
        get { memoryLimit.policy }
        set { memoryLimit.policy = newValue }
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
