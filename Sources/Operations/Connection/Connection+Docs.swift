// SPDX-License-Identifier: Apache-2.0
import Engine

extension ConnectionCommands {
    /// The connection commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)
    /// What a client does about its own connection, and about those of others.
    public static let feature = Feature("connections", families: [family])

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] =
        [
            CommandDoc(
                "HELLO", "Greets the server: chooses the protocol, authenticates, names the connection.",
                since: "6.0.0", "O(1)",
                "[arguments: protover:integer [AUTH (auth: username password)] [SETNAME clientname]]",
                history: [
                    "6.2.0 `protover` may be left out: the connection stays as it is.",
                    "8.1.0 The field `availability_zone`, where that is set.",
                ]),
            CommandDoc(
                "AUTH", "Authenticates the connection.", since: "1.0.0", "O(1)", "[username] password",
                history: ["6.0.0 A user name in front of the password."]),
            CommandDoc(
                "SELECT", "Chooses the database of the connection.", since: "1.0.0", "O(1)", "index:integer"),
            CommandDoc("PING", "Answers PONG, or the message given.", since: "1.0.0", "O(1)", "[message]"),
            CommandDoc("ECHO", "Answers the message given.", since: "1.0.0", "O(1)", "message"),
            CommandDoc(
                "QUIT", "Closes the connection.", since: "1.0.0", "O(1)",
                deprecated: ("7.2.0", "just closing the connection")),
            CommandDoc("RESET", "Makes the connection as it was when new.", since: "6.2.0", "O(1)"),
        ] + client

    /// The filters of CLIENT LIST and CLIENT KILL; those that name something have a form with NOT- in front.
    private static let filters = [
        "TYPE (client-type: \(types))", "ID client-id:integer...", "USER username", "ADDR addr=ip:port",
        "LADDR laddr=ip:port",
        "SKIPME (skipme: YES | NO)", "MAXAGE maxage:integer", "NAME name", "IDLE idle:integer", "FLAGS flags",
        "LIB-NAME lib-name", "LIB-VER lib-ver", "DB db:integer", "CAPA capa", "IP ip",
        "NOT-TYPE (not-client-type: \(types))", "NOT-ID not-client-id:integer...", "NOT-USER not-username",
        "NOT-ADDR not-addr=ip:port", "NOT-LADDR not-laddr=ip:port",
        "NOT-NAME not-name", "NOT-FLAGS not-flags", "NOT-LIB-NAME not-lib-name", "NOT-LIB-VER not-lib-ver",
        "NOT-DB not-db:integer", "NOT-CAPA not-capa", "NOT-IP not-ip",
    ]
    private static let types = "NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB"

    private static let client: [CommandDoc] = [
        CommandDoc("CLIENT", "Looks at connections and controls them.", since: "2.4.0", "By subcommand"),
        CommandDoc("CLIENT|ID", "The number of this connection.", since: "5.0.0", "O(1)"),
        CommandDoc("CLIENT|INFO", "What is known of this connection.", since: "6.2.0", "O(1)"),
        CommandDoc(
            "CLIENT|LIST", "What is known of the connections that pass all filters.", since: "2.4.0",
            "O(N), N connections", filters.map { "[\($0)]" }.joined(separator: " "),
            history: [
                "2.8.12 The field `id`.", "5.0.0 The filter `TYPE`.", "6.0.0 The field `user`.",
                "6.2.0 The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and the filter `ID`.",
                "7.0.0 The fields `resp`, `multi-mem`, `rbs` and `rbp`.", "7.0.3 The field `ssub`.",
                "7.2.0 The fields `lib-name` and `lib-ver`.", "7.4.0 The field `watch`.",
                "8.0.0 The field `io-thread`, and `TYPE primary`, for which `master` still stands.",
                "8.1.0 The filters `USER`, `ADDR`, `LADDR`, `SKIPME` and `MAXAGE`.",
                "9.0.0 The filters `NAME`, `IDLE`, `FLAGS`, `LIB-NAME`, `LIB-VER`, `DB`, `CAPA` and `IP`, and those with `NOT-` in front.",
            ]),
        CommandDoc(
            "CLIENT|KILL", "Closes the connections that pass all filters.", since: "2.4.0",
            "O(N), N connections",
            "(filter: old-format=ip:port | (new-format: \(filters.map { "[\($0)]" }.joined(separator: " | ")))...)",
            history: [
                "2.8.12 Filters.", "2.8.12 The filter `ID`.", "3.2.0 `TYPE master`.",
                "5.0.0 `TYPE replica`, for which `slave` still stands.", "6.2.0 `LADDR`.",
                "7.4.0 The filter `MAXAGE`.", "8.0.0 `TYPE primary`, for which `master` still stands.",
                "8.1.0 `ID` takes several.",
                "9.0.0 The filters `NAME`, `IDLE`, `FLAGS`, `LIB-NAME`, `LIB-VER`, `DB`, `CAPA` and `IP`, and those with `NOT-` in front.",
            ]),
        CommandDoc("CLIENT|SETNAME", "Names this connection.", since: "2.6.9", "O(1)", "connection-name"),
        CommandDoc("CLIENT|GETNAME", "The name of this connection.", since: "2.6.9", "O(1)"),
        CommandDoc(
            "CLIENT|SETINFO", "Tells which client library this is.", since: "7.2.0", "O(1)",
            "(attr: LIB-NAME libname | LIB-VER libver)"),
        CommandDoc(
            "CLIENT|CAPA", "Tells what this client understands.", since: "8.0.0", "O(1)", "capability..."),
        CommandDoc(
            "CLIENT|REPLY", "Whether this connection gets replies.", since: "3.2.0", "O(1)",
            "(action: ON | OFF | SKIP)"),
        CommandDoc(
            "CLIENT|NO-EVICT", "Whether this connection is spared when memory for clients runs out.",
            since: "7.0.0", "O(1)", "(enabled: ON | OFF)"),
        CommandDoc(
            "CLIENT|NO-TOUCH", "Whether this connection's reads leave the age of keys as it is.",
            since: "7.2.0",
            "O(1)", "(enabled: ON | OFF)"),
        CommandDoc(
            "CLIENT|PAUSE", "Lets commands wait for a while.", since: "3.0.0", "O(1)",
            "timeout:integer [mode: WRITE | ALL]", history: ["6.2.0 `WRITE`, and the option `mode` for it."]),
        CommandDoc(
            "CLIENT|UNPAUSE", "Ends a pause early.", since: "6.2.0", "O(N), N connections that wait"),
        CommandDoc(
            "CLIENT|UNBLOCK", "Ends the wait of a connection that is blocked.", since: "5.0.0", "O(1)",
            "client-id:integer [unblock-type: TIMEOUT | ERROR]"),
        CommandDoc(
            "CLIENT|IMPORT-SOURCE", "Whether this connection decides which keys die, in import mode.",
            since: "8.1.0", "O(1)", "(enabled: ON | OFF)"),
        CommandDoc("CLIENT|HELP", "The subcommands and what they do.", since: "5.0.0", "O(1)"),
    ]
}
