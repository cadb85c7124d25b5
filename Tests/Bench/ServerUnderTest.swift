// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A running server: started on a free port of the loopback interface, in a folder of its own, without saving.
final class ServerUnderTest {
    let port: Int
    let child: Child
    /// What the server says of itself, for example "Valkey 9.1.2".
    let name: String
    private(set) var dataset = Dataset.empty

    /// Starts the server and waits until it answers.
    ///
    /// - Parameters:
    ///   - wrapper: a program in front of the server's own command line, for example valgrind.
    ///   - cores: the cores it may use; nil leaves the choice to the kernel.
    ///   - folder: its working folder, from which it loads what is there; nil makes an empty one.
    ///   - seconds: how long it may take to answer.
    init(
        path: String, cores: [Int]?, children: Children, wrapper: [String] = [], folder wanted: String? = nil,
        seconds: Double = 10
    ) throws {
        let absolute = URL(fileURLWithPath: path).path
        // A server that does not know the saving options yet ends at once; then it is started without them.
        let options = [["--save", "", "--appendonly", "no", "--enable-debug-command", "local"], []]
        var failure = ""
        for attempt in 0..<4 {
            let port = try Connection.freePort()
            let folder = try wanted ?? children.makeFolder()
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
        guard let fields = try? connection.info("server") else { return program }
        let known = [
            ("needletail_version", "Needletail"), ("valkey_version", "Valkey"), ("redis_version", "Redis"),
        ]
        for (field, name) in known {
            if let version = fields[field] { return "\(name) \(version)" }
        }
        return program
    }

    convenience init(
        _ contestant: Contestant, cores: [Int]?, children: Children, folder: String? = nil,
        seconds: Double = 10
    ) throws {
        try self.init(
            path: contestant.path, cores: cores, children: children, folder: folder, seconds: seconds)
    }

    func connect() throws -> Connection { try Connection(port: port) }

    /// Brings the keyspace into the wanted state, if it is not already.
    func load(_ wanted: Dataset) throws {
        if dataset == wanted { return }
        dataset = .unknown
        let connection = try connect()
        try connection.must("FLUSHALL")
        try connection.fill(wanted)
        dataset = wanted
    }

    /// Says that a row has changed the keyspace in a way that `load` cannot know.
    func forgetDataset() { dataset = .unknown }
}
