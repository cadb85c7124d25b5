// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Approximate counting of accesses in 8 bits (Morris), with decay: 16 bits of minutes, 8 bits of logarithmic count.
enum LFU {
    /// A new key starts above zero, or it would be evicted before its second access.
    static let initialCount: UInt32 = 5

    static func decayed(_ access: UInt32, minutes: UInt32, decay: Int) -> UInt32 {
        let count = access & 255
        guard decay > 0 else { return count }
        let elapsed = Int((minutes &- (access >> 8)) & 0xFFFF)
        return UInt32(max(0, Int(count) - elapsed / decay))
    }

    static func incremented(_ count: UInt32, logFactor: Int, _ random: inout SeededRandom) -> UInt32 {
        guard count < 255 else { return 255 }
        let base = count > initialCount ? Double(count - initialCount) : 0
        let chance = 1 / (base * Double(logFactor) + 1)
        return Double(random.next() >> 11) / Double(1 << 53) < chance ? count + 1 : count
    }
}
