// SPDX-License-Identifier: Apache-2.0
import Engine

extension Transactions {
    /// The transaction commands with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of each of them.
    public static let docs: [CommandDoc] = [
        CommandDoc("MULTI", "Begins a transaction: what follows is queued.", since: "1.2.0", "O(1)"),
        CommandDoc(
            "EXEC", "Runs what is queued, unless a watched key has changed.", since: "1.2.0",
            "By the commands queued"),
        CommandDoc(
            "DISCARD", "Forgets what is queued, and all watches.", since: "2.0.0", "O(N), N commands queued"),
        CommandDoc(
            "WATCH", "Lets EXEC run only if these keys do not change.", since: "2.2.0", "O(N), N keys",
            "key..."),
        CommandDoc("UNWATCH", "Forgets all watches.", since: "2.2.0", "O(N), N keys watched"),
    ]
}
