// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// LCS by transcript, and against the table that the textbooks have.
@Suite struct LCSTests {
    private static func rig(_ left: String, _ right: String) -> Rig {
        let rig = Rig()
        rig.run("MSET", "a", left, "b", right)
        return rig
    }

    @Test func answers() {
        let rig = LCSTests.rig("ohmytext", "mynewtext")
        #expect(rig.run("LCS", "a", "b") == "$6 mytext")
        #expect(rig.run("LCS", "a", "b", "LEN") == ":6")
        let first = "*2 *2 :4 :7 *2 :5 :8"
        let second = "*2 *2 :2 :3 *2 :0 :1"
        #expect(rig.run("LCS", "a", "b", "IDX") == "*4 $7 matches *2 \(first) \(second) $3 len :6")
        #expect(rig.run("LCS", "a", "b", "idx", "MinMatchLen", "4") == "*4 $7 matches *1 \(first) $3 len :6")
        #expect(
            rig.run("LCS", "a", "b", "IDX", "WITHMATCHLEN", "MINMATCHLEN", "-3")
                == "*4 $7 matches *2 *3 *2 :4 :7 *2 :5 :8 :4 *3 *2 :2 :3 *2 :0 :1 :2 $3 len :6")
        #expect(rig.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "9") == "*4 $7 matches *0 $3 len :6")
        rig.session().isRESP3 = true
        #expect(rig.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "5") == "%2 $7 matches *0 $3 len :6")
        #expect(rig.mismatch == nil)
    }

    @Test func missingAndOddKeys() {
        let rig = LCSTests.rig("12345", "2945")
        rig.run("SADD", "set", "x")
        #expect(rig.run("LCS", "a", "b") == "$3 245")
        #expect(rig.run("LCS", "a", "a", "LEN") == ":5")
        #expect(rig.run("LCS", "a", "none") == "$0 ")
        #expect(rig.run("LCS", "none", "b", "LEN") == ":0")
        #expect(rig.run("LCS", "none", "none", "IDX") == "*4 $7 matches *0 $3 len :0")
        let refusal = "-ERR The specified keys must contain string values"
        #expect(rig.run("LCS", "a", "set") == refusal)
        #expect(rig.run("LCS", "set", "none", "FOO") == refusal)
        rig.run("PEXPIRE", "a", "5")
        rig.sleepWithoutExpiry(ms: 6)
        #expect(rig.run("LCS", "b", "a", "LEN") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func refusals() {
        let rig = LCSTests.rig("12345", "2945")
        let both = "-ERR If you want both the length and indexes, please just use IDX."
        #expect(rig.run("LCS", "a", "b", "LEN", "IDX") == both)
        #expect(rig.run("LCS", "a", "b", "FOO") == BitmapTests.syntax)
        #expect(rig.run("LCS", "a", "b", "MINMATCHLEN") == BitmapTests.syntax)
        #expect(rig.run("LCS", "a", "b", "MINMATCHLEN", "x") == BitmapTests.notInteger)
        #expect(rig.run("LCS", "a") == "-ERR wrong number of arguments for 'lcs' command")
        let small = Rig { $0.bulkBytesMax = 4000 }
        small.run("MSET", "a", String(repeating: "x", count: 39), "b", String(repeating: "x", count: 24))
        small.run("SET", "c", String(repeating: "x", count: 25))
        #expect(small.run("LCS", "a", "b", "LEN") == ":24")
        #expect(
            small.run("LCS", "a", "c", "LEN")
                == "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
    }

    /// The table of all lengths, and the walk back through it as Redis takes it.
    private static func naive(_ a: [UInt8], _ b: [UInt8]) -> (length: Int, matches: [CommonSubsequence.Match])
    {
        var table = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0..<a.count {
            for j in 0..<b.count {
                table[i + 1][j + 1] =
                    a[i] == b[j] ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
            }
        }
        var matches: [CommonSubsequence.Match] = []
        var (i, j) = (a.count, b.count)
        var isOpen = false
        while i > 0, j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1)
                if !isOpen { matches.append(.init(leftStart: i, rightStart: j, count: 0)) }
                isOpen = true
                matches[matches.count - 1].leftStart = i
                matches[matches.count - 1].rightStart = j
                matches[matches.count - 1].count += 1
            } else {
                isOpen = false
                if table[i - 1][j] > table[i][j - 1] { i -= 1 } else { j -= 1 }
            }
        }
        return (table[a.count][b.count], matches)
    }

    @Test func randomStringsAgainstTheTable() {
        let seed: UInt64 = 20_261_122
        print("seed of LCSTests.randomStringsAgainstTheTable: \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<3000 {
            let letters = 1 + random.below(random.below(4) == 0 ? 256 : 5)
            let sizes = [3, 20, 70, 200]
            func word() -> [UInt8] {
                (0..<random.below(sizes[random.below(4)])).map { _ in UInt8(random.below(letters)) }
            }
            let (a, b) = (word(), word())
            let want = LCSTests.naive(a, b)
            a.withView { left in
                b.withView { right in
                    #expect(CommonSubsequence(left, right, withPath: false).length == want.length)
                    let common = CommonSubsequence(left, right, withPath: true)
                    var matches: [CommonSubsequence.Match] = []
                    common.forEachMatch { matches.append($0) }
                    #expect(common.length == want.length)
                    #expect(matches == want.matches, "\(a) \(b)")
                }
            }
        }
    }
}
