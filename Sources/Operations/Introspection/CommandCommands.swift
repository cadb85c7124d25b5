// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The command that describes commands.
public enum CommandCommands {
    private static let flags: CommandFlags = [.loading, .stale]

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            container: "COMMAND", arity: -1, .server, flags: flags, acl: "@connection",
            tips: "nondeterministic_output_order", handler: DescribeAll.self,
            [
                Command("COUNT", arity: 2, flags, .server, acl: "@connection", CommandCount.self),
                Command(
                    "DOCS", arity: -2, flags, .server, acl: "@connection",
                    tips: "nondeterministic_output_order",
                    CommandDocs.self),
                Command("GETKEYS", arity: -3, flags, .server, acl: "@connection", CommandGetKeys.self),
                Command(
                    "GETKEYSANDFLAGS", arity: -3, flags, .server, acl: "@connection",
                    CommandGetKeysAndFlags.self),
                Command("HELP", arity: 2, flags, .server, acl: "@connection", CommandHelp.self),
                Command(
                    "INFO", arity: -2, flags, .server, acl: "@connection",
                    tips: "nondeterministic_output_order",
                    CommandInfo.self),
                Command(
                    "LIST", arity: -2, flags, .server, acl: "@connection",
                    tips: "nondeterministic_output_order",
                    CommandList.self),
            ])
    ]
}

/// COMMAND
enum DescribeAll: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let (table, book) = (call.engine.table, call.engine.part(CommandBook.self))
        let all = table.topLevel
        reply.array(all.count)
        for index in all { book.describe(index, table, reply) }
    }
}

/// COMMAND COUNT
enum CommandCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.engine.table.topLevel.count)
    }
}

/// COMMAND INFO [command-name …]
enum CommandInfo: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count > 2 else { return try DescribeAll.run(call, args, keys, reply) }
        let (table, book) = (call.engine.table, call.engine.part(CommandBook.self))
        reply.array(args.count - 2)
        for i in 2..<args.count {
            if let index = table.index(args[i]) { book.describe(index, table, reply) } else { reply.null() }
        }
    }
}

/// COMMAND LIST [FILTERBY <MODULE module | ACLCAT category | PATTERN pattern>]
enum CommandList: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let table = call.engine.table
        guard args.count == 2 || (args.count == 5 && args[2].matches("FILTERBY")) else { throw .syntax }
        var chosen = table.commands.indices.filter { table.isCallable($0) }
        if args.count == 5 {
            let value = args[4]
            if args[3].matches("MODULE") {
                // No command comes from a module.
                chosen = []
            } else if args[3].matches("ACLCAT") {
                chosen = chosen.filter { index in
                    table.commands[index].aclCategories().contains {
                        ByteString($0).withView(value.equalsIgnoringCase)
                    }
                }
            } else if args[3].matches("PATTERN") {
                let pattern = Glob(value, ignoringCase: true)
                chosen = chosen.filter { index in
                    Array(table.fullName(index).utf8).withView { pattern.matches($0) }
                }
            } else {
                throw .syntax
            }
        }
        reply.array(chosen.count)
        for index in chosen { reply.bulk(table.fullName(index)) }
    }
}

/// COMMAND HELP
enum CommandHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "COMMAND",
            [
                "(no subcommand)",
                "    Describe all commands.",
                "COUNT",
                "    How many commands there are, subcommands not counted.",
                "DOCS [<command-name> ...]",
                "    What commands are for, and their arguments.",
                "GETKEYS <command> [<arg> ...]",
                "    The keys among the arguments of a call.",
                "GETKEYSANDFLAGS <command> [<arg> ...]",
                "    The same, with what the call does to each key.",
                "INFO [<command-name> ...]",
                "    Describe commands: arity, flags, keys, categories.",
                "LIST [FILTERBY <MODULE <name>|ACLCAT <category>|PATTERN <pattern>>]",
                "    The names of commands.",
            ])
    }
}

extension CommandTable {
    /// Numbers of the commands that are no subcommands and can be called.
    var topLevel: [Int] { commands.indices.filter { containers[$0] < 0 && isCallable($0) } }
}
