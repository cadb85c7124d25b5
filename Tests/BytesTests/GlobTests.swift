// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

@Suite struct GlobTests {
    func matches(_ pattern: [UInt8], _ text: [UInt8], ignoringCase: Bool = false) -> Bool {
        pattern.withView { pattern in text.withView { globMatches(pattern, $0, ignoringCase: ignoringCase) } }
    }

    func matches(_ pattern: String, _ text: String, ignoringCase: Bool = false) -> Bool {
        matches(Array(pattern.utf8), Array(text.utf8), ignoringCase: ignoringCase)
    }

    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "", false), ("*", "", false), ("**", "", false),
        ("*", "anything", true),
        ("abc", "abc", true), ("abc", "abd", false), ("abc", "ab", false), ("ab", "abc", false),
        ("a*", "a", true), ("a*c", "abbbc", true), ("a*c", "abbb", false), ("*a*b*", "xxaxxbxx", true),
        ("*ab", "aab", true), ("*aab", "aaaab", true), ("a**b", "ab", true), ("a*b*c", "abxbyc", true),
        ("?", "", false), ("?", "a", true), ("??", "a", false), ("*?", "a", true), ("?*?", "a", false),
        ("h?llo", "hello", true), ("h?llo", "hllo", false),
    ]) func starsAndQuestionMarks(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test(arguments: [
        ("h[ae]llo", "hello", true), ("h[ae]llo", "hillo", false), ("[^a]", "b", true), ("[^a]", "a", false),
        ("[^a]", "", false), ("[^a]", "^", true), ("[^^]", "^", false), ("[a-c]x", "bx", true),
        ("[a-c]x", "dx", false), ("[c-a]", "b", true),
        ("[^a-c]", "b", false), ("[^a-c]", "d", true), ("[a-]", "-", false), ("[a-]", "_", true),
        ("[-a]", "-", true),
        ("[a-c-e]", "d", false), ("[a-c-e]", "-", true), ("[\\]]", "]", true), ("[\\-]", "-", true),
        ("[]", "a", false), ("[]", "]", false), ("[^]", "a", true), ("[]a]", "a", false),
        ("[^]a", "xa", true),
        ("[[]", "[", true), ("[*]", "*", true), ("[*]", "a", false), ("*[0-9]", "key:7", true),
        ("[a-zA-Z]*[0-9]", "Ab3", true), ("[a^]", "^", true),
    ]) func classes(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test(arguments: [
        ("[abc", "b", true), ("[abc", "d", false), ("[^abc", "d", true), ("[^abc", "a", false),
        ("[", "[", false),
        ("[", "a", false), ("[^", "a", true), ("[a-", "-", true), ("[a\\", "\\", true), ("x[", "x", false),
        ("[a*", "*", true), ("[a]b", "[a]b", false),
    ]) func classesThatNeverClose(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test(arguments: [
        ("\\*", "*", true), ("\\*", "a", false), ("\\?", "?", true), ("\\[a]", "[a]", true),
        ("\\\\", "\\", true),
        ("\\a", "a", true), ("a\\", "a\\", true), ("a\\", "a", false), ("*\\*", "ab*", true),
        ("*\\*", "ab", false),
    ]) func escapes(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test func caseIsIgnoredOnRequest() {
        #expect(!matches("MaxMemory*", "maxmemory-policy"))
        #expect(matches("MaxMemory*", "maxmemory-policy", ignoringCase: true))
        #expect(matches("[A-C]x", "bX", ignoringCase: true) && !matches("[A-C]x", "bX"))
        #expect(matches("[abc]", "B", ignoringCase: true) && !matches("[^abc]", "B", ignoringCase: true))
        #expect(matches("\\A", "a", ignoringCase: true))
        #expect(!matches("[a]", "\u{1}", ignoringCase: true))
        // What is escaped in a class is taken as it is.
        #expect(!matches("[\\A]", "a", ignoringCase: true) && matches("[\\A]", "A", ignoringCase: true))
        // The bounds of a range change places first and lose their case afterwards.
        #expect(matches("[A-z]", "m", ignoringCase: true) && matches("[n-L]", "m", ignoringCase: true))
        #expect(!matches("[a-Z]", "m", ignoringCase: true) && !matches("[a-Z]", "a", ignoringCase: true))
    }

    /// Only the empty pattern matches an empty text; where names are chosen a lone star means all of them.
    @Test func emptyText() {
        for pattern in ["*", "**", "?", "[^a]", "\\", "[", "*?"] { #expect(!matches(pattern, "")) }
        let chooses = { (pattern: String, text: String) in
            pattern.withView { pattern in text.withView { Glob(pattern).selects($0) } }
        }
        #expect(chooses("*", "") && chooses("*", "a") && chooses("", "") && chooses("a*", "ab"))
        #expect(!chooses("**", "") && !chooses("", "a") && !chooses("a*", "b"))
    }

    /// Bytes are signed where they bound a range, as the peers' are on this kind of machine.
    @Test func rangesAreSigned() {
        func chosen(_ a: UInt8, _ b: UInt8) -> [UInt8] {
            (0...255).filter { matches([0x5B, a, 0x2D, b, 0x5D], [$0]) }
        }
        #expect(chosen(0, 255) == [0, 255])
        #expect(chosen(127, 128) == Array(0...255) && chosen(128, 127) == Array(0...255))
        #expect(chosen(97, 128) == Array(0...97) + Array(128...255))
        #expect(chosen(200, 210) == Array(200...210) && chosen(210, 200) == Array(200...210))
    }

    @Test func anyByteIsText() {
        for byte in 0...255 as ClosedRange<UInt8> {
            let text = [byte]
            #expect(matches([0x3F], text) && matches([0x2A], text) && matches([0x5C, byte], text))
            #expect(matches([0x5B, 0, 0x2D, 0x7F, 0x5D], text) == (byte < 128))
            #expect(matches([0x5B, 0x80, 0x2D, 0xFF, 0x5D], text) == (byte >= 128))
        }
    }

    /// Patterns that cost exponential time in a matcher that goes back to every star, and the product of both lengths in
    /// one that goes back to the last. All of them end at once, and with the right answer.
    @Test func hostilePatternsEnd() {
        let text = String(repeating: "a", count: 3000)
        #expect(!matches(String(repeating: "a*", count: 60) + "b", text))
        #expect(!matches(String(repeating: "*a", count: 60) + "b*", text))
        #expect(matches(String(repeating: "a*", count: 60) + "a", text))
        #expect(!matches(String(repeating: "*?", count: 60) + "b", text))
        #expect(!matches(String(repeating: "*[a-z]", count: 60) + "b", text))
        #expect(matches(String(repeating: "*", count: 100_000), text))
        #expect(!matches(String(repeating: "*", count: 100_000) + "b", text))
        let long = String(repeating: "a", count: 100_000)
        let letters = String(repeating: "abcdefgh", count: 1000)
        #expect(!matches("*[\(letters)]z", long))
        #expect(!matches("*\(String(repeating: "a", count: 20_000))z*", long))
        #expect(!matches("*\(String(repeating: "[ab]", count: 20_000))z*", long))
        #expect(!matches("*\(String(repeating: "?", count: 20_000))z*", long))
        #expect(matches("*\(String(repeating: "?", count: 20_000))z*", long + "z"))
    }

    /// A thousand stars may be followed by more; the one behind that only if it ends the pattern.
    @Test func tooManyStarsMatchNothing() {
        let text = String(repeating: "a", count: 3000)
        let full = String(repeating: "*?", count: Glob.starsMax)
        #expect(matches(full, text) && matches(full + "*", text))
        #expect(!matches(full + "*a", text))
        #expect(!matches(String(repeating: "*?", count: 50_000), String(repeating: "a", count: 50_000)))
        // Neighbours are one star.
        #expect(matches(String(repeating: "***a", count: Glob.starsMax), text))
        // Where the text has ended, stars cost nothing.
        #expect(matches("a" + String(repeating: "*", count: 2000), "a"))
    }

    // MARK: Against the definition

    /// Short patterns of everything that has a meaning, and texts that come near them.
    @Test(arguments: [false, true]) func randomPatternsMatchTheDefinition(ignoringCase: Bool) {
        var random = SeededRandom(seed: bytesSeed())
        let letters = Array("aAbZz?**[[]]^--\\".utf8) + [0, 127, 128, 255]
        let texts = Array("aAbBzZ[]^-\\".utf8) + [0, 127, 128, 255]
        var hits = 0
        for _ in 0..<10_000 {
            let pattern = (0..<random.below(10)).map { _ in letters[random.below(letters.count)] }
            let text = (0..<random.below(6)).map { _ in texts[random.below(texts.count)] }
            let expected = GlobModel(pattern: pattern, ignoresCase: ignoringCase).matches(text)
            hits += expected ? 1 : 0
            guard matches(pattern, text, ignoringCase: ignoringCase) == expected else {
                Issue.record("\(pattern) on \(text): should be \(expected)")
                return
            }
        }
        #expect(hits > 100 && hits < 9900)
    }

    /// Runs of every length around what fits a word and a block, looked for in both ways.
    @Test func longRunsMatchTheDefinition() {
        var random = SeededRandom(seed: bytesSeed())
        let lengths = [1, 2, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 511, 512, 513, 700]
        var hits = 0
        for round in 0..<50 {
            // Mostly the text follows the pattern, with a byte wrong here and there.
            var pattern: [UInt8] = random.below(2) == 0 ? [] : Array("*".utf8)
            var text: [UInt8] = []
            for _ in 0...random.below(3) {
                text += (0..<random.below(random.below(3) == 0 ? 3000 : 80)).map { _ in
                    97 + UInt8(random.below(2))
                }
                for _ in 0..<lengths[random.below(lengths.count)] {
                    let kind = random.below(5)
                    pattern += Array([["a"], ["?"], ["[ab]"], ["[^b]"], ["[a-b]"]][kind][0].utf8)
                    let isWrong = random.below(4000) == 0
                    text.append(isWrong ? 99 : kind == 0 || kind == 3 ? 97 : 97 + UInt8(random.below(2)))
                }
                pattern.append(UInt8(ascii: "*"))
            }
            if random.below(2) == 0 { pattern.removeLast() }
            let expected = GlobModel(pattern: pattern, ignoresCase: false).matches(text)
            hits += expected ? 1 : 0
            for patience in [-1, 512, Int.max / 2] {
                let actual = pattern.withView { pattern in
                    text.withView { Glob(pattern).matches($0, patience: patience) }
                }
                guard actual == expected else {
                    Issue.record("round \(round), patience \(patience): should be \(expected)")
                    return
                }
            }
        }
        #expect(hits > 3 && hits < 47)
    }

    /// The leftmost place is found, wherever it lies, by a search that begins anywhere.
    @Test(arguments: [1, 64, 200, 256, 257, 1000]) func theLeftmostPlaceIsFound(length: Int) {
        let pattern = Array(("*" + String(repeating: "[ab]", count: length) + "*").utf8)
        let glob = pattern.withView { Glob($0) }
        for place in [0, 1, 63, 64, 1023, 1024, 3000] {
            let text =
                Array(repeating: UInt8(99), count: place) + Array(repeating: 97, count: length + 3) + [99]
            text.withView { text in
                let run = Glob.Run(start: 0, count: length, isPlain: false)
                #expect(glob.find(run, text, 0, text.count) == place)
                #expect(glob.find(run, text, place + 2, text.count) == place + 2)
                #expect(glob.find(run, text, place + 4, text.count) == nil)
                #expect(glob.find(run, text, 0, place + length - 1) == nil)
            }
        }
    }
}
