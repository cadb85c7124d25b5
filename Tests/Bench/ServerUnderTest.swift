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
}

/// A running server: started on a free port of the loopback interface, in a folder of its own, without saving.
final class ServerUnderTest {
    let side: Side
    let port: Int
    let child: Child
    /// What the server says of itself, for example "redis-server 7.0.15".
    let name: String
    private(set) var dataset = Dataset.empty

    /// Starts the server and waits until it answers.
    ///
    /// - Parameters:
    ///   - wrapper: a program in front of the server's own command line, for example valgrind.
    ///   - cores: the cores it may use; nil leaves the choice to the kernel.
    ///   - seconds: how long it may take to answer.
    init(
        _ side: Side, path: String, cores: [Int]?, children: Children, wrapper: [String] = [],
        seconds: Double = 10
    ) throws {
        self.side = side
        let absolute = URL(fileURLWithPath: path).path
        // A server that does not know the saving options yet ends at once; then it is started without them.
        let options = [["--save", "", "--appendonly", "no", "--enable-debug-command", "local"], []]
        var failure = ""
        for attempt in 0..<4 {
            let port = try Connection.freePort()
            let folder = try children.makeFolder()
            let basic = ["--port", String(port), "--bind", "127.0.0.1"]
            let child = try children.start(
                wrapper + [absolute] + basic + options[attempt % 2], cores: cores, folder: folder,
                output: folder + "/output.log")
            if let name = ServerUnderTest.awaitAnswer(
                port: port, child: child, path: absolute, seconds: seconds)
            {
                self.port = port
                self.child = child
                self.name = name
                return
            }
            child.end(seconds: 2)
            failure = child.printed().split(separator: "\n").suffix(3).joined(separator: " / ")
        }
        throw BenchError("\(absolute) does not start: \(failure)")
    }

    deinit { child.end() }

    private static func awaitAnswer(port: Int, child: Child, path: String, seconds: Double) -> String? {
        let limit = Clock.now() + Int(seconds * 1e9)
        while Clock.now() < limit, child.isRunning {
            if let connection = try? Connection(port: port), case .text = try? connection.ask("PING") {
                return describe(connection, path: path)
            }
            usleep(20_000)
        }
        return nil
    }

    private static func describe(_ connection: Connection, path: String) -> String {
        let program = URL(fileURLWithPath: path).lastPathComponent
        guard case .text(let info) = try? connection.ask("INFO", "server") else { return program }
        var fields: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        let version = fields["needletail_version"] ?? fields["valkey_version"] ?? fields["redis_version"]
        return version.map { "\(program) \($0)" } ?? program
    }

    func connect() throws -> Connection { try Connection(port: port) }

    /// Brings the keyspace into the wanted state, if it is not already.
    func load(_ wanted: Dataset) throws {
        if dataset == wanted { return }
        dataset = .unknown
        let connection = try connect()
        try connection.must("FLUSHALL")
        switch wanted {
        case .unknown, .empty: break
        case .strings(let count, let size):
            try connection.pipelined(count, pipeline: max(1, min(200, 100_000 / size))) { text, index in
                text.command(3)
                text.argument("SET")
                text.numbered("key:", index)
                text.value(index, size: size)
            }
        case .bitmaps(let count, let size):
            try connection.pipelined(count, pipeline: 1) { text, index in
                text.command(3)
                text.argument("SET")
                text.argument("bits:\(index)")
                text.value(index, size: size)
            }
        case .counters(let count):
            try connection.pipelined(count, pipeline: 200) { text, index in
                text.command(3)
                text.argument("SET")
                text.numbered("counter:", index)
                text.argument("1")
            }
        }
        dataset = wanted
    }

    /// Says that a row has changed the keyspace in a way that `load` cannot know.
    func forgetDataset() { dataset = .unknown }

    /// Adds `count` members member:000000000000… to a set, 100 at a time.
    static func fillSet(_ key: String, prefix: StaticString, count: Int, _ connection: Connection) throws {
        try connection.pipelined((count + 99) / 100, pipeline: 4) { text, batch in
            let first = batch * 100
            let last = min(count, first + 100)
            text.command(2 + last - first)
            text.argument("SADD")
            text.argument(key)
            for index in first..<last { text.numbered(prefix, index) }
        }
    }
}
