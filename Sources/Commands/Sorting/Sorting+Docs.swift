// SPDX-License-Identifier: Apache-2.0
import Engine

extension Sorting {
    private static let options =
        "key [BY by-pattern:pattern#1=pattern] [LIMIT (limit: offset:integer count:integer)] "
        + "[GET get-pattern:pattern#1=pattern]... [order: ASC | DESC] [sorting: ALPHA]"
    private static let complexity =
        "O(N+M*log(N)), N elements to sort, M elements answered; O(N) where they are not sorted"

    /// SORT and SORT_RO with their documentation.
    public static let family = Family(commands: commands, docs: docs)

    /// What COMMAND DOCS tells of them.
    public static let docs: [CommandDoc] = [
        CommandDoc(
            "SORT",
            "The elements of a list, set or sorted set in order, or what belongs to them; may be stored.",
            since: "1.0.0", complexity, "\(options) [STORE destination:key#2]"),
        CommandDoc(
            "SORT_RO", "The elements of a list, set or sorted set in order, or what belongs to them.",
            since: "7.0.0", complexity, options),
    ]
}
