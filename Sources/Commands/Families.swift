// SPDX-License-Identifier: Apache-2.0

/// The command tables of this target, one per family, and what there is to say about their commands.
public enum Families {
    public static let core: [[Command]] = [
        Strings.commands,
        Bitmaps.commands,
        Keys.commands,
        Sets.commands,
        Transactions.commands,
        Databases.commands,
        Connection.commands,
        ConfigCommands.commands,
        ServerCommands.commands,
        Debugging.commands,
        CommandCommands.commands,
    ]

    public static let docs: [[CommandDoc]] = [
        Strings.docs,
        Bitmaps.docs,
        Keys.docs,
        Sets.docs,
        Transactions.docs,
        Databases.docs,
        Connection.docs,
        ConfigCommands.docs,
        ServerCommands.docs,
        Debugging.docs,
        CommandCommands.docs,
    ]
}
