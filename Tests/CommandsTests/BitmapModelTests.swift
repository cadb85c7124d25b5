// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// Bit commands against plain arrays of bytes: random commands on strings of different sizes and encodings.
@Suite struct BitmapModelTests {
    private static let keys = ["a", "b", "c", "d", "e"]

    private struct Model {
        var strings: [String: [UInt8]] = [:]

        func bits(_ key: String) -> [Bool] {
            (strings[key] ?? []).flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 != 0 } }
        }

        mutating func set(_ key: String, _ offset: Int, _ bit: Bool) -> Bool {
            var bytes = strings[key] ?? []
            while bytes.count <= offset >> 3 { bytes.append(0) }
            let mask: UInt8 = 128 >> UInt8(offset & 7)
            let old = bytes[offset >> 3] & mask != 0
            bytes[offset >> 3] = bit ? bytes[offset >> 3] | mask : bytes[offset >> 3] & ~mask
            strings[key] = bytes
            return old
        }

        /// The bits that a range of the client's means, as BITCOUNT and BITPOS take it.
        func range(_ key: String, _ start: Int, _ end: Int, inBits: Bool) -> Range<Int>? {
            let total = (strings[key] ?? []).count * (inBits ? 8 : 1)
            let from = max(0, start < 0 ? total + start : start)
            let through = min(total - 1, max(0, end < 0 ? total + end : end))
            guard from <= through else { return nil }
            return inBits ? from..<through + 1 : from * 8..<(through + 1) * 8
        }
    }

    @Test func randomCommands() {
        let seed: UInt64 = 20_261_123
        print("seed of BitmapModelTests.randomCommands: \(seed)")
        var random = SeededRandom(seed: seed)
        let rig = Rig(seed: seed)
        rig.comparesEvery = 100
        var model = Model()
        for step in 0..<12_000 {
            let operation = random.below(100)
            let ok = BitmapModelTests.step(operation, rig, &model, &random)
            #expect(ok, "step \(step), operation \(operation)")
            guard ok else { return }
            if step % 100 == 0 {
                for key in keys { #expect(BitmapModelTests.holds(key, rig, model), "step \(step), \(key)") }
                rig.engine.keys.checkInvariants()
            }
        }
        rig.compareNow()
        #expect(rig.mismatch == nil)
    }

    private var keys: [String] { BitmapModelTests.keys }

    private static func holds(_ key: String, _ rig: Rig, _ model: Model) -> Bool {
        let reply = rig.raw([Array("GET".utf8), Array(key.utf8)])
        guard let bytes = model.strings[key] else { return reply == Array("$-1\r\n".utf8) }
        return reply == Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
    }

    private static func step(
        _ operation: Int, _ rig: Rig, _ model: inout Model, _ random: inout SeededRandom
    ) -> Bool {
        let key = keys[random.below(keys.count)]
        switch operation {
        case 0..<6:
            let bytes = value(&random)
            model.strings[key] = bytes
            return rig.raw([Array("SET".utf8), Array(key.utf8), bytes]) == Array("+OK\r\n".utf8)
        case 6:
            return rig.run("DEL", key) == (model.strings.removeValue(forKey: key) == nil ? ":0" : ":1")
        case 7:
            // From here on a large block is shared.
            let other = keys[random.below(keys.count)]
            guard key != other, let bytes = model.strings[key] else { return true }
            model.strings[other] = bytes
            return rig.run("COPY", key, other, "REPLACE") == ":1"
        case 8..<40:
            let reach = [100, 3000, 20_000, 200_000][random.below(40) == 0 ? 3 : random.below(3)]
            let (offset, bit) = (random.below(reach), random.below(2) == 1)
            let old = model.set(key, offset, bit)
            return rig.run("SETBIT", key, String(offset), bit ? "1" : "0") == (old ? ":1" : ":0")
        case 40..<50:
            let offset = random.below(25_000)
            let bits = model.bits(key)
            return rig.run("GETBIT", key, String(offset))
                == (offset < bits.count && bits[offset] ? ":1" : ":0")
        case 50..<65: return count(key, rig, model, &random)
        case 65..<80: return find(key, rig, model, &random)
        default: return combine(key, rig, &model, &random)
        }
    }

    private static func value(_ random: inout SeededRandom) -> [UInt8] {
        switch random.below(5) {
        case 0: return Array(String(random.below(100_000)).utf8)
        case 1: return []
        default:
            let fill: UInt8 = random.below(2) == 0 ? 0 : 255
            let count = [20, 300, 2000, 40_000][random.below(20) == 0 ? 3 : random.below(3)]
            return (0..<random.below(count)).map { _ in
                random.below(30) == 0 ? UInt8(random.below(256)) : fill
            }
        }
    }

    private static func ends(_ total: Int, _ random: inout SeededRandom) -> (Int, Int) {
        func one() -> Int { random.below(total * 2 + 20) - total - 10 }
        return (one(), one())
    }

    private static func count(_ key: String, _ rig: Rig, _ model: Model, _ random: inout SeededRandom) -> Bool
    {
        let bits = model.bits(key)
        let inBits = random.below(2) == 1
        let (start, end) = ends(inBits ? bits.count : bits.count / 8, &random)
        var range = model.range(key, start, end, inBits: inBits)
        if start < 0, end < 0, start > end { range = nil }
        let want = range.map { bits[$0].count { $0 } } ?? 0
        return rig.run("BITCOUNT", key, String(start), String(end), inBits ? "BIT" : "BYTE") == ":\(want)"
            && rig.run("BITCOUNT", key) == ":\(bits.count { $0 })"
    }

    private static func find(_ key: String, _ rig: Rig, _ model: Model, _ random: inout SeededRandom) -> Bool
    {
        let bits = model.bits(key)
        let wanted = random.below(2) == 1
        let word = wanted ? "1" : "0"
        let inBits = random.below(2) == 1
        let (start, end) = ends(inBits ? bits.count : bits.count / 8, &random)
        guard model.strings[key] != nil else {
            return rig.run("BITPOS", key, word, String(start), String(end)) == (wanted ? ":-1" : ":0")
        }
        let range = model.range(key, start, end, inBits: inBits)
        let hit = range.flatMap { bits[$0].firstIndex(of: wanted) } ?? -1
        let open = model.range(key, start, -1, inBits: false)
        let openHit = open.map { bits[$0].firstIndex(of: wanted) ?? (wanted ? -1 : bits.count) } ?? -1
        return rig.run("BITPOS", key, word, String(start), String(end), inBits ? "BIT" : "BYTE") == ":\(hit)"
            && rig.run("BITPOS", key, word, String(start)) == ":\(openHit)"
    }

    private static func combine(
        _ key: String, _ rig: Rig, _ model: inout Model, _ random: inout SeededRandom
    ) -> Bool {
        let words = ["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"]
        let word = words[random.below(words.count)]
        let number = word == "NOT" ? 1 : (word.hasPrefix("DIFF") || word == "ANDOR" ? 2 : 1) + random.below(4)
        let sources = (0..<number).map { _ in keys[random.below(keys.count)] }
        let strings = sources.map { model.strings[$0] ?? [] }
        let length = strings.map(\.count).max() ?? 0
        let result: [UInt8] = (0..<length).map { at in
            let bytes = strings.map { at < $0.count ? $0[at] : 0 }
            let others = bytes.dropFirst().reduce(0, |)
            switch word {
            case "AND": return bytes.reduce(255, &)
            case "OR": return bytes.reduce(0, |)
            case "XOR": return bytes.reduce(0, ^)
            case "NOT": return ~bytes[0]
            case "DIFF": return bytes[0] & ~others
            case "DIFF1": return ~bytes[0] & others
            case "ANDOR": return bytes[0] & others
            default:
                var (once, twice) = (UInt8(0), UInt8(0))
                for byte in bytes {
                    twice |= once & byte
                    once |= byte
                }
                return once & ~twice
            }
        }
        model.strings[key] = length == 0 ? nil : result
        return rig.run(["BITOP", word, key] + sources) == ":\(length)" && holds(key, rig, model)
    }
}
