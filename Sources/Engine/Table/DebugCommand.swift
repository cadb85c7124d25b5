// SPDX-License-Identifier: Apache-2.0

/// A subcommand of DEBUG that a feature brings along. A wrong number of arguments gets the same answer as an unknown
/// name, so these are no subcommands of a container.
public struct DebugCommand: Sendable {
    /// The name in upper case.
    public let name: StaticString
    /// Numbers of arguments that it takes, DEBUG and the name included.
    public let counts: ClosedRange<Int>
    /// The function that carries it out.
    public let handler: any Handler.Type
    /// What DEBUG HELP says: the syntax, and lines that explain it.
    public let help: [StaticString]

    /// A subcommand of these parts.
    public init(
        _ name: StaticString, _ counts: ClosedRange<Int>, _ handler: any Handler.Type,
        help: [StaticString] = []
    ) {
        self.name = name
        self.counts = counts
        self.handler = handler
        self.help = help
    }
}
