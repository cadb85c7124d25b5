// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands by which operators watch the server.
public enum InsightCommands {
    private static let flags: CommandFlags = [.admin, .loading, .stale]
    private static let latency: CommandFlags = [.admin, .noscript, .loading, .stale]
    private static let listing = "request_policy:all_nodes nondeterministic_output"
    private static let length =
        "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"
    private static let everywhere = "request_policy:all_nodes response_policy:all_succeeded"
    private static let special =
        "nondeterministic_output request_policy:all_nodes response_policy:special"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            container: "SLOWLOG", arity: -2, .server,
            [
                Command("GET", arity: -2, flags, .server, tips: listing, SlowlogGet.self),
                Command("LEN", arity: 2, flags, .server, tips: length, SlowlogLen.self),
                Command("RESET", arity: 2, flags, .server, tips: everywhere, SlowlogReset.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, SlowlogHelp.self),
            ]),
        Command(
            container: "COMMANDLOG", arity: -2, .server,
            [
                Command("GET", arity: 4, flags, .server, tips: listing, CommandLogGet.self),
                Command("LEN", arity: 3, flags, .server, tips: length, CommandLogLen.self),
                Command("RESET", arity: 3, flags, .server, tips: everywhere, CommandLogReset.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, CommandLogHelp.self),
            ]),
        Command(
            container: "LATENCY", arity: -2, .server,
            [
                Command("DOCTOR", arity: 2, latency, .server, tips: special, LatencyDoctor.self),
                Command("GRAPH", arity: 3, latency, .server, tips: special, LatencyGraph.self),
                Command("HISTOGRAM", arity: -2, latency, .server, tips: special, LatencyHistogram.self),
                Command("HISTORY", arity: 3, latency, .server, tips: special, LatencyHistory.self),
                Command("LATEST", arity: 2, latency, .server, tips: special, LatencyLatest.self),
                Command(
                    "RESET", arity: -2, latency, .server,
                    tips: "request_policy:all_nodes response_policy:agg_sum", LatencyReset.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, LatencyHelp.self),
            ]),
        Command("MONITOR", arity: 1, latency, .server, Monitor.self),
    ]
}

extension CommandLog.Entry {
    fileprivate func answer(_ reply: Reply) {
        reply.array(6)
        reply.integer(id)
        reply.integer(unixSeconds)
        reply.integer(value)
        reply.array(arguments.count)
        for argument in arguments { reply.bulk(argument) }
        reply.bulk(address)
        reply.bulk(clientName)
    }
}

extension Call {
    /// Answers with the newest entries of a log, as many as argument `index` asks for; -1 is all.
    fileprivate func answerLog(_ kind: CommandLog.Kind, _ args: Arguments, _ index: Int, _ reply: Reply)
        throws(Refusal)
    {
        var max = 10
        if index < args.count {
            let refusal = Refusal.custom("ERR count should be greater than or equal to -1")
            guard let count = args[index].integer, count >= -1 else { throw refusal }
            max = count < 0 ? Int.max : Int(count)
        }
        let entries = engine.insight.log.newest(kind, max: max)
        reply.array(entries.count)
        for entry in entries { entry.answer(reply) }
    }
}

/// SLOWLOG GET [count]
enum SlowlogGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count <= 3 else { throw .syntax }
        try call.answerLog(.slow, args, 2, reply)
    }
}

/// SLOWLOG LEN
enum SlowlogLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.engine.insight.log.count(.slow))
    }
}

/// SLOWLOG RESET
enum SlowlogReset: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.insight.log.reset(.slow)
        reply.ok()
    }
}

/// SLOWLOG HELP
enum SlowlogHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "SLOWLOG",
            [
                "GET [<count>]",
                "    The newest <count> commands that took long (10 if not given, -1 for all): number, Unix time,",
                "    microseconds, arguments, address and name of the client.",
                "LEN",
                "    How many entries the log holds.",
                "RESET",
                "    Empty the log.",
            ])
    }
}

extension Arguments {
    /// Argument `index` as the name of a log.
    fileprivate func logKind(_ index: Int) throws(Refusal) -> CommandLog.Kind {
        guard let kind = CommandLog.Kind(self[index]) else {
            throw .custom("ERR type should be one of the following: slow, large-request, large-reply")
        }
        return kind
    }
}

/// COMMANDLOG GET count type
enum CommandLogGet: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try call.answerLog(args.logKind(3), args, 2, reply)
    }
}

/// COMMANDLOG LEN type
enum CommandLogLen: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.engine.insight.log.count(try args.logKind(2)))
    }
}

/// COMMANDLOG RESET type
enum CommandLogReset: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.insight.log.reset(try args.logKind(2))
        reply.ok()
    }
}

/// COMMANDLOG HELP
enum CommandLogHelp: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help(
            "COMMANDLOG",
            [
                "GET <count> <type>",
                "    The newest <count> entries of a log (-1 for all): number, Unix time, microseconds or bytes,",
                "    arguments, address and name of the client. <type> is slow, large-request or large-reply.",
                "LEN <type>",
                "    How many entries a log holds.",
                "RESET <type>",
                "    Empty a log.",
            ])
    }
}
