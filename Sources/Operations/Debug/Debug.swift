// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Commands for tests and for looking inside.
public enum Debugging {
    /// The rows of the command table.
    public static let commands: [Command] = [
        Command("DEBUG", arity: -2, [.admin, .noscript, .loading, .stale], .server, Debug.self),
        Command(
            container: "MEMORY", arity: -2, .server,
            [
                Command(
                    "DOCTOR", arity: 2, [], .server,
                    tips: "nondeterministic_output request_policy:all_shards response_policy:special",
                    MemoryDoctor.self),
                Command("HELP", arity: 2, [.loading, .stale], .server, MemoryHelp.self),
                Command(
                    "MALLOC-STATS", arity: 2, [.loading], .server,
                    tips: "nondeterministic_output request_policy:all_shards response_policy:special",
                    MemoryMallocStats.self),
                Command(
                    "PURGE", arity: 2, [.loading], .server,
                    tips: "request_policy:all_shards response_policy:all_succeeded",
                    MemoryPurge.self),
                Command(
                    "STATS", arity: 2, [], .server,
                    tips: "nondeterministic_output request_policy:all_shards response_policy:special",
                    MemoryStats.self),
                Command(
                    "USAGE", arity: -3, [.readonly], .server, keys: "idx2+range(0,1,0)[RO]", MemoryUsage.self),
            ]),
    ]
}

/// DEBUG subcommand [argument ...]
enum Debug: Handler {
    private static let rows: [DebugCommand] = [
        DebugCommand("ASSERT", 2...2, DebugAssert.self),
        DebugCommand("CHANGE-REPL-ID", 2...2, DebugChangeReplicationID.self),
        DebugCommand("CHECK", 2...2, DebugCheck.self),
        DebugCommand("CLIENT-ENFORCE-REPLY-LIST", 3...3, DebugEnforceReplyList.self),
        DebugCommand("CONFIG-REWRITE-FORCE-ALL", 2...2, DebugConfigRewrite.self),
        DebugCommand("CRASH-AND-RECOVER", 2...3, DebugCrashAndRecover.self),
        DebugCommand("CUT", 2...3, DebugCut.self),
        DebugCommand("DICT-RESIZING", 3...3, DebugDictResizing.self),
        DebugCommand("DIGEST", 2...2, DebugDigest.self),
        DebugCommand("DIGEST-VALUE", 2...Int.max, DebugDigestValue.self),
        DebugCommand("ERROR", 3...3, DebugError.self),
        DebugCommand("HELP", 2...2, DebugHelp.self),
        DebugCommand("HTSTATS", 3...4, DebugTableStats.self),
        DebugCommand("HTSTATS-KEY", 3...4, DebugKeyTableStats.self),
        DebugCommand("LISTPACK", 3...3, DebugListpack.self),
        DebugCommand("LOG", 3...3, DebugLog.self),
        DebugCommand("MALLCTL", 3...Int.max, DebugMallocControl.self),
        DebugCommand("MALLCTL-STR", 3...Int.max, DebugMallocText.self),
        DebugCommand("MARK-INTERNAL-CLIENT", 2...3, DebugMarkInternal.self),
        DebugCommand("OBJECT", 3...4, DebugObject.self),
        DebugCommand("PANIC", 2...2, DebugPanic.self),
        DebugCommand("PAUSE-CRON", 3...3, DebugPauseCron.self),
        DebugCommand("POPULATE", 3...5, DebugPopulate.self),
        DebugCommand("PROTOCOL", 3...3, DebugProtocol.self),
        DebugCommand("QUICKLIST-PACKED-THRESHOLD", 3...3, DebugPackedThreshold.self),
        DebugCommand("RECLAIM", 2...2, DebugReclaim.self),
        DebugCommand("REPLYBUFFER", 4...4, DebugReplyBuffer.self),
        DebugCommand("RESTART", 2...3, DebugRestart.self),
        DebugCommand("SEGFAULT", 2...2, DebugSegfault.self),
        DebugCommand("SET-ACTIVE-EXPIRE", 3...3, DebugSetActiveExpire.self),
        DebugCommand("SLEEP", 3...3, DebugSleep.self),
        DebugCommand("STRINGMATCH-LEN", 4...4, DebugStringMatch.self),
        DebugCommand("STRUCTSIZE", 2...2, DebugStructSize.self),
    ]

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        switch call.engine.config.settings.debugCommand {
        case "yes": break
        case "local" where call.session.isLocal: break
        default:
            throw .custom(
                """
                ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it \
                from a local connection, otherwise you need to set this option in the configuration file, and then \
                restart the server.
                """)
        }
        for row in rows + call.engine.families.flatMap(\.debugging)
        where args[1].equalsIgnoringCase(ByteView(row.name)) && row.counts.contains(args.count) {
            return try row.handler.run(call, args, keys, reply)
        }
        let name = args[1].clipped(to: 128)
        throw call.refusal(
            "ERR unknown subcommand or wrong number of arguments for '\(name)'. Try DEBUG HELP.")
    }
}

/// DEBUG HELP
enum DebugHelp: Handler {
    private static let lines: [StaticString] = [
        "ASSERT",
        "    End the server by a failed assertion, with a report in the log.",
        "CHANGE-REPL-ID",
        "    Begin a new replication history: replicas have to copy everything anew.",
        "CHECK",
        "    Walk all structures of the keyspace; a broken invariant ends the server.",
        "CLIENT-ENFORCE-REPLY-LIST <0|1>",
        "    Changes nothing: no client has a fixed reply buffer of its own.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    As CONFIG REWRITE, with a line for every directive.",
        "CRASH-AND-RECOVER [<milliseconds>]",
        "    Start the server anew at once, as after a crash: nothing is saved. Wait so long before.",
        "CUT [STATUS]",
        "    Open a consistent cut of all databases whose walk only counts, or tell how far the last one has come.",
        "DICT-RESIZING <0|1>",
        "    Refuses 0: tables grow by segments, which cannot be stopped.",
        "DIGEST",
        "    A hash over all databases: equal for equal data.",
        "DIGEST-VALUE [<key> ...]",
        "    A hash over the value of each key.",
        "ERROR <string>",
        "    Reply with <string> as an error.",
        "HTSTATS <database> [FULL]",
        "    The shape of a database's table.",
        "HTSTATS-KEY <key> [FULL]",
        "    The shape of a large set's table.",
        "LISTPACK <key>",
        "    Bytes and entries of a listpack.",
        "LOG <message>",
        "    Write <message> into the log.",
        "MALLCTL <name> [<value>]",
        "    A number of jemalloc by its name, which may be set: the answer is what it was before.",
        "MALLCTL-STR <name> [<value>|VOID]",
        "    A text of jemalloc likewise; VOID does what takes no value.",
        "MARK-INTERNAL-CLIENT [UNMARK]",
        "    Changes nothing: there are no internal commands.",
        "OBJECT <key> [FAST]",
        "    How <key> and its value are kept.",
        "PANIC",
        "    End the server as when it finds its own state impossible, with a report in the log.",
        "PAUSE-CRON <0|1>",
        "    Leave out what is done every few hundred milliseconds.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create <count> strings named <prefix>:<number> (default prefix: key), of <size> bytes each if given.",
        "PROTOCOL <type>",
        "    Reply with a sample of a reply type: string, integer, double, bignum, null, array, set, map, attrib,",
        "    push, verbatim, true or false.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Elements of long lists that are of this size or larger get nodes of their own; 0: those larger than a node.",
        "RECLAIM",
        "    Free at once all that waits to be freed in the background.",
        "REPLYBUFFER <PEAK-RESET-TIME <NEVER|RESET|ms>|RESIZING <0|1>>",
        "    Changes nothing: all clients share one reply buffer.",
        "RESTART [<milliseconds>]",
        "    End the server in order and start it anew in the same process. Wait so long before.",
        "SEGFAULT",
        "    End the server by an invalid memory access, with a report in the log.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Whether keys that are due are deleted in the background, or only when they are met.",
        "SLEEP <seconds>",
        "    Stop the server for so long; fractions are allowed.",
        "STRINGMATCH-LEN <pattern> <string>",
        "    Whether the glob-style <pattern> matches <string>.",
        "STRUCTSIZE",
        "    Sizes of structures in bytes.",
    ]

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help("DEBUG", lines + call.engine.families.flatMap(\.debugging).flatMap(\.help))
    }
}

/// DEBUG CONFIG-REWRITE-FORCE-ALL
enum DebugConfigRewrite: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ConfigRewrite.rewrite(call, addsDefaults: true)
        reply.ok()
    }
}

/// DEBUG DIGEST
enum DebugDigest: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        Digest.ofDataset(keys).hex.withView { reply.simple($0) }
    }
}

/// DEBUG DIGEST-VALUE [key ...]
enum DebugDigestValue: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(args.count - 2)
        for i in 2..<args.count { Digest.ofValue(args[i], keys).hex.withView { reply.simple($0) } }
    }
}

/// DEBUG SLEEP seconds
enum DebugSleep: Handler {
    /// About three years.
    private static let secondsMax = 1e8

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let seconds = args[2].double else { throw .notFloat }
        guard seconds <= secondsMax else { throw .outOfRange }
        let engine = call.engine
        engine.timeMoved(
            toUs: engine.host.sleep(us: Int64(max(0, seconds) * 1_000_000), nowUs: keys.nowUs))
        reply.ok()
    }
}

/// DEBUG SET-ACTIVE-EXPIRE 0|1
enum DebugSetActiveExpire: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        keys.expiresActively = try args.integer(2) != 0
        reply.ok()
    }
}

/// DEBUG STRINGMATCH-LEN pattern string
enum DebugStringMatch: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(globMatches(args[2], args[3]) ? 1 : 0)
    }
}

/// DEBUG ERROR string
enum DebugError: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        throw call.refusal(ByteString(args[2]))
    }
}

/// DEBUG RECLAIM
enum DebugReclaim: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        while keys.reclaimer.slice(keys, max: 1 << 20) {}
        reply.ok()
    }
}

/// DEBUG CHECK
enum DebugCheck: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        keys.checkInvariants()
        reply.ok()
    }
}
