// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

/// A line of a configuration file that sets a directive, or a part of one.
struct ParameterLine: Equatable {
    /// Which part of the directive it sets: a class of clients; empty where a line sets all of it.
    var part = ""
    /// What stands behind the directive's name, quoted where it must be.
    let text: [UInt8]
    /// Whether the file has to have it: it does not say the default.
    var isNeeded = true
}

// What a directive looks like in a configuration file.

extension Parameter {
    /// The lines for the value in `settings`. A part that is at its default is there as well, marked as not needed.
    func lines(in settings: Settings, initially: Settings) -> [ParameterLine] {
        let value = self.value(in: settings)
        let initial = self.value(in: initially)
        let words = value.split(separator: 32).map(Array.init)
        switch form {
        case .savePoints:
            // Redis saves unless it is told not to, so a file that says nothing would not mean the same to it.
            if words.isEmpty { return [ParameterLine(text: [34, 34])] }
            return stride(from: 0, to: words.count - 1, by: 2).map { index in
                ParameterLine(text: words[index] + [32] + words[index + 1], isNeeded: value != initial)
            }
        case .bufferLimits:
            let before = Parameter.bufferLines(initial.split(separator: 32).map(Array.init))
            return Parameter.bufferLines(words).map { line in
                ParameterLine(part: line.part, text: line.text, isNeeded: !before.contains(line))
            }
        default:
            return [ParameterLine(text: text(value), isNeeded: value != initial)]
        }
    }

    /// What the words of a line of a file would say, in the shape that `lines` gives; nil for words that are refused
    /// or that say several parts at once.
    func line(_ words: [[UInt8]]) -> ParameterLine? {
        var words = words
        if words.isEmpty, form.mayBeBare { words = [[]] }
        if form.takesSeveral, words.count == 1, let split = splitWords(words[0]), !split.isEmpty {
            words = split
        }
        if case .bufferLimits = form {
            let lines = Parameter.bufferLines(words)
            return lines.count == 1 ? lines[0] : nil
        }
        if case .savePoints = form {
            let given = words.filter { !$0.isEmpty }
            return given.count <= 2 ? ParameterLine(text: given.isEmpty ? [34, 34] : joined(given)) : nil
        }
        guard !words.isEmpty, let value = try? form.read(words, current: []) else { return nil }
        return ParameterLine(text: text(value))
    }

    /// A value as it is written into a file.
    private func text(_ value: [UInt8]) -> [UInt8] {
        switch form {
        case .bool, .integer, .clamped, .octal, .choice, .oomModes, .choices, .shutdownModes, .percentiles,
            .oomScores:
            return value.isEmpty ? [34, 34] : value
        case .memory:
            return Parameter.memory(value)
        case .memoryOrPercent:
            return value.last == UInt8(ascii: "%") ? value : Parameter.memory(value)
        case .words, .addresses, .primaryAddress:
            if value.isEmpty { return [34, 34] }
            return joined(value.split(separator: 32).map { quotedIfNeeded(Array($0)) })
        case .string, .eventClasses, .fileName, .titleTemplate, .savePoints, .bufferLimits:
            return quoted(value)
        }
    }

    private func joined(_ words: [[UInt8]]) -> [UInt8] { Array(words.joined(separator: [32])) }

    /// Bytes with the largest unit that divides them.
    private static func memory(_ text: [UInt8]) -> [UInt8] {
        guard let bytes = Int(String(decoding: text, as: UTF8.self)), bytes > 0 else { return text }
        for (shift, unit) in [(30, "gb"), (20, "mb"), (10, "kb")] where bytes % (1 << shift) == 0 {
            return Array("\(bytes >> shift)\(unit)".utf8)
        }
        return text
    }

    /// One line for each four of class, hard limit, soft limit and seconds.
    private static func bufferLines(_ words: [[UInt8]]) -> [ParameterLine] {
        guard words.count % 4 == 0 else { return [] }
        return stride(from: 0, to: words.count, by: 4).map { index in
            var name = String(decoding: words[index], as: UTF8.self).lowercased()
            if name == "slave" { name = "replica" }
            let limits = words[(index + 1)...(index + 2)].map { word in
                let bytes = ParameterForm.bytes(String(decoding: word, as: UTF8.self)).map(String.init)
                return memory(bytes.map { Array($0.utf8) } ?? word)
            }
            let text = [Array(name.utf8), limits[0], limits[1], words[index + 3]].joined(separator: [32])
            return ParameterLine(part: name, text: Array(text))
        }
    }
}

/// A word in double quotes, as `splitWords` reads it back: bytes that cannot be printed as `\xHH`.
public func quoted(_ word: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [34]
    for byte in word {
        switch byte {
        case 34, 92: out += [92, byte]
        case 10: out += Array("\\n".utf8)
        case 13: out += Array("\\r".utf8)
        case 9: out += Array("\\t".utf8)
        case 7: out += Array("\\a".utf8)
        case 8: out += Array("\\b".utf8)
        case 32...126: out.append(byte)
        default:
            let digits = String(byte, radix: 16)
            out += Array((digits.utf8.count < 2 ? "\\x0" : "\\x").utf8) + Array(digits.utf8)
        }
    }
    return out + [34]
}

/// A word as it is, or in quotes where it would not be read back as one word otherwise.
func quotedIfNeeded(_ word: [UInt8]) -> [UInt8] {
    let isPlain = !word.isEmpty && word.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 39 && $0 != 92 }
    return isPlain ? word : quoted(word)
}
