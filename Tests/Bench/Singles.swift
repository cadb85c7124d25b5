// SPDX-License-Identifier: Apache-2.0
// Commands that take long by themselves, timed alone: nobody else is served meanwhile.
import Foundation

/// One long command.
enum SingleRow: String, CaseIterable {
    case keys = "single KEYS * of 1 M keys"
    case mget = "single MGET of 200,000 keys"
    case smembers = "single SMEMBERS of 1 M"
    case sunion = "single SUNION of two of 1 M"
    case sinter = "single SINTER of two of 1 M"
    case sintercard = "single SINTERCARD of two of 1 M"
    case sunionstore = "single SUNIONSTORE of two of 1 M"
    case copy = "single COPY of a set of 1 M"
    case bitcount = "single BITCOUNT of 512 MB"
    case del = "single DEL of a string of 512 MB"

    case listCopy = "single COPY of a list of 1 M"
    case lrange = "single LRANGE of a list of 1 M"
    case sort = "single SORT of a list of 1 M, stored"
    case handover = "single BLPOP, 10,000 times handed over"

    static let all = SingleRow.allCases
    var name: String { rawValue }

    /// What the keyspace holds before it.
    fileprivate enum Data { case keys, sets, list, longString }

    fileprivate var data: Data {
        switch self {
        case .keys, .mget: .keys
        case .bitcount, .del: .longString
        case .listCopy, .lrange, .sort, .handover: .list
        default: .sets
        }
    }

    fileprivate var command: CommandText {
        let words: [String]
        switch self {
        case .keys: words = ["KEYS", "*"]
        case .smembers: words = ["SMEMBERS", "set:a"]
        case .sunion: words = ["SUNION", "set:a", "set:b"]
        case .sinter: words = ["SINTER", "set:a", "set:b"]
        case .sintercard: words = ["SINTERCARD", "2", "set:a", "set:b"]
        case .sunionstore: words = ["SUNIONSTORE", "set:c", "set:a", "set:b"]
        case .copy: words = ["COPY", "set:a", "set:c"]
        case .listCopy: words = ["COPY", "mylist", "set:c"]
        case .lrange: words = ["LRANGE", "mylist", "0", "-1"]
        case .sort: words = ["SORT", "mylist", "STORE", "set:c"]
        case .handover: words = ["BLPOP", "jobs", "0"]
        case .bitcount: words = ["BITCOUNT", "long"]
        case .del: words = ["DEL", "long"]
        case .mget: return SingleRow.mgetCommand()
        }
        var text = CommandText()
        text.command(words.count)
        for word in words { text.argument(word) }
        return text
    }

    private static func mgetCommand() -> CommandText {
        var text = CommandText()
        text.command(200_001)
        text.argument("MGET")
        for index in 0..<200_000 { text.numbered("key:", CommandText.scramble(index) % Singles.count) }
        return text
    }
}

/// Measures long commands, one server after the other.
struct Singles {
    let bout: Bout

    fileprivate static let count = 1_000_000
    private static let longBytes = 512 << 20

    func measure(_ rows: [SingleRow], note: (String) -> Void) -> [SingleResult] {
        var results = rows.map { SingleResult(name: $0.name, ms: PerServer(), cpuMs: PerServer()) }
        for contestant in bout.contestants {
            var loaded: (data: SingleRow.Data, server: ServerUnderTest)?
            for (index, row) in rows.enumerated() {
                Progress.say("\(row.name), \(contestant.name)")
                do {
                    if loaded?.data != row.data || loaded?.server.child.isRunning != true {
                        loaded = nil
                        let server = try bout.start(contestant)
                        try Singles.load(row.data, server.connect())
                        loaded = (row.data, server)
                    }
                    guard let server = loaded?.server else { continue }
                    let samples = try (0..<min(3, bout.options.roundCount)).map { _ in try time(row, server) }
                    results[index].ms[contestant.index] = Spread(samples.map(\.ms))
                    results[index].cpuMs[contestant.index] = Spread(samples.map(\.cpuMs))
                } catch {
                    loaded = nil
                    note("\(row.name), \(contestant.name): \(error)")
                }
            }
        }
        return results
    }

    private static func load(_ data: SingleRow.Data, _ connection: Connection) throws {
        switch data {
        case .keys: try connection.fill(.strings(count: count, size: 32))
        case .sets:
            // Half of the members are in both.
            try connection.fillSet("set:a", prefix: "mem:", count: count)
            try connection.fillSet("set:b", prefix: "mem:", count: count, from: count / 2)
        case .list: try connection.fillList("mylist", count: count, size: 0)
        case .longString: try fillLong(connection)
        }
        // Tables that are still on their way to a larger size would disturb the first command.
        usleep(1_000_000)
    }

    private static func fillLong(_ connection: Connection) throws {
        try connection.must("SETRANGE", "long", String(longBytes - 1), "x")
        let step = 1 << 20
        try connection.pipelined(longBytes / step, pipeline: 1) { text, index in
            text.command(4)
            text.argument("SETRANGE")
            text.argument("long")
            text.integer(index * step)
            text.value(index, size: step)
        }
    }

    /// One client waits, another pushes, and the first goes on when it has been served.
    private func handOver(
        _ row: SingleRow, _ server: ServerUnderTest, _ waiting: Connection
    ) throws -> (ms: Double, cpuMs: Double) {
        let pushing = try server.connect()
        let clock = ProcessClock(server.child.pid)
        let (spent, began) = (clock.nanoseconds(), Clock.now())
        for _ in 0..<10_000 {
            try waiting.send(row.command.bytes)
            try pushing.must("RPUSH", "jobs", "job")
            try waiting.skipReplies(1)
        }
        let took = Clock.now() - began
        return (Double(took) / 1e6, Double(clock.nanoseconds() - spent) / 1e6)
    }

    private func time(_ row: SingleRow, _ server: ServerUnderTest) throws -> (ms: Double, cpuMs: Double) {
        let connection = try server.connect()
        if row == .handover { return try handOver(row, server, connection) }
        if row == .sunionstore || row == .copy || row == .listCopy || row == .sort {
            try connection.must("UNLINK", "set:c")
            usleep(500_000)
        }
        if row == .del, case .integer(0) = try connection.must("EXISTS", "long") {
            try Singles.fillLong(connection)
        }
        let text = row.command
        let clock = ProcessClock(server.child.pid)
        let (spent, began) = (clock.nanoseconds(), Clock.now())
        try connection.send(text.bytes)
        try connection.skipReplies(1)
        let took = Clock.now() - began
        return (Double(took) / 1e6, Double(clock.nanoseconds() - spent) / 1e6)
    }
}
