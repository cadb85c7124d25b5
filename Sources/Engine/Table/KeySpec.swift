// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

/// Where the keys stand among a command's arguments, and what happens to them.
///
/// Written as `begin+find[flags]`: `idx1+range(0,1,0)[RW access update]`, with a remark behind it if need be. A command
/// with several has them separated by `; `.
public struct KeySpec: Sendable, Equatable {
    /// Where the first key stands.
    public enum Begin: Sendable, Equatable {
        /// At this argument.
        case index(Int)
        /// Behind this word, looked for from an argument on (from behind if negative).
        case keyword(String, from: Int)
        /// No rule says where.
        case unknown
    }

    /// How the other keys are found from the first.
    public enum Find: Sendable, Equatable {
        /// Up to `last` (relative to the first; from the end if negative) in steps. With a negative `last`, a `limit`
        /// above 1 divides the rest of the arguments by it.
        case range(last: Int, step: Int, limit: Int)
        /// As many as an argument says; all three numbers are relative to the first.
        case count(numberIndex: Int, first: Int, step: Int)
        /// No rule says how.
        case unknown
    }

    /// Where the first key stands, and how the others are found from it.
    public let begin: Begin
    public let find: Find
    /// What becomes of the keys, in the words of COMMAND DOCS: `RW`, `access`, `update` and others.
    public let flags: [String]
    /// A remark for readers; mostly empty.
    public let notes: String
    /// What stands there is treated like a key by proxies, but names none (shard channels).
    public var isNoKey: Bool { flags.contains("not_key") }

    /// Reads the text of a row; malformed text is a programmer's error.
    public static func parse(_ text: String) -> [KeySpec] {
        text.split(separator: ";").map { part in
            let trimmed = part.drop { $0 == " " }
            guard let spec = KeySpec(trimmed) else { preconditionFailure("malformed key spec: \(part)") }
            return spec
        }
    }

    private init?(_ text: Substring) {
        guard let open = text.firstIndex(of: "["), let close = text.lastIndex(of: "]"),
            let plus = text[..<open].lastIndex(of: "+")
        else { return nil }
        guard let begin = KeySpec.begin(text[..<plus]),
            let find = KeySpec.find(text[text.index(after: plus)..<open])
        else { return nil }
        self.begin = begin
        self.find = find
        flags = text[text.index(after: open)..<close].split(separator: " ").map(String.init)
        notes = text[text.index(after: close)...].split(separator: " ").joined(separator: " ")
    }

    private static func begin(_ text: Substring) -> Begin? {
        if text == "unknown" { return .unknown }
        if text.hasPrefix("idx") { return Int(text.dropFirst(3)).map { .index($0) } }
        guard text.hasPrefix("kw:"), let at = text.lastIndex(of: "@") else { return nil }
        let word = String(text[..<at].dropFirst(3))
        return Int(text[text.index(after: at)...]).map { .keyword(word, from: $0) }
    }

    private static func find(_ text: Substring) -> Find? {
        if text == "unknown" { return .unknown }
        guard let open = text.firstIndex(of: "("), text.last == ")" else { return nil }
        let numbers = text[text.index(after: open)...].dropLast().split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 3 else { return nil }
        switch text[..<open] {
        case "range": return .range(last: numbers[0], step: numbers[1], limit: numbers[2])
        case "keynum": return .count(numberIndex: numbers[0], first: numbers[1], step: numbers[2])
        default: return nil
        }
    }

    // MARK: First, last, step

    /// The three numbers of COMMAND INFO, which only ranges at fixed places can tell; zeros otherwise.
    public static func legacyRange(_ specs: [KeySpec]) -> (first: Int, last: Int, step: Int) {
        var first = Int.max
        var last = 0
        var step = 0
        var lastOfPrevious = 0
        for spec in specs {
            guard case .index(let begin) = spec.begin, case .range(let end, let by, _) = spec.find else {
                continue
            }
            // Ranges that do not follow each other cannot be told as one.
            if step != 0, step != by || lastOfPrevious != begin - 1 { continue }
            first = min(first, begin)
            step = by
            lastOfPrevious = end >= 0 ? begin + end : end
            last = last < 0 ? last : lastOfPrevious
        }
        return step == 0 ? (0, 0, 0) : (first, last, step)
    }

    // MARK: The keys of a call

    /// Indexes of the keys in the arguments of a call (its name first); nil when the arguments are malformed.
    public func indexes(_ args: Arguments) -> [Int]? {
        guard let first = firstIndex(args) else { return [] }
        guard first < args.count else { return nil }
        switch find {
        case .unknown:
            return []
        case .range(let last, let step, let limit):
            return KeySpec.range(first, last: last, step: step, limit: limit, args.count)
        case .count(let numberIndex, let offset, let step):
            let at = first + numberIndex
            guard at < args.count, let count = args[at].integer, count > 0, count <= Int64(args.count) else {
                return nil
            }
            let start = first + offset
            let end = start + (Int(count) - 1) * step
            guard end < args.count else { return nil }
            return Array(stride(from: start, through: end, by: step))
        }
    }

    private static func range(_ first: Int, last: Int, step: Int, limit: Int, _ count: Int) -> [Int]? {
        var end = first + last
        if last < 0 {
            // Some commands have several lists of equal length behind each other.
            end = limit > 1 ? first + (count - first) / limit + last : count + last
        }
        guard end >= first, end < count else { return nil }
        return Array(stride(from: first, through: end, by: step))
    }

    private func firstIndex(_ args: Arguments) -> Int? {
        switch begin {
        case .unknown: return nil
        case .index(let index): return index
        case .keyword(let word, let from):
            let candidates =
                from >= 0
                ? Array(stride(from: from, to: args.count, by: 1))
                : Array(stride(from: args.count + from, to: 0, by: -1))
            let bytes = Array(word.utf8)
            let hit = candidates.first { index in bytes.withView { args[index].equalsIgnoringCase($0) } }
            return hit.map { $0 + 1 }
        }
    }
}
