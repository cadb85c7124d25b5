// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine

/// What a script may do beside reading.
struct ScriptFlags: OptionSet {
    let rawValue: UInt8
    /// It declares its flags; otherwise it may do what any script could before there were flags.
    static let declared = ScriptFlags(rawValue: 1)
    static let noWrites = ScriptFlags(rawValue: 2)
    static let allowOOM = ScriptFlags(rawValue: 4)
    static let allowStale = ScriptFlags(rawValue: 8)
    static let noCluster = ScriptFlags(rawValue: 16)
    static let allowCrossSlotKeys = ScriptFlags(rawValue: 32)

    /// The names that a shebang line gives them.
    static let names: [(ScriptFlags, StaticString)] = [
        (.noWrites, "no-writes"), (.allowOOM, "allow-oom"), (.allowStale, "allow-stale"),
        (.noCluster, "no-cluster"), (.allowCrossSlotKeys, "allow-cross-slot-keys"),
    ]
}

/// The first line of a script that says what it needs: `#!lua flags=no-writes,allow-oom`.
enum Shebang {
    /// The flags, and the rest of the text from the end of the line on, so that lines keep their numbers.
    static func read(_ text: ByteView, _ call: Call) throws(Refusal) -> (ScriptFlags, ByteView) {
        guard text.count >= 2, text[0] == UInt8(ascii: "#"), text[1] == UInt8(ascii: "!") else {
            return ([], text)
        }
        var end = 2
        while end < text.count, text[end] != 10 { end += 1 }
        guard end < text.count else { throw .custom("ERR Invalid script shebang") }
        let words = text[2..<end].array.split(separator: 32)
        guard let first = words.first, first.elementsEqual("lua".utf8) else {
            throw call.refusal("ERR Unexpected engine in script shebang: \(ByteString(words.first ?? []))")
        }
        var flags: ScriptFlags = .declared
        for word in words.dropFirst() {
            guard word.starts(with: "flags=".utf8) else {
                throw call.refusal("ERR Unknown lua shebang option: \(ByteString(word))")
            }
            for name in word.dropFirst(6).split(separator: UInt8(ascii: ",")) {
                let known = ScriptFlags.names.first { flag in
                    Array(name).withView { $0 == ByteView(flag.1) }
                }
                guard let known else {
                    throw call.refusal("ERR Unexpected flag in script shebang: \(ByteString(name))")
                }
                flags.insert(known.0)
            }
        }
        return (flags, text.dropFirst(end))
    }
}
