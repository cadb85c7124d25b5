// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// BITFIELD by transcript and against plain arithmetic on bits.
@Suite struct BitFieldTests {
    private static func field(_ rig: Rig, _ words: String) -> String {
        rig.run(["BITFIELD"] + words.split(separator: " ").map(String.init))
    }

    @Test func numbers() {
        let rig = Rig()
        let tap = Tap(rig)
        #expect(
            BitFieldTests.field(rig, "f SET u8 0 255 SET i8 8 -1 GET u8 #0 GET i8 #1") == "*4 :0 :0 :255 :-1")
        #expect(tap.commands == ["BITFIELD f SET u8 0 255 SET i8 8 -1 GET u8 #0 GET i8 #1"])
        #expect(tap.events == ["setbit f"])
        #expect(rig.run("OBJECT", "ENCODING", "f") == "$3 raw")
        // Nothing is said of what changes nothing.
        #expect(BitFieldTests.field(rig, "f GET u4 2 GET u63 100") == "*2 :15 :0")
        #expect(BitFieldTests.field(rig, "f SET u8 0 255 INCRBY u8 0 0") == "*2 :255 :255")
        #expect(tap.commands == [])
        #expect(tap.events == [])
        #expect(BitFieldTests.field(rig, "f incrby u8 #0 10 overflow sat incrby u8 #0 300") == "*2 :9 :255")
        #expect(BitFieldTests.field(rig, "f OVERFLOW FAIL INCRBY u8 0 1 GET u8 0") == "*2 $-1 :255")
        #expect(
            BitFieldTests.field(rig, "f SET i64 0 -9223372036854775808 INCRBY i64 0 -1")
                == "*2 :-281474976710656 :9223372036854775807")
        #expect(BitFieldTests.field(rig, "f GET i5 61 SET u63 1 -1") == "*2 :-4 :9223372036854775807")
        #expect(BitFieldTests.field(rig, "f") == "*0")
        #expect(BitFieldTests.field(rig, "f OVERFLOW SAT") == "*0")
        #expect(BitFieldTests.field(rig, "none GET u8 5") == "*1 :0")
        #expect(rig.run("EXISTS", "none") == ":0")
        #expect(rig.mismatch == nil)
    }

    @Test func anIntegerIsText() {
        let rig = Rig()
        rig.run("SET", "n", "12")
        #expect(BitFieldTests.field(rig, "n GET u8 0 GET u8 8") == "*2 :49 :50")
        #expect(rig.run("OBJECT", "ENCODING", "n") == "$3 int")
        #expect(BitFieldTests.field(rig, "n INCRBY u8 8 1") == "*1 :51")
        #expect(rig.run("GET", "n") == "$2 13")
        #expect(rig.run("OBJECT", "ENCODING", "n") == "$3 raw")
        #expect(rig.mismatch == nil)
    }

    /// Where every write fails nothing happens: no key is made, none grows, nobody hears of it.
    @Test func aFailureChangesNothing() {
        let rig = Rig()
        let tap = Tap(rig)
        let dirty = rig.engine.keys.stats.dirty
        for setUp in ["", "a"] {
            if !setUp.isEmpty { rig.run("SET", "f", setUp) }
            _ = (tap.commands, tap.events)
            rig.run(as: "b", "WATCH", "f")
            let calls = ["INCRBY u7 100 2147483647", "SET u2 14 9", "GET u8 0 SET u2 14 9 GET u8 800"]
            for call in calls {
                let answer = BitFieldTests.field(rig, "f OVERFLOW FAIL \(call)")
                #expect(answer.contains("$-1") && answer.hasPrefix("*\(call.hasPrefix("GET") ? 3 : 1) "))
            }
            #expect(tap.commands == [] && tap.events == [])
            #expect(rig.run("STRLEN", "f") == ":\(setUp.count)")
            #expect(rig.run("EXISTS", "f") == ":\(setUp.count)")
            rig.run(as: "b", "MULTI")
            #expect(rig.run(as: "b", "EXEC") == "*0")
        }
        #expect(rig.engine.keys.stats.dirty == dirty + 1)
        // A step that writes lets the string grow for all of them, and each one counts that wrote.
        #expect(
            BitFieldTests.field(rig, "f SET u8 0 97 OVERFLOW FAIL INCRBY u7 100 2147483647") == "*2 :97 $-1")
        #expect(rig.run("STRLEN", "f") == ":14")
        #expect(tap.commands == ["BITFIELD f SET u8 0 97 OVERFLOW FAIL INCRBY u7 100 2147483647"])
        #expect(rig.engine.keys.stats.dirty == dirty + 2)
        rig.session().isRESP3 = true
        #expect(BitFieldTests.field(rig, "f OVERFLOW FAIL SET u2 14 9") == "*1 _")
        #expect(rig.mismatch == nil)
    }

    @Test func refusals() {
        let rig = Rig { $0.bulkBytesMax = 1000 }
        rig.run("SADD", "set", "x")
        let type =
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
        for word in ["u64", "i65", "u0", "i0", "i", "u", "8", "x8", "I8", "i-1", "i08", "i8x"] {
            #expect(BitFieldTests.field(rig, "f GET \(word) 0") == type, "\(word)")
        }
        #expect(rig.run("BITFIELD", "f", "GET", "", "0") == type)
        for offset in ["-1", "x", "#", "#-1", "#x", "##1", "8000", "#1000", "#1152921504606846976"] {
            #expect(BitFieldTests.field(rig, "f GET u8 \(offset)") == BitmapTests.badOffset, "\(offset)")
            #expect(BitFieldTests.field(rig, "f SET u8 \(offset) 1") == BitmapTests.badOffset, "\(offset)")
        }
        #expect(BitFieldTests.field(rig, "f SET u8 0 x") == BitmapTests.notInteger)
        #expect(BitFieldTests.field(rig, "f SET u8 0 9223372036854775808") == BitmapTests.notInteger)
        #expect(BitFieldTests.field(rig, "f OVERFLOW x") == "-ERR Invalid OVERFLOW type specified")
        for words in ["FOO", "GET u8", "SET u8 0", "INCRBY u8 0", "GET u8 0 SET", "OVERFLOW"] {
            #expect(BitFieldTests.field(rig, "f \(words)") == BitmapTests.syntax, "\(words)")
        }
        // A later step is refused before an earlier one is taken.
        #expect(BitFieldTests.field(rig, "f SET u8 0 1 GET u8") == BitmapTests.syntax)
        #expect(BitFieldTests.field(rig, "set GET u8 0") == BitmapTests.wrongType)
        #expect(BitFieldTests.field(rig, "set SET u8 0 1") == BitmapTests.wrongType)
        #expect(rig.run("EXISTS", "f") == ":0")
        // Only the start of a field is held against the limit, as in Redis.
        #expect(BitFieldTests.field(rig, "f SET u8 7999 255") == "*1 :0")
        #expect(rig.run("STRLEN", "f") == ":1001")
        #expect(rig.mismatch == nil)
    }

    @Test func readOnly() {
        let rig = Rig()
        let refusal = "-ERR BITFIELD_RO only supports the GET subcommand"
        rig.run("SET", "f", "ab")
        #expect(rig.run("BITFIELD_RO", "f", "GET", "u8", "0", "get", "u8", "#1") == "*2 :97 :98")
        #expect(rig.run("BITFIELD_RO", "none", "GET", "i64", "0") == "*1 :0")
        #expect(rig.run("BITFIELD_RO", "f", "GET", "u8", "0", "SET", "u8", "0", "1") == refusal)
        #expect(rig.run("BITFIELD_RO", "f", "INCRBY", "u8", "0", "1") == refusal)
        #expect(rig.run("BITFIELD_RO", "f", "SET", "u8", "0", "x") == BitmapTests.notInteger)
        #expect(rig.run("BITFIELD_RO", "f", "OVERFLOW", "SAT", "GET", "u8", "0") == "*1 :97")
        #expect(rig.run("GET", "f") == "$2 ab")
        #expect(rig.mismatch == nil)
    }

    // MARK: Model

    /// The bits of a string, and what BITFIELD does with them in steps of one.
    private struct Model {
        var bits: [Bool] = []

        func number(_ isSigned: Bool, _ width: Int, _ offset: Int) -> Int64 {
            var number: Int64 = 0
            for i in 0..<width {
                let bit = offset + i < bits.count && bits[offset + i]
                if i == 0, isSigned { number = bit ? -1 : 0 } else { number = number << 1 | (bit ? 1 : 0) }
            }
            return number
        }

        mutating func put(_ number: Int64, _ width: Int, _ offset: Int) {
            while bits.count < (offset + width + 7) / 8 * 8 { bits.append(false) }
            for i in 0..<width { bits[offset + i] = number >> Int64(width - 1 - i) & 1 != 0 }
        }

        var bytes: [UInt8] {
            stride(from: 0, to: bits.count, by: 8).map { at in
                (0..<8).reduce(UInt8(0)) { $0 << 1 | (bits[at + $1] ? 1 : 0) }
            }
        }
    }

    /// What is written for `wanted` (a sum or a number to set), which may not fit: nil if nothing is.
    private static func fitted(
        _ old: Int64, _ step: Int64, isSum: Bool, _ isSigned: Bool, _ width: Int, _ overflow: String
    ) -> Int64? {
        // Wide enough for any sum of two 64-bit integers, and for a negative number taken as unsigned.
        var exact = isSum ? Int128(old) + Int128(step) : Int128(step)
        if !isSum, !isSigned, step < 0 { exact += Int128(1) << 64 }
        let size = Int128(1) << Int128(width)
        let low = isSigned ? -(size / 2) : 0
        let high = isSigned ? size / 2 - 1 : size - 1
        if exact >= low, exact <= high { return Int64(exact) }
        switch overflow {
        case "FAIL": return nil
        case "SAT": return Int64(exact > high ? high : low)
        default:
            var rest = exact % size
            if rest < low { rest += size }
            if rest > high { rest -= size }
            return Int64(rest)
        }
    }

    @Test func everyWidthAgainstAModel() {
        let seed: UInt64 = 20_261_121
        print("seed of BitFieldTests.everyWidthAgainstAModel: \(seed)")
        var random = SeededRandom(seed: seed)
        let rig = Rig()
        rig.comparesEvery = 50
        for round in 0..<20 {
            var model = Model()
            rig.run("FLUSHALL")
            for isSigned in [true, false] {
                for width in 1...(isSigned ? 64 : 63) {
                    for _ in 0..<3 {
                        let ok = BitFieldTests.step(isSigned, width, round, rig, &model, &random)
                        #expect(ok, "round \(round), width \(width), signed \(isSigned)")
                        guard ok else { return }
                    }
                }
            }
            let want = Array("$\(model.bytes.count)\r\n".utf8) + model.bytes + [13, 10]
            #expect(rig.raw([Array("GET".utf8), Array("f".utf8)]) == want)
        }
        rig.compareNow()
        #expect(rig.mismatch == nil)
    }

    /// One call of three steps of one type, under one way of overflowing.
    private static func step(
        _ isSigned: Bool, _ width: Int, _ round: Int, _ rig: Rig, _ model: inout Model,
        _ random: inout SeededRandom
    ) -> Bool {
        let type = "\(isSigned ? "i" : "u")\(width)"
        let overflow = ["WRAP", "SAT", "FAIL"][random.below(3)]
        let offset = random.below(round < 10 ? 90 : 3000)
        // Numbers near the edges of the type, of Int64, and anywhere.
        let edge = Int64.max >> Int64(random.below(64))
        let shift = Int64(random.below(64))
        let numbers = [
            edge, -edge, edge &+ 1, -edge &- 1, Int64.min >> shift, Int64(bitPattern: random.next()) >> shift,
        ]
        let (set, add) = (numbers[random.below(6)], numbers[random.below(6)])
        var answers: [String] = []
        var old = model.number(isSigned, width, offset)
        if let new = fitted(old, set, isSum: false, isSigned, width, overflow) {
            answers.append(":\(old)")
            model.put(new, width, offset)
        } else {
            answers.append("$-1")
        }
        old = model.number(isSigned, width, offset)
        if let new = fitted(old, add, isSum: true, isSigned, width, overflow) {
            answers.append(":\(new)")
            model.put(new, width, offset)
        } else {
            answers.append("$-1")
        }
        answers.append(":\(model.number(isSigned, width, offset))")
        let words =
            "f OVERFLOW \(overflow) SET \(type) \(offset) \(set) INCRBY \(type) \(offset) \(add) GET \(type) \(offset)"
        return field(rig, words) == "*3 " + answers.joined(separator: " ")
    }
}
