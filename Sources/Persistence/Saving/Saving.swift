// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Snapshots of the data on disk, and values in the form that they have there.
public enum Saving {
    private static let flags: CommandFlags = [.admin, .noscript, .noAsyncLoading]

    /// The rows of the command table.
    static let commands: [Command] = [
        Command("SAVE", arity: 1, flags.union(.noMulti), .server, Save.self),
        Command("BGSAVE", arity: -1, flags, .server, BackgroundSave.self),
        Command("BGREWRITEAOF", arity: 1, flags, .server, RewriteLog.self),
        Command(
            "WAITAOF", arity: 4, [.blocking], .generic, acl: "@connection",
            tips: "request_policy:all_shards response_policy:agg_min", WaitForLog.self),
        Command(
            "LASTSAVE", arity: 1, [.loading, .stale, .fast], .server, acl: "@admin @dangerous",
            tips: "nondeterministic_output", LastSave.self),
    ]

    /// The commands of saving with their documentation and directives.
    private static let family = Family(
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
            CommandDoc(
                "WAITAOF",
                "Waits until what the client has written is on the disk, here and at replicas.",
                since: "7.2.0",
                "O(1)", "numlocal:integer numreplicas:integer timeout:integer"),
        ], parameters: SaveParameters.all + LogParameters.all, debugging: Reloading.commands)

    /// Everything that keeps data on disk.
    public static let feature = Feature(
        "persistence", families: [family, Dumping.family, FunctionDumping.family],
        info: [InfoSection("Persistence") { $0.part(PersistencePart.self).describe($1) }],
        rules: [
            GateRule(.disk, [.write, .fast]) { engine, command, _ in
                let part = engine.part(PersistencePart.self)
                guard part.refusesWrites || part.log.failure != nil, part.stops(command) else { return nil }
                return part.refusalOfWrites
            },
            GateRule(.loading, .notLoading) { engine, _, _ in
                engine.isLoading ? "LOADING Redis is loading the dataset in memory" : nil
            },
        ],
        works: [
            TurnWork(
                "load", behind: .timeouts,
                advice: "Loading takes all the time there is until the data is there.",
                floor: 64, isDue: { $0.part(PersistencePart.self).loading != nil },
                run: { engine, _ in engine.part(PersistencePart.self).loadSlice() }),
            TurnWork(
                "snapshot", behind: .cut,
                advice: "A snapshot hardly takes time at its beginning and its end.",
                floor: 1, isDue: { $0.part(PersistencePart.self).isDue },
                run: { engine, _ in
                    engine.part(PersistencePart.self).work()
                    return false
                }),
            TurnWork(
                "append log", behind: .resume,
                advice: "The disk does the work of the log; handing it over hardly takes time.",
                floor: 1, isDue: { $0.part(PersistencePart.self).log.isDue },
                run: { engine, _ in
                    engine.part(PersistencePart.self).log.attend()
                    return false
                }, nextMs: { $0.part(PersistencePart.self).log.nextMs }),
        ]
    ) { PersistencePart($0) }
}

extension PersistencePart {
    /// Whether a command has to stay away while snapshots fail: one that writes, or PING, by which clients see it.
    func stops(_ command: Int?) -> Bool {
        guard let command else { return true }
        let flags = engine.table.flags(command)
        return flags.contains(.write) || engine.table.fullName(command) == "ping"
    }
}

/// SAVE
enum Save: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(PersistencePart.self)
        guard part.snapshot == nil else { throw .custom("ERR Background save already in progress") }
        guard part.save() else { throw call.refusal("ERR \(part.lastProblem)") }
        reply.ok()
    }
}

/// BGSAVE [SCHEDULE | CANCEL]
enum BackgroundSave: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let part = call.engine.part(PersistencePart.self)
        if args.count > 1 {
            if args.count == 2, args[1].matches("CANCEL") { return try cancel(part, reply) }
            guard args.count == 2, args[1].matches("SCHEDULE") else { throw .syntax }
        }
        guard part.snapshot == nil else { throw .custom("ERR Background save already in progress") }
        // The cut lies between two units.
        if call.engine.isNested || part.log.rewrite.isRunning {
            guard call.engine.isNested || args.count > 1 else { throw .custom(otherSave) }
            part.isScheduled = true
            return reply.simple("Background saving scheduled")
        }
        guard part.saveInBackground() else { throw .custom("ERR too many cuts are open") }
        reply.simple("Background saving started")
    }

    private static let otherSave: StaticString = """
        ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a \
        BGSAVE whenever possible.
        """

    private static func cancel(_ part: PersistencePart, _ reply: Reply) throws(Refusal) {
        if let snapshot = part.snapshot {
            guard snapshot.cancel(waits: false) else {
                throw .custom("ERR Background saving is about to end and can no longer be cancelled")
            }
            return reply.simple("Background saving cancelled")
        }
        guard part.isScheduled else {
            throw .custom("ERR Background saving is currently not in progress or scheduled")
        }
        part.isScheduled = false
        reply.simple("Scheduled background saving cancelled")
    }
}

/// LASTSAVE
enum LastSave: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(call.engine.part(PersistencePart.self).record.lastSavedSeconds)
    }
}
