// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// The commands that write the data to disk. The server keeps it in memory only so far, and says so.
public enum Saving {
    private static let flags: CommandFlags = [.admin, .noscript, .noAsyncLoading]

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command("SAVE", arity: 1, flags.union(.noMulti), .server, Save.self),
        Command("BGSAVE", arity: -1, flags, .server, BackgroundSave.self),
        Command("BGREWRITEAOF", arity: 1, flags, .server, RewriteLog.self),
        Command(
            "LASTSAVE", arity: 1, [.loading, .stale, .fast], .server, acl: "@admin @dangerous",
            tips: "nondeterministic_output", LastSave.self),
    ]

    /// The commands of saving with their documentation.
    public static let family = Family(
        commands: commands,
        docs: [
            CommandDoc("SAVE", "Writes the data to disk while all wait.", since: "1.0.0", "O(N), N keys"),
            CommandDoc(
                "BGSAVE", "Writes the data to disk in the background.", since: "1.0.0", "O(1)",
                "[operation: SCHEDULE | CANCEL]",
                history: ["3.2.2 The option `SCHEDULE`.", "8.1.0 The option `CANCEL`."]),
            CommandDoc(
                "BGREWRITEAOF", "Rewrites the append-only file in the background.", since: "1.0.0", "O(1)"),
            CommandDoc("LASTSAVE", "When the data was last saved, in Unix time.", since: "1.0.0", "O(1)"),
        ])
}

/// SAVE
enum Save: Handler {
    static let refusal = Refusal.custom(
        "ERR saving to disk is not built yet: the server keeps its data in memory only")

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw refusal
    }
}

/// BGSAVE [SCHEDULE | CANCEL]
enum BackgroundSave: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 1 {
            if args.count == 2, args[1].matches("CANCEL") {
                throw .custom("ERR Background saving is currently not in progress or scheduled")
            }
            guard args.count == 2, args[1].matches("SCHEDULE") else { throw .syntax }
        }
        throw Save.refusal
    }
}

/// BGREWRITEAOF
enum RewriteLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw .custom("ERR the append-only file is not built yet: the server keeps its data in memory only")
    }
}

/// LASTSAVE
enum LastSave: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // Nothing has been saved: as in Redis, the time of the start stands for it.
        reply.integer(call.engine.startedMs / 1000)
    }
}
