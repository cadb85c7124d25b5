// SPDX-License-Identifier: Apache-2.0
import Engine

extension Lists {
    /// The list commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = endDocs + readDocs + changeDocs + moveDocs + blockingDocs

    private static let end = "LEFT | RIGHT"

    private static let endDocs: [CommandDoc] = [
        CommandDoc(
            "LPUSH", "Pushes elements to the left end of a list, one after the other.", since: "1.0.0",
            "O(N), N elements given", "key element...", history: ["2.4.0 Several elements."]),
        CommandDoc(
            "RPUSH", "Pushes elements to the right end of a list, one after the other.", since: "1.0.0",
            "O(N), N elements given", "key element...", history: ["2.4.0 Several elements."]),
        CommandDoc(
            "LPUSHX", "Pushes elements to the left end of a list if it exists.", since: "2.2.0",
            "O(N), N elements given", "key element...", history: ["4.0.0 Several elements."]),
        CommandDoc(
            "RPUSHX", "Pushes elements to the right end of a list if it exists.", since: "2.2.0",
            "O(N), N elements given", "key element...", history: ["4.0.0 Several elements."]),
        CommandDoc(
            "LPOP", "Takes elements from the left end of a list.", since: "1.0.0", "O(N), N elements taken",
            "key [count:integer]", history: ["6.2.0 The argument `count`."]),
        CommandDoc(
            "RPOP", "Takes elements from the right end of a list.", since: "1.0.0", "O(N), N elements taken",
            "key [count:integer]", history: ["6.2.0 The argument `count`."]),
    ]

    private static let readDocs: [CommandDoc] = [
        CommandDoc("LLEN", "How many elements a list has.", since: "1.0.0", "O(1)", "key"),
        CommandDoc(
            "LRANGE", "Elements of a list from one index to another.", since: "1.0.0",
            "O(log(N)+M), N elements of the list, M elements answered", "key start:integer stop:integer"),
        CommandDoc(
            "LINDEX", "The element of a list with an index.", since: "1.0.0",
            "O(log(N)), N elements of the list", "key index:integer"),
        CommandDoc(
            "LPOS", "Where elements of a list match.", since: "6.0.6", "O(N), N elements looked at",
            "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]"),
    ]

    private static let changeDocs: [CommandDoc] = [
        CommandDoc(
            "LSET", "Gives an element of a list another value.", since: "1.0.0",
            "O(log(N)), N elements of the list", "key index:integer element"),
        CommandDoc(
            "LINSERT", "Puts an element in front of another one of a list, or behind it.", since: "2.2.0",
            "O(N), N elements in front of the pivot", "key (where: BEFORE | AFTER) pivot element"),
        CommandDoc(
            "LREM", "Removes elements of a list that match.", since: "1.0.0",
            "O(N), N elements of the list", "key count:integer element"),
        CommandDoc(
            "LTRIM", "Removes all elements of a list but those from one index to another.", since: "1.0.0",
            "O(N), N elements removed", "key start:integer stop:integer"),
    ]

    private static let moveDocs: [CommandDoc] = [
        CommandDoc(
            "LMOVE", "Moves an element from an end of a list to an end of another.", since: "6.2.0", "O(1)",
            "source:key destination:key (wherefrom: \(end)) (whereto: \(end))"),
        CommandDoc(
            "RPOPLPUSH", "Moves an element from the right end of a list to the left end of another.",
            since: "1.2.0", "O(1)", "source:key destination:key",
            deprecated: ("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")),
        CommandDoc(
            "LMPOP", "Takes elements from an end of the first of several lists that exists.", since: "7.0.0",
            "O(N+M), N keys given, M elements taken",
            "numkeys:integer key... (where: \(end)) [COUNT count:integer]"),
    ]

    private static let blockingDocs: [CommandDoc] = [
        CommandDoc(
            "BLPOP",
            "Takes an element from the left end of the first of several lists, or waits for one.",
            since: "2.0.0", "O(N), N keys given", "key... timeout:double",
            history: ["6.0.0 The timeout may have a fraction."]),
        CommandDoc(
            "BRPOP",
            "Takes an element from the right end of the first of several lists, or waits for one.",
            since: "2.0.0", "O(N), N keys given", "key... timeout:double",
            history: ["6.0.0 The timeout may have a fraction."]),
        CommandDoc(
            "BLMOVE", "Moves an element from an end of a list to an end of another, or waits for one.",
            since: "6.2.0", "O(1)",
            "source:key destination:key (wherefrom: \(end)) (whereto: \(end)) timeout:double"),
        CommandDoc(
            "BRPOPLPUSH",
            "Moves an element from the right end of a list to the left end of another, or waits for one.",
            since: "2.2.0", "O(1)", "source:key destination:key timeout:double",
            deprecated: ("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
            history: ["6.0.0 The timeout may have a fraction."]),
        CommandDoc(
            "BLMPOP",
            "Takes elements from an end of the first of several lists that exists, or waits for one.",
            since: "7.0.0", "O(N+M), N keys given, M elements taken",
            "timeout:double numkeys:integer key... (where: \(end)) [COUNT count:integer]"),
    ]
}
