// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The commands on modules. There are none, and none can be loaded: modules are libraries against Redis's own internals.
enum ModuleCommands {
    static let command = Command(
        container: "MODULE", arity: -2, .server,
        [
            Command(
                "LIST", arity: 2, [.admin, .noscript], .server, tips: "nondeterministic_output_order",
                ModuleList.self),
            Command("LOAD", arity: -3, [.admin, .noscript], .server, ModuleLoad.self),
            Command("LOADEX", arity: -3, [.admin, .noscript], .server, ModuleLoad.self),
            Command("UNLOAD", arity: 3, [.admin, .noscript], .server, ModuleUnload.self),
            Command("HELP", arity: 2, [.loading, .stale], .server, ModuleHelp.self),
        ])

    /// Refuses whoever `enable-module-command` does not let in.
    fileprivate static func require(_ call: Call) throws(Refusal) {
        let config = call.engine.config
        guard !config.allows(config.settings.moduleCommand, call.session) else { return }
        throw .custom(
            """
            ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it \
            from a local connection, otherwise you need to set this option in the configuration file, and then \
            restart the server.
            """)
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
        try ModuleCommands.require(call)
        throw .custom("ERR Error loading the extension: modules are not built")
    }
}

/// MODULE UNLOAD name
enum ModuleUnload: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ModuleCommands.require(call)
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
                "    The modules that are loaded: there are none.",
                "LOAD <path> [<arg> ...]",
                "    Refused: modules are not built.",
                "LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]",
                "    Refused: modules are not built.",
                "UNLOAD <name>",
                "    Unload a module.",
            ])
    }
}
