// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Functions in libraries: FCALL, and FUNCTION but for what reads and writes payloads.
enum FunctionCommands {
    private static let changing = "request_policy:all_shards response_policy:all_succeeded"

    /// The rows of the command table.
    static let commands: [Command] = [
        Command(
            "FCALL", arity: -3, Scripting.evalFlags, .scripting, keys: "\(Scripting.slot)[RW access update]",
            FCall.self),
        Command(
            "FCALL_RO", arity: -3, Scripting.evalFlags.union(.readonly), .scripting,
            keys: "\(Scripting.slot)[RO access]", FCallReadOnly.self),
        Command(
            container: "FUNCTION", arity: -2, .scripting,
            [
                Command(
                    "LOAD", arity: -3, [.write, .denyoom, .noscript], .scripting, tips: changing,
                    FunctionLoad.self),
                Command(
                    "DELETE", arity: 3, [.write, .noscript], .scripting, tips: changing, FunctionDelete.self),
                Command(
                    "FLUSH", arity: -2, [.write, .noscript], .scripting, tips: changing, FunctionFlush.self),
                Command(
                    "LIST", arity: -2, [.noscript], .scripting, tips: "nondeterministic_output_order",
                    FunctionList.self),
                Command(
                    "STATS", arity: 2, [.noscript, .allowBusy], .scripting,
                    tips: "nondeterministic_output request_policy:all_shards response_policy:special",
                    FunctionStats.self),
                Command(
                    "KILL", arity: 2, [.noscript, .allowBusy], .scripting,
                    tips: "request_policy:all_shards response_policy:one_succeeded", FunctionKill.self),
                Command("HELP", arity: 2, [.loading, .stale], .scripting, FunctionHelp.self),
            ]),
    ]

    private static let time = "By the function"

    /// The commands of functions with their documentation.
    static let family = Family(
        commands: commands,
        docs: [
            CommandDoc(
                "FCALL", "Runs a function.", since: "7.0.0", time,
                "function numkeys:integer [key...] [arg...]"),
            CommandDoc(
                "FCALL_RO", "Runs a function that only reads.", since: "7.0.0", time,
                "function numkeys:integer [key...] [arg...]"),
            CommandDoc(
                "FUNCTION", "The commands for libraries of functions.", since: "7.0.0", "By the subcommand"),
            CommandDoc(
                "FUNCTION|LOAD", "Takes a library in.", since: "7.0.0", "By what its text does",
                "[REPLACE] function-code"),
            CommandDoc(
                "FUNCTION|DELETE", "Forgets a library.", since: "7.0.0", "O(N), N functions", "library-name"),
            CommandDoc(
                "FUNCTION|FLUSH", "Forgets all libraries.", since: "7.0.0", "O(N), N libraries",
                "[flush-type: ASYNC | SYNC]"),
            CommandDoc(
                "FUNCTION|LIST", "Tells of libraries and their functions.", since: "7.0.0",
                "O(N), N functions",
                "[LIBRARYNAME library-name-pattern] [WITHCODE]"),
            CommandDoc(
                "FUNCTION|STATS", "Tells what runs, and how many functions there are.", since: "7.0.0", "O(1)"
            ),
            CommandDoc("FUNCTION|KILL", "Ends the function that runs.", since: "7.0.0", "O(1)"),
            CommandDoc("FUNCTION|HELP", "Tells what FUNCTION can do.", since: "7.0.0", "O(1)"),
        ])

    /// Runs what FCALL was given.
    static func call(_ call: Call, _ args: Arguments, _ reply: Reply, isReadOnly: Bool) throws(Refusal) {
        let part = call.engine.part(ScriptPart.self)
        if call.resumption != .none { return try part.answer(call, reply) }
        guard let function = part.libraries.functions[ByteString(args[1]).lowercased] else {
            throw .custom("ERR Function not found")
        }
        guard let count = args[2].integer else { throw .custom("ERR Bad number of keys provided") }
        guard count <= args.count - 3 else {
            throw .custom("ERR Number of keys can't be greater than number of args")
        }
        guard count >= 0 else { throw .custom("ERR Number of keys can't be negative") }
        let subject = ScriptSubject(
            name: function.name.bytes, interpreter: part.libraries.interpreter, number: function.number,
            flags: function.flags, isFunction: true)
        try part.run(
            subject, args.dropFirst(3), keyCount: Int(count), isReadOnly: isReadOnly, call, args, reply)
    }
}

/// FCALL function numkeys [key ...] [arg ...]
enum FCall: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try FunctionCommands.call(call, args, reply, isReadOnly: false)
    }
}

/// FCALL_RO function numkeys [key ...] [arg ...]
enum FCallReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try FunctionCommands.call(call, args, reply, isReadOnly: true)
    }
}

/// FUNCTION LOAD [REPLACE] function-code
enum FunctionLoad: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var replaces = false
        for i in 2..<(args.count - 1) {
            guard args[i].matches("REPLACE") else {
                throw call.refusal("ERR Unknown option given: \(args[i])")
            }
            replaces = true
        }
        let name = try call.engine.part(ScriptPart.self).loadLibrary(
            args[args.count - 1].array, replaces: replaces, call)
        call.librariesChanged(keys)
        reply.bulk(name.bytes)
    }
}

/// FUNCTION DELETE library-name
enum FunctionDelete: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(ScriptPart.self)
        guard let library = part.libraries.all[ByteString(args[2])] else {
            throw .custom("ERR Library not found")
        }
        part.libraries.remove(library)
        part.recount()
        call.librariesChanged(keys)
        reply.ok()
    }
}

/// FUNCTION FLUSH [ASYNC | SYNC]
enum FunctionFlush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 3 else {
            throw .custom(
                "ERR unknown subcommand or wrong number of arguments for 'flush'. Try FUNCTION HELP.")
        }
        guard args.count == 2 || (args.count == 3 && (args[2].matches("SYNC") || args[2].matches("ASYNC")))
        else {
            throw .custom("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
        }
        call.engine.part(ScriptPart.self).forgetLibraries()
        call.librariesChanged(keys)
        reply.ok()
    }
}

/// FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]
enum FunctionList: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var pattern: ByteView?
        var hasCode = false
        var index = 2
        while index < args.count {
            if !hasCode, args[index].matches("WITHCODE") {
                hasCode = true
            } else if pattern == nil, args[index].matches("LIBRARYNAME") {
                guard index + 1 < args.count else {
                    throw .custom("ERR library name argument was not given")
                }
                index += 1
                pattern = args[index]
            } else {
                throw call.refusal("ERR Unknown argument \(args[index])")
            }
            index += 1
        }
        let libraries = call.engine.part(ScriptPart.self).libraries.inOrder.filter { library in
            pattern.map { pattern in library.name.withView { globMatches(pattern, $0) } } ?? true
        }
        reply.array(libraries.count)
        for library in libraries { describe(library, hasCode: hasCode, reply) }
    }

    private static func describe(_ library: Library, hasCode: Bool, _ reply: Reply) {
        reply.map(hasCode ? 4 : 3)
        reply.bulk("library_name")
        reply.bulk(library.name.bytes)
        reply.bulk("engine")
        reply.bulk("LUA")
        reply.bulk("functions")
        reply.array(library.functions.count)
        for function in library.functions {
            reply.map(3)
            reply.bulk("name")
            reply.bulk(function.name.bytes)
            reply.bulk("description")
            if let description = function.description {
                reply.bulk(description.bytes)
            } else {
                reply.null()
            }
            reply.bulk("flags")
            let flags = ScriptFlags.names.filter { function.flags.contains($0.0) }
            reply.set(flags.count)
            for flag in flags { reply.simple(flag.1) }
        }
        guard hasCode else { return }
        reply.bulk("library_code")
        reply.bulk(library.text)
    }
}

/// FUNCTION STATS
enum FunctionStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(ScriptPart.self)
        reply.map(2)
        reply.bulk("running_script")
        if let open = part.open {
            reply.map(3)
            reply.bulk("name")
            reply.bulk(open.subject.name)
            reply.bulk("command")
            reply.array(open.words.count)
            for word in open.words { reply.bulk(word) }
            reply.bulk("duration_ms")
            reply.integer(keys.nowMs - open.startMs)
        } else {
            reply.null()
        }
        reply.bulk("engines")
        reply.map(1)
        reply.bulk("LUA")
        reply.map(2)
        reply.bulk("libraries_count")
        reply.integer(part.libraries.all.count)
        reply.bulk("functions_count")
        reply.integer(part.libraries.functions.count)
    }
}

/// FUNCTION KILL
enum FunctionKill: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try call.engine.part(ScriptPart.self).kill(isFunction: true, call)
        reply.ok()
    }
}

/// FUNCTION HELP
enum FunctionHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "FUNCTION",
            [
                "DELETE <library-name>", "    Forget a library.",
                "DUMP", "    Give all libraries in a form that RESTORE takes.",
                "FLUSH [ASYNC|SYNC]", "    Forget all libraries.",
                "KILL", "    End the function that runs.",
                "LIST [LIBRARYNAME <library-name-pattern>] [WITHCODE]",
                "    Tell of libraries and their functions.",
                "LOAD [REPLACE] <function-code>", "    Take a library in.",
                "RESTORE <serialized-value> [FLUSH|APPEND|REPLACE]", "    Take in what DUMP gave.",
                "STATS", "    Tell what runs, and how many functions there are.",
            ])
    }
}

extension Call {
    /// Libraries are data: whoever repeats the data hears of it, and a snapshot is due.
    func librariesChanged(_ keys: Keyspace) {
        keys.stats.dirty += 1
        propagateAlways()
    }
}
