// SPDX-License-Identifier: Apache-2.0
import Bytes

// The forms of directives that concern files and the process.

extension ParameterForm {
    static func fileName(_ word: [UInt8], _ name: String, _ noun: String) throws(ParameterError) -> [UInt8] {
        guard !word.contains(UInt8(ascii: "/")) else {
            throw ParameterError("\(name) can't be a path, just a \(noun)")
        }
        guard !word.isEmpty || noun == "filename" && name == "dbfilename" else {
            throw ParameterError("\(name) can't be empty")
        }
        return word
    }

    /// `relative` is another word for `yes`, and shown as that.
    static func oomMode(_ texts: [String]) throws(ParameterError) -> [UInt8] {
        let mode = try choose(texts, ["no", "yes", "relative", "absolute"])
        return mode == Array("relative".utf8) ? Array("yes".utf8) : mode
    }

    static func oomScores(_ words: [[UInt8]]) throws(ParameterError) -> [UInt8] {
        guard words.count == 3 else { throw ParameterError("wrong number of arguments") }
        var scores: [String] = []
        for word in words {
            guard let score = word.withView({ $0.integer }), (-2000...2000).contains(score) else {
                throw ParameterError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
            }
            scores.append(String(score))
        }
        return joined(scores)
    }

    static func primaryAddress(_ texts: [String]) throws(ParameterError) -> [UInt8] {
        if texts == [""] { return [] }
        guard texts.count == 2 else { throw ParameterError("wrong number of arguments") }
        if texts.map({ $0.lowercased() }) == ["no", "one"] { return [] }
        guard let port = Int(texts[1]), (0...65535).contains(port) else {
            throw ParameterError("Invalid master port")
        }
        return joined(texts)
    }

    /// `default` stands for no mode at all and gives way to any other.
    static func shutdownModes(_ texts: [String]) throws(ParameterError) -> [UInt8] {
        let modes = ["default", "save", "nosave", "now", "force", "safe", "failover"]
        let chosen = try choose(texts, modes)
        let words = chosen.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        if words.contains("save"), words.contains("nosave") {
            throw ParameterError("shutdown options SAVE and NOSAVE can't be used simultaneously")
        }
        if words.contains("save") { throw ParameterError("saving at shutdown is not built yet") }
        let given = words.filter { $0 != "default" }
        return given.isEmpty ? Array("default".utf8) : joined(given)
    }

    /// The variables of `proc-title-template`.
    static let titleVariables = [
        "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file",
    ]

    static func titleTemplate(_ word: [UInt8]) throws(ParameterError) -> [UInt8] {
        let filled = String(decoding: word, as: UTF8.self).filled { titleVariables.contains($0) ? "" : nil }
        guard filled != nil, !word.isEmpty else {
            throw ParameterError("template format is invalid or contains unknown variables")
        }
        return word
    }
}

extension String {
    /// The text with each variable in braces replaced by what `value` gives for it; nil when a brace is not closed or
    /// a variable is unknown.
    public func filled(_ value: (String) -> String?) -> String? {
        var out = ""
        var rest = self[...]
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            rest = rest[open...].dropFirst()
            guard let close = rest.firstIndex(of: "}"), let text = value(String(rest[..<close])) else {
                return nil
            }
            out += text
            rest = rest[close...].dropFirst()
        }
        return out + rest
    }
}
