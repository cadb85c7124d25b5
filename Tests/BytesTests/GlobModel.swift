// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A matcher by the definition, over and over the pattern's own bytes: slow, and plainly right.
struct GlobModel {
    let pattern: [UInt8]
    let ignoresCase: Bool

    private func fold(_ byte: UInt8) -> UInt8 { ignoresCase ? byte.asciiLower : byte }
    /// A byte as C sees it.
    private func signed(_ byte: UInt8) -> Int { Int(Int8(bitPattern: byte)) }

    func matches(_ text: [UInt8]) -> Bool {
        if text.isEmpty { return pattern.isEmpty }
        // Which beginnings of the text the elements so far match, by their length.
        var reached = [true] + Array(repeating: false, count: text.count)
        var at = 0
        var stars = 0
        while at < pattern.count {
            if pattern[at] == UInt8(ascii: "*") {
                while at < pattern.count, pattern[at] == UInt8(ascii: "*") { at += 1 }
                if at < pattern.count { stars += 1 }
                let first = reached.firstIndex(of: true) ?? reached.count
                for length in first..<reached.count { reached[length] = true }
                continue
            }
            let (end, takes) = element(at)
            at = end
            reached = [false] + text.indices.map { reached[$0] && takes(text[$0]) }
        }
        return reached[text.count] && stars <= 1000
    }

    /// What one element takes, and where the next one begins.
    private func element(_ at: Int) -> (end: Int, takes: (UInt8) -> Bool) {
        switch pattern[at] {
        case UInt8(ascii: "?"): return (at + 1, { _ in true })
        case UInt8(ascii: "["): return classElement(at + 1)
        case UInt8(ascii: "\\") where at + 1 < pattern.count:
            return (at + 2, { fold($0) == fold(pattern[at + 1]) })
        default: return (at + 1, { fold($0) == fold(pattern[at]) })
        }
    }

    private func classElement(_ open: Int) -> (end: Int, takes: (UInt8) -> Bool) {
        let isNegated = open < pattern.count && pattern[open] == UInt8(ascii: "^")
        var at = open + (isNegated ? 1 : 0)
        var members: [(UInt8) -> Bool] = []
        while at < pattern.count, pattern[at] != UInt8(ascii: "]") {
            let here = at
            if pattern[at] == UInt8(ascii: "\\"), at + 1 < pattern.count {
                members.append { $0 == pattern[here + 1] }
                at += 2
            } else if at + 2 < pattern.count, pattern[at + 1] == UInt8(ascii: "-") {
                let bounds = [pattern[at], pattern[at + 2]].sorted { signed($0) < signed($1) }
                members.append {
                    signed(fold(bounds[0])) <= signed(fold($0)) && signed(fold($0)) <= signed(fold(bounds[1]))
                }
                at += 3
            } else {
                members.append { fold($0) == fold(pattern[here]) }
                at += 1
            }
        }
        return (min(at + 1, pattern.count), { byte in members.contains { $0(byte) } != isNegated })
    }
}
