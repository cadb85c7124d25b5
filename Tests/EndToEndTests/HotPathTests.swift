// SPDX-License-Identifier: Apache-2.0
// What GET, SET, MGET and MSET cost in a pipeline, counted under callgrind in the release server. Each load runs once with N
// commands and once with 3N in as many pipelines, each of them three times as long: the difference has neither the
// start nor the filling in it, nor what is done once for a read or a turn, however many of those there are. A longer run
// may have more turns in which nothing has come, by the clock alone: what such a turn costs is measured and taken off.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct HotPathTests {
    /// Pipelines of a run, and commands in each of the short one: even the long ones are read in one piece.
    private static let pipelines = 100
    private static func length(_ command: String) -> Int { command.hasPrefix("M") ? 30 : 100 }
    private static let keys = 2_000
    /// Keys of one MGET or MSET.
    private static let manyKeys = 10

    /// What the memory of Swift's objects and of C comes from. The runtime's own functions are told by their prefix.
    private static let allocators: Set = [
        "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "valloc", "pvalloc",
        "mallocx",
        "rallocx", "xallocx", "free", "dallocx", "sdallocx",
    ]

    /// Whether a function counts references, makes or checks objects, or takes or gives back memory.
    private static func isCounted(_ name: String) -> Bool {
        name.hasPrefix("swift_") || name.hasPrefix("_swift_") || name.hasPrefix("operator new")
            || allocators.contains(name)
    }

    /// Calls per command that are allowed for one function: less than one for the 32 commands that are looked ahead at
    /// together. A busy machine makes some more, for turns that are reported as slow; but a call that belongs to the
    /// commands is there each time, so the least of some measurements counts. Commands of ten keys are allowed ten
    /// times as much.
    private static func callsMax(_ command: String) -> Double { command.hasPrefix("M") ? 0.1 : 0.01 }
    private static let attemptsMax = 5

    /// Nothing on the way from the parser to the reply allocates, or retains, or asks whether an access is exclusive.
    @Test(arguments: [("GET", 800.0), ("SET", 1000.0), ("MGET", 5000.0), ("MSET", 7000.0)])
    func aCommandCountsNothing(_ command: String, _ instructionsMax: Double) throws {
        var least: [String: Double] = [:]
        var instructions = Double.infinity
        for _ in 0..<Self.attemptsMax {
            let measured = try measure(command)
            let common = least.compactMap { name, calls in measured.calls[name].map { (name, min(calls, $0)) }
            }
            least = least.isEmpty ? measured.calls : Dictionary(uniqueKeysWithValues: common)
            instructions = min(instructions, measured.instructions)
            let isClean = least.allSatisfy { !Self.isCounted($0.key) || $0.value < Self.callsMax(command) }
            if isClean, instructions < instructionsMax { break }
        }
        // The commands are in it: most functions on the way are called for each of them.
        #expect(least.values.count { $0 >= 1 } >= 5, "the commands are not in the profile")

        let counted = least.filter { Self.isCounted($0.key) }
        for entry in counted { #expect(entry.value < Self.callsMax(command), "\(command): \(entry.key)") }
        #expect(instructions < instructionsMax, "\(command): instructions per command")

        let seen = counted.filter { $0.value >= 0.001 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \(String(format: "%.3f", $0.value))" }
        print(
            "\(command), per command of a pipeline: \(Int(instructions.rounded())) instructions;",
            seen.joined(separator: ", "))
    }

    /// Calls by name and instructions, both per command.
    private func measure(_ command: String) throws -> (calls: [String: Double], instructions: Double) {
        let length = Self.length(command)
        let short = try profile(command, length: length)
        let long = try profile(command, length: 3 * length)
        let difference = Double(2 * length * Self.pipelines)
        let idle = try Self.idleTurn.get()
        let idleTurns = Double(try Self.turns(long) - Self.turns(short))
        // The names that must not be called are names that this server does call while it starts.
        for name in ["swift_retain", "swift_release", "swift_allocObject", "malloc"] {
            #expect(short.calls[name, default: 0] > 0, "\(name) is called under another name")
        }
        let calls = long.calls.map { name, count in
            let more = Double(count - short.calls[name, default: 0])
            return (name, (more - idleTurns * idle.calls[name, default: 0]) / difference)
        }
        return (
            Dictionary(uniqueKeysWithValues: calls),
            (Double(long.instructions - short.instructions) - idleTurns * idle.instructions) / difference
        )
    }

    // MARK: Turns

    /// Calls by name and instructions of a turn in which nothing has come.
    private static let idleTurn = Result {
        let brief = try HotPathTests.profile { _, _ in }
        let long = try HotPathTests.profile { _, _ in Thread.sleep(forTimeInterval: 6) }
        let turns = Double(try HotPathTests.turns(long) - HotPathTests.turns(brief))
        guard turns >= 5 else { throw SupportError("\(turns) turns more in six seconds") }
        let calls = long.calls.map { ($0, Double($1 - brief.calls[$0, default: 0]) / turns) }
        return (
            calls: Dictionary(uniqueKeysWithValues: calls),
            instructions: Double(long.instructions - brief.instructions) / turns
        )
    }

    private static func turns(_ profile: CallgrindProfile) throws -> Int {
        let turns = profile.calls.filter { $0.key.hasSuffix("C4turnyyF") }.values.reduce(0, +)
        guard turns > 0 else { throw SupportError("turns are called something else") }
        return turns
    }

    // MARK: Running

    private static let server = Project.root.appendingPathComponent(".build/static/release/needletail").path

    /// The counts of a server that is filled and then given pipelines of `length` commands.
    private func profile(_ command: String, length: Int) throws -> CallgrindProfile {
        try Self.profile { server, client in
            try Self.send(server, client, command, pipelines: Self.pipelines, of: length, letter: "b")
        }
    }

    /// The counts of a server that is filled and then does what `body` has it do.
    private static func profile(_ body: (ServerProcess, Client) throws -> Void) throws -> CallgrindProfile {
        let folder = try TemporaryDirectory()
        let file = folder.file("callgrind.out")
        let socket = folder.file("socket")
        guard FileManager.default.isExecutableFile(atPath: Self.server) else {
            throw SupportError("no release server at \(Self.server): `make build` makes it")
        }
        let server = try ServerProcess(
            [
                "--enable-debug-command", "yes", "--unixsocket", socket,
                // Under callgrind a long pipeline takes as long as a slow turn: telling of that is no part of a command.
                "--turn-log-slower-than", "-1", "--slowlog-log-slower-than", "-1",
            ], server: Self.server,
            tool: ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + file], unixSocket: socket,
            directory: folder, startupSeconds: 60)
        let client = try Client(path: socket, timeout: 60)
        // What is done every so often would be done more often in the longer run.
        #expect(try client.call("DEBUG", "PAUSE-CRON", "1") == .ok)
        try send(server, client, "SET", pipelines: Self.keys / 100, of: 100, letter: "a")
        try body(server, client)
        // A signal would wait for the cron.
        try client.send("SHUTDOWN", "NOSAVE")
        #expect(try server.child.wait(seconds: 60) == .code(0), "\(server.log)")
        return try CallgrindProfile(String(contentsOfFile: file, encoding: .utf8))
    }

    /// Sends commands in pipelines and checks every reply. The keys are of 16 bytes, the values of 32. A pipeline that
    /// came torn would be more turns than one: the server finds it whole.
    private static func send(
        _ server: ServerProcess, _ client: Client, _ command: String, pipelines: Int, of length: Int,
        letter: String
    ) throws {
        let value = String(repeating: letter, count: 32)
        let stored = Resp.bulk([UInt8](repeating: UInt8(ascii: "a"), count: 32))
        let keysEach = command.hasPrefix("M") ? Self.manyKeys : 1
        let expected: Resp =
            switch command {
            case "GET": stored
            case "MGET": .array([Resp](repeating: stored, count: keysEach))
            default: .simple("OK")
            }
        for pipeline in 0..<pipelines {
            let requests = (pipeline * length..<(pipeline + 1) * length).flatMap { number in
                // 7 has no divisor in common with the number of keys: all of them have their turn.
                let arguments = (0..<keysEach).flatMap { place in
                    let key = "key:" + String(format: "%012d", (number * keysEach + place) * 7 % Self.keys)
                    return command.hasSuffix("GET") ? [key] : [key, value]
                }
                return Client.encode([command] + arguments)
            }
            try server.halted { try client.send(raw: requests) }
            for _ in 0..<length {
                let reply = try client.read()
                guard reply == expected else { throw SupportError("\(command) replied \(reply)") }
            }
        }
    }
}

/// The reader of callgrind's files, over the forms that they take.
@Suite struct CallgrindProfileTests {
    private let text = """
        # callgrind format
        version: 1
        events: Ir
        summary: 4321

        ob=(1) /tmp/server
        fl=(1) ???
        fn=(1) main
        0 12
        cfi=(1)
        cfn=(2) malloc
        calls=3 0
        0 60
        cfn=(3) walk
        calls=1 0
        0 9

        fn=(3)
        0 4
        cfn=(4) walk'2
        calls=5 0
        0 8
        cob=(2) /lib/libc.so
        cfn=(2)
        calls=4 0
        0 80

        fn=(5) operator new(unsigned long)
        0 2
        cfn=(2)
        calls=1 0
        0 1

        totals: 4321
        """

    @Test func callsAreSummedByName() throws {
        let profile = try CallgrindProfile(text)
        #expect(profile.calls == ["malloc": 8, "walk": 6])
        #expect(profile.instructions == 4321)
    }

    @Test func aTornFileIsRefused() {
        #expect(throws: SupportError.self) { try CallgrindProfile(String(text.dropLast(14))) }
        #expect(throws: SupportError.self) {
            try CallgrindProfile("fn=(1) main\ncfn=(9)\ncalls=1 0\ntotals: 1")
        }
    }
}
