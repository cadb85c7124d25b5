// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP
import Testing

/// How a line falls into words: as Valkey does it, but that a zero byte is one like any other (there it hangs the
/// connection).
@Suite struct WordsTests {
    @Test(
        arguments: [
            ("a b", ["a", "b"]), (" a\tb \r\n", ["a", "b"]), ("a\rb\nc", ["a", "b", "c"]), ("", []),
            (" \t\r\n", []),
            // Vertical tabs and form feeds are skipped between words, and belong to them inside.
            ("a\u{0B}b\u{0C}c", ["a\u{0B}b\u{0C}c"]), ("\u{0B}\u{0C}a b\u{0B}", ["a", "b\u{0B}"]),
            ("\u{0B}", []),
            ("\"a\"\u{0B}b", ["a\u{0B}b"]), ("\"a\u{0B}b\"", ["a\u{0B}b"]),
            ("a\0b \0", ["a\0b", "\0"]), ("\"a\0\"", ["a\0"]), ("a\u{A0}b\u{85}", ["a\u{A0}b\u{85}"]),
            ("\"a b\" 'c d'", ["a b", "c d"]), ("\"\\x41\\n\"", ["A\n"]), ("''", [""]),
            ("\"\"\"tes\"t-'k'e\"y\"", ["test-key"]), ("'a'b a'b'c \"\"a", ["ab", "abc", "a"]),
            ("\"a\"\0", ["a\0"]),
        ] as [(String, [ByteString])])
    func words(_ line: String, _ words: [ByteString]) {
        #expect(splitWords(Array(line.utf8)) == words)
    }

    @Test(arguments: ["\"a", "'a", "a\"b", "'b'a'r", "a\\\"b"]) func unbalanced(_ line: String) {
        #expect(splitWords(Array(line.utf8)) == nil)
    }
}
