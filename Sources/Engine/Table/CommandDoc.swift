// SPDX-License-Identifier: Apache-2.0

/// What COMMAND DOCS tells of a command: a row for each, beside the table of its family.
public struct CommandDoc: Sendable {
    /// The full name in upper case, `CLIENT|LIST` for a subcommand.
    public let name: String
    /// What the command does, in one sentence.
    public let summary: String
    /// The version of Redis (or Valkey, for commands of its own) that had it first.
    public let since: String
    /// How its time grows with its arguments and data.
    public let complexity: String
    /// The arguments in the notation of `SyntaxReader`.
    public let syntax: String
    /// Since when, and for what, it should not be used any more.
    public let deprecated: (since: String, replacedBy: String)?
    /// Made for developers of servers, not of applications.
    public let isInternal: Bool
    /// What came later: a version and what it brought, a blank between them.
    public let history: [String]

    /// - Parameter syntax: the arguments behind the name, as `key [count:integer]`.
    public init(
        _ name: String, _ summary: String, since: String, _ complexity: String, _ syntax: String = "",
        deprecated: (since: String, replacedBy: String)? = nil, isInternal: Bool = false,
        history: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.since = since
        self.complexity = complexity
        self.syntax = syntax
        self.deprecated = deprecated
        self.isInternal = isInternal
        self.history = history
    }

    /// Rows by full name in lower case.
    public static func index(_ families: [Family]) -> [String: CommandDoc] {
        var index: [String: CommandDoc] = [:]
        for doc in families.lazy.flatMap(\.docs) {
            let previous = index.updateValue(doc, forKey: doc.name.lowercased())
            precondition(previous == nil, "two docs for one command")
        }
        return index
    }
}
