// SPDX-License-Identifier: Apache-2.0
import Engine

extension Strings {
    private static let expiration =
        "EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time "
        + "| PXAT unix-time-milliseconds:unix-time"

    /// The string commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc("GET", "The string at a key.", since: "1.0.0", "O(1)", "key"),
        CommandDoc(
            "SET", "Stores a string at a key, whatever was there before.", since: "1.0.0", "O(1)",
            "key value [condition: NX | XX | IFEQ comparison-value] [GET] [expiration: \(expiration) | KEEPTTL]",
            history: [
                "2.6.12 The options `EX`, `PX`, `NX` and `XX`.", "6.0.0 The option `KEEPTTL`.",
                "6.2.0 The options `GET`, `EXAT` and `PXAT`.", "7.0.0 `NX` and `GET` may go together.",
                "8.1.0 The option `IFEQ`.",
            ]),
        CommandDoc(
            "GETDEL", "Takes the string from a key and deletes the key.", since: "6.2.0", "O(1)", "key"),
        CommandDoc(
            "GETEX", "The string at a key, whose deadline may be set or lifted with it.", since: "6.2.0",
            "O(1)",
            "key [expiration: \(expiration) | PERSIST]"),
        CommandDoc(
            "GETSET", "Stores a string at a key and answers the one before.", since: "1.0.0", "O(1)",
            "key value",
            deprecated: ("6.2.0", "`SET` with the `!GET` argument")),
        CommandDoc(
            "SETNX", "Stores a string at a key that does not exist.", since: "1.0.0", "O(1)", "key value",
            deprecated: ("2.6.12", "`SET` with the `NX` argument")),
        CommandDoc(
            "SETEX", "Stores a string and how many seconds it is to live.", since: "2.0.0", "O(1)",
            "key seconds:integer value", deprecated: ("2.6.12", "`SET` with the `EX` argument")),
        CommandDoc(
            "PSETEX", "Stores a string and how many milliseconds it is to live.", since: "2.6.0", "O(1)",
            "key milliseconds:integer value", deprecated: ("2.6.12", "`SET` with the `PX` argument")),
        CommandDoc("MGET", "The strings at several keys.", since: "1.0.0", "O(N), N keys", "key..."),
        CommandDoc(
            "MSET", "Stores strings at several keys at once.", since: "1.0.1", "O(N), N keys",
            "(data: key value)..."),
        CommandDoc(
            "MSETNX", "Stores strings at several keys if none of them exists.", since: "1.0.1",
            "O(N), N keys",
            "(data: key value)..."),
        CommandDoc(
            "MSETEX", "Stores strings at several keys at once, if wanted with a deadline or a condition.",
            since: "9.1.0", "O(N), N keys",
            "numkeys:integer (data: key value)... [condition: NX | XX] [expiration: \(expiration) | KEEPTTL]"),
        CommandDoc(
            "DELIFEQ", "Deletes a key if it holds this string.", since: "9.0.0", "O(1)", "key value"),
        CommandDoc(
            "APPEND", "Appends to the string at a key and answers its new length.", since: "2.0.0",
            "O(1), amortised", "key value"),
        CommandDoc("STRLEN", "The length of the string at a key, in bytes.", since: "2.2.0", "O(1)", "key"),
        CommandDoc(
            "SETRANGE", "Overwrites a part of the string at a key, which grows with zeros if need be.",
            since: "2.2.0", "O(M), M bytes written", "key offset:integer value"),
        CommandDoc(
            "GETRANGE", "A part of the string at a key; negative indexes count from its end.", since: "2.4.0",
            "O(N), N bytes answered", "key start:integer end:integer"),
        CommandDoc(
            "SUBSTR", "A part of the string at a key.", since: "1.0.0", "O(N), N bytes answered",
            "key start:integer end:integer", deprecated: ("2.0.0", "`GETRANGE`")),
        CommandDoc(
            "LCS", "The longest subsequence that two strings have in common.", since: "7.0.0",
            "O(N*M), N and M the lengths of the strings",
            "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]"),
        CommandDoc(
            "INCR", "Adds one to the integer at a key; nothing counts as 0.", since: "1.0.0", "O(1)", "key"),
        CommandDoc(
            "DECR", "Takes one from the integer at a key; nothing counts as 0.", since: "1.0.0", "O(1)", "key"
        ),
        CommandDoc(
            "INCRBY", "Adds to the integer at a key.", since: "1.0.0", "O(1)", "key increment:integer"),
        CommandDoc(
            "DECRBY", "Subtracts from the integer at a key.", since: "1.0.0", "O(1)", "key decrement:integer"),
        CommandDoc(
            "INCRBYFLOAT", "Adds to the number at a key, with a fraction if wanted.", since: "2.6.0", "O(1)",
            "key increment:double"),
    ]
}
