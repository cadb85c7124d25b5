// SPDX-License-Identifier: Apache-2.0
import Engine

extension Hashes {
    private static let condition = "[condition: NX | XX | GT | LT]"
    private static let fieldList = "FIELDS (fields: numfields:integer field...)"
    private static let pairList = "FIELDS (fields: numfields:integer (data: field value)...)"
    private static let expiration =
        "EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time "
        + "| PXAT unix-time-milliseconds:unix-time"

    /// The hash commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = fieldDocs + wholeDocs + deadlineDocs

    private static let fieldDocs: [CommandDoc] = [
        CommandDoc(
            "HSET", "Gives fields of a hash their values; answers how many are new.", since: "2.0.0",
            "O(N), N fields given", "key (data: field value)...", history: ["4.0.0 Several fields."]),
        CommandDoc(
            "HMSET", "Gives fields of a hash their values.", since: "2.0.0", "O(N), N fields given",
            "key (data: field value)...",
            deprecated: ("4.0.0", "`HSET` with multiple field-value pairs")),
        CommandDoc(
            "HSETNX", "Gives a field of a hash a value if it does not exist.", since: "2.0.0", "O(1)",
            "key field value"),
        CommandDoc("HGET", "The value of a field of a hash.", since: "2.0.0", "O(1)", "key field"),
        CommandDoc(
            "HMGET", "The values of fields of a hash.", since: "2.0.0", "O(N), N fields given", "key field..."
        ),
        CommandDoc(
            "HDEL", "Deletes fields of a hash, and with the last one the hash.", since: "2.0.0",
            "O(N), N fields given", "key field...", history: ["2.4.0 Several fields."]),
        CommandDoc("HEXISTS", "Whether a hash has a field.", since: "2.0.0", "O(1)", "key field"),
        CommandDoc(
            "HSTRLEN", "The length of the value of a field, in bytes.", since: "3.2.0", "O(1)", "key field"),
        CommandDoc(
            "HINCRBY", "Adds to the integer in a field of a hash; nothing counts as 0.", since: "2.0.0",
            "O(1)", "key field increment:integer"),
        CommandDoc(
            "HINCRBYFLOAT", "Adds to the number in a field of a hash, with a fraction if wanted.",
            since: "2.6.0", "O(1)", "key field increment:double"),
    ]

    private static let wholeDocs: [CommandDoc] = [
        CommandDoc("HLEN", "How many fields a hash has.", since: "2.0.0", "O(1)", "key"),
        CommandDoc("HKEYS", "All fields of a hash.", since: "2.0.0", "O(N), N fields of the hash", "key"),
        CommandDoc(
            "HVALS", "The values of all fields of a hash.", since: "2.0.0", "O(N), N fields of the hash",
            "key"),
        CommandDoc(
            "HGETALL", "All fields of a hash with their values.", since: "2.0.0",
            "O(N), N fields of the hash", "key"),
        CommandDoc(
            "HRANDFIELD", "Picks fields of a hash at random.", since: "6.2.0", "O(N), N fields picked",
            "key [options: count:integer [WITHVALUES]]"),
        CommandDoc(
            "HSCAN", "Walks over the fields of a hash, some at a time.", since: "2.8.0",
            "O(1) a call, O(N) for a walk over N fields",
            "key cursor:integer [MATCH pattern] [COUNT count:integer] [NOVALUES]"),
    ]

    private static let deadlineDocs: [CommandDoc] = [
        CommandDoc(
            "HEXPIRE", "Lets fields of a hash live for some seconds.", since: "7.4.0",
            "O(N), N fields given", "key seconds:integer \(condition) \(fieldList)"),
        CommandDoc(
            "HPEXPIRE", "Lets fields of a hash live for some milliseconds.", since: "7.4.0",
            "O(N), N fields given", "key milliseconds:integer \(condition) \(fieldList)"),
        CommandDoc(
            "HEXPIREAT", "Lets fields of a hash live until a second of Unix time.", since: "7.4.0",
            "O(N), N fields given", "key unix-time-seconds:unix-time \(condition) \(fieldList)"),
        CommandDoc(
            "HPEXPIREAT", "Lets fields of a hash live until a millisecond of Unix time.", since: "7.4.0",
            "O(N), N fields given", "key unix-time-milliseconds:unix-time \(condition) \(fieldList)"),
        CommandDoc(
            "HPERSIST", "Lifts the deadlines of fields of a hash.", since: "7.4.0", "O(N), N fields given",
            "key \(fieldList)"),
        CommandDoc(
            "HTTL", "How many seconds fields of a hash have left.", since: "7.4.0", "O(N), N fields given",
            "key \(fieldList)"),
        CommandDoc(
            "HPTTL", "How many milliseconds fields of a hash have left.", since: "7.4.0",
            "O(N), N fields given", "key \(fieldList)"),
        CommandDoc(
            "HEXPIRETIME", "The deadlines of fields of a hash, in seconds of Unix time.", since: "7.4.0",
            "O(N), N fields given", "key \(fieldList)"),
        CommandDoc(
            "HPEXPIRETIME", "The deadlines of fields of a hash, in milliseconds of Unix time.",
            since: "7.4.0", "O(N), N fields given", "key \(fieldList)"),
        CommandDoc(
            "HGETEX", "The values of fields of a hash, whose deadlines may be set or lifted with it.",
            since: "8.0.0", "O(N), N fields given",
            "key [expiration: \(expiration) | PERSIST] \(fieldList)"),
        CommandDoc(
            "HSETEX", "Gives fields of a hash their values, if wanted with a deadline or conditions.",
            since: "8.0.0", "O(N), N fields given",
            "key [key-condition: NX | XX] [condition: FNX | FXX] [expiration: \(expiration) | KEEPTTL] \(pairList)"
        ),
        CommandDoc(
            "HGETDEL", "Takes fields from a hash and answers their values.", since: "8.0.0",
            "O(N), N fields given", "key \(fieldList)"),
    ]
}
