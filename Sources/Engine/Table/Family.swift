// SPDX-License-Identifier: Apache-2.0

/// What one family or feature brings along: its commands, what there is to say about them, and its directives.
public struct Family: Sendable {
    /// The rows of its commands.
    public let commands: [Command]
    /// The documentation of those commands, one row for each.
    public let docs: [CommandDoc]
    /// The directives that it reads.
    public let parameters: [Parameter]
    /// Its subcommands of DEBUG.
    public let debugging: [DebugCommand]

    /// A family of these rows.
    public init(
        commands: [Command], docs: [CommandDoc], parameters: [Parameter] = [], debugging: [DebugCommand] = []
    ) {
        self.debugging = debugging
        self.commands = commands
        self.docs = docs
        self.parameters = parameters
    }
}
