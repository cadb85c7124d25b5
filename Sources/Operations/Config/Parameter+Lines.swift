// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// A line of a configuration file that sets a directive, or a part of one.
struct ParameterLine: Equatable {
    /// Which part of the directive it sets: a class of clients; empty where a line sets all of it.
    var part: ByteString = ""
    /// What stands behind the directive's name, quoted where it must be.
    let text: ByteString
    /// Whether the file has to have it: it does not say the default.
    var isNeeded = true
}

// What a directive looks like in a configuration file.

extension Parameter {
    /// The lines for the value in `settings`. A part that is at its default is there as well, marked as not needed.
    func lines(in settings: Settings, initially: Settings) -> [ParameterLine] {
        let value = self.value(in: settings)
        let initial = self.value(in: initially)
        let words = value.words()
        switch form {
        case .savePoints:
            // As Redis does: lines add up, so a file has all of them or none.
            if words.isEmpty { return [ParameterLine(text: Parameter.nothing)] }
            return stride(from: 0, to: words.count - 1, by: 2).map { index in
                ParameterLine(text: "\(words[index]) \(words[index + 1])")
            }
        case .bufferLimits:
            let before = Parameter.bufferLines(initial.words())
            return Parameter.bufferLines(words).map { line in
                ParameterLine(part: line.part, text: line.text, isNeeded: !before.contains(line))
            }
        default:
            return [ParameterLine(text: text(value), isNeeded: value != initial)]
        }
    }

    /// What the words of a line of a file would say, in the shape that `lines` gives; nil for words that are refused
    /// or that say several parts at once.
    func line(_ words: [ByteString]) -> ParameterLine? {
        var words = words
        if words.isEmpty, form.mayBeBare { words = [""] }
        if words.count == 1 { words = self.words(of: words[0]) }
        if case .bufferLimits = form {
            let lines = Parameter.bufferLines(words)
            return lines.count == 1 ? lines[0] : nil
        }
        if case .savePoints = form {
            let given = words.filter { !$0.isEmpty }
            guard given.count <= 2 else { return nil }
            return ParameterLine(text: given.isEmpty ? Parameter.nothing : given.joined(separator: " "))
        }
        guard let value = try? form.read(words, current: "") else { return nil }
        return ParameterLine(text: text(value))
    }

    /// A value as it is written into a file.
    private func text(_ value: ByteString) -> ByteString {
        switch form {
        case .bool, .integer, .clamped, .octal, .choice, .oomModes, .choices, .shutdownModes, .percentiles,
            .oomScores:
            return value.isEmpty ? Parameter.nothing : value
        case .memory, .signedMemory:
            return Parameter.memory(value)
        case .memoryOrPercent:
            return value.hasSuffix("%") ? value : Parameter.memory(value)
        case .words, .addresses, .primaryAddress:
            if value.isEmpty { return Parameter.nothing }
            return value.words().map { quotedIfNeeded($0) }.joined(separator: " ")
        case .string, .eventClasses, .fileName, .titleTemplate, .savePoints, .bufferLimits:
            return quoted(value)
        }
    }

    /// What stands for an empty value.
    static let nothing: ByteString = "\"\""

    /// Bytes with the largest unit that divides them.
    private static func memory(_ text: ByteString) -> ByteString {
        guard let bytes = text.withView(\.unsignedInteger), bytes > 0 else { return text }
        for (shift, unit) in [(30, "gb"), (20, "mb"), (10, "kb")] where bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return text
    }

    /// One line for each four of class, hard limit, soft limit and seconds.
    private static func bufferLines(_ words: [ByteString]) -> [ParameterLine] {
        guard words.count % 4 == 0 else { return [] }
        return stride(from: 0, to: words.count, by: 4).map { index in
            var name = words[index].lowercased
            if name == "slave" { name = "replica" }
            let limits = words[(index + 1)...(index + 2)].map { word in
                memory(ParameterForm.bytes(word).map { "\($0)" } ?? word)
            }
            return ParameterLine(part: name, text: "\(name) \(limits[0]) \(limits[1]) \(words[index + 3])")
        }
    }
}
