// SPDX-License-Identifier: Apache-2.0
// What GET and SET cost in a pipeline, counted under callgrind in the release server. Each load runs once with N
// commands and once with 3N: the difference has neither the start nor the filling in it.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct HotPathTests {
    /// Commands of the short run, a whole number of pipelines.
    private static let commands = 10_000
    private static let pipeline = 100
    private static let keys = 2_000

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

    /// Calls per command that are allowed for one function. A read of a hundred commands and the turn around it may
    /// make five: that is not a call per command.
    private static let callsMax = 0.05

    /// Nothing on the way from the parser to the reply allocates, or retains, or asks whether an access is exclusive.
    @Test(arguments: [("GET", 800.0), ("SET", 1000.0)])
    func aCommandCountsNothing(_ command: String, _ instructionsMax: Double) throws {
        let short = try profile(command, Self.commands)
        let long = try profile(command, 3 * Self.commands)
        let difference = Double(2 * Self.commands)
        let perCommand = long.calls.map { name, count in
            (name: name, calls: Double(count - short.calls[name, default: 0]) / difference)
        }

        // The names that must not be called are names that this server does call while it starts.
        for name in ["swift_retain", "swift_release", "swift_allocObject", "malloc"] {
            #expect(short.calls[name, default: 0] > 0, "\(name) is called under another name")
        }
        // The commands of the long run are in it: most functions on the way are called for each of them.
        #expect(perCommand.filter { $0.calls >= 1 }.count >= 5, "the commands are not in the profile")

        let counted = perCommand.filter { Self.isCounted($0.name) }
        for entry in counted { #expect(entry.calls < Self.callsMax, "\(command): \(entry.name)") }
        let instructions = Double(long.instructions - short.instructions) / difference
        #expect(instructions < instructionsMax, "\(command): instructions per command")

        let seen = counted.filter { $0.calls >= 0.001 }.sorted { ($1.calls, $0.name) < ($0.calls, $1.name) }
            .map { "\($0.name) \(String(format: "%.3f", $0.calls))" }
        print(
            "\(command), pipeline \(Self.pipeline), per command: \(Int(instructions.rounded())) instructions;",
            seen.joined(separator: ", "))
    }

    // MARK: Running

    private static let server = Project.root.appendingPathComponent(".build/static/release/needletail").path

    /// The counts of a server that is filled and then given `count` commands.
    private func profile(_ command: String, _ count: Int) throws -> CallgrindProfile {
        let folder = try TemporaryDirectory()
        let file = folder.file("callgrind.out")
        guard FileManager.default.isExecutableFile(atPath: Self.server) else {
            throw SupportError("no release server at \(Self.server): `make build` makes it")
        }
        let server = try ServerProcess(
            server: Self.server,
            tool: ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + file], directory: folder,
            startupSeconds: 60)
        let client = try server.client(timeout: 60)
        try send(client, "SET", 0..<Self.keys, letter: "a")
        try send(client, command, 0..<count, letter: "b")
        client.close()
        #expect(try server.stop(within: 60) == .code(0), "\(server.log)")
        return try CallgrindProfile(String(contentsOfFile: file, encoding: .utf8))
    }

    /// Sends commands in pipelines and checks every reply. The keys are of 16 bytes, the values of 32.
    private func send(_ client: Client, _ command: String, _ numbers: Range<Int>, letter: String) throws {
        let value = String(repeating: letter, count: 32)
        let expected =
            command == "GET" ? Resp.bulk([UInt8](repeating: UInt8(ascii: "a"), count: 32)) : .simple("OK")
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.pipeline) {
            let requests = (first..<first + Self.pipeline).flatMap { number in
                // 7 has no divisor in common with the number of keys: all of them have their turn.
                let key = "key:" + String(format: "%012d", number * 7 % Self.keys)
                return Client.encode(command == "GET" ? [command, key] : [command, key, value])
            }
            try client.send(raw: requests)
            for _ in 0..<Self.pipeline {
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
