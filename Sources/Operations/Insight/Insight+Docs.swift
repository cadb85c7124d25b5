// SPDX-License-Identifier: Apache-2.0
import Engine

extension InsightCommands {
    /// The commands of logs, latencies and MONITOR with their documentation and directives.
    public static let family = Family(commands: commands, docs: docs, parameters: parameters)

    private static let parameters: [Parameter] = [
        Parameter(
            "slowlog-log-slower-than", .integer(-1...Int.max), .number(\.insight.slowUs),
            aliases: ["commandlog-execution-slower-than"]),
        Parameter(
            "slowlog-max-len", .integer(0...Int.max), .number(\.insight.slowLogMax),
            aliases: ["commandlog-slow-execution-max-len"]),
        Parameter("commandlog-request-larger-than", .integer(-1...Int.max), .number(\.insight.requestBytes)),
        Parameter(
            "commandlog-large-request-max-len", .integer(0...Int.max), .number(\.insight.requestLogMax)),
        Parameter("commandlog-reply-larger-than", .integer(-1...Int.max), .number(\.insight.replyBytes)),
        Parameter("commandlog-large-reply-max-len", .integer(0...Int.max), .number(\.insight.replyLogMax)),
        Parameter("turn-log-slower-than", .integer(-1...Int.max), .number(\.insight.slowTurnUs)),
        Parameter("latency-monitor-threshold", .integer(0...Int.max), .number(\.insight.latencyMs)),
        Parameter("latency-tracking", .bool, .bool(\.insight.tracksLatency)),
        Parameter("latency-tracking-info-percentiles", .percentiles, .words(\.insight.percentiles)),
    ]

    private static let type = "(type: SLOW | LARGE-REQUEST | LARGE-REPLY)"

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc("SLOWLOG", "The log of commands that took long.", since: "2.2.12", "By subcommand"),
        CommandDoc(
            "SLOWLOG|GET", "The newest entries of the log.", since: "2.2.12", "O(N), N entries",
            "[count:integer]", history: ["4.0.0 Address and name of the client."]),
        CommandDoc("SLOWLOG|LEN", "How many entries the log holds.", since: "2.2.12", "O(1)"),
        CommandDoc("SLOWLOG|RESET", "Empties the log.", since: "2.2.12", "O(N), N entries"),
        CommandDoc("SLOWLOG|HELP", "The subcommands and what they do.", since: "6.2.0", "O(1)"),
        CommandDoc(
            "COMMANDLOG", "The logs of commands that took long or were large.", since: "8.1.0",
            "By subcommand"),
        CommandDoc(
            "COMMANDLOG|GET", "The newest entries of a log.", since: "8.1.0", "O(N), N entries",
            "count:integer " + type),
        CommandDoc("COMMANDLOG|LEN", "How many entries a log holds.", since: "8.1.0", "O(1)", type),
        CommandDoc("COMMANDLOG|RESET", "Empties a log.", since: "8.1.0", "O(N), N entries", type),
        CommandDoc("COMMANDLOG|HELP", "The subcommands and what they do.", since: "8.1.0", "O(1)"),
        CommandDoc("LATENCY", "What took long.", since: "2.8.13", "By subcommand"),
        CommandDoc("LATENCY|DOCTOR", "A report on latency in words.", since: "2.8.13", "O(1)"),
        CommandDoc("LATENCY|GRAPH", "An event's samples as a drawing.", since: "2.8.13", "O(1)", "event"),
        CommandDoc(
            "LATENCY|HISTOGRAM", "How many calls of commands took how long.", since: "7.0.0",
            "O(N), N commands", "[command]..."),
        CommandDoc("LATENCY|HISTORY", "An event's samples.", since: "2.8.13", "O(1)", "event"),
        CommandDoc("LATENCY|LATEST", "The latest sample of each event.", since: "2.8.13", "O(1)"),
        CommandDoc("LATENCY|RESET", "Forgets events.", since: "2.8.13", "O(1)", "[event]..."),
        CommandDoc("LATENCY|HELP", "The subcommands and what they do.", since: "2.8.13", "O(1)"),
        CommandDoc("MONITOR", "Shows every command as it is executed.", since: "1.0.0", "O(1)"),
    ]
}
