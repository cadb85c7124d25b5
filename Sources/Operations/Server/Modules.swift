// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands on modules, of which the server has none: it cannot load code.
public enum Modules {
    private static let changing: CommandFlags = [.admin, .noscript, .noAsyncLoading]

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            container: "MODULE", arity: -2, .server,
            [
                Command(
                    "LIST", arity: 2, [.admin, .noscript], .server, tips: "nondeterministic_output_order",
                    ModuleList.self),
                Command("LOAD", arity: -3, changing, .server, ModuleLoad.self),
                Command("LOADEX", arity: -3, changing, .server, ModuleLoad.self),
                Command("UNLOAD", arity: 3, changing, .server, ModuleUnload.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, ModuleHelp.self),
            ])
    ]

    /// MODULE with its documentation.
    public static let family = Family(
        commands: commands,
        docs: [
            CommandDoc("MODULE", "Modules of the server.", since: "4.0.0", "By subcommand"),
            CommandDoc("MODULE|LIST", "The modules that are loaded.", since: "4.0.0", "O(N), N modules"),
            CommandDoc("MODULE|LOAD", "Loads a module.", since: "4.0.0", "O(1)", "path [arg]..."),
            CommandDoc(
                "MODULE|LOADEX", "Loads a module with its configuration.", since: "7.0.0", "O(1)",
                "path [CONFIG (configs: name value)]... [ARGS args...]"),
            CommandDoc("MODULE|UNLOAD", "Unloads a module.", since: "4.0.0", "O(1)", "name"),
            CommandDoc("MODULE|HELP", "The subcommands and what they do.", since: "5.0.0", "O(1)"),
        ])

    /// Refuses clients for whom `enable-module-command` does not open these commands.
    fileprivate static func requireOpen(_ call: Call) throws(Refusal) {
        let config = call.engine.config
        guard config.allows(config.settings.moduleCommand, call.session) else {
            throw .custom(
                """
                ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it \
                from a local connection, otherwise you need to set this option in the configuration file, and then \
                restart the server.
                """)
        }
    }
}

/// MODULE LIST
enum ModuleList: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(0)
    }
}

/// MODULE LOAD path [arg …], MODULE LOADEX path [CONFIG name value …] [ARGS arg …]
enum ModuleLoad: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Modules.requireOpen(call)
        throw .custom("ERR Error loading the extension. This server cannot load modules.")
    }
}

/// MODULE UNLOAD name
enum ModuleUnload: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Modules.requireOpen(call)
        throw .custom("ERR Error unloading module: no such module with that name")
    }
}

/// MODULE HELP
enum ModuleHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "MODULE",
            [
                "LIST",
                "    The modules that are loaded: none, because this server cannot load any.",
                "LOAD <path> [<arg> ...]",
                "    Refused.",
                "LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]",
                "    Refused.",
                "UNLOAD <name>",
                "    Refused.",
            ])
    }
}
