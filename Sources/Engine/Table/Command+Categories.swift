// SPDX-License-Identifier: Apache-2.0

extension Command {
    /// All ACL categories, in the order in which commands show them.
    static let categories = [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog",
        "geo",
        "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction",
        "scripting",
    ]

    /// The command's ACL categories: those that its row names, and those that follow from flags and group.
    public func aclCategories() -> [String] {
        var found = Set(acl.split(separator: " ").map { String($0.drop { $0 == "@" }) })
        if flags.contains(.write) { found.insert("write") }
        // A script may read without being a read.
        if flags.contains(.readonly), group != .scripting { found.insert("read") }
        if flags.contains(.admin) { found.formUnion(["admin", "dangerous"]) }
        if flags.contains(.pubsub) { found.insert("pubsub") }
        if flags.contains(.blocking) { found.insert("blocking") }
        found.insert(flags.contains(.fast) ? "fast" : "slow")
        // Help is about the container, and nobody's business in particular.
        let isHelp = name == "help" && group == .pubsub
        if subcommands.isEmpty, !isHelp, let category = group.category { found.insert(category) }
        return Command.categories.filter { found.contains($0) }
    }
}

extension CommandGroup {
    /// The category that all commands of the group have; nil where it depends on the command.
    var category: String? {
        switch self {
        case .generic, .server, .cluster: nil
        case .sortedSet: "sortedset"
        case .transactions: "transaction"
        default: rawValue
        }
    }
}
