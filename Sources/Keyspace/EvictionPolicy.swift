// SPDX-License-Identifier: Apache-2.0

/// Who goes when memory runs out; the raw values are those of `maxmemory-policy`.
public enum EvictionPolicy: String, CaseIterable, Sendable {
    case noeviction
    case allKeysLRU = "allkeys-lru"
    case allKeysLFU = "allkeys-lfu"
    case allKeysRandom = "allkeys-random"
    case volatileLRU = "volatile-lru"
    case volatileLFU = "volatile-lfu"
    case volatileRandom = "volatile-random"
    case volatileTTL = "volatile-ttl"

    /// Whether only keys with a deadline may go.
    public var takesVolatileOnly: Bool {
        switch self {
        case .volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL: true
        case .noeviction, .allKeysLRU, .allKeysLFU, .allKeysRandom: false
        }
    }
    /// Whether access bits count accesses instead of keeping their time.
    public var usesLFU: Bool { self == .allKeysLFU || self == .volatileLFU }
    public var usesLRU: Bool { self == .allKeysLRU || self == .volatileLRU }
    public var isRandom: Bool { self == .allKeysRandom || self == .volatileRandom }
}
