// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the command line says.
struct Options {
    var seed = UInt64.random(in: 0...UInt64.max)
    var seconds = 60.0
    /// Inputs to run; no limit when 0.
    var commands = 0
    /// Where the last inputs are kept, in the child.
    var journal = ""

    var isChild: Bool { !journal.isEmpty }

    init(_ arguments: [String]) {
        var index = 1
        while index < arguments.count {
            let value = index + 1 < arguments.count ? arguments[index + 1] : ""
            switch arguments[index] {
            case "--seed": seed = Options.number(value, "--seed")
            case "--seconds": seconds = Options.number(value, "--seconds")
            case "--commands": commands = Options.number(value, "--commands")
            case "--journal": journal = value
            default: Options.refuse("unknown option \(arguments[index])")
            }
            index += 2
        }
    }

    private static func number<T: LosslessStringConvertible>(_ text: String, _ name: String) -> T {
        guard let value = T(text) else { refuse("\(name) wants a number") }
        return value
    }

    private static func refuse(_ text: String) -> Never {
        FileHandle.standardError.write(
            Data((text + "\nusage: Fuzz [--seconds N] [--commands N] [--seed N]\n").utf8))
        exit(2)
    }
}
