// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

/// Every number that a client may send to the commands on strings and keys, at its edges and as garbage. The expected
/// answers were compared with Redis's.
@Suite struct BadNumberTests {
    /// Where numbers break: the edges of all widths, and what is no number.
    static let words: [String] =
        edges.map { String($0) } + [
            "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
            "99999999999999999999999", "", " ", " 1", "1 ", "+1", "01", "-0", "-", "0x10", "0X1", "1e3",
            "1.0", "abc",
            "inf", "-inf", "infinity", "nan", "NaN", "1\0", "\0", "١",
        ]
    static let edges: [Int64] = {
        var all: [Int64] = [0, 1, -1, 2, -2, 1000, -1000, .min, .min + 1, .max, .max - 1]
        for bits in [7, 8, 15, 16, 31, 32, 53, 62] as [Int64] {
            for step in [-1, 0, 1] as [Int64] { all += [1 << bits + step, -(1 << bits) + step] }
        }
        for limit in [
            Int64.max / 1000, Int64.min / 1000, Int64.max - Rig.startMs, (Int64.max - Rig.startMs) / 1000,
        ] {
            all += [limit - 1, limit, limit + 1]
        }
        return all
    }()

    static let notInteger = "-ERR value is not an integer or out of range"
    static let limit: Int64 = 1000

    /// One command with `#` where the number goes, and the start of the answer to an integer.
    struct Case: Sendable, CustomStringConvertible {
        let command: [String]
        let want: @Sendable (Int64) -> String
        var garbage = notInteger

        init(_ command: String, garbage: String = notInteger, _ want: @escaping @Sendable (Int64) -> String) {
            self.command = command.split(separator: " ").map(String.init)
            self.garbage = garbage
            self.want = want
        }
        var description: String { command.joined(separator: " ") }
    }

    /// What the EX option and its like answer.
    static func time(
        _ command: String, _ ok: String, inSeconds: Bool, relative: Bool, past: String? = nil
    ) -> @Sendable (Int64) -> String {
        let refusal = "-ERR invalid expire time in '\(command)' command"
        return { amount in
            if past == nil, amount <= 0 { return refusal }
            let (ms, tooLong) = amount.multipliedReportingOverflow(by: inSeconds ? 1000 : 1)
            if tooLong { return refusal }
            let (_, tooLate) = ms.addingReportingOverflow(relative ? Rig.startMs : 0)
            return tooLate ? refusal : ok
        }
    }

    static func database(_ ok: @escaping @Sendable (Int64) -> String) -> @Sendable (Int64) -> String {
        { index in
            if Int32(exactly: index) == nil {
                return "-ERR value is out of range, value must between -2147483648 and 2147483647"
            }
            return index < 0 || index > 15 ? "-ERR DB index is out of range" : ok(index)
        }
    }

    static func sum(_ step: Int64, minus: Bool) -> String {
        if minus, step == .min { return "-ERR decrement would overflow" }
        let (sum, overflow) = Int64(10).addingReportingOverflow(minus ? -step : step)
        return overflow ? "-ERR increment or decrement would overflow" : ":\(sum)"
    }

    static let badOffset = "-ERR bit offset is not an integer or out of range"
    static let badCount = "-ERR invalid numkeys value or out of range"
    static let syntax = "-ERR syntax error"

    static func bitOffset(_ offset: Int64, _ isSet: (Int64) -> Bool) -> String {
        offset < 0 || offset >= limit * 8 ? badOffset : isSet(offset) ? ":1" : ":0"
    }

    static let cases: [Case] = [
        Case("SET k v EX #", time("set", "+OK", inSeconds: true, relative: true)),
        Case("SET k v PX #", time("set", "+OK", inSeconds: false, relative: true)),
        Case("SET k v EXAT #", time("set", "+OK", inSeconds: true, relative: false)),
        Case("SET k v PXAT #", time("set", "+OK", inSeconds: false, relative: false)),
        Case("SETEX k # v", time("setex", "+OK", inSeconds: true, relative: true)),
        Case("PSETEX k # v", time("psetex", "+OK", inSeconds: false, relative: true)),
        Case("GETEX k EX #", time("getex", "$2 10", inSeconds: true, relative: true)),
        Case("GETEX k PX #", time("getex", "$2 10", inSeconds: false, relative: true)),
        Case("GETEX k EXAT #", time("getex", "$2 10", inSeconds: true, relative: false)),
        Case("GETEX k PXAT #", time("getex", "$2 10", inSeconds: false, relative: false)),
        Case("EXPIRE k #", time("expire", ":1", inSeconds: true, relative: true, past: ":1")),
        Case("PEXPIRE k #", time("pexpire", ":1", inSeconds: false, relative: true, past: ":1")),
        Case("EXPIREAT k #", time("expireat", ":1", inSeconds: true, relative: false, past: ":1")),
        Case("PEXPIREAT k #", time("pexpireat", ":1", inSeconds: false, relative: false, past: ":1")),
        Case("INCRBY k #") { sum($0, minus: false) },
        Case("DECRBY k #") { sum($0, minus: true) },
        Case("GETRANGE k # 1") {
            $0 < 0 ? ($0 == -1 ? "$1 0" : "$2 10") : ($0 == 0 ? "$2 10" : $0 == 1 ? "$1 0" : "$0 ")
        },
        Case("GETRANGE k 0 #") { $0 == 0 || $0 <= -2 ? "$1 1" : "$2 10" },
        Case("SUBSTR k 0 #") { $0 == 0 || $0 <= -2 ? "$1 1" : "$2 10" },
        Case("SETRANGE k # x") { offset in
            if offset < 0 { return "-ERR offset is out of range" }
            return offset < limit
                ? ":\(max(2, offset + 1))" : "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        },
        // "10" is 00110001 00110000.
        Case("SETBIT k # 1", garbage: badOffset) { bitOffset($0) { [2, 3, 7, 10, 11].contains($0) } },
        Case("SETBIT k 2 #", garbage: "-ERR bit is not an integer or out of range") {
            0...1 ~= $0 ? ":1" : "-ERR bit is not an integer or out of range"
        },
        Case("GETBIT k #", garbage: badOffset) { bitOffset($0) { [2, 3, 7, 10, 11].contains($0) } },
        Case("BITCOUNT k # -1") { $0 <= 0 && $0 != -1 ? ":5" : $0 == 1 || $0 == -1 ? ":2" : ":0" },
        Case("BITCOUNT k 0 #") { $0 <= 0 && $0 != -1 ? ":3" : ":5" },
        Case("BITCOUNT k # # BIT") { at in
            let bit = at < 0 ? max(0, at < -16 ? 0 : 16 + at) : at
            return [2, 3, 7, 10, 11].contains(bit) ? ":1" : ":0"
        },
        Case("BITCOUNT k #") { $0 <= 0 && $0 != -1 ? ":5" : $0 == 1 || $0 == -1 ? ":2" : ":0" },
        Case("BITPOS k #") { 0...1 ~= $0 ? ":\($0 * 2)" : "-ERR The bit argument must be 1 or 0." },
        Case("BITPOS k 1 #") { $0 <= 0 && $0 != -1 ? ":2" : $0 == 1 || $0 == -1 ? ":10" : ":-1" },
        Case("BITPOS k 1 0 #") { _ in ":2" },
        Case("BITPOS k 1 0 # BIT") { $0 < -14 || 0...1 ~= $0 ? ":-1" : ":2" },
        Case("BITFIELD k GET u1 #", garbage: badOffset) {
            let reply = bitOffset($0) { [2, 3, 7, 10, 11].contains($0) }
            return reply.hasPrefix(":") ? "*1 \(reply)" : reply
        },
        Case("BITFIELD k SET i64 #0 #") { _ in "*1 :3544332906740580352" },
        Case("BITFIELD k OVERFLOW SAT SET i64 #0 0 OVERFLOW FAIL INCRBY u8 0 #") {
            0...255 ~= $0 ? "*2 :3544332906740580352 :\($0)" : "*2 :3544332906740580352 $-1"
        },
        Case("LCS k k IDX MINMATCHLEN #") {
            "*4 $7 matches " + ($0 > 2 ? "*0" : "*1 *2 *2 :0 :1 *2 :0 :1") + " $3 len :2"
        },
        Case("MSETEX # k v", garbage: badCount) {
            $0 == 1 ? ":1" : $0 < 1 || $0 > 0x7FFF_FFFF ? badCount : syntax
        },
        Case("MSETEX 1 k v EX #", time("msetex", ":1", inSeconds: true, relative: true)),
        Case("MSETEX 1 k v PXAT #", time("msetex", ":1", inSeconds: false, relative: false)),
        Case("SCAN 0 COUNT #") { $0 < 1 ? "-ERR syntax error" : "*2 $1 0 *1 $1 k" },
        Case("SELECT #", database { _ in "+OK" }),
        Case("MOVE k #", database { $0 == 0 ? "-ERR source and destination objects are the same" : ":1" }),
        Case("COPY k c DB #", database { _ in ":1" }),
        Case("SWAPDB # 0", garbage: "-ERR invalid first DB index") {
            Int32(exactly: $0) == nil
                ? "-ERR invalid first DB index" : 0..<16 ~= $0 ? "+OK" : "-ERR DB index is out of range"
        },
        Case("SWAPDB 0 #", garbage: "-ERR invalid second DB index") {
            Int32(exactly: $0) == nil
                ? "-ERR invalid second DB index" : 0..<16 ~= $0 ? "+OK" : "-ERR DB index is out of range"
        },
    ]

    @Test(arguments: cases) func answersAreRedis(_ row: Case) {
        let rig = Rig { $0.bulkBytesMax = Int(BadNumberTests.limit) }
        for word in BadNumberTests.words {
            rig.run("SELECT", "0")
            rig.run("FLUSHALL")
            rig.run("SET", "k", "10")
            let isInteger = Int64(word).map { String($0) == word } ?? false
            let want = isInteger ? row.want(Int64(word)!) : row.garbage
            #expect(rig.run(row.command.map { $0 == "#" ? word : $0 }) == want, "\(row) with [\(word)]")
        }
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func cursors() {
        let rig = Rig()
        for i in 0..<50 { rig.run("SET", "k\(i)", "v") }
        for word in BadNumberTests.words {
            let reply = rig.run("SCAN", word)
            if UInt64(word) != nil, word.first != "+", word.first != "-" {
                #expect(reply.hasPrefix("*2 "), "[\(word)]")
            } else {
                #expect(reply == "-ERR invalid cursor", "[\(word)]")
            }
        }
        #expect(rig.mismatch == nil)
    }

    @Test func floats() {
        let rig = Rig()
        for word in BadNumberTests.words {
            rig.run("SET", "k", "10")
            let reply = rig.run("INCRBYFLOAT", "k", word)
            if ["inf", "-inf", "infinity"].contains(word) {
                #expect(reply == "-ERR increment would produce NaN or Infinity")
            } else if word.contains("\0") {
                #expect(reply == "-ERR value is not a valid float", "[\(word)]")
            } else if word.contains("0x") || word.contains("0X")
                || (Double(word) != nil && word.lowercased() != "nan")
            {
                #expect(reply.hasPrefix("$"), "[\(word)]")
            } else {
                #expect(reply == "-ERR value is not a valid float", "[\(word)]")
            }
        }
        #expect(rig.mismatch == nil)
    }

    @Test func oddKeys() {
        let rig = Rig()
        let long = [UInt8](repeating: 7, count: 1 << 20)
        let keys: [[UInt8]] = [
            [], [0], [13, 10], Array(0...255), long, [UInt8](repeating: 120, count: 126),
            [UInt8](repeating: 120, count: 127), [UInt8](repeating: 120, count: 255),
            [UInt8](repeating: 120, count: 256),
        ]
        let word = { (text: String) in Array(text.utf8) }
        for key in keys {
            #expect(rig.raw([word("SET"), key, word("v"), word("PX"), word("9000")]) == word("+OK\r\n"))
            #expect(rig.raw([word("APPEND"), key, word("w")]) == word(":2\r\n"))
            #expect(rig.raw([word("RENAME"), key, key + [1]]) == word("+OK\r\n"))
            #expect(rig.raw([word("COPY"), key + [1], key]) == word(":1\r\n"))
            #expect(rig.raw([word("GET"), key]) == word("$2\r\nvw\r\n"))
            #expect(rig.raw([word("PTTL"), key]) == word(":9000\r\n"))
            #expect(rig.raw([word("DEL"), key + [1]]) == word(":1\r\n"))
        }
        #expect(rig.run("DBSIZE") == ":\(keys.count)")
        #expect(KeyTests.scanAll(rig, ["MATCH", "x*"]).count == 4)
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func aMillionArguments() {
        let rig = Rig(withTwin: false)
        let pairs = (0..<500_000).flatMap { [Array("k\($0)".utf8), Array("v\($0)".utf8)] }
        #expect(rig.raw([Array("MSET".utf8)] + pairs) == Array("+OK\r\n".utf8))
        #expect(rig.run("DBSIZE") == ":500000")
        #expect(rig.run("GET", "k499999") == "$7 v499999")
    }

    @Test func hostilePatterns() {
        let rig = Rig(withTwin: false)
        rig.run("SET", String(repeating: "a", count: 2000), "v")
        // A matcher that recurses at each star would not come back from this.
        #expect(rig.run("KEYS", String(repeating: "a*", count: 500) + "b") == "*0")
        #expect(rig.run("SCAN", "0", "MATCH", String(repeating: "*?", count: 900) + "b") == "*2 $1 0 *0")
    }
}
