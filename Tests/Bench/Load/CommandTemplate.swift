// SPDX-License-Identifier: Apache-2.0
// A command in wire form with holes for random numbers: it is written once, and from then on only digits change.

/// One command that is sent again and again.
struct CommandTemplate: Sendable {
    /// Twelve digits that are drawn anew for each command.
    struct Hole: Sendable {
        /// Where the digits begin, in bytes from the start of the command.
        var offset: Int
        /// Numbers are drawn from 0 to one less than this; at most 100 million, for eight digits are written.
        var below: Int
    }

    /// A word of a command.
    enum Word: Sendable {
        case literal(String)
        /// The text and 12 digits of a number below the limit.
        case random(StaticString, below: Int)
        /// The text and 12 digits of this number.
        case numbered(StaticString, Int)
        /// So many letters, the same each time.
        case value(size: Int)
    }

    private(set) var bytes: [UInt8]
    private(set) var holes: [Hole] = []

    init(_ words: [Word]) {
        var text = CommandText()
        text.command(words.count)
        for word in words {
            switch word {
            case .literal(let word): text.argument(word)
            case .numbered(let prefix, let number): text.numbered(prefix, number)
            case .value(let size): text.value(1, size: size)
            case .random(let prefix, let below):
                text.numbered(prefix, 0)
                holes.append(Hole(offset: text.bytes.count - 14, below: below))
            }
        }
        bytes = text.bytes
    }

    /// Draws all numbers anew in `pipeline` copies that stand one after the other.
    func fill(_ copies: UnsafeMutableRawPointer, pipeline: Int, _ random: inout RandomNumbers) {
        for copy in 0..<pipeline {
            let start = copies + copy * bytes.count
            for hole in holes {
                var number = random.next(below: hole.below)
                var at = hole.offset + 11
                while number > 0 || at > hole.offset + 3 {
                    start.storeBytes(
                        of: UInt8(ascii: "0") + UInt8(number % 10), toByteOffset: at, as: UInt8.self)
                    number /= 10
                    at -= 1
                }
            }
        }
    }
}

/// Numbers from a seed (SplitMix64): every server is asked for the same ones.
struct RandomNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var x = state
        x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
        x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
        x ^= x >> 31
        return Int(x.multipliedFullWidth(by: UInt64(limit)).high)
    }
}
