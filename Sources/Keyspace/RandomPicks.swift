// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Chooses a number of items out of a sequence of known length in one pass, every choice being equally likely.
struct Sampler {
    private var picks: Int
    private var left: Int

    init(picks: Int, of count: Int) {
        self.picks = picks
        left = count
    }

    var isDone: Bool { picks == 0 }

    mutating func takesNext(_ random: inout SeededRandom) -> Bool {
        let takes = random.below(left) < picks
        left -= 1
        if takes { picks -= 1 }
        return takes
    }
}

/// Remembers what was drawn, so that nothing is drawn twice: an open-addressing table of entries, less than half full.
struct DistinctDraw {
    private var drawn: [UInt]
    private let bits: UInt64
    private var left: Int

    init(_ count: Int) {
        var bits: UInt64 = 4
        while 1 << bits < count * 2 { bits += 1 }
        self.bits = bits
        drawn = [UInt](repeating: 0, count: 1 << Int(bits))
        left = count
    }

    var isDone: Bool { left == 0 }

    /// Whether the entry with this address, which is not 0, is drawn for the first time.
    mutating func takes(_ entry: UInt) -> Bool {
        let mask = drawn.count - 1
        var at = Int(truncatingIfNeeded: (UInt64(entry) &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
        while drawn[at] != 0, drawn[at] != entry { at = (at + 1) & mask }
        guard drawn[at] == 0 else { return false }
        drawn[at] = entry
        left -= 1
        return true
    }
}
