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

/// The families of this target, in the order in which COMMAND lists them.
public enum Families {
    public static let core: [Family] = [
        Strings.family,
        Bitmaps.family,
        Keys.family,
        Sets.family,
        Hashes.family,
        Transactions.family,
        Databases.family,
        Connection.family,
        PubSubCommands.family,
        Tracking.family,
        ConfigCommands.family,
        ServerCommands.family,
        Debugging.family,
        CommandCommands.family,
        InsightCommands.family,
        Saving.family,
        Roles.family,
        Modules.family,
    ]
}
