// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the values of a directive look like.
public enum ParameterForm: Sendable {
    /// `yes` or `no`.
    case bool
    /// An integer in decimal, in this range.
    case integer(ClosedRange<Int>)
    /// An integer of the first range that is brought into the second.
    case clamped(ClosedRange<Int>, to: ClosedRange<Int>)
    /// Bytes, with a unit behind the number (`b k kb m mb g gb`).
    case memory(ClosedRange<UInt64>)
    /// Such a size, or -1.
    case signedMemory
    /// Bytes, or a share of the memory limit (`5%`).
    case memoryOrPercent
    /// An integer in octal, as permissions are written.
    case octal(ClosedRange<Int>)
    /// Any bytes.
    case string
    /// One of the words, in any case.
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
    public var mayBeBare: Bool {
        switch self {
        case .savePoints, .percentiles, .choices, .shutdownModes, .addresses: true
        default: false
        }
    }

    /// The text of a number in this form.
    func text(_ number: Int) -> ByteString {
        if case .octal = self { return ByteString(String(number, radix: 8)) }
        return "\(number)"
    }

    /// The number that a text made by `read` stands for.
    func number(_ text: ByteString) -> Int {
        if case .octal = self { return text.octal ?? 0 }
        return text.integer ?? 0
    }

    /// Checks a value and brings it into the form that CONFIG GET shows.
    /// - Parameter current: the value so far, for directives that are set in part.
    public func read(_ words: [ByteString], current: ByteString) throws(ParameterError) -> ByteString {
        if !takesSeveral, words.count != 1 { throw ParameterError("wrong number of arguments") }
        switch self {
        case .bool: return try ParameterForm.bool(words[0])
        case .integer(let range): return try ParameterForm.integer(words[0], range)
        case .clamped(let range, let bounds):
            let value = number(try ParameterForm.integer(words[0], range))
            return text(min(max(value, bounds.lowerBound), bounds.upperBound))
        case .memory(let range): return try ParameterForm.memory(words[0], range)
        case .signedMemory: return try ParameterForm.signedMemory(words[0])
        case .memoryOrPercent: return try ParameterForm.memoryOrPercent(words[0])
        case .octal(let range): return try ParameterForm.octal(words[0], range)
        case .string: return words[0]
        case .choice(let choices): return try ParameterForm.choose(words, choices)
        case .choices(let choices): return try ParameterForm.choose(words, choices)
        case .words(let max):
            guard words.count <= max else { throw ParameterError("wrong number of arguments") }
            return ParameterForm.joined(words)
        case .savePoints: return try ParameterForm.savePoints(words)
        case .bufferLimits: return try BufferLimits.merged(words, into: current)
        case .eventClasses: return try ParameterForm.eventClasses(words[0])
        case .oomScores: return try ParameterForm.oomScores(words)
        case .percentiles: return try ParameterForm.percentiles(words)
        case .addresses(let max):
            guard words.count <= max else { throw ParameterError("Too many bind addresses specified.") }
            return ParameterForm.joined(words)
        case .fileName(let name, let noun): return try ParameterForm.fileName(words[0], name, noun)
        case .oomModes: return try ParameterForm.oomMode(words)
        case .primaryAddress: return try ParameterForm.primaryAddress(words)
        case .shutdownModes: return try ParameterForm.shutdownModes(words)
        case .titleTemplate: return try ParameterForm.titleTemplate(words[0])
        }
    }
}

extension ByteString {
    /// The number that C reads here: signs and leading zeros are taken, blanks are not.
    var integer: Int? {
        var digits = bytes[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard let first = digits.first, first.isDigit else { return nil }
        let rest = digits.drop { $0 == UInt8(ascii: "0") }
        if rest.isEmpty { return 0 }
        let sign: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        return (sign + rest).withView { $0.integer.map { Int($0) } }
    }

    /// The number that these octal digits mean; nil when they are none or it is too large.
    var octal: Int? {
        guard !isEmpty, bytes.allSatisfy({ (48...55).contains($0) }) else { return nil }
        var value = 0
        for byte in bytes {
            guard value >> 59 == 0 else { return nil }
            value = value << 3 | Int(byte - 48)
        }
        return value
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (48...57).contains(self) }
}

extension ParameterForm {
    static func joined(_ words: [ByteString]) -> ByteString {
        words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func bool(_ word: ByteString) throws(ParameterError) -> ByteString {
        let lower = word.lowercased
        guard lower == "yes" || lower == "no" else { throw ParameterError("argument must be 'yes' or 'no'") }
        return lower
    }

    private static func integer(
        _ word: ByteString, _ range: ClosedRange<Int>
    ) throws(ParameterError) -> ByteString {
        guard let value = word.withView({ $0.integer }) else {
            throw ParameterError("argument couldn't be parsed into an integer")
        }
        return try inRange(Int(value), range)
    }

    private static func inRange(_ value: Int, _ range: ClosedRange<Int>) throws(ParameterError) -> ByteString
    {
        guard range.contains(value) else {
            throw ParameterError(
                "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return "\(value)"
    }

    /// Bytes from a number with a unit, no number counting as 0; nil when it is none or beyond 64 bits.
    public static func bytes(_ text: ByteString) -> UInt64? {
        let digits = text.bytes.prefix { $0.isDigit }
        let number = digits.isEmpty ? 0 : Array(digits).withView { $0.unsignedInteger }
        guard let number else { return nil }
        let unit: UInt64
        switch ByteString(text.bytes[digits.count...]).lowercased {
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

    private static func memory(
        _ word: ByteString, _ range: ClosedRange<UInt64>
    ) throws(ParameterError) -> ByteString {
        guard let value = bytes(word) else { throw ParameterError("argument must be a memory value") }
        guard range.contains(value) else {
            throw ParameterError(
                "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return "\(value)"
    }

    /// Redis names the whole range, -1 included.
    private static func signedMemory(_ word: ByteString) throws(ParameterError) -> ByteString {
        if word == "-1" { return word }
        let isNegative = word.hasPrefix("-")
        guard let value = bytes(isNegative ? word.dropFirst() : word) else {
            throw ParameterError("argument must be a memory value")
        }
        guard !isNegative || value == 0, let number = Int(exactly: value) else {
            throw ParameterError("argument must be between -1 and \(Int.max) inclusive")
        }
        return "\(number)"
    }

    private static func memoryOrPercent(_ word: ByteString) throws(ParameterError) -> ByteString {
        if word.hasSuffix("%") {
            guard let share = Array(word.bytes.dropLast()).withView({ $0.integer }), share >= 0 else {
                throw ParameterError("argument must be a memory or percent value")
            }
            guard share <= 100 else {
                throw ParameterError("percentage argument must be less or equal to 100")
            }
            return "\(share)%"
        }
        guard let value = bytes(word) else {
            throw ParameterError("argument must be a memory or percent value")
        }
        return "\(value)"
    }

    private static func octal(_ word: ByteString, _ range: ClosedRange<Int>) throws(ParameterError)
        -> ByteString
    {
        guard let value = word.octal else {
            throw ParameterError("argument couldn't be parsed as an octal number")
        }
        guard range.contains(value) else {
            let low = String(range.lowerBound, radix: 8)
            throw ParameterError(
                "argument must be between \(low) and \(String(range.upperBound, radix: 8)) inclusive")
        }
        return ByteString(String(value, radix: 8))
    }

    /// Names are matched in any case, and shown as declared.
    static func choose(_ words: [ByteString], _ choices: [String]) throws(ParameterError) -> ByteString {
        let given = words.map(\.lowercased)
        let names = choices.map { ByteString($0).lowercased }
        guard !given.isEmpty, given.allSatisfy({ names.contains($0) }) else {
            throw ParameterError(
                "argument(s) must be one of the following: \(choices.joined(separator: ", "))")
        }
        return joined(zip(choices, names).filter { given.contains($1) }.map { ByteString($0.0) })
    }

    private static func savePoints(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        if words == [""] { return "" }
        let numbers = words.map { $0.integer ?? -1 }
        guard words.count % 2 == 0 else { throw ParameterError("Invalid save parameters") }
        for i in stride(from: 0, to: numbers.count, by: 2) where numbers[i] < 1 || numbers[i + 1] < 0 {
            throw ParameterError("Invalid save parameters")
        }
        return joined(numbers.map { "\($0)" })
    }

    /// Redis shows the classes in an order of its own and abbreviates all of them as `A`.
    private static func eventClasses(_ word: ByteString) throws(ParameterError) -> ByteString {
        let every = Array("g$lshzxetd".utf8)
        let others = Array("nKEm".utf8)
        let given = word.bytes.flatMap { $0 == UInt8(ascii: "A") ? every : [$0] }
        guard given.allSatisfy({ every.contains($0) || others.contains($0) }) else {
            throw ParameterError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
        }
        let chosen = every.filter { given.contains($0) }
        // Redis leaves out `n` behind an `A`, which does not imply it: what is shown here can be set again.
        return ByteString(
            (chosen == every ? [UInt8(ascii: "A")] : chosen) + others.filter { given.contains($0) })
    }

    private static func percentiles(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        if words == [""] { return "" }
        var texts: [ByteString] = []
        for word in words {
            guard let share = word.withView({ $0.double }) else {
                throw ParameterError("Invalid latency-tracking-info-percentiles parameters")
            }
            guard (0...100).contains(share) else {
                throw ParameterError(
                    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
            }
            texts.append(ByteString(FixedText.percentile(share)))
        }
        return joined(texts)
    }
}

/// The three limits of each class of clients.
enum BufferLimits {
    private static let classes: [ByteString] = ["normal", "slave", "pubsub"]

    /// The limits in `current` with those given in `words` in their places.
    static func merged(_ words: [ByteString], into current: ByteString) throws(ParameterError) -> ByteString {
        guard words.count % 4 == 0 else {
            throw ParameterError("Wrong number of arguments in buffer limit configuration.")
        }
        var fields = current.words()
        for i in stride(from: 0, to: words.count, by: 4) {
            let name = words[i].lowercased == "replica" ? "slave" : words[i].lowercased
            guard let place = classes.firstIndex(of: name) else {
                throw ParameterError("Invalid client class specified in buffer limit configuration.")
            }
            guard let hard = ParameterForm.bytes(words[i + 1]), let soft = ParameterForm.bytes(words[i + 2]),
                let seconds = words[i + 3].integer, seconds >= 0
            else {
                throw ParameterError(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
            }
            fields.replaceSubrange(
                (place * 4)..<(place * 4 + 4), with: [name, "\(hard)", "\(soft)", "\(seconds)"])
        }
        return fields.joined(separator: " ")
    }
}
