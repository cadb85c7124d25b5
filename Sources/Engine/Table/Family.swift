// SPDX-License-Identifier: Apache-2.0

/// What one family or feature brings along: its commands, what there is to say about them, and its directives.
public struct Family: Sendable {
    public let commands: [Command]
    public let docs: [CommandDoc]
    public let parameters: [Parameter]

    public init(commands: [Command], docs: [CommandDoc], parameters: [Parameter] = []) {
        self.commands = commands
        self.docs = docs
        self.parameters = parameters
    }
}
