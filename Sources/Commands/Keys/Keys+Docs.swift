// SPDX-License-Identifier: Apache-2.0
import Engine

extension Keys {
    private static let condition = "[condition: NX | XX | GT | LT]"

    /// The commands on keys with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = lookups + deadlines + moves + objects

    private static let lookups: [CommandDoc] = [
        CommandDoc(
            "DEL", "Deletes keys.", since: "1.0.0", "O(N), N keys; large values are freed later in slices",
            "key..."),
        CommandDoc(
            "UNLINK", "Deletes keys; the same as DEL here.", since: "4.0.0",
            "O(N), N keys; large values are freed later in slices", "key..."),
        CommandDoc(
            "EXISTS", "How many of the keys exist.", since: "1.0.0", "O(N), N keys", "key...",
            history: ["3.0.3 Several keys."]),
        CommandDoc(
            "TOUCH", "Notes an access to keys; answers how many exist.", since: "3.2.1", "O(N), N keys",
            "key..."),
        CommandDoc("TYPE", "The type of the value at a key.", since: "1.0.0", "O(1)", "key"),
        CommandDoc(
            "KEYS", "All keys that match a pattern.", since: "1.0.0", "O(N), N keys in the database",
            "pattern"),
        CommandDoc(
            "SCAN", "Walks over the keys of a database, some at a time.", since: "2.8.0",
            "O(1) a call, O(N) for a walk over N keys",
            "cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]",
            history: ["6.0.0 The option `TYPE`."]),
        CommandDoc("RANDOMKEY", "A key picked at random.", since: "1.0.0", "O(1)"),
    ]

    private static let deadlines: [CommandDoc] = [
        CommandDoc(
            "EXPIRE", "Lets a key live for some seconds.", since: "1.0.0", "O(1)",
            "key seconds:integer \(condition)", history: ["7.0.0 The options `NX`, `XX`, `GT` and `LT`."]),
        CommandDoc(
            "PEXPIRE", "Lets a key live for some milliseconds.", since: "2.6.0", "O(1)",
            "key milliseconds:integer \(condition)", history: ["7.0.0 The options `NX`, `XX`, `GT` and `LT`."]
        ),
        CommandDoc(
            "EXPIREAT", "Lets a key live until a second of Unix time.", since: "1.2.0", "O(1)",
            "key unix-time-seconds:unix-time \(condition)",
            history: ["7.0.0 The options `NX`, `XX`, `GT` and `LT`."]),
        CommandDoc(
            "PEXPIREAT", "Lets a key live until a millisecond of Unix time.", since: "2.6.0", "O(1)",
            "key unix-time-milliseconds:unix-time \(condition)",
            history: ["7.0.0 The options `NX`, `XX`, `GT` and `LT`."]),
        CommandDoc("PERSIST", "Lifts the deadline of a key.", since: "2.2.0", "O(1)", "key"),
        CommandDoc(
            "TTL", "How many seconds a key has left.", since: "1.0.0", "O(1)", "key",
            history: ["2.8.0 The answer -2."]),
        CommandDoc(
            "PTTL", "How many milliseconds a key has left.", since: "2.6.0", "O(1)", "key",
            history: ["2.8.0 The answer -2."]),
        CommandDoc(
            "EXPIRETIME", "The deadline of a key, in seconds of Unix time.", since: "7.0.0", "O(1)", "key"),
        CommandDoc(
            "PEXPIRETIME", "The deadline of a key, in milliseconds of Unix time.", since: "7.0.0", "O(1)",
            "key"),
    ]

    private static let moves: [CommandDoc] = [
        CommandDoc(
            "RENAME", "Gives a key another name, whatever had it before.", since: "1.0.0", "O(1)",
            "key newkey:key"),
        CommandDoc(
            "RENAMENX", "Gives a key another name that no key has.", since: "1.0.0", "O(1)", "key newkey:key",
            history: ["3.2.0 A key may be renamed to itself."]),
        CommandDoc(
            "COPY", "Copies the value of a key to another, also of another database.", since: "6.2.0",
            "O(N), N elements of a collection",
            "source:key destination:key [DB destination-db:integer] [REPLACE]"),
        CommandDoc("MOVE", "Moves a key to another database.", since: "1.0.0", "O(1)", "key db:integer"),
    ]

    private static let objects: [CommandDoc] = [
        CommandDoc("OBJECT", "Looks at how values are kept.", since: "2.2.3", "By subcommand"),
        CommandDoc("OBJECT|ENCODING", "The encoding of the value at a key.", since: "2.2.3", "O(1)", "key"),
        CommandDoc(
            "OBJECT|FREQ", "How often a key was used lately, under an LFU policy.", since: "4.0.0", "O(1)",
            "key"),
        CommandDoc("OBJECT|HELP", "The subcommands and what they do.", since: "6.2.0", "O(1)"),
        CommandDoc(
            "OBJECT|IDLETIME", "For how many seconds a key was not used.", since: "2.2.3", "O(1)", "key"),
        CommandDoc("OBJECT|REFCOUNT", "How many hold the value of a key.", since: "2.2.3", "O(1)", "key"),
    ]
}

extension Databases {
    /// The commands on databases with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc("DBSIZE", "How many keys the database has.", since: "1.0.0", "O(1)"),
        CommandDoc(
            "FLUSHDB", "Deletes all keys of the database.", since: "1.0.0",
            "O(1); the keys are freed later in slices",
            "[flush-type: ASYNC | SYNC]", history: ["4.0.0 The mode `ASYNC`.", "6.2.0 The mode `SYNC`."]),
        CommandDoc(
            "FLUSHALL", "Deletes all keys of all databases.", since: "1.0.0",
            "O(1); the keys are freed later in slices", "[flush-type: ASYNC | SYNC]",
            history: ["4.0.0 The mode `ASYNC`.", "6.2.0 The mode `SYNC`."]),
        CommandDoc(
            "SWAPDB", "Exchanges two databases.", since: "4.0.0", "O(N), N watched keys",
            "index1:integer index2:integer"),
    ]
}
