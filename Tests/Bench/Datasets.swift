// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a server's keyspace holds, so that rows over the same data share one load.
enum Dataset: Equatable, Sendable {
    case unknown
    case empty
    /// `count` keys key:000000000000… with values of `size` bytes.
    case strings(count: Int, size: Int)
    /// `count` keys counter:000000000000… that hold 1.
    case counters(count: Int)
    /// `count` keys bits:0, bits:1… with `size` bytes each.
    case bitmaps(count: Int, size: Int)
    /// The set myset of `count` members element:000000000000….
    case members(count: Int)
    /// The list mylist of `count` elements of `size` bytes; 0: of numbers in no order.
    case list(count: Int, size: Int)
    /// `count` keys hash:000000000000… of fields field:000000000000… with values of `size` bytes; 0: with the number 1.
    case hashes(count: Int, fields: Int, size: Int)
    /// The same, for load that gives deadlines to fields.
    case volatileHashes(count: Int, fields: Int, size: Int)
    /// The sorted set zset of `count` members element:000000000000… with scores below a million.
    case scored(count: Int)
    /// The stream `stream` of entries 1-0, 2-0 … with one field of `size` bytes, all read by consumer `one` of a group or
    /// none.
    case stream(count: Int, size: Int, pending: Bool)
    /// `count` streams stream:000000000000… of so many entries 1-0, 2-0 ….
    case streams(count: Int, entries: Int, size: Int)
    /// The sorted set places of `count` members element:000000000000… in a square of a degree.
    case places(count: Int)
    /// `count` keys hll:000000000000… to each of which `elements` other elements were added.
    case hyperLogLogs(count: Int, elements: Int)
}

extension Connection {
    /// Fills an empty keyspace.
    func fill(_ wanted: Dataset) throws {
        switch wanted {
        case .unknown, .empty: break
        case .strings(let count, let size):
            try pipelined(count, pipeline: max(1, min(200, 100_000 / size))) { text, index in
                text.command(3)
                text.argument("SET")
                text.numbered("key:", index)
                text.value(index, size: size)
            }
        case .bitmaps(let count, let size):
            try pipelined(count, pipeline: 1) { text, index in
                text.command(3)
                text.argument("SET")
                text.argument("bits:\(index)")
                text.value(index, size: size)
            }
        case .counters(let count):
            try pipelined(count, pipeline: 200) { text, index in
                text.command(3)
                text.argument("SET")
                text.numbered("counter:", index)
                text.argument("1")
            }
        case .scored(let count): try fillScored({ _ in "zset" }, prefix: "element:", count: count)
        case .places(let count): try fillPlaces(count: count)
        case .members(let count): try fillSet("myset", prefix: "element:", count: count)
        case .list(let count, let size): try fillList("mylist", count: count, size: size)
        case .hashes(let count, let fields, let size), .volatileHashes(let count, let fields, let size):
            try fillHashes(count, fields: fields, size: size)
        case .stream(let count, let size, let pending):
            try fillStreams("stream", entries: count, size: size)
            try addGroup(to: "stream", delivered: pending ? count : 0)
        case .streams(let count, let entries, let size):
            try fillStreams("stream:", streams: count, entries: entries, size: size)
        case .hyperLogLogs(let count, let elements): try fillHyperLogLogs(count, elements: elements)
        }
    }

    /// Adds elements to HyperLogLogs, 100 at a time.
    private func fillHyperLogLogs(_ count: Int, elements: Int) throws {
        let steps = (elements + 99) / 100
        try pipelined(count * steps, pipeline: 4) { text, index in
            let first = index % steps * 100
            let last = min(elements, first + 100)
            text.command(2 + last - first)
            text.argument("PFADD")
            text.numbered("hll:", index / steps)
            for element in first..<last { text.numbered("seen:", index / steps * elements + element) }
        }
    }

    /// Adds `count` members of a prefix and 12 digits to a set, 100 at a time.
    func fillSet(_ key: String, prefix: StaticString, count: Int, from start: Int = 0) throws {
        try pipelined((count + 99) / 100, pipeline: 4) { text, batch in
            let first = batch * 100
            let last = min(count, first + 100)
            text.command(2 + last - first)
            text.argument("SADD")
            text.argument(key)
            for index in first..<last { text.numbered(prefix, start + index) }
        }
    }

    /// Adds `count` elements of `size` bytes to a list, 100 at a time; without a size numbers in no order.
    func fillList(_ key: String, count: Int, size: Int, from start: Int = 0) throws {
        try pipelined((count + 99) / 100, pipeline: 4) { text, batch in
            let first = batch * 100
            let last = min(count, first + 100)
            text.command(2 + last - first)
            text.argument("RPUSH")
            text.argument(key)
            for index in first..<last {
                if size > 0 {
                    text.value(start + index, size: size)
                } else {
                    text.integer(CommandText.scramble(start + index) % 1_000_000)
                }
            }
        }
    }

    /// Makes hashes, at most 100 fields at a time.
    func fillHashes(_ count: Int, fields: Int, size: Int, from start: Int = 0) throws {
        let step = min(100, fields)
        let steps = (fields + step - 1) / step
        try pipelined(count * steps, pipeline: max(1, 200 / step)) { text, index in
            let first = index % steps * step
            let last = min(fields, first + step)
            text.command(2 + 2 * (last - first))
            text.argument("HSET")
            text.numbered("hash:", start + index / steps)
            for field in first..<last {
                text.numbered("field:", field)
                if size > 0 { text.value(field, size: size) } else { text.integer(1) }
            }
        }
    }

    /// Gives all fields of hashes a deadline, at most 100 fields at a time.
    ///
    /// - Parameter deadline: milliseconds since 1970 for a field by its number.
    func expireFields(_ hashes: Int, fields: Int, _ deadline: (Int) -> Int) throws {
        let step = min(100, fields)
        let steps = (fields + step - 1) / step
        let batch = max(1, 200 / step)
        var index = 0
        while index < hashes * steps {
            var text = CommandText()
            let count = min(batch, hashes * steps - index)
            for command in index..<index + count {
                let first = command % steps * step
                let last = min(fields, first + step)
                text.command(5 + last - first)
                text.argument("HPEXPIREAT")
                text.numbered("hash:", command / steps)
                text.integer(deadline(command))
                text.argument("FIELDS")
                text.integer(last - first)
                for field in first..<last { text.numbered("field:", field) }
            }
            try send(text.bytes)
            try skipReplies(count)
            index += count
        }
    }
}
