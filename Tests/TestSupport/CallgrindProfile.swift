// SPDX-License-Identifier: Apache-2.0
// What callgrind writes about a run: how often each function was called, and how many instructions there were.

/// The counts of one run, from the text of a callgrind output file.
public struct CallgrindProfile: Sendable {
    /// Calls by the name of the called function. The levels of a recursion, which callgrind tells apart as `f`, `f'2`
    /// and so on, are one function here.
    public private(set) var calls: [String: Int] = [:]
    /// Instructions of the whole run.
    public private(set) var instructions = 0

    /// Throws when the text has no total, because the run was cut short, or names a function that was never spelled out.
    public init(_ text: String) throws {
        // A name is spelled out where it first occurs, as `(7) malloc`, be it a caller (fn) or a called one (cfn);
        // afterwards the number alone stands for it.
        var names: [Substring: String] = [:]
        var called: String?
        var total: Int?
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
            let rest = line[line.index(after: equals)...]
            switch line[...equals] {
            case "fn=", "cfn=":
                let number = rest.prefix { $0 != " " }
                if number.endIndex < rest.endIndex {
                    names[number] = CallgrindProfile.plain(rest[rest.index(after: number.endIndex)...])
                }
                guard line.first == "c" else { continue }
                guard let name = names[number] else { throw SupportError("callgrind: no name for \(rest)") }
                called = name
            case "calls=":
                guard let called, let count = Int(rest.prefix { $0 != " " }) else {
                    throw SupportError("callgrind: \(line)")
                }
                calls[called, default: 0] += count
            case "totals:": total = Int(rest.drop { $0 == " " }.prefix { $0.isNumber })
            default: continue
            }
        }
        guard let total else { throw SupportError("callgrind: the file has no total") }
        instructions = total
    }

    private static func plain(_ name: Substring) -> String {
        guard let quote = name.lastIndex(of: "'"), name[quote...].dropFirst().allSatisfy(\.isNumber) else {
            return String(name)
        }
        return String(name[..<quote])
    }
}
