// SPDX-License-Identifier: Apache-2.0
// Resident bytes per key: (VmRSS with the keys − VmRSS of the empty server) / keys. Nothing is timed here, so
// two servers are loaded at the same time.
import Foundation

/// One keyspace of the memory table.
struct MemoryRow: Sendable {
    enum Lifetime: String, Sendable {
        case none = "no TTL"
        case few = "TTL on 1 %"
        case all = "TTL on all"
    }
    enum Content: Sendable {
        case strings(valueSize: Int, Lifetime)
        /// Values 100 to 999: a server may store them as integers, or share them.
        case numbers(Lifetime)
        case textSet, integerSet
        /// A million fields in all, with 32-byte values: in hashes of ten, or in one hash.
        case smallHashes(Lifetime), largeHash(Lifetime)
        /// A million elements of 16 bytes: in lists of a hundred, or in one list.
        case smallLists, largeList
        /// A million members of 16 bytes in all: in sorted sets of ten, or in one.
        case smallSortedSets, largeSortedSet
        /// A million entries in one stream, each of one field of 10 bytes.
        case stream
        /// No keys at all: connections that are idle.
        case connections
    }
    var content: Content

    var name: String {
        switch content {
        case .strings(let size, let lifetime): "memory \(size) B, \(lifetime.rawValue)"
        case .numbers(let lifetime): "memory 3 digits, \(lifetime.rawValue)"
        case .textSet: "memory set of 16-byte strings"
        case .integerSet: "memory set of 32-bit integers"
        case .smallHashes(let lifetime): "memory field, 100,000 hashes of 10, \(lifetime.rawValue)"
        case .largeHash(let lifetime): "memory field, one hash of 1 M, \(lifetime.rawValue)"
        case .smallLists: "memory element, 10,000 lists of 100"
        case .largeList: "memory element, one list of 1 M"
        case .smallSortedSets: "memory member, 100,000 sorted sets of 10"
        case .largeSortedSet: "memory member, one sorted set of 1 M"
        case .stream: "memory entry, one stream of 1 M"
        case .connections: "memory idle connections"
        }
    }

    static let sizes = [1_000_000, 1_300_000, 1_700_000, 2_000_000]

    static let lifetimes = [Lifetime.none, .few, .all]

    static let all: [MemoryRow] =
        [3, 32, 100].flatMap { size in
            lifetimes.map { MemoryRow(content: .strings(valueSize: size, $0)) }
        } + lifetimes.map { MemoryRow(content: .numbers($0)) } + [
            MemoryRow(content: .textSet), MemoryRow(content: .integerSet),
        ] + [Lifetime.none, .all].map { MemoryRow(content: .smallHashes($0)) }
        + [Lifetime.none, .all].map { MemoryRow(content: .largeHash($0)) }
        + [MemoryRow(content: .smallLists), MemoryRow(content: .largeList)]
        + [MemoryRow(content: .smallSortedSets), MemoryRow(content: .largeSortedSet)]
        + [MemoryRow(content: .stream), MemoryRow(content: .connections)]

    /// What README shows and `--quick` measures, with a million keys only.
    static let chosen = [
        MemoryRow(content: .strings(valueSize: 32, .none)), MemoryRow(content: .strings(valueSize: 32, .all)),
        MemoryRow(content: .textSet), MemoryRow(content: .smallHashes(.none)),
        MemoryRow(content: .smallHashes(.all)),
    ]
}

/// Measures memory.
struct Memory {
    let bout: Bout

    func measure(_ rows: [MemoryRow], note: (String) -> Void) -> [MemoryResult] {
        rows.map { row in
            Progress.say(row.name)
            var result = MemoryResult(name: row.name, points: [])
            // Two at a time: the machine has cores and memory for that, and it halves the time.
            var rest = bout.contestants[...]
            while !rest.isEmpty {
                measure(row, Array(rest.prefix(2)), into: &result, note: note)
                rest = rest.dropFirst(2)
            }
            return result
        }
    }

    private func measure(
        _ row: MemoryRow, _ contestants: [Contestant], into result: inout MemoryResult,
        note: (String) -> Void
    ) {
        var works: [(Contestant, ServerUnderTest, Background<[Point]>)] = []
        for contestant in contestants {
            do {
                let server = try ServerUnderTest(contestant, cores: nil, children: bout.children)
                let (pid, port, quick) = (server.child.pid, server.port, bout.options.quick)
                let work = Background { try Memory.points(row, pid: pid, port: port, quick: quick) }
                works.append((contestant, server, work))
            } catch { note("\(row.name), \(contestant.name): \(error)") }
        }
        for (contestant, server, work) in works {
            do {
                for (index, point) in try work.wait().enumerated() {
                    if result.points.count <= index {
                        result.points.append(
                            MemoryPoint(label: point.label, keys: point.keys, bytesPerKey: PerServer()))
                    }
                    result.points[index].bytesPerKey[contestant.index] = point.bytesPerKey
                }
            } catch { note("\(row.name), \(contestant.name): \(error)") }
            server.child.end()
        }
    }

    private struct Point: Sendable {
        var label: String
        var keys: Int
        var bytesPerKey: Double
    }

    private static func points(_ row: MemoryRow, pid: pid_t, port: Int, quick: Bool) throws -> [Point] {
        let connection = try Connection(port: port)
        let empty = Proc.settledResidentBytes(pid, seconds: 1.5)
        var points: [Point] = []
        func measure(_ label: String, keys: Int, still: Int = 4, seconds: Double = 3) {
            let resident = Proc.settledResidentBytes(pid, still: still, seconds: seconds)
            points.append(
                Point(label: label, keys: keys, bytesPerKey: Double(resident - empty) / Double(keys)))
        }
        func grow(size: Int?, _ lifetime: MemoryRow.Lifetime) throws {
            var loaded = 0
            for count in quick ? [MemoryRow.sizes[0]] : MemoryRow.sizes {
                try fill(loaded..<count, size: size, lifetime, connection)
                loaded = count
                measure("\(Double(count) / 1e6) M keys", keys: count)
            }
            if quick { return }
            // Nine of ten keys go, spread over the whole keyspace; what is resident then belongs to the rest.
            // Servers give memory back at leisure, so the wait is longer.
            try connection.pipelined(loaded - loaded / 10, pipeline: 200) { text, index in
                text.command(2)
                text.argument("DEL")
                text.numbered("key:", index + index / 9 + 1)
            }
            measure("90 % deleted", keys: loaded / 10, still: 12, seconds: 6)
        }
        switch row.content {
        case .textSet:
            // Four characters and 12 digits make members of 16 bytes.
            try connection.fillSet("set", prefix: "mem:", count: 1_000_000)
            measure("1.0 M members", keys: 1_000_000)
        case .integerSet:
            try fillIntegers(1_000_000, connection)
            measure("1.0 M members", keys: 1_000_000)
        case .smallHashes(let lifetime):
            try fillFields(hashes: 100_000, fields: 10, lifetime, connection)
            measure("1.0 M fields", keys: 1_000_000)
        case .largeHash(let lifetime):
            try fillFields(hashes: 1, fields: 1_000_000, lifetime, connection)
            measure("1.0 M fields", keys: 1_000_000)
        case .smallLists:
            for list in 0..<10_000 {
                try connection.fillList("list:\(list)", count: 100, size: 16, from: list * 100)
            }
            measure("1.0 M elements", keys: 1_000_000)
        case .largeList:
            try connection.fillList("list", count: 1_000_000, size: 16)
            measure("1.0 M elements", keys: 1_000_000)
        case .smallSortedSets:
            try connection.fillScored({ "zset:\($0)" }, sets: 100_000, prefix: "mem:", count: 10)
            measure("1.0 M members", keys: 1_000_000)
        case .largeSortedSet:
            try connection.fillScored({ _ in "zset" }, prefix: "mem:", count: 1_000_000)
            measure("1.0 M members", keys: 1_000_000)
        case .stream:
            try connection.fillStreams("stream", entries: 1_000_000, size: 10)
            measure("1.0 M entries", keys: 1_000_000)
        case .connections:
            // Two servers are measured at once, and the limit of open files is shared; servers give the buffers of
            // idle clients back after some seconds.
            let crowd = try Crowd(9_500, port: port)
            measure("9,500", keys: 9_500, still: 20, seconds: 10)
            withExtendedLifetime(crowd) {}
        case .strings(let size, let lifetime):
            try grow(size: size, lifetime)
        case .numbers(let lifetime):
            try grow(size: nil, lifetime)
        }
        return points
    }

    private static func fill(
        _ range: Range<Int>, size: Int?, _ lifetime: MemoryRow.Lifetime, _ connection: Connection
    ) throws {
        try connection.pipelined(range.count, pipeline: 200) { text, offset in
            let index = range.lowerBound + offset
            let volatile = lifetime == .all || (lifetime == .few && index % 100 == 0)
            text.command(volatile ? 5 : 3)
            text.argument("SET")
            text.numbered("key:", index)
            if let size {
                text.value(index, size: size)
            } else {
                text.integer(100 + CommandText.scramble(index) % 900)
            }
            if volatile {
                // Between 27 and 55 hours from now, no two alike.
                text.argument("PX")
                text.integer(100_000_000 + CommandText.scramble(index) % 100_000_000)
            }
        }
    }

    private static func fillFields(
        hashes: Int, fields: Int, _ lifetime: MemoryRow.Lifetime, _ connection: Connection
    ) throws {
        try connection.fillHashes(hashes, fields: fields, size: 32)
        guard lifetime == .all else { return }
        // Between 27 and 55 hours from now.
        let now = Clock.wallMs()
        try connection.expireFields(hashes, fields: fields) { command in
            now + 100_000_000 + CommandText.scramble(command) % 100_000_000
        }
    }

    private static func fillIntegers(_ count: Int, _ connection: Connection) throws {
        try connection.pipelined(count / 100, pipeline: 4) { text, batch in
            text.command(102)
            text.argument("SADD")
            text.argument("set")
            // An odd factor makes 32-bit numbers that do not repeat.
            for index in batch * 100..<batch * 100 + 100 {
                text.integer(Int(UInt32(truncatingIfNeeded: index) &* 2_654_435_761))
            }
        }
    }
}
