// SPDX-License-Identifier: Apache-2.0
import Engine

extension Streams {
    /// The stream commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = entryDocs + readDocs + groupDocs + claimDocs + infoDocs

    private static let trim =
        "(strategy: MAXLEN | MINID) [operator: (equal: =) | (approximately: ~)] threshold [LIMIT count:integer]"
    private static let inRange = "O(log(N)+M), N entries of the stream, M entries answered"
    private static let trimHistory = "6.2.0 The strategy `MINID` and the option `LIMIT`."

    private static let entryDocs: [CommandDoc] = [
        CommandDoc(
            "XADD", "Adds an entry to the end of a stream, and may trim it.", since: "5.0.0",
            "O(1), and O(N) for a trim, N entries removed",
            "key [NOMKSTREAM] [trim: \(trim)] (id-selector: (auto-id: *) | id) (data: field value)...",
            history: [
                "6.2.0 The option `NOMKSTREAM`, the strategy `MINID` and the option `LIMIT`.",
                "7.0.0 IDs of the form `<ms>-*`.",
            ]),
        CommandDoc("XLEN", "How many entries a stream has.", since: "5.0.0", "O(1)", "key"),
        CommandDoc(
            "XRANGE", "Entries of a stream from one ID to another.", since: "5.0.0", inRange,
            "key start end [COUNT count:integer]", history: ["6.2.0 Ends that are no part of the range."]),
        CommandDoc(
            "XREVRANGE", "Entries of a stream from one ID back to another.", since: "5.0.0", inRange,
            "key end start [COUNT count:integer]", history: ["6.2.0 Ends that are no part of the range."]),
        CommandDoc(
            "XDEL", "Deletes entries of a stream.", since: "5.0.0",
            "O(log(N)) for each, N entries of the stream", "key id..."),
        CommandDoc(
            "XTRIM", "Removes the oldest entries of a stream.", since: "5.0.0", "O(N), N entries removed",
            "key (trim: \(trim))", history: [trimHistory]),
        CommandDoc(
            "XSETID", "Sets what a stream counts; for servers.", since: "5.0.0", "O(1)",
            "key last-id [ENTRIESADDED entries-added:integer] [MAXDELETEDID max-deleted-id]",
            history: ["7.0.0 The options `ENTRIESADDED` and `MAXDELETEDID`."]),
    ]

    private static let readDocs: [CommandDoc] = [
        CommandDoc(
            "XREAD", "Entries of streams behind the given IDs, or a wait for the first of them.",
            since: "5.0.0", "O(log(N)+M) for each stream, N entries of it, M entries answered",
            "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS (streams: key... id...)",
            history: ["7.4.0 `+` for the last entry."]),
        CommandDoc(
            "XREADGROUP",
            "New entries for a consumer of a group, or those it has not acknowledged; or a wait for the first.",
            since: "5.0.0", "O(log(N)+M) for each stream, N entries of it, M entries answered",
            "GROUP (group-block: group consumer) [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] "
                + "STREAMS (streams: key... id...)"),
    ]

    private static let groupDocs: [CommandDoc] = [
        CommandDoc("XGROUP", "Commands on groups of consumers.", since: "5.0.0", "Depends on the subcommand"),
        CommandDoc(
            "XGROUP|CREATE", "Makes a group of consumers.", since: "5.0.0", "O(1)",
            "key group (id-selector: id | (new-id: $)) [MKSTREAM] "
                + "[ENTRIESREAD entriesread:integer=entries-read]",
            history: ["7.0.0 The option `ENTRIESREAD`."]),
        CommandDoc(
            "XGROUP|SETID", "Sets the last ID that a group was handed.", since: "5.0.0", "O(1)",
            "key group (id-selector: id | (new-id: $)) [ENTRIESREAD entriesread:integer=entries-read]",
            history: ["7.0.0 The option `ENTRIESREAD`."]),
        CommandDoc(
            "XGROUP|DESTROY", "Deletes a group of consumers.", since: "5.0.0",
            "O(N), N consumers of the group", "key group"),
        CommandDoc(
            "XGROUP|CREATECONSUMER", "Makes a consumer in a group.", since: "6.2.0", "O(1)",
            "key group consumer"),
        CommandDoc(
            "XGROUP|DELCONSUMER", "Deletes a consumer of a group, and what is pending for it.",
            since: "5.0.0", "O(N), N entries pending for it", "key group consumer"),
        CommandDoc("XGROUP|HELP", "Lists the subcommands.", since: "5.0.0", "O(1)"),
    ]

    private static let claimDocs: [CommandDoc] = [
        CommandDoc(
            "XACK", "Acknowledges entries that were delivered to a consumer of a group.", since: "5.0.0",
            "O(log(N)) for each, N entries pending", "key group id..."),
        CommandDoc(
            "XPENDING", "What was delivered to consumers of a group and not acknowledged.", since: "5.0.0",
            "O(N) for a summary, N consumers; O(M) for a list, M entries looked at",
            "key group [filters: [IDLE min-idle-time:integer] start end count:integer [consumer]]",
            history: ["6.2.0 The option `IDLE`, and ends that are no part of the range."]),
        CommandDoc(
            "XCLAIM", "Makes entries pending for a consumer that were pending for others.", since: "5.0.0",
            "O(log(N)) for each, N entries pending",
            "key group consumer min-idle-time id... [IDLE ms:integer] "
                + "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] [JUSTID] "
                + "[LASTID lastid]"),
        CommandDoc(
            "XAUTOCLAIM", "Likewise, for entries that have been pending for some time.", since: "6.2.0",
            "O(N), N entries looked at",
            "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
            history: ["7.0.0 Entries that were no longer there are answered as well."]),
    ]

    private static let infoDocs: [CommandDoc] = [
        CommandDoc("XINFO", "Commands that describe streams.", since: "5.0.0", "Depends on the subcommand"),
        CommandDoc(
            "XINFO|STREAM", "Describes a stream.", since: "5.0.0", "O(1); O(N) for all of it",
            "key [full-block: FULL [COUNT count:integer]]",
            history: [
                "6.0.0 The option `FULL`.",
                "7.0.0 Counters of entries added, read and deleted, and how far groups are behind.",
                "7.2.0 The field `active-time`.",
            ]),
        CommandDoc(
            "XINFO|GROUPS", "Lists the groups of a stream.", since: "5.0.0", "O(N), N groups", "key",
            history: ["7.0.0 The fields `entries-read` and `lag`."]),
        CommandDoc(
            "XINFO|CONSUMERS", "Lists the consumers of a group.", since: "5.0.0", "O(N), N consumers",
            "key group", history: ["7.2.0 The field `inactive`."]),
        CommandDoc("XINFO|HELP", "Lists the subcommands.", since: "5.0.0", "O(1)"),
    ]
}
