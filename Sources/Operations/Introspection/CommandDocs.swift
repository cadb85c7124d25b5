// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// COMMAND DOCS [command-name …]
enum CommandDocs: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let (table, book) = (call.engine.table, call.engine.part(CommandBook.self))
        var chosen = table.topLevel
        if args.count > 2 { chosen = (2..<args.count).compactMap { table.index(args[$0]) } }
        reply.map(chosen.count)
        for index in chosen { book.document(index, table, reply) }
    }
}

extension Reply {
    /// The name of a command and what is known of it.
    func document(_ index: Int, _ table: CommandTable, _ docs: [String: CommandDoc]) {
        let name = table.fullName(index)
        bulk(name)
        let subcommands = table.subcommands(index)
        guard let doc = docs[name] else { return map(0) }
        let arguments = doc.arguments(of: table.commands[index])
        let deprecation = doc.deprecated == nil ? 0 : 2
        let hasFlags = doc.deprecated != nil || doc.isInternal
        let lists = [doc.history.isEmpty, arguments.isEmpty, subcommands.isEmpty]
        map(4 + deprecation + (hasFlags ? 1 : 0) + lists.count { !$0 })
        pair("summary", doc.summary)
        pair("since", doc.since)
        pair("group", table.commands[index].group.rawValue)
        pair("complexity", doc.complexity)
        if hasFlags {
            bulk("doc_flags")
            set((doc.deprecated == nil ? 0 : 1) + (doc.isInternal ? 1 : 0))
            if doc.deprecated != nil { simple("deprecated") }
            if doc.isInternal { simple("syscmd") }
        }
        if let deprecated = doc.deprecated {
            pair("deprecated_since", deprecated.since)
            pair("replaced_by", deprecated.replacedBy)
        }
        if !doc.history.isEmpty {
            bulk("history")
            set(doc.history.count)
            for entry in doc.history { document(history: entry) }
        }
        if !arguments.isEmpty {
            bulk("arguments")
            document(arguments)
        }
        if !subcommands.isEmpty {
            bulk("subcommands")
            map(subcommands.count)
            for subcommand in subcommands { document(subcommand, table, docs) }
        }
    }

    private func document(history entry: String) {
        let words = entry.split(separator: " ", maxSplits: 1)
        array(2)
        for word in words { bulk(String(word)) }
    }

    private func document(_ arguments: [DocArgument]) {
        array(arguments.count)
        for argument in arguments { document(argument) }
    }

    private func document(_ argument: DocArgument) {
        let flags =
            (argument.isOptional ? 1 : 0) + (argument.isMultiple ? 1 : 0) + (argument.repeatsToken ? 1 : 0)
        map(
            2 + (argument.isGroup ? 0 : 1) + (argument.keySpec == nil ? 0 : 1)
                + (argument.token == nil ? 0 : 1)
                + (flags == 0 ? 0 : 1) + (argument.parts.isEmpty ? 0 : 1))
        pair("name", argument.name)
        pair("type", argument.kind.rawValue)
        if !argument.isGroup { pair("display_text", argument.display ?? argument.name) }
        if let keySpec = argument.keySpec {
            bulk("key_spec_index")
            integer(keySpec)
        }
        if let token = argument.token { pair("token", token) }
        if flags > 0 {
            bulk("flags")
            set(flags)
            if argument.isOptional { simple("optional") }
            if argument.isMultiple { simple("multiple") }
            if argument.repeatsToken { simple("multiple_token") }
        }
        if !argument.parts.isEmpty {
            bulk("arguments")
            document(argument.parts)
        }
    }

    private func pair(_ name: StaticString, _ value: String) {
        bulk(name)
        bulk(value)
    }
}

extension CommandDoc {
    /// The arguments, read from the notation; a malformed one is a programmer's error.
    func arguments(of command: Command) -> [DocArgument] {
        let specs = command.keys.isEmpty ? 0 : KeySpec.parse(command.keys).count
        do throws(SyntaxReader.Malformed) {
            return try SyntaxReader.read(syntax, keySpecCount: specs)
        } catch {
            preconditionFailure("malformed syntax of \(name): \(error.text)")
        }
    }
}
