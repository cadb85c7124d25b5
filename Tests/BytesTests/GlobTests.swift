// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct GlobTests {
    func matches(_ pattern: [UInt8], _ text: [UInt8], ignoringCase: Bool = false) -> Bool {
        pattern.withView { pattern in text.withView { globMatches(pattern, $0, ignoringCase: ignoringCase) } }
    }

    func matches(_ pattern: String, _ text: String, ignoringCase: Bool = false) -> Bool {
        matches(Array(pattern.utf8), Array(text.utf8), ignoringCase: ignoringCase)
    }

    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "", false), ("*", "", true), ("*", "anything", true),
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
    }

    @Test func anyByteIsText() {
        for byte in 0...255 as ClosedRange<UInt8> {
            let text = [byte]
            #expect(matches([0x3F], text) && matches([0x2A], text) && matches([0x5C, byte], text))
            #expect(matches([0x5B, 0, 0x2D, 0x7F, 0x5D], text) == (byte < 128))
            #expect(matches([0x5B, 0x80, 0x2D, 0xFF, 0x5D], text) == (byte >= 128))
        }
    }

    /// Patterns that cost exponential time in a matcher that backtracks over every star. They end here, and
    /// with the right answer; a matcher that recursed would not return in our lifetime.
    @Test func hostilePatternsEnd() {
        let text = String(repeating: "a", count: 3000)
        #expect(!matches(String(repeating: "a*", count: 60) + "b", text))
        #expect(!matches(String(repeating: "*a", count: 60) + "b*", text))
        #expect(matches(String(repeating: "a*", count: 60) + "a", text))
        #expect(!matches(String(repeating: "*?", count: 60) + "b", text))
        #expect(!matches(String(repeating: "*[a-z]", count: 60) + "b", text))
        #expect(matches(String(repeating: "*", count: 100_000), text))
        #expect(!matches(String(repeating: "*", count: 100_000) + "b", text))
    }

    /// A thousand stars may be followed by more; the one behind that only if it ends the pattern.
    @Test func tooManyStarsMatchNothing() {
        let text = String(repeating: "a", count: 3000)
        let full = String(repeating: "*?", count: globStarsMax)
        #expect(matches(full, text) && matches(full + "*", text))
        #expect(!matches(full + "*a", text))
        #expect(!matches(String(repeating: "*?", count: 50_000), String(repeating: "a", count: 50_000)))
        // Neighbours are one star.
        #expect(matches(String(repeating: "***a", count: globStarsMax), text))
        // Where the text has ended, stars cost nothing.
        #expect(matches("a" + String(repeating: "*", count: 2000), "a"))
    }

    /// Recursion by definition: slow, and plainly right for literals, `?` and `*`.
    func naive(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let head = pattern.first else { return text.isEmpty }
        if head == UInt8(ascii: "*") {
            return naive(pattern.dropFirst(), text) || (!text.isEmpty && naive(pattern, text.dropFirst()))
        }
        guard let byte = text.first, head == UInt8(ascii: "?") || head == byte else { return false }
        return naive(pattern.dropFirst(), text.dropFirst())
    }

    @Test func randomPatternsMatchTheDefinition() {
        var random = SeededRandom(seed: bytesSeed())
        var hits = 0
        for _ in 0..<20_000 {
            let pattern = (0..<random.below(8)).map { _ in Array("aab?**".utf8)[random.below(6)] }
            let text = (0..<random.below(9)).map { _ in Array("aab".utf8)[random.below(3)] }
            let expected = naive(pattern[...], text[...])
            let actual = matches(pattern, text)
            hits += expected ? 1 : 0
            guard actual == expected else {
                Issue.record(
                    "\(String(decoding: pattern, as: UTF8.self)) on \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
        #expect(hits > 1000 && hits < 19_000)
    }
}
