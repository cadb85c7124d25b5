// SPDX-License-Identifier: Apache-2.0
import Engine

extension Sets {
    /// The set commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "SADD", "Adds members to a set.", since: "1.0.0", "O(N), N members given", "key member...",
            history: ["2.4.0 Several members."]),
        CommandDoc(
            "SREM", "Removes members from a set.", since: "1.0.0", "O(N), N members given", "key member...",
            history: ["2.4.0 Several members."]),
        CommandDoc("SISMEMBER", "Whether a set has a member.", since: "1.0.0", "O(1)", "key member"),
        CommandDoc(
            "SMISMEMBER", "Which of several members a set has.", since: "6.2.0", "O(N), N members given",
            "key member..."),
        CommandDoc("SCARD", "How many members a set has.", since: "1.0.0", "O(1)", "key"),
        CommandDoc("SMEMBERS", "All members of a set.", since: "1.0.0", "O(N), N members of the set", "key"),
        CommandDoc(
            "SMOVE", "Moves a member from one set to another.", since: "1.0.0", "O(1)",
            "source:key destination:key member"),
        CommandDoc(
            "SPOP", "Takes members from a set at random.", since: "1.0.0", "O(N), N members taken",
            "key [count:integer]", history: ["3.2.0 The argument `count`."]),
        CommandDoc(
            "SRANDMEMBER", "Picks members of a set at random.", since: "1.0.0", "O(N), N members picked",
            "key [count:integer]", history: ["2.6.0 The argument `count`."]),
        CommandDoc(
            "SINTER", "The members that all sets have.", since: "1.0.0",
            "O(N*M), N members of the smallest set, M sets", "key..."),
        CommandDoc(
            "SINTERCARD", "How many members all sets have in common.", since: "7.0.0",
            "O(N*M), N members of the smallest set, M sets", "numkeys:integer key... [LIMIT limit:integer]"),
        CommandDoc(
            "SINTERSTORE", "Stores the members that all sets have.", since: "1.0.0",
            "O(N*M), N members of the smallest set, M sets", "destination:key key..."),
        CommandDoc(
            "SUNION", "The members that any of the sets has.", since: "1.0.0", "O(N), N members of all sets",
            "key..."),
        CommandDoc(
            "SUNIONSTORE", "Stores the members that any of the sets has.", since: "1.0.0",
            "O(N), N members of all sets", "destination:key key..."),
        CommandDoc(
            "SDIFF", "The members of the first set that no other has.", since: "1.0.0",
            "O(N), N members of all sets", "key..."),
        CommandDoc(
            "SDIFFSTORE", "Stores the members of the first set that no other has.", since: "1.0.0",
            "O(N), N members of all sets", "destination:key key..."),
        CommandDoc(
            "SSCAN", "Walks over the members of a set, some at a time.", since: "2.8.0",
            "O(1) a call, O(N) for a walk over N members",
            "key cursor:integer [MATCH pattern] [COUNT count:integer]"),
    ]
}
