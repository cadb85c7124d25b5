// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// COMMAND GETKEYS command [arg …]
enum CommandGetKeys: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = try CallKeys(call.engine.table, args.dropFirst(2))
        reply.array(found.keys.count)
        for key in found.keys { reply.bulk(args[key.index + 2]) }
    }
}

/// COMMAND GETKEYSANDFLAGS command [arg …]
enum CommandGetKeysAndFlags: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = try CallKeys(call.engine.table, args.dropFirst(2))
        reply.array(found.keys.count)
        for key in found.keys {
            reply.array(2)
            reply.bulk(args[key.index + 2])
            reply.set(key.flags.count)
            for flag in key.flags { reply.simple(flag) }
        }
    }
}

/// The keys of a call, by the key specifications of its command.
struct CallKeys {
    private(set) var keys: [(index: Int, flags: [String])] = []

    init(_ table: CommandTable, _ args: Arguments) throws(Refusal) {
        let number = try CallKeys.command(table, args)
        let command = table.commands[number]
        let specs = KeySpec.parse(command.keys).filter { !$0.isNoKey }
        guard !specs.isEmpty else { throw .custom("ERR The command has no key arguments") }
        guard command.arity > 0 ? args.count == command.arity : args.count >= -command.arity else {
            throw .custom("ERR Invalid number of arguments specified for command")
        }
        for spec in specs {
            guard let indexes = spec.indexes(args) else { throw CallKeys.malformed }
            let flags = spec.flags.contains("variable_flags") ? CallKeys.flagsOfSet(args) : spec.flags
            keys += indexes.map { ($0, flags) }
        }
        if keys.isEmpty { throw CallKeys.malformed }
    }

    /// SET is the command whose access depends on its options: it overwrites, unless it reads the old value as well.
    private static func flagsOfSet(_ args: Arguments) -> [String] {
        for index in 3..<max(args.count, 3) where args[index].matches("GET") || args[index].matches("IFEQ") {
            return ["RW", "access", "update"]
        }
        return ["OW", "update"]
    }

    private static let malformed = Refusal.custom("ERR Invalid arguments specified for command")

    private static func command(_ table: CommandTable, _ args: Arguments) throws(Refusal) -> Int {
        var number = table.find(args[0])
        if number >= 0, !table.subcommands(number).isEmpty, args.count > 1 {
            number = table.find(args[1], container: Int32(number))
        }
        guard number >= 0 else { throw .custom("ERR Invalid command specified") }
        return number
    }
}
