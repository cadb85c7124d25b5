// SPDX-License-Identifier: Apache-2.0
// The rows of streams: load.
import Foundation

extension RateRow {
    /// Entries of one field of 32 bytes. XADD fills a stream, and XREADGROUP reads one of a million entries.
    static let streams =
        ["XADD", "XRANGE of 100", "XREAD tail of 10", "XREADGROUP", "XACK"].flatMap { command in
            [1, 16].map { RateRow(command: command, pipeline: $0, valueSize: 32, connections: 50) }
        }
        + [RateRow(command: "XADD", pipeline: 1, valueSize: 32, connections: 10, subscribers: 100)]
}

extension Workload {
    /// What one command of a row on streams means; nil for other rows.
    static func ofStreams(
        _ row: RateRow
    ) -> (words: [Word], dataset: Dataset, reply: [String]?, usesUp: Bool)? {
        let size = row.valueSize
        let full = Dataset.stream(count: 1_000_000, size: size, pending: row.command == "XACK")
        let tails = Dataset.streams(count: 10, entries: 1000, size: size)
        func words(_ words: String...) -> [Word] { words.map { .literal($0) } }
        switch row.command {
        case "XADD":
            let head = words("XADD", "stream", "*", "field")
            return (head + [.value(size: size)], .empty, nil, true)
        case "XRANGE of 100":
            return (words("XRANGE", "stream", "500000", "+", "COUNT", "100"), full, nil, false)
        case "XREAD tail of 10":
            let keys = (0..<10).map { Word.numbered("stream:", $0) }
            let ids = [Word](repeating: .literal("999-0"), count: 10)
            return (words("XREAD", "STREAMS") + keys + ids, tails, nil, false)
        case "XREADGROUP":
            let command = words("XREADGROUP", "GROUP", "group", "one", "COUNT", "1", "STREAMS", "stream", ">")
            return (command, full, nil, true)
        case "XACK":
            // A million entries are pending; the later it gets the more often one is acknowledged again.
            let id = Word.random("", below: 1_000_000)
            return (words("XACK", "stream", "group") + [id], full, ["integer"], true)
        default: return nil
        }
    }
}

extension Connection {
    /// Fills streams of a prefix and 12 digits, or one of just this name, with entries 1-0, 2-0 … of one field each.
    func fillStreams(_ name: StaticString, streams: Int? = nil, entries: Int, size: Int) throws {
        try pipelined((streams ?? 1) * entries, pipeline: 200, linesEach: 2) { text, index in
            text.command(5)
            text.argument("XADD")
            if streams == nil { text.argument("\(name)") } else { text.numbered(name, index / entries) }
            text.argument("\(index % entries + 1)-0")
            text.argument("field")
            text.value(index, size: size)
        }
    }

    /// Gives a stream a group, and lets its consumer `one` have read so many entries 1-0, 2-0 ….
    func addGroup(to key: String, delivered: Int) throws {
        try pipelined(1, pipeline: 1) { text, _ in
            text.command(5)
            for word in ["XGROUP", "CREATE", key, "group", "0"] { text.argument(word) }
        }
        // Claims of a single entry, of which only the ID is answered: an array's line, and two for the ID.
        try pipelined(delivered, pipeline: 200, linesEach: 3) { text, index in
            text.command(8)
            for word in ["XCLAIM", key, "group", "one", "0", "\(index + 1)-0", "FORCE", "JUSTID"] {
                text.argument(word)
            }
        }
    }
}

extension Listeners {
    /// Clients that wait for the next entry of the stream `stream`, again and again.
    static func streamReaders(_ count: Int, port: Int) throws -> Listeners {
        let command = Array("XREAD BLOCK 0 STREAMS stream $\r\n".utf8)
        // An entry comes in one piece.
        return try Listeners(count, port: port, saying: command) { file, _ in
            send(file, command, command.count, Int32(MSG_NOSIGNAL))
        }
    }
}
