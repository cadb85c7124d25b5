// SPDX-License-Identifier: Apache-2.0
import Bytes
import Commands
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
            guard splitWords(option.bytes)?.count == 1 else { continue }
            let next = options.index(after: index)
            let standsAlone = next == options.endIndex || options[next].hasPrefix("--")
            switch option.lowercased {
            case "--save" where standsAlone: text += [32, 34, 34]
            case "--sentinel" where standsAlone: break
            default: lacksValue = true
            }
        }
        return text
    }

    private static let newline = UInt8(ascii: "\n")
}
