// SPDX-License-Identifier: Apache-2.0
import Engine

extension ServerCommands {
    /// The commands on the server with their documentation.
    public static let family = Family(commands: commands, docs: docs)
    /// The server as a whole: INFO, saving, roles, modules.
    public static let feature = Feature(
        "server", families: [family, Roles.family, Modules.family], info: InfoWriter.sections
    ) { InfoPart($0.keys.heap) }

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "INFO", "What the server is, holds and has done.", since: "1.0.0", "O(N), N connections",
            "[section]...", history: ["7.0.0 Several sections."]),
        CommandDoc("TIME", "The server's time.", since: "2.6.0", "O(1)"),
        CommandDoc(
            "SHUTDOWN", "Ends the server.", since: "1.0.0", "O(1)",
            "[abort-selector: (save-selector-block: [save-selector: NOSAVE | SAVE] [NOW] [FORCE] [SAFE] [FAILOVER]) | ABORT]",
            history: [
                "7.0.0 The options `NOW`, `FORCE` and `ABORT`.", "9.0.0 The options `SAFE` and `FAILOVER`.",
            ]),
        CommandDoc(
            "LOLWUT", "Draws something, and says which version this is.", since: "5.0.0", "O(1)",
            "[VERSION version:integer] [columns:integer] [rows:integer] [birds:integer]"),
    ]
}

extension ConfigCommands {
    /// CONFIG with its documentation, and the directives that no other feature brings.
    public static let family = Family(
        commands: commands, docs: docs,
        parameters: Parameters.built + Parameters.service + Parameters.notYet + Parameters.dormant
            + Parameters.noEffect + Parameters.fileOnly)
    /// CONFIG, and the directives that belong to no other feature.
    public static let feature = Feature("configuration", families: [family])

    /// What COMMAND DOCS tells of CONFIG.
    public static let docs: [CommandDoc] = [
        CommandDoc("CONFIG", "Reads and changes the configuration.", since: "2.0.0", "By subcommand"),
        CommandDoc(
            "CONFIG|GET", "The directives whose names match, and their values.", since: "2.0.0",
            "O(N*M), N directives, M patterns", "parameter...",
            history: ["7.0.0 Several patterns in one call."]),
        CommandDoc(
            "CONFIG|SET", "Sets directives, all of them or none.", since: "2.0.0", "O(N), N directives",
            "(data: parameter value)...", history: ["7.0.0 Several directives in one call."]),
        CommandDoc("CONFIG|RESETSTAT", "Sets the counters of INFO to zero.", since: "2.0.0", "O(1)"),
        CommandDoc("CONFIG|REWRITE", "Writes the present values into the file.", since: "2.8.0", "O(1)"),
        CommandDoc("CONFIG|HELP", "The subcommands and what they do.", since: "5.0.0", "O(1)"),
    ]
}

extension CommandCommands {
    /// COMMAND with its documentation.
    public static let family = Family(commands: commands, docs: docs)
    /// COMMAND, and what it tells of the commands.
    public static let feature = Feature("introspection", families: [family]) { CommandBook($0.families) }

    /// What COMMAND DOCS tells of COMMAND.
    public static let docs: [CommandDoc] = [
        CommandDoc("COMMAND", "Describes all commands.", since: "2.8.13", "O(N), N commands"),
        CommandDoc("COMMAND|COUNT", "How many commands there are.", since: "2.8.13", "O(1)"),
        CommandDoc(
            "COMMAND|DOCS", "What commands are for, and their arguments.", since: "7.0.0", "O(N), N commands",
            "[command-name]..."),
        CommandDoc(
            "COMMAND|GETKEYS", "The keys among the arguments of a call.", since: "2.8.13",
            "O(N), N arguments",
            "command [arg]..."),
        CommandDoc(
            "COMMAND|GETKEYSANDFLAGS", "The keys among the arguments of a call and what becomes of them.",
            since: "7.0.0", "O(N), N arguments", "command [arg]..."),
        CommandDoc("COMMAND|HELP", "The subcommands and what they do.", since: "5.0.0", "O(1)"),
        CommandDoc(
            "COMMAND|INFO", "Describes commands: arity, flags, keys, categories.", since: "2.8.13",
            "O(N), N commands", "[command-name]...",
            history: ["7.0.0 Without arguments it tells of all commands."]),
        CommandDoc(
            "COMMAND|LIST", "The names of commands.", since: "7.0.0", "O(N), N commands",
            "[FILTERBY (filterby: MODULE module-name | ACLCAT category | PATTERN pattern)]"),
    ]
}
