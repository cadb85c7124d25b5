// SPDX-License-Identifier: Apache-2.0

/// The command tables of this target, one per family.
public enum Families {
    public static let core: [[Command]] = [
        Strings.commands,
        Keys.commands,
        Sets.commands,
        Transactions.commands,
        Databases.commands,
        Connection.commands,
        ConfigCommands.commands,
        ServerCommands.commands,
        Debugging.commands,
    ]
}
