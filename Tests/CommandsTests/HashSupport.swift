// SPDX-License-Identifier: Apache-2.0
import EngineRig

/// The pairs of a flat reply whose texts have no blanks: `*4 $1 a $1 1 $1 b $2 22`.
func pairs(_ reply: String) -> [String: String] {
    let words = reply.split(separator: " ").map(String.init)
    var pairs: [String: String] = [:]
    // A header, then four words for each pair: two lengths, two texts.
    for at in stride(from: 1, to: words.count - 3, by: 4) { pairs[words[at + 1]] = words[at + 3] }
    return pairs
}

extension Rig {
    /// All fields of a hash with their values.
    func fields(_ key: String) -> [String: String] { pairs(run("HGETALL", key)) }

    /// What OBJECT ENCODING says.
    func encodingName(_ key: String) -> String {
        run("OBJECT", "ENCODING", key).split(separator: " ").last.map(String.init) ?? ""
    }

    /// Names and values that a complete walk with HSCAN visits, and how often each name came.
    func scanFields(_ key: String, _ options: [String] = []) -> (
        fields: [String: String], visits: [String: Int]
    ) {
        var all: [String: String] = [:]
        var visits: [String: Int] = [:]
        var cursor = "0"
        repeat {
            let words = run(["HSCAN", key, cursor] + options).split(separator: " ", maxSplits: 3)
            cursor = String(words[2])
            for (name, value) in pairs(String(words[3])) {
                all[name] = value
                visits[name, default: 0] += 1
            }
        } while cursor != "0"
        return (all, visits)
    }
}
