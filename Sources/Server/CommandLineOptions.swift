// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import RESP

/// The options of the command line as lines of a configuration file.
enum CommandLineOptions {
    /// Each `--name` begins a line, and the words up to the next are its value. The word behind a name is its value
    /// even if it begins with dashes, but for `--save` and `--sentinel`, which may stand alone. A word in one piece
    /// with its name (`"--port 7000"`) has its value already.
    static func lines(_ options: ArraySlice<ByteString>) -> [UInt8] {
        var text: [UInt8] = []
        var lacksValue = false
        for (index, option) in zip(options.indices, options) {
            guard !lacksValue, option.hasPrefix("--") else {
                // A word that belongs to no option begins a line of its own, which is then refused.
                text +=
                    text.isEmpty || text.last == newline ? quoted(option).bytes : [32] + quoted(option).bytes
                lacksValue = false
                continue
            }
            if !text.isEmpty { text.append(newline) }
            text += option.dropFirst(2).bytes
            lacksValue = takesNext(option, options[options.index(after: index)...].first)
            if !lacksValue, option.lowercased == "--save" { text += [32, 34, 34] }
        }
        return text
    }

    /// Whether the word behind an option is its value.
    private static func takesNext(_ option: ByteString, _ next: ByteString?) -> Bool {
        guard splitWords(option.bytes)?.count == 1 else { return false }
        let mayStandAlone = option.lowercased == "--save" || option.lowercased == "--sentinel"
        return !mayStandAlone || next.map { !$0.hasPrefix("--") } ?? false
    }

    /// The arguments without an option that is none of a configuration, wherever it stands among the others; nil when it
    /// is not there. As the value of another option it is not meant.
    static func removing(_ task: ByteString, _ arguments: [ByteString]) -> [ByteString]? {
        var rest: [ByteString] = []
        var isValue = false
        for (index, word) in arguments.enumerated() {
            if word == task, !isValue { continue }
            rest.append(word)
            isValue = !isValue && word.hasPrefix("--") && takesNext(word, arguments[(index + 1)...].first)
        }
        return rest.count < arguments.count ? rest : nil
    }

    private static let newline = UInt8(ascii: "\n")
}
