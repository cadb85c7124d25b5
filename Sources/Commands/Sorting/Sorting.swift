// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// SORT and SORT_RO.
public enum Sorting {
    private static let source = "idx1+range(0,1,0)[RO access]"
    private static let patterns =
        "unknown+unknown[RO access] For the optional BY/GET keyword. It is marked 'unknown' because the key names "
        + "derive from the content of the key we sort"
    private static let target =
        "unknown+unknown[OW update] For the optional STORE keyword. It is marked 'unknown' because the keyword can "
        + "appear anywhere in the argument array"

    /// The rows of the command table.
    public static let commands: [Command] = [
        Command(
            "SORT", arity: -2, [.write, .denyoom, .movableKeys], .generic,
            acl: "@set @sortedset @list @dangerous", keys: "\(source); \(patterns); \(target)", Sort.self),
        Command(
            "SORT_RO", arity: -2, [.readonly, .movableKeys], .generic,
            acl: "@set @sortedset @list @dangerous", keys: "\(source); \(patterns)", SortReadOnly.self),
    ]
}

/// SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE destination]
enum Sort: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try SortOptions(args, mayStore: true)
        let result = try SortResult(args, options, call)
        if let target = options.storeIndex {
            result.store(args[target], keys, reply)
        } else {
            result.answer(reply)
        }
    }
}

/// SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA]
enum SortReadOnly: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let options = try SortOptions(args, mayStore: false)
        try SortResult(args, options, call).answer(reply)
    }
}
