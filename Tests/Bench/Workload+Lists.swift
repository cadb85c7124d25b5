// SPDX-License-Identifier: Apache-2.0

extension Workload {
    /// The loads on lists; nil for others.
    static func ofLists(_ row: RateRow) -> (
        words: [Word], dataset: Dataset, reply: [String]?, usesUp: Bool
    )? {
        let size = row.valueSize
        func command(_ words: String...) -> [Word] { words.map { .literal($0) } }
        switch row.command {
        case "LPUSH", "RPUSH":
            return (command(row.command, "mylist") + [.value(size: size)], .empty, ["integer"], true)
        case "LPOP", "RPOP":
            let list = Dataset.list(count: 1_000_000, size: size)
            return (command(row.command, "mylist"), list, ["bulk", String(size)], true)
        case "LRANGE of 100", "LRANGE of 300", "LRANGE of 500", "LRANGE of 600":
            let count = Int(row.command.suffix(3)) ?? 100
            let words = command("LRANGE", "mylist", "0", "\(count - 1)")
            return (words, .list(count: 10_000, size: size), ["array", "\(count)", String(size)], false)
        case "LINDEX of 1 M":
            let list = Dataset.list(count: 1_000_000, size: size)
            return (command("LINDEX", "mylist", "500000"), list, ["bulk", String(size)], false)
        case "SORT of 10,000":
            return (command("SORT", "mylist", "LIMIT", "0", "10"), .list(count: 10_000, size: 0), nil, false)
        default: return nil
        }
    }
}
