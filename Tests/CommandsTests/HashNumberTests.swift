// SPDX-License-Identifier: Apache-2.0
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// Every number that a client may send to the commands on hashes, at its edges and as garbage.
@Suite struct HashNumberTests {
    typealias Case = BadNumberTests.Case

    /// The latest time that Redis takes for a field, in Unix ms.
    private static let latestMs: Int64 = (1 << 46) - 1

    /// What a time of a field is answered with: `ok` later than now, `past` now or before.
    private static func time(
        _ command: String, inSeconds: Bool, relative: Bool, _ ok: String, past: String
    ) -> @Sendable (Int64) -> String {
        let refusal = "-ERR invalid expire time in '\(command)' command"
        return { amount in
            if amount < 0 { return "-ERR invalid expire time, must be >= 0" }
            let (ms, tooLong) = amount.multipliedReportingOverflow(by: inSeconds ? 1000 : 1)
            if tooLong { return refusal }
            let (at, tooLate) = ms.addingReportingOverflow(relative ? Rig.startMs : 0)
            if tooLate || at > latestMs { return refusal }
            return at > Rig.startMs ? ok : past
        }
    }

    private static func count(_ refusal: String, _ ok: String) -> @Sendable (Int64) -> String {
        let mismatch = "-ERR The `numfields` parameter must match the number of arguments"
        return { $0 < 1 ? refusal : $0 == 1 ? ok : mismatch }
    }

    private static let badCount = "-ERR Number of fields must be a positive integer"
    private static let badParameter = "-ERR Parameter `numFields` should be greater than 0"
    private static let badPairs = "-ERR invalid number of fields"

    static let cases: [Case] = [
        Case(
            "HEXPIRE h # FIELDS 1 f", time("hexpire", inSeconds: true, relative: true, "*1 :1", past: "*1 :2")
        ),
        Case(
            "HPEXPIRE h # FIELDS 1 f",
            time("hpexpire", inSeconds: false, relative: true, "*1 :1", past: "*1 :2")),
        Case(
            "HEXPIREAT h # LT FIELDS 1 f",
            time("hexpireat", inSeconds: true, relative: false, "*1 :1", past: "*1 :2")),
        Case(
            "HPEXPIREAT h # NX FIELDS 1 f",
            time("hpexpireat", inSeconds: false, relative: false, "*1 :1", past: "*1 :2")),
        Case(
            "HPEXPIREAT h # GT FIELDS 1 f",
            time("hpexpireat", inSeconds: false, relative: false, "*1 :0", past: "*1 :0")),
        Case(
            "HEXPIRE none # FIELDS 1 f",
            time("hexpire", inSeconds: true, relative: true, "*1 :-2", past: "*1 :-2")),
        Case(
            "HGETEX h EX # FIELDS 1 f",
            time("hgetex", inSeconds: true, relative: true, "*1 $2 10", past: "*1 $2 10")),
        Case(
            "HGETEX h PX # FIELDS 1 f",
            time("hgetex", inSeconds: false, relative: true, "*1 $2 10", past: "*1 $2 10")),
        Case(
            "HGETEX h EXAT # FIELDS 1 f",
            time("hgetex", inSeconds: true, relative: false, "*1 $2 10", past: "*1 $2 10")),
        Case(
            "HGETEX h PXAT # FIELDS 1 x",
            time("hgetex", inSeconds: false, relative: false, "*1 $-1", past: "*1 $-1")),
        Case("HSETEX h EX # FIELDS 1 f v", time("hsetex", inSeconds: true, relative: true, ":1", past: ":1")),
        Case(
            "HSETEX h PX # FIELDS 1 f v", time("hsetex", inSeconds: false, relative: true, ":1", past: ":1")),
        Case(
            "HSETEX h EXAT # FIELDS 1 f v", time("hsetex", inSeconds: true, relative: false, ":1", past: ":1")
        ),
        Case(
            "HSETEX h FNX PXAT # FIELDS 1 f v",
            time("hsetex", inSeconds: false, relative: false, ":0", past: ":0")),
        Case("HEXPIRE h 10 FIELDS # f", garbage: badParameter, count(badParameter, "*1 :1")),
        Case("HPEXPIREAT h 0 NX FIELDS # f", garbage: badParameter, count(badParameter, "*1 :2")),
        Case("HPERSIST h FIELDS # f", garbage: badCount, count(badCount, "*1 :-1")),
        Case("HTTL h FIELDS # f", garbage: badCount, count(badCount, "*1 :-1")),
        Case("HPEXPIRETIME none FIELDS # f", garbage: badCount, count(badCount, "*1 :-2")),
        Case("HGETEX h FIELDS # f", garbage: badCount, count(badCount, "*1 $2 10")),
        Case("HGETEX h PERSIST FIELDS # f", garbage: badCount, count(badCount, "*1 $2 10")),
        Case("HGETDEL h FIELDS # f", garbage: badCount, count(badCount, "*1 $2 10")),
        Case("HSETEX h FIELDS # f v", garbage: badPairs) {
            if !(1...Int64(Int32.max) ~= $0) { return badPairs }
            return $0 == 1 ? ":1" : "-ERR wrong number of arguments for 'hsetex' command"
        },
        Case("HINCRBY h f #") { BadNumberTests.sum($0, minus: false) },
        Case("HINCRBY h x #") { ":\($0)" },
        Case("HRANDFIELD h #") { count in
            if count == .min {
                return
                    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
            }
            // A longer draw than a reply may be; the longest ones that are answered are left to another test.
            if count < -153_391_689 { return "-ERR value is out of range" }
            return count > 0
                ? "*1 $1 f"
                : count == 0 ? "*0" : "*\(-count)" + String(repeating: " $1 f", count: Int(-count))
        },
        Case("HRANDFIELD h # WITHVALUES") { count in
            if count == .min {
                return
                    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
            }
            if count < -76_695_844 || count > .max / 2 { return "-ERR value is out of range" }
            return count > 0
                ? "*2 $1 f $2 10"
                : count == 0 ? "*0" : "*\(-count * 2)" + String(repeating: " $1 f $2 10", count: Int(-count))
        },
        Case("HSCAN h 0 COUNT #") { $0 < 1 ? "-ERR syntax error" : "*2 $1 0 *2 $1 f $2 10" },
    ]

    @Test(arguments: cases) func answersAreRedis(_ row: Case) {
        let rig = Rig()
        for word in BadNumberTests.words {
            rig.run("FLUSHALL")
            rig.run("HSET", "h", "f", "10")
            let isInteger = Int64(word).map { String($0) == word } ?? false
            let want = isInteger ? row.want(Int64(word)!) : row.garbage
            let got = rig.run(row.command.map { $0 == "#" ? word : $0 })
            #expect(got == want, "\(row) with [\(word)]: \(got.prefix(200))")
        }
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func cursorsAndFloats() {
        let rig = Rig()
        rig.run("HSET", "h", "f", "10")
        for word in BadNumberTests.words {
            let isCursor = UInt64(word) != nil && word.first != "+" && word.first != "-"
            #expect(
                rig.run("HSCAN", "h", word) == (isCursor ? "*2 $1 0 *2 $1 f $2 10" : "-ERR invalid cursor"),
                "[\(word)]")
            rig.run("HSET", "h", "f", "10")
            let reply = rig.run("HINCRBYFLOAT", "h", "f", word)
            if ["inf", "-inf", "infinity"].contains(word) {
                #expect(reply == "-ERR value is NaN or Infinity")
            } else if !word.contains("\0"), word.lowercased() != "nan",
                word.lowercased().hasPrefix("0x") || Double(word) != nil
            {
                #expect(reply.hasPrefix("$"), "[\(word)]")
            } else {
                #expect(reply == "-ERR value is not a valid float", "[\(word)]")
            }
            rig.run("HSET", "h", "f", "10")
        }
        #expect(rig.mismatch == nil)
    }

    /// A draw is taken back where its reply grows too large, also by values that leave from blocks.
    @Test func drawsAreBounded() {
        let rig = Rig(withTwin: false)
        rig.run("HSET", "h", "f", String(repeating: "x", count: 1 << 20))
        #expect(rig.run("HRANDFIELD", "h", "-3000", "WITHVALUES") == "-ERR value is out of range")
        #expect(rig.run("HRANDFIELD", "h", "-3").split(separator: " ").count == 7)
        let few = rig.raw(["HRANDFIELD", "h", "-3", "WITHVALUES"].map { Array($0.utf8) })
        #expect(few.count > 3 << 20 && few.count < (3 << 20) + 100)
        #expect(rig.run("PING") == "+PONG")
    }

    @Test func aMillionArguments() {
        let rig = Rig(withTwin: false)
        let word = { (text: String) in Array(text.utf8) }
        let names = (0..<300_000).map { word("f\($0)") }
        let pairs = names.flatMap { [$0, word("v")] }
        #expect(rig.raw([word("HSET"), word("h")] + pairs) == word(":300000\r\n"))
        let list = [word("FIELDS"), word("300000")]
        #expect(rig.raw([word("HSETEX"), word("h"), word("EX"), word("9")] + list + pairs) == word(":1\r\n"))
        let answered = rig.raw([word("HEXPIRE"), word("h"), word("5"), word("LT")] + list + names)
        #expect(answered == word("*300000\r\n" + String(repeating: ":1\r\n", count: 300_000)))
        #expect(rig.raw([word("HTTL"), word("h")] + list + names).count == answered.count)
        #expect(rig.raw([word("HGETDEL"), word("h")] + list + names).count == 9 + 300_000 * 7)
        #expect(rig.run("EXISTS", "h") == ":0")
        rig.engine.keys.checkInvariants()
    }

    /// A client that names the same field again and again gets a table for what there is.
    @Test func repeatedElementsTakeNoRoom() {
        let rig = Rig()
        rig.run(["HSET", "h"] + (0..<100_000).flatMap { _ in ["f", "v"] })
        rig.run(["SADD", "s"] + (0..<100_000).map { _ in "m" })
        for key in ["h", "s"] {
            let usage = Int(rig.run("MEMORY", "USAGE", key).dropFirst()) ?? .max
            #expect(usage < 64 << 10, "\(key)")
        }
    }
}
