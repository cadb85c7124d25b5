// SPDX-License-Identifier: Apache-2.0
// The rows of sorted sets: load, memory and stalls.
import Foundation

extension RateRow {
    /// One sorted set of a million members. ZADD and ZPOPMIN fill and empty it.
    static let sortedSets =
        ["ZRANK", "ZRANGEBYSCORE of 10", "ZINCRBY", "ZADD", "ZPOPMIN"].flatMap { command in
            [1, 16].map { RateRow(command: command, pipeline: $0, valueSize: 0, connections: 50) }
        }
}

extension Workload {
    /// What one command of a row on sorted sets means; nil for other rows.
    static func ofSortedSets(
        _ row: RateRow
    ) -> (words: [Word], dataset: Dataset, reply: [String]?, usesUp: Bool)? {
        let count = row.keyCount
        let set = Word.literal("zset")
        let member = Word.random("element:", below: count)
        let score = Word.random("", below: count)
        let full = Dataset.scored(count: count)
        func words(_ name: String, _ words: Word...) -> [Word] { [.literal(name), set] + words }
        return switch row.command {
        case "ZADD": (words("ZADD", score, member), .empty, ["integer"], true)
        case "ZPOPMIN": (words("ZPOPMIN"), full, ["array", "2", "20"], true)
        case "ZRANK": (words("ZRANK", member), full, ["integer"], false)
        case "ZINCRBY": (words("ZINCRBY", .literal("1"), member), full, ["bulk", "6"], false)
        case "ZRANGEBYSCORE of 10":
            (
                words(
                    "ZRANGEBYSCORE", score, .literal("+inf"), .literal("LIMIT"), .literal("0"), .literal("10")
                ),
                full, ["array", "10", "20"], false
            )
        default: nil
        }
    }
}

extension Connection {
    /// Adds `count` members of a prefix and 12 digits to sorted sets, at most 100 at a time, with scores below a million.
    func fillScored(
        _ key: (Int) -> String, sets: Int = 1, prefix: StaticString, count: Int
    ) throws {
        let step = min(100, count)
        let steps = (count + step - 1) / step
        try pipelined(sets * steps, pipeline: max(1, 400 / step)) { text, index in
            let first = index % steps * step
            let last = min(count, first + step)
            text.command(2 + 2 * (last - first))
            text.argument("ZADD")
            text.argument(key(index / steps))
            for member in first..<last {
                text.integer(CommandText.scramble(member) % 1_000_000)
                text.numbered(prefix, member)
            }
        }
    }
}

extension Stalls {
    static let largeSortedSetMembers = 10_000_000

    private func fillLarge(_ server: ServerUnderTest) throws -> Connection {
        let connection = try server.connect()
        try connection.fillScored({ _ in "zset" }, prefix: "mem:", count: Stalls.largeSortedSetMembers)
        return connection
    }

    func sortedSetDeletion(_ server: ServerUnderTest) throws -> StallFigures {
        try deletion(server, fillLarge(server), "DEL", "zset")
    }

    func sortedSetCopy(_ server: ServerUnderTest) throws -> StallFigures {
        let connection = try fillLarge(server)
        let probe = probe(server)
        usleep(200_000)
        let begin = Clock.now()
        try connection.must("COPY", "zset", "other")
        let took = Double(Clock.now() - begin) / 1e6
        usleep(300_000)
        return try probe.stop(remark: "COPY answered in \(Figure.text(took)) ms")
    }

    func cutOfSortedSet(_ server: ServerUnderTest) throws -> StallFigures {
        _ = try fillLarge(server)
        return try cut(server) { text, number in
            text.command(4)
            text.argument("ZADD")
            text.argument("zset")
            text.integer(number % 1_000_000)
            text.numbered("mem:", CommandText.scramble(number) % Stalls.largeSortedSetMembers)
        }
    }
}
