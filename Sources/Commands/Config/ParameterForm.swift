// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the values of a directive look like.
public enum ParameterForm: Sendable {
    case bool
    case integer(ClosedRange<Int>)
    /// An integer of the first range that is brought into the second.
    case clamped(ClosedRange<Int>, to: ClosedRange<Int>)
    /// Bytes, with a unit behind the number (`b k kb m mb g gb`).
    case memory(ClosedRange<Int>)
    /// Bytes, or a share of the memory limit (`5%`).
    case memoryOrPercent
    case octal(ClosedRange<Int>)
    case string
    case choice([String])
    /// Several of the words.
    case choices([String])
    /// Up to `max` words without further meaning.
    case words(max: Int)
    /// Pairs of seconds and changes.
    case savePoints
    /// Client class, hard limit, soft limit, soft seconds; any number of such fours.
    case bufferLimits
    /// The letters of notify-keyspace-events.
    case eventClasses
    /// Three scores, rising.
    case oomScores
    /// Numbers from 0 to 100.
    case percentiles
    /// Up to `max` addresses.
    case addresses(max: Int)
    /// A name without a path; the directive's name and what its value is called are for the error.
    case fileName(String, String)
    /// Whether and how the score of the kernel's out-of-memory killer is set.
    case oomModes
    /// Host and port of a primary, or `no one`.
    case primaryAddress
    /// Modes of SHUTDOWN.
    case shutdownModes
    /// Text with variables in braces.
    case titleTemplate

    /// Whether the value may have several words.
    var takesSeveral: Bool {
        switch self {
        case .choices, .words, .savePoints, .bufferLimits, .oomScores, .percentiles, .addresses,
            .shutdownModes, .primaryAddress:
            true
        default: false
        }
    }

    /// Whether a line of a file may hold the name alone, which then asks for an empty list.
    var mayBeBare: Bool {
        switch self {
        case .savePoints, .percentiles, .choices, .shutdownModes, .addresses: true
        default: false
        }
    }

    /// The text of a number in this form.
    func text(_ number: Int) -> [UInt8] {
        if case .octal = self { return Array(String(number, radix: 8).utf8) }
        return Array(String(number).utf8)
    }

    /// The number that a text made by `read` stands for.
    func number(_ text: String) -> Int {
        if case .octal = self { return Int(text, radix: 8) ?? 0 }
        return Int(text) ?? 0
    }

    /// Checks a value and brings it into the form that CONFIG GET shows.
    /// - Parameter current: the value so far, for directives that are set in part.
    func read(_ words: [[UInt8]], current: [UInt8]) throws(ParameterError) -> [UInt8] {
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        if !takesSeveral, words.count != 1 { throw ParameterError("wrong number of arguments") }
        switch self {
        case .bool: return try ParameterForm.bool(texts[0])
        case .integer(let range): return try ParameterForm.integer(words[0], range)
        case .clamped(let range, let bounds):
            let value = number(String(decoding: try ParameterForm.integer(words[0], range), as: UTF8.self))
            return text(min(max(value, bounds.lowerBound), bounds.upperBound))
        case .memory(let range): return try ParameterForm.memory(texts[0], range)
        case .memoryOrPercent: return try ParameterForm.memoryOrPercent(texts[0])
        case .octal(let range): return try ParameterForm.octal(texts[0], range)
        case .string: return words[0]
        case .choice(let choices): return try ParameterForm.choose(texts, choices)
        case .choices(let choices): return try ParameterForm.choose(texts, choices)
        case .words(let max):
            guard words.count <= max else { throw ParameterError("wrong number of arguments") }
            return ParameterForm.joined(texts)
        case .savePoints: return try ParameterForm.savePoints(texts)
        case .bufferLimits: return try BufferLimits.merged(texts, into: current)
        case .eventClasses: return try ParameterForm.eventClasses(texts[0])
        case .oomScores: return try ParameterForm.oomScores(words)
        case .percentiles: return try ParameterForm.percentiles(words)
        case .addresses(let max):
            guard words.count <= max else { throw ParameterError("Too many bind addresses specified.") }
            return ParameterForm.joined(texts)
        case .fileName(let name, let noun): return try ParameterForm.fileName(words[0], name, noun)
        case .oomModes: return try ParameterForm.oomMode(texts)
        case .primaryAddress: return try ParameterForm.primaryAddress(texts)
        case .shutdownModes: return try ParameterForm.shutdownModes(texts)
        case .titleTemplate: return try ParameterForm.titleTemplate(words[0])
        }
    }
}

extension ParameterForm {
    static func joined(_ texts: [String]) -> [UInt8] {
        Array(texts.filter { !$0.isEmpty }.joined(separator: " ").utf8)
    }

    private static func bool(_ text: String) throws(ParameterError) -> [UInt8] {
        let lower = text.lowercased()
        guard lower == "yes" || lower == "no" else { throw ParameterError("argument must be 'yes' or 'no'") }
        return Array(lower.utf8)
    }

    private static func integer(_ word: [UInt8], _ range: ClosedRange<Int>) throws(ParameterError) -> [UInt8]
    {
        guard let value = word.withView({ $0.integer }) else {
            throw ParameterError("argument couldn't be parsed into an integer")
        }
        return try inRange(Int(value), range)
    }

    private static func inRange(_ value: Int, _ range: ClosedRange<Int>) throws(ParameterError) -> [UInt8] {
        guard range.contains(value) else {
            throw ParameterError(
                "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return Array(String(value).utf8)
    }

    /// Bytes from a number with a unit; nil when it is none or overflows.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let unit: Int
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": unit = 1
        case "k": unit = 1000
        case "kb": unit = 1 << 10
        case "m": unit = 1_000_000
        case "mb": unit = 1 << 20
        case "g": unit = 1_000_000_000
        case "gb": unit = 1 << 30
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    private static func memory(_ text: String, _ range: ClosedRange<Int>) throws(ParameterError) -> [UInt8] {
        guard let value = bytes(text) else { throw ParameterError("argument must be a memory value") }
        return try inRange(value, range)
    }

    private static func memoryOrPercent(_ text: String) throws(ParameterError) -> [UInt8] {
        if text.hasSuffix("%") {
            guard let share = Int(text.dropLast()), share >= 0 else {
                throw ParameterError("argument must be a memory or percent value")
            }
            guard share <= 100 else {
                throw ParameterError("percentage argument must be less or equal to 100")
            }
            return Array("\(share)%".utf8)
        }
        guard let value = bytes(text) else {
            throw ParameterError("argument must be a memory or percent value")
        }
        return Array(String(value).utf8)
    }

    private static func octal(_ text: String, _ range: ClosedRange<Int>) throws(ParameterError) -> [UInt8] {
        guard let value = Int(text, radix: 8) else {
            throw ParameterError("argument couldn't be parsed as an octal number")
        }
        guard range.contains(value) else {
            let low = String(range.lowerBound, radix: 8)
            throw ParameterError(
                "argument must be between \(low) and \(String(range.upperBound, radix: 8)) inclusive")
        }
        return Array(String(value, radix: 8).utf8)
    }

    static func choose(_ texts: [String], _ choices: [String]) throws(ParameterError) -> [UInt8] {
        for text in texts where !choices.contains(text.lowercased()) {
            // Names are matched in any case, and shown as declared.
            if choices.contains(where: { $0.lowercased() == text.lowercased() }) { continue }
            throw ParameterError(
                "argument(s) must be one of the following: \(choices.joined(separator: ", "))")
        }
        let chosen = choices.filter { choice in texts.contains { $0.lowercased() == choice.lowercased() } }
        return joined(chosen)
    }

    private static func savePoints(_ texts: [String]) throws(ParameterError) -> [UInt8] {
        if texts == [""] { return [] }
        let numbers = texts.map { Int($0) ?? -1 }
        guard texts.count % 2 == 0, !texts.isEmpty else { throw ParameterError("Invalid save parameters") }
        for i in stride(from: 0, to: numbers.count, by: 2) where numbers[i] < 1 || numbers[i + 1] < 0 {
            throw ParameterError("Invalid save parameters")
        }
        return joined(texts)
    }

    /// Redis shows the classes in an order of its own and abbreviates all of them as `A`.
    private static func eventClasses(_ text: String) throws(ParameterError) -> [UInt8] {
        let every = "g$lshzxetd"
        let given = text.replacing("A", with: every)
        let known = every + "nKEm"
        guard given.allSatisfy({ known.contains($0) }) else {
            throw ParameterError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
        }
        var shown = every.allSatisfy { given.contains($0) } ? "A" : every.filter { given.contains($0) }
        // Redis leaves out `n` behind an `A`, which does not imply it: what is shown here can be set again.
        shown += "nKEm".filter { given.contains($0) }
        return Array(shown.utf8)
    }

    private static func percentiles(_ words: [[UInt8]]) throws(ParameterError) -> [UInt8] {
        if words.count == 1, words[0].isEmpty { return [] }
        var texts: [String] = []
        for word in words {
            guard let share = word.withView({ $0.double }) else {
                throw ParameterError("Invalid latency-tracking-info-percentiles parameters")
            }
            guard (0...100).contains(share) else {
                throw ParameterError(
                    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
            }
            texts.append(InfoWriter.percentile(share))
        }
        return joined(texts)
    }
}

/// The three limits of each class of clients.
enum BufferLimits {
    private static let classes = ["normal", "slave", "pubsub"]

    /// The limits in `current` with those given in `texts` in their places.
    static func merged(_ texts: [String], into current: [UInt8]) throws(ParameterError) -> [UInt8] {
        guard !texts.isEmpty, texts.count % 4 == 0 else {
            throw ParameterError("Wrong number of arguments in buffer limit configuration.")
        }
        var fields = String(decoding: current, as: UTF8.self).split(separator: " ").map(String.init)
        for i in stride(from: 0, to: texts.count, by: 4) {
            let name = texts[i].lowercased() == "replica" ? "slave" : texts[i].lowercased()
            guard let place = classes.firstIndex(of: name) else {
                throw ParameterError("Invalid client class specified in buffer limit configuration.")
            }
            guard let hard = ParameterForm.bytes(texts[i + 1]), let soft = ParameterForm.bytes(texts[i + 2]),
                let seconds = Int(texts[i + 3]), seconds >= 0
            else {
                throw ParameterError(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
            }
            fields.replaceSubrange(
                (place * 4)..<(place * 4 + 4), with: [name, "\(hard)", "\(soft)", "\(seconds)"])
        }
        return Array(fields.joined(separator: " ").utf8)
    }
}
