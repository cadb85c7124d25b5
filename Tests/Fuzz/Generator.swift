// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Messaging

/// Makes commands: from templates, from the rows of the command table, and by damaging either.
struct Generator {
    var random: SeededRandom
    private let table: CommandTable
    private let templates: [[String]]
    private let rows: [Int]
    /// Time of the engine, for deadlines near it.
    var nowMs: Int64 = 0

    /// Commands that end the world, or a test of it: they are not drawn from the table.
    private static let excluded: Set<String> = ["shutdown", "debug", "config|set"]

    init(seed: UInt64, _ table: CommandTable) {
        random = SeededRandom(seed: seed)
        self.table = table
        // What a template names must exist; a few unknown ones stay, for the error's sake.
        templates = Vocabulary.templates.map { $0.split(separator: " ").map(String.init) }.filter { words in
            words[0] == "NOSUCH" || Array(words[0].utf8).withView { table.index($0) } != nil
        }
        rows = table.commands.indices.filter { index in
            let name = table.fullName(index)
            return !Generator.excluded.contains { name == $0 || name.hasPrefix($0 + "|") }
        }
    }

    private mutating func pick<T>(_ all: [T]) -> T { all[random.below(all.count)] }
    private mutating func chance(_ n: Int) -> Bool { random.below(n) == 0 }

    /// The next command's words.
    mutating func command() -> [[UInt8]] {
        var words = chance(5) ? fromTable() : fromTemplate()
        // What empties everything comes seldom, or nothing would ever grow.
        while isSweeping(words[0]), !chance(40) { words = fromTemplate() }
        if chance(6) { mutate(&words) }
        return words
    }

    private func isSweeping(_ name: [UInt8]) -> Bool {
        name.withView { name in
            name.matches("FLUSHALL") || name.matches("FLUSHDB") || name.matches("SWAPDB")
                || name.matches("QUIT")
                || name.matches("RESET")
        }
    }

    /// A command's protocol bytes, once in a while damaged, inline, or nothing but noise.
    mutating func input() -> [UInt8] {
        if chance(300) { return noise(random.below(200)) }
        if chance(30) { return inline(command()) }
        var bytes: [UInt8] = []
        for _ in 0...(chance(10) ? random.below(20) : 0) { bytes += Generator.encode(command()) }
        if chance(60) { damage(&bytes) }
        return bytes
    }

    static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var out = Array("*\(words.count)\r\n".utf8)
        for word in words { out += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        return out
    }

    private func inline(_ words: [[UInt8]]) -> [UInt8] {
        Array(words.map { $0.isEmpty ? Array("\"\"".utf8) : $0 }.joined(separator: [32])) + [13, 10]
    }

    // MARK: Commands

    private mutating func fromTemplate() -> [[UInt8]] {
        var words: [[UInt8]] = []
        let template = pick(templates)
        for (index, word) in template.enumerated() {
            if word == "…" {
                let more = chance(20) ? random.below(300) : random.below(5)
                let kind = template[index - 1]
                for _ in 0..<more { words.append(fill(kind)) }
            } else {
                words.append(index == 0 ? Array(word.utf8) : fill(word))
            }
        }
        return words
    }

    private mutating func fromTable() -> [[UInt8]] {
        let index = pick(rows)
        let row = table.commands[index]
        var words = table.fullName(index).split(separator: "|").map { Array($0.utf8) }
        var count = abs(row.arity) - words.count
        if row.arity < 0 { count += random.below(6) }
        if chance(10) { count += random.below(3) - 1 }
        let kinds = ["K", "K", "K", "V", "N", "M", "S", "S", "T", "G", "F"]
        for place in 0..<max(0, count) { words.append(fill(place == 0 && !chance(4) ? "K" : pick(kinds))) }
        return words
    }

    private mutating func fill(_ kind: String) -> [UInt8] {
        if chance(40) { return fill(pick(["K", "V", "N", "T", "F", "G", "M", "S"])) }
        switch kind {
        case "K": return key()
        case "V": return value()
        case "M": return chance(2) ? Array("\(random.below(1000) - 500)".utf8) : member()
        case "N", "C": return number()
        case "T": return time()
        case "F":
            return Array((chance(3) ? pick(Vocabulary.numbers) : "\(random.below(2000) - 1000).25").utf8)
        case "G": return chance(8) ? noise(random.below(30)) : Array(pick(Vocabulary.globs).utf8)
        case "D": return Array((chance(10) ? pick(Vocabulary.numbers) : "\(random.below(3))").utf8)
        case "S": return Array(pick(Vocabulary.words).utf8)
        default: return Array(kind.utf8)
        }
    }

    private mutating func key() -> [UInt8] {
        let index = random.below(24)
        switch index {
        case 0: return []
        case 1: return [0, 255, 13, 10, 128]
        case 2: return [UInt8](repeating: 107, count: 126 + random.below(3))
        case 3: return [UInt8](repeating: 107, count: 600)
        default: return Array("k\(index)".utf8)
        }
    }

    private mutating func value() -> [UInt8] {
        switch random.below(12) {
        case 0...2: return Array("\(Int64(bitPattern: random.next()) >> Int64(random.below(64)))".utf8)
        case 3: return Array(pick(Vocabulary.numbers).utf8)
        case 4: return noise(12 + random.below(6))
        case 5: return noise(200 + random.below(320))
        case 6 where chance(8): return noise(16380 + random.below(30000))
        default: return noise(random.below(50))
        }
    }

    private mutating func member() -> [UInt8] {
        switch random.below(6) {
        case 0: return noise(random.below(80))
        case 1: return [UInt8](repeating: 109, count: 62 + random.below(5))
        case 2: return Array(pick(Vocabulary.numbers).utf8)
        case 3: return noise(120 + random.below(200))
        default: return Array("m\(random.below(400))".utf8)
        }
    }

    private mutating func number() -> [UInt8] {
        Array((chance(2) ? pick(Vocabulary.numbers) : "\(random.below(200) - 20)").utf8)
    }

    private mutating func time() -> [UInt8] {
        switch random.below(8) {
        case 0: return Array(pick(Vocabulary.numbers).utf8)
        case 1: return Array("\(nowMs + Int64(random.below(5000)) - 1000)".utf8)
        case 2: return Array("\(nowMs / 1000 + Int64(random.below(10)) - 2)".utf8)
        default: return Array("\(1 + random.below(2000))".utf8)
        }
    }

    private mutating func noise(_ count: Int) -> [UInt8] {
        let letters = chance(3)
        return (0..<count).map { _ in letters ? 97 + UInt8(random.below(4)) : UInt8(random.below(256)) }
    }

    // MARK: Damage

    /// Changes a command's words: one dropped, doubled, exchanged or altered.
    private mutating func mutate(_ words: inout [[UInt8]]) {
        let at = random.below(words.count)
        switch random.below(7) {
        case 0: if words.count > 1 { words.remove(at: max(1, at)) }
        case 1: words.insert(words[at], at: at)
        case 2: words.append(Array(pick(Vocabulary.words).utf8))
        case 3: words.append(number())
        case 4: words[at] = fill(pick(["K", "V", "N", "M", "S", "G", "T"]))
        case 5: damage(&words[at])
        default: words[at] = words[at].map { chance(2) ? $0.asciiLower : $0.asciiUpper }
        }
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let at = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[at] = UInt8(random.below(256))
            case 1: bytes[at] ^= 1 << UInt8(random.below(8))
            case 2: bytes.remove(at: at)
            case 3: bytes.insert(UInt8(random.below(256)), at: at)
            default: bytes.removeSubrange(at..<min(bytes.count, at + random.below(20)))
            }
        }
    }
}
