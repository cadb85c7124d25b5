// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Scripts in Lua: EVAL and its like, and SCRIPT.
public enum Scripting {
    /// The commands with the scripts that are kept for each engine.
    /// - Parameter version: what scripts are told that the server is, `8.0.0`.
    public static func feature(version: String) -> Feature {
        Feature(
            "scripting", families: [family, FunctionCommands.family],
            rules: [
                GateRule(.busy, .any) { engine, command, _ in
                    guard let text = engine.refusalBesideUnit, let command,
                        engine.table.flags(command).isDisjoint(with: [.allowBusy, .mayInterrupt])
                    else { return nil }
                    return text
                }
            ],
            works: [
                TurnWork(
                    "script", behind: .resume, advice: "A script takes so much of a turn as long as it runs.",
                    floor: 1, isDue: { $0.part(ScriptPart.self).open != nil },
                    run: { engine, _ in engine.part(ScriptPart.self).work() })
            ]
        ) { ScriptPart($0, version: version) }
    }

    /// The directives of scripts.
    static let parameters: [Parameter] = [
        Parameter(
            "busy-reply-threshold", .integer(0...Int.max), .number(\.scripting.busyAfterMs),
            aliases: ["lua-time-limit"]),
        Parameter(
            "lua-enable-deprecated-api", .bool, "no",
            .noEffect("scripts have what Redis gives them, no more"),
            aliases: ["lua-enable-insecure-api"], isHidden: true),
    ]

    static let evalFlags: CommandFlags = [.noscript, .stale, .skipMonitor, .movableKeys, .stops]
    static let slot = "idx2+keynum(0,1,1)"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "EVAL", arity: -3, evalFlags, .scripting, keys: "\(slot)[RW access update]", Eval.self),
        Command(
            "EVALSHA", arity: -3, evalFlags, .scripting, keys: "\(slot)[RW access update]", EvalSHA.self),
        Command(
            "EVAL_RO", arity: -3, evalFlags.union(.readonly), .scripting, keys: "\(slot)[RO access]",
            EvalReadOnly.self),
        Command(
            "EVALSHA_RO", arity: -3, evalFlags.union(.readonly), .scripting, keys: "\(slot)[RO access]",
            EvalSHAReadOnly.self),
        Command(
            container: "SCRIPT", arity: -2, .scripting,
            [
                Command("LOAD", arity: 3, [.noscript, .stale], .scripting, ScriptLoad.self),
                Command("EXISTS", arity: -3, [.noscript, .stale], .scripting, ScriptExists.self),
                Command("FLUSH", arity: -2, [.noscript, .stale], .scripting, ScriptFlush.self),
                Command("SHOW", arity: 3, [.noscript, .stale], .scripting, ScriptShow.self),
                Command("KILL", arity: 2, [.noscript, .allowBusy], .scripting, ScriptKill.self),
                Command("DEBUG", arity: 3, [.noscript], .scripting, ScriptDebug.self),
                Command("HELP", arity: 2, [.loading, .stale], .scripting, ScriptHelp.self),
            ]),
    ]

    /// Subcommands of DEBUG on scripts.
    static let debugging: [DebugCommand] = [
        DebugCommand(
            "SET-DISABLE-DENY-SCRIPTS", 3...3, DebugDenyScripts.self,
            help: [
                "SET-DISABLE-DENY-SCRIPTS <0|1>",
                "    Whether scripts may call commands that are closed to them.",
            ])
    ]

    /// Runs what EVAL or EVALSHA was given.
    static func evaluate(_ call: Call, _ args: Arguments, _ reply: Reply, isText: Bool, isReadOnly: Bool)
        throws(Refusal)
    {
        let part = call.engine.part(ScriptPart.self)
        if call.resumption != .none { return try part.answer(call, reply) }
        let count = try args.integer(2)
        guard count <= args.count - 3 else {
            throw .custom("ERR Number of keys can't be greater than number of args")
        }
        guard count >= 0 else { throw .custom("ERR Number of keys can't be negative") }
        let digest = isText ? Interpreter.digest(args[1]) : args[1].array.map(\.asciiLower)
        let script: Script
        if isText {
            script = try part.load(args[1], digest, stays: false, call)
        } else {
            guard let known = part.scripts[digest] else {
                throw .custom("NOSCRIPT No matching script. Please use EVAL.")
            }
            script = known
        }
        try part.run(
            part.subject(script, digest), args.dropFirst(3), keyCount: Int(count), isReadOnly: isReadOnly,
            call,
            args, reply)
    }
}

/// EVAL script numkeys [key ...] [arg ...]
enum Eval: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Scripting.evaluate(call, args, reply, isText: true, isReadOnly: false)
    }
}

/// EVALSHA sha1 numkeys [key ...] [arg ...]
enum EvalSHA: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Scripting.evaluate(call, args, reply, isText: false, isReadOnly: false)
    }
}

/// EVAL_RO script numkeys [key ...] [arg ...]
enum EvalReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Scripting.evaluate(call, args, reply, isText: true, isReadOnly: true)
    }
}

/// EVALSHA_RO sha1 numkeys [key ...] [arg ...]
enum EvalSHAReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try Scripting.evaluate(call, args, reply, isText: false, isReadOnly: true)
    }
}

/// SCRIPT LOAD script
enum ScriptLoad: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let digest = Interpreter.digest(args[2])
        _ = try call.engine.part(ScriptPart.self).load(args[2], digest, stays: true, call)
        reply.bulk(digest)
    }
}

/// SCRIPT EXISTS sha1 [sha1 ...]
enum ScriptExists: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let scripts = call.engine.part(ScriptPart.self).scripts
        reply.array(args.count - 2)
        for i in 2..<args.count {
            reply.integer(scripts[args[i].array.map(\.asciiLower)] == nil ? 0 : 1)
        }
    }
}

/// SCRIPT FLUSH [ASYNC|SYNC]
enum ScriptFlush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let option = args.count == 3 ? args[2].array.map(\.asciiLower) : Array("sync".utf8)
        guard args.count <= 3, option == Array("sync".utf8) || option == Array("async".utf8) else {
            throw .custom("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
        }
        call.engine.part(ScriptPart.self).flush()
        reply.ok()
    }
}

/// SCRIPT SHOW sha1
enum ScriptShow: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let digest = args[2].array.map(\.asciiLower)
        guard let script = call.engine.part(ScriptPart.self).scripts[digest] else {
            throw .custom("NOSCRIPT No matching script. Please use EVAL.")
        }
        reply.bulk(script.text)
    }
}

/// SCRIPT KILL
enum ScriptKill: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try call.engine.part(ScriptPart.self).kill(isFunction: false, call)
        reply.ok()
    }
}

/// SCRIPT DEBUG YES|SYNC|NO
enum ScriptDebug: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw .custom("ERR SCRIPT DEBUG is not supported: scripts run without a debugger")
    }
}

/// SCRIPT HELP
enum ScriptHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "SCRIPT",
            [
                "EXISTS <sha1> [<sha1> ...]", "    Tell which of these scripts are kept.",
                "FLUSH [ASYNC|SYNC]", "    Forget all scripts.",
                "KILL", "    End the script that runs.",
                "LOAD <script>", "    Keep a script without running it.",
                "SHOW <sha1>", "    Show the text of a script.",
            ])
    }
}

/// DEBUG SET-DISABLE-DENY-SCRIPTS 0|1
enum DebugDenyScripts: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.part(ScriptPart.self).allowsAll = try args.integer(2) != 0
        reply.ok()
    }
}
