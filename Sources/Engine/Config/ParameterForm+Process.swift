// SPDX-License-Identifier: Apache-2.0
import Bytes

// The forms of directives that concern files and the process.

extension ParameterForm {
    static func fileName(
        _ word: ByteString, _ name: String, _ noun: String
    ) throws(ParameterError) -> ByteString {
        guard !word.bytes.contains(UInt8(ascii: "/")) else {
            throw ParameterError("\(name) can't be a path, just a \(noun)")
        }
        guard !word.isEmpty || noun == "filename" && name == "dbfilename" else {
            throw ParameterError("\(name) can't be empty")
        }
        return word
    }

    /// `relative` is another word for `yes`, and shown as that.
    static func oomMode(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        let mode = try choose(words, ["no", "yes", "relative", "absolute"])
        return mode == "relative" ? "yes" : mode
    }

    static func oomScores(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        guard words.count == 3 else { throw ParameterError("wrong number of arguments") }
        var scores: [ByteString] = []
        for word in words {
            guard let score = word.integer, (-2000...2000).contains(score) else {
                throw ParameterError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
            }
            scores.append("\(score)")
        }
        return joined(scores)
    }

    static func primaryAddress(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        if words.isEmpty || words == [""] { return "" }
        guard words.count == 2 else { throw ParameterError("wrong number of arguments") }
        if words.map(\.lowercased) == ["no", "one"] { return "" }
        guard let port = words[1].integer, (0...65535).contains(port) else {
            throw ParameterError("Invalid master port")
        }
        return joined(words)
    }

    /// `default` stands for no mode at all and gives way to any other.
    static func shutdownModes(_ words: [ByteString]) throws(ParameterError) -> ByteString {
        let modes = ["default", "save", "nosave", "now", "force", "safe", "failover"]
        let chosen = try choose(words, modes).words()
        if chosen.contains("save"), chosen.contains("nosave") {
            throw ParameterError("shutdown options SAVE and NOSAVE can't be used simultaneously")
        }
        let given = chosen.filter { $0 != "default" }
        return given.isEmpty ? "default" : joined(given)
    }

    /// The variables of `proc-title-template`.
    static let titleVariables: [ByteString] = [
        "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file",
    ]

    static func titleTemplate(_ word: ByteString) throws(ParameterError) -> ByteString {
        guard !word.isEmpty, word.filled({ titleVariables.contains($0) ? "" : nil }) != nil else {
            throw ParameterError("template format is invalid or contains unknown variables")
        }
        return word
    }
}

extension ByteString {
    /// The text with each variable in braces replaced by what `value` gives for it; nil when a brace is not closed or
    /// a variable is unknown.
    public func filled(_ value: (ByteString) -> ByteString?) -> ByteString? {
        var out: ByteString = ""
        var rest = bytes[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            out += ByteString(rest[..<open])
            rest = rest[(open + 1)...]
            guard let close = rest.firstIndex(of: UInt8(ascii: "}")),
                let text = value(ByteString(rest[..<close]))
            else { return nil }
            out += text
            rest = rest[(close + 1)...]
        }
        return out + ByteString(rest)
    }
}
