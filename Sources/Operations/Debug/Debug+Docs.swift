// SPDX-License-Identifier: Apache-2.0
import Engine

extension Debugging {
    /// DEBUG and MEMORY with their documentation.
    public static let family = Family(commands: commands, docs: docs)
    /// DEBUG, MEMORY and what they keep.
    public static let feature = Feature("debugging", families: [family]) { _ in DebugPart() }

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "DEBUG", "Looks inside and simulates, for tests.", since: "1.0.0", "By subcommand",
            "subcommand [argument]...", isInternal: true),
        CommandDoc("MEMORY", "Tells how memory is used.", since: "4.0.0", "By subcommand"),
        CommandDoc(
            "MEMORY|DOCTOR", "What is wrong with the use of memory, in words.", since: "4.0.0", "O(1)"),
        CommandDoc("MEMORY|HELP", "The subcommands and what they do.", since: "4.0.0", "O(1)"),
        CommandDoc("MEMORY|MALLOC-STATS", "What the allocator counts.", since: "4.0.0", "O(1)"),
        CommandDoc(
            "MEMORY|PURGE", "Gives unused memory back to the system.", since: "4.0.0", "O(N), N free pages"),
        CommandDoc("MEMORY|STATS", "How memory is used, in numbers.", since: "4.0.0", "O(N), N connections"),
        CommandDoc(
            "MEMORY|USAGE", "How many bytes a key and its value take.", since: "4.0.0", "O(1)",
            "key [SAMPLES count:integer]"),
    ]
}
