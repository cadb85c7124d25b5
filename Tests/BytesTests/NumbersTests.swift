// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct IntegerTextTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("-1", -1), ("9", 9), ("10", 10), ("-10", -10), ("2147483648", 2_147_483_648),
            ("4294967296", 4_294_967_296), ("999999999999999999", 999_999_999_999_999_999),
            ("9223372036854775807", Int64.max), ("-9223372036854775807", -Int64.max),
            ("-9223372036854775808", Int64.min),
        ] as [(String, Int64)]) func canonicalIntegersParse(text: String, value: Int64)
    {
        let parsed = text.withView { $0.integer }
        #expect(parsed == value)
    }

    @Test(arguments: [
        "", "-", "--1", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1\n", "1\0", "\01", "a", "1a", "a1",
        "0x10",
        "1.0", "1e3", "-a", "/", ":", "1/", "1:", "٣", "inf", "nan", "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "18446744073709551617", "-18446744073709551616",
        "36893488147419103232", "99999999999999999999", "-99999999999999999999", "100000000000000000000",
        "000000000000000000000",
    ]) func otherTextIsNoInteger(text: String) {
        let parsed = text.withView { $0.integer }
        #expect(parsed == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("9223372036854775808", 1 << 63),
            ("18446744073709551615", UInt64.max),
        ] as [(String, UInt64)]) func unsignedIntegersParse(text: String, value: UInt64)
    {
        let parsed = text.withView { $0.unsignedInteger }
        #expect(parsed == value)
    }

    @Test(arguments: [
        "", "-", "-1", "+1", " 1", "1 ", "a", "1a", "18446744073709551616", "99999999999999999999",
        "000000000000000000001",
    ]) func otherTextIsNoUnsignedInteger(text: String) {
        let parsed = text.withView { $0.unsignedInteger }
        #expect(parsed == nil)
    }

    /// Texts of integers are written, measured and read back.
    @Test func randomIntegersSurvive() {
        var random = SeededRandom(seed: bytesSeed())
        let edges: [Int64] = [0, 9, 10, -9, -10, 99, 100, Int64.max, Int64.min, Int64.max - 1, Int64.min + 1]
        for step in 0..<20_000 {
            let value =
                step < edges.count ? edges[step] : Int64(bitPattern: random.next()) >> Int64(random.below(64))
            var text = DecimalText(value)
            let (written, read) = text.withView { (ByteString($0).description, $0.integer) }
            guard written == String(value), read == value, decimalLength(value) == written.utf8.count else {
                Issue.record("\(value) was written as \(written)")
                return
            }
        }
    }

    /// Random text is an integer exactly when it is what that integer would be written as.
    @Test func randomTextParsesOnlyIfCanonical() {
        var random = SeededRandom(seed: bytesSeed())
        let letters = Array("0123456789-0912 +.a".utf8)
        var integers = 0
        for _ in 0..<20_000 {
            let digits = random.below(4) == 0 ? 18 + random.below(4) : random.below(5)
            let common = random.below(2) == 0 ? 10 : letters.count
            let text = (0..<digits).map { _ in letters[random.below(common)] }
            let string = String(decoding: text, as: UTF8.self)
            let expected = Int64(string).flatMap { String($0) == string ? $0 : nil }
            integers += expected == nil ? 0 : 1
            let actual = text.withView { $0.integer }
            guard actual == expected else {
                Issue.record("\(string) was read as \(String(describing: actual))")
                return
            }
        }
        #expect(integers > 1000)
    }
}

@Suite struct DoubleTextTests {
    /// Which texts ZADD takes, and what redis-server 8.0 answers for the score.
    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("0.1", "0.1"), ("1e17", "100000000000000000"),
        ("1e18", "1000000000000000000"),
        ("1e19", "1e+19"), ("100000000000000016", "100000000000000016"), ("4.6e18", "4600000000000000000"),
        ("9223372036854775807", "9223372036854776000"), ("1e20", "1e+20"), ("1.5e21", "1.5e+21"),
        ("12345678901234567890123", "12345678901234568000000"), ("123456789012345678", "123456789012345680"),
        ("-4611686018427387904", "-4611686018427387904"), ("-1.5", "-1.5"), ("1e300", "1e+300"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"), ("0.0001", "0.0001"), ("0.00012345", "1.2345e-4"), ("1.2345e-5", "1.2345e-5"),
        ("0.00001", "0.00001"), ("123e-20", "1.23e-18"), ("123456789.123456789", "1.2345678912345679e+8"),
        ("1234567.891", "1234567.891"), ("100000.5", "100000.5"), ("3.0", "3"), ("5.", "5"), (".5", "0.5"),
        ("4.9406564584124654e-320", "4.9407e-320"), ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"), ("inf", "inf"), ("-inf", "-inf"),
        ("+inf", "inf"), ("infinity", "inf"), ("INF", "inf"), ("0x1p3", "8"), ("-0x1p-1", "-0.5"),
        ("+1", "1"),
        ("9007199254740993", "9007199254740992"), ("-9007199254740991", "-9007199254740991"),
    ]) func doublesAreReadAndWritten(text: String, expected: String) throws {
        let value = text.withView { $0.double }
        #expect(String(decoding: doubleText(try #require(value)), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        "", " ", "1e", "1e+", " 1", "1 ", "\t1", "1\n", "nan", "-nan", "NAN", "nan(1)", "1e400", "-1e400",
        "1e-400",
        "1_0", "1,5", "abc", "--1", "+-1", "1\0", "\0", "1\u{0}2", "0x", "infx", ".", "e5",
    ]) func otherTextIsNoDouble(text: String) {
        let parsed = text.withView { $0.double }
        #expect(parsed == nil)
    }

    @Test func longTextIsNoDouble() {
        let long = ("1" + String(repeating: "0", count: 200)).withView { $0.double }
        #expect(long == 1e200)
        let parsed = String(repeating: "1", count: 100_000).withView { $0.double }
        #expect(parsed == nil)
        let small = ("0." + String(repeating: "0", count: 600) + "1e700").withView { $0.double }
        #expect(small == 1e99)
    }

    /// What redis-server 8.0 takes as a limit of ZCOUNT.
    @Test(arguments: [
        ("", 0), ("1", 1), ("+1", 1), (".5", 0.5), ("1.", 1), ("1\0", 1), ("1\u{0}2", 1),
        ("1e400", Double.infinity),
        ("-1e400", -Double.infinity), ("1e-400", 0), ("inf", Double.infinity),
        ("-Infinity", -Double.infinity),
    ]) func limitsAreReadLoosely(text: String, expected: Double) {
        let parsed = text.withView { $0.doubleLimit }
        #expect(parsed == expected)
    }

    @Test(arguments: [" 1", "1 ", "0x1", "nan", "(1", "[1", "-", "+", "1e", "abc", " "])
    func otherTextIsNoLimit(text: String) {
        let parsed = text.withView { $0.doubleLimit }
        #expect(parsed == nil)
    }

    @Test func notANumberHasAText() { #expect(doubleText(.nan) == Array("nan".utf8)) }

    @Test func randomDoublesSurvive() {
        var random = SeededRandom(seed: bytesSeed())
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            // Text below the smallest normal number is refused as out of range, as strtod reports it.
            guard value.isFinite, value.isNormal else { continue }
            let back = doubleText(value).withView { $0.double }
            guard back == value else {
                Issue.record("\(value) came back as \(String(describing: back))")
                return
            }
        }
    }
}

@Suite struct DecimalSumTests {
    func sum(_ left: String, _ right: String) throws(DecimalSumError) -> String {
        let text = try left.withView { (left) throws(DecimalSumError) in
            try right.withView { (right) throws(DecimalSumError) in try decimalSum(left, right) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The sums are what INCRBYFLOAT of redis-server 7.0 answers.
    @Test(arguments: [
        ("3.0e3", "0", "3000"), ("0.1", "0.2", "0.3"), ("5.0e3", "2.0e2", "5200"), ("1.23", "0", "1.23"),
        ("-0", "0", "0"), ("0", "-0.0", "0"), ("-0", "-0", "0"), ("3", "1.1", "4.1"), ("-5", "5", "0"),
        ("1e-18", "0", "0"), ("-1e-18", "0", "0"), ("17179869184", "1", "17179869185"), ("0x10", "1", "17"),
        ("10.5", "0.1", "10.6"), ("5", "-10.1", "-5.1"), ("1e-5", "1e-5", "0.00002"), ("+1", "1", "2"),
        ("100", "0", "100"), ("1.500", "1.500", "3"), (".5", "5.", "5.5"), ("10.50", "0.1", "10.6"),
        ("9007199254740993", "1", "9007199254740994"), ("9223372036854775807", "0", "9223372036854775807"),
    ]) func sumsAreThoseOfRedis(left: String, right: String, expected: String) throws {
        #expect(try sum(left, right) == expected)
    }

    @Test func aHugeSumHasAllItsDigits() throws {
        let text = try sum("1e300", "1")
        #expect(text.utf8.count == 301 && text.hasPrefix("1000000000000000000008997324079559193870523944"))
        let longest = try sum("-1e4932", "0")
        #expect(longest.utf8.count == 4934 && longest.hasPrefix("-1000000000000000000"))
    }

    @Test(arguments: [
        "", " ", "1 ", " 1", "a", "1a", "nan", "1e5000", "1e-5000", "1e", "\t1", "1\0", "--1",
        String(repeating: "1", count: 6000),
    ]) func eachSideIsChecked(text: String) {
        #expect(throws: DecimalSumError.leftInvalid) { _ = try sum(text, "1") }
        #expect(throws: DecimalSumError.rightInvalid) { _ = try sum("1", text) }
    }

    @Test(arguments: [("inf", "1"), ("1", "inf"), ("-inf", "inf"), ("1", "-infinity"), ("1e4932", "1e4932")])
    func sumsThatAreNotFiniteAreRefused(left: String, right: String) {
        #expect(throws: DecimalSumError.notFinite) { _ = try sum(left, right) }
    }
}
