// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
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
        let storesByName = command.name == "georadius" || command.name == "georadiusbymember"
        for spec in specs {
            if storesByName, case .keyword = spec.begin { continue }
            guard let indexes = spec.indexes(args) else { throw CallKeys.malformed }
            let varies = spec.flags.contains("variable_flags")
            let flags = varies ? CallKeys.flags(command.name, args) : spec.flags
            keys += indexes.map { ($0, flags) }
        }
        if command.name == "sort", let target = CallKeys.sortTarget(args) {
            keys.append((target, ["OW", "update"]))
        }
        if storesByName, let target = CallKeys.radiusTarget(args, from: -command.arity) {
            keys.append((target, ["OW", "update"]))
        }
        if keys.isEmpty { throw CallKeys.malformed }
    }

    /// What a call does to its key where that depends on its options.
    private static func flags(_ name: String, _ args: Arguments) -> [String] {
        // SET overwrites, unless it reads the old value as well.
        if name == "set", !(3..<max(args.count, 3)).contains(where: { args[$0].matches("GET") }) {
            return ["OW", "update"]
        }
        return name == "bitfield" && onlyGets(args) ? ["RO", "access"] : ["RW", "access", "update"]
    }

    /// Where the key stands that SORT stores into: the last one that is named.
    private static func sortTarget(_ args: Arguments) -> Int? {
        var (index, target) = (2, Int?.none)
        while index < args.count {
            if args[index].matches("LIMIT") {
                index += 2
            } else if args[index].matches("BY") || args[index].matches("GET") {
                index += 1
            } else if args[index].matches("STORE"), index + 1 < args.count {
                target = index + 1
                index += 1
            }
            index += 1
        }
        return target
    }

    /// Where the key stands that GEORADIUS and GEORADIUSBYMEMBER store into: the last one that is named.
    private static func radiusTarget(_ args: Arguments, from start: Int) -> Int? {
        var (index, target) = (start, Int?.none)
        while index + 1 < args.count {
            if args[index].matches("STORE") || args[index].matches("STOREDIST") {
                target = index + 1
                index += 1
            }
            index += 1
        }
        return target
    }

    /// Whether BITFIELD is called without anything that writes.
    private static func onlyGets(_ args: Arguments) -> Bool {
        var index = 2
        while index < args.count {
            if args[index].matches("GET"), index + 2 < args.count {
                index += 3
            } else if args[index].matches("OVERFLOW"), index + 1 < args.count {
                index += 2
            } else {
                return false
            }
        }
        return true
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
