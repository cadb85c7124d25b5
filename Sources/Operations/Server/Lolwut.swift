// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// LOLWUT [VERSION version] [columns [rows [birds]]]
///
/// Needletails at dusk: each bird enters on the left and flies on, rising and falling as it likes, and leaves a trail
/// that fades behind it. There is one drawing; other versions show only the line below it.
enum Lolwut: Handler {
    private static let version = 1
    private static let columnsMax: Int64 = 400
    private static let rowsMax: Int64 = 200
    private static let birdsMax: Int64 = 1000

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var first = 1
        var version = version
        if args.count >= 3, args[1].matches("VERSION") {
            version = Int(try args.integer(2))
            first = 3
        }
        guard args.count - first <= 3 else { throw .syntax }
        var numbers: [Int64] = [66, 14, 9]
        let largest = [columnsMax, rowsMax, birdsMax]
        for i in first..<max(args.count, first) {
            numbers[i - first] = min(max(try args.integer(i), 1), largest[i - first])
        }
        var text = ""
        if version == self.version {
            text = draw(Int(numbers[0]), Int(numbers[1]), birds: Int(numbers[2]), &keys.random)
        }
        text += "Needletail ver. \(Version.needletail), Redis ver. \(Version.redis)\n"
        reply.verbatim("txt", Array(text.utf8))
    }

    /// The sky as lines of text.
    static func draw(_ columns: Int, _ rows: Int, birds: Int, _ random: inout SeededRandom) -> String {
        var sky = [[Character]](repeating: [Character](repeating: " ", count: columns), count: rows)
        for _ in 0..<birds {
            let distance = 1 + random.below(columns)
            var row = random.below(rows)
            // A bird holds its course for a while, so that the trail bends instead of shaking.
            var climb = 0
            for column in 0..<distance {
                if random.below(5) == 0 { climb = random.below(3) - 1 }
                let left = distance - column
                sky[row][column] = left == 1 ? ">" : trail(left, of: distance, climb)
                let next = row + (random.below(2) == 0 ? climb : 0)
                if next < 0 || next >= rows { climb = -climb } else { row = next }
            }
        }
        return sky.map { line in
            let end = line.lastIndex { $0 != " " } ?? -1
            return String(line[0..<(end + 1)]) + "\n"
        }.joined()
    }

    /// What is left of a trail so many steps behind the bird.
    private static func trail(_ steps: Int, of distance: Int, _ climb: Int) -> Character {
        if steps * 4 > distance * 3 { return "." }
        if steps * 2 > distance { return "-" }
        return climb == 0 ? "=" : (climb < 0 ? "/" : "\\")
    }
}
