// SPDX-License-Identifier: Apache-2.0

/// Who goes when memory runs out; the raw values are those of `maxmemory-policy`.
public enum EvictionPolicy: String, CaseIterable, Sendable {
    /// None: what would need memory is refused.
    case noeviction
    /// Whichever was not used for longest.
    case allKeysLRU = "allkeys-lru"
    /// Whichever is used least often.
    case allKeysLFU = "allkeys-lfu"
    /// Any.
    case allKeysRandom = "allkeys-random"
    /// Of the keys with a deadline, the one not used for longest.
    case volatileLRU = "volatile-lru"
    /// Of the keys with a deadline, the one used least often.
    case volatileLFU = "volatile-lfu"
    /// Any of the keys with a deadline.
    case volatileRandom = "volatile-random"
    /// Of the keys with a deadline, the one that dies soonest.
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
    /// Whether the time of a key's last access decides.
    public var usesLRU: Bool { self == .allKeysLRU || self == .volatileLRU }
    /// Whether chance decides.
    public var isRandom: Bool { self == .allKeysRandom || self == .volatileRandom }
}
