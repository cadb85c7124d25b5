// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct ByteStringTests {
    @Test func interpolationKeepsBytes() {
        let odd: [UInt8] = [0xC3, 0x28, 0xFF, 0]
        let string: ByteString = "a \(odd) \(ByteString(odd)) \(ByteView("é")) \("é") \(-7) \(UInt64.max)"
        let expected: [[UInt8]] = [
            [97], odd, odd, Array("é".utf8), Array("é".utf8), Array("-7".utf8),
            Array("18446744073709551615".utf8),
        ]
        #expect(string.bytes == Array(expected.joined(separator: [32])))
        odd.withView { #expect(ByteString($0) == ByteString(odd)) }
        #expect(ByteString(odd[1...2]).bytes == [0x28, 0xFF])
    }

    /// Letters that Unicode takes for the same are other bytes.
    @Test func equalityIsThatOfBytes() {
        #expect("\u{212A}" == "K", "why this type exists")
        #expect(ByteString("\u{212A}") != "K" && ByteString("\u{212A}").lowercased != "k")
        #expect(ByteString([0x41, 0xC0]).lowercased.bytes == [0x61, 0xC0])
        #expect(ByteString([0x61, 0xE0]).uppercased.bytes == [0x41, 0xE0])
        #expect(
            ByteString("a") < "b" && ByteString("Z") < "a" && ByteString([0x80]) > "z" && "" < ByteString("a")
        )
    }

    @Test func parts() {
        let string: ByteString = "  ab  c "
        #expect(string.words() == ["ab", "c"] && ByteString("a/b").words(47) == ["a", "b"])
        #expect(string.hasPrefix("  a") && !string.hasPrefix("a") && !ByteString("").hasPrefix("a"))
        #expect(string.hasSuffix("c ") && !string.hasSuffix("c") && !ByteString("").hasSuffix("a"))
        #expect(string.hasPrefix("") && string.hasSuffix(""))
        #expect(string.dropFirst(6) == "c " && string.dropFirst(99).isEmpty && string.count == 8)
        #expect(["a", "b"].joined(separator: ", ") as ByteString == "a, b")
        #expect(ByteString([0xFF, 97]).cString == [-1, 97, 0])
        #expect(ByteString("ab") + "c" == "abc")
    }
}
