// SPDX-License-Identifier: Apache-2.0
// The protocol over a real socket, torn and joined in every way the network may do it.

import Foundation
import TestSupport
import Testing

@Suite struct SplitTests {
    @Test(arguments: ["2", "3"])
    func aPipelineSplitAtEachByte(_ version: String) throws {
        let server = try ServerProcess()
        let pipeline = MixedPipeline()
        let client = try server.client()
        try client.call("HELLO", version)
        try client.send(raw: pipeline.bytes)
        let whole = try client.read(pipeline.replyCount)
        #expect(whole.last == "end")
        #expect(
            whole.contains(.simple("PONG")) && whole.contains("quoted \"text\"")
                && whole.contains("single quoted"))
        for split in 1..<pipeline.bytes.count {
            try client.send(raw: Array(pipeline.bytes[..<split]))
            // Long enough for most first parts to be read alone.
            usleep(200)
            try client.send(raw: Array(pipeline.bytes[split...]))
            let replies = try client.read(pipeline.replyCount)
            try #require(replies == whole, "split at byte \(split)")
        }
    }

    @Test func byteByByte() throws {
        let server = try ServerProcess()
        let pipeline = MixedPipeline()
        let client = try server.client()
        try client.send(raw: pipeline.bytes)
        let whole = try client.read(pipeline.replyCount)
        for byte in pipeline.bytes {
            try client.send(raw: [byte])
            usleep(50)
        }
        #expect(try client.read(pipeline.replyCount) == whole)
    }

    /// Around the size from which an argument is received straight into its final place.
    @Test(arguments: [16_383, 16_384, 16_385, 100_000, 1_000_000])
    func aLargeArgumentInParts(_ size: Int) throws {
        let server = try ServerProcess()
        let client = try server.client()
        let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let command = Client.encode([Array("SET".utf8), Array("large".utf8), value])
        let request = Client.encode(["PING"]) + command + Client.encode(["STRLEN", "large"])
        let edges = [
            1, 40, request.count - size - 30, 16_384, 16_420, 65_536, request.count - 30, request.count - 1,
        ]
        for edge in edges where edge > 0 && edge < request.count {
            try client.send(raw: Array(request[..<edge]))
            usleep(1_000)
            try client.send(raw: Array(request[edge...]))
            #expect(
                try client.read(3) == [.simple("PONG"), .ok, .integer(Int64(size))], "split at byte \(edge)")
            #expect(try client.call("GET", "large") == .bulk(value))
            try client.call("DEL", "large")
        }
        try client.send(raw: request + request)
        #expect(try client.read(6).last == .integer(Int64(size)))
    }

    @Test func manyClientsAtOnce() throws {
        let server = try ServerProcess()
        let clients = try (0..<50).map { _ in try server.client() }
        let rounds = 200
        for (index, client) in clients.enumerated() {
            try client.send(raw: (0..<rounds).flatMap { _ in Client.encode(["INCR", "c\(index)"]) })
        }
        for client in clients {
            try #require(try client.read(rounds) == (1...rounds).map { .integer(Int64($0)) })
        }
    }

    /// A hundred replies of a megabyte wait for a client that reads late; meanwhile others are served.
    @Test func aSlowReader() throws {
        let server = try ServerProcess()
        let (slow, other) = (try server.client(), try server.client())
        let value = [UInt8](repeating: 0x61, count: 1 << 20)
        try slow.call(bytes: [Array("SET".utf8), Array("big".utf8), value])
        try slow.send(raw: (0..<100).flatMap { _ in Client.encode(["GET", "big"]) })
        for _ in 0..<100 { #expect(try other.call("PING") == .simple("PONG")) }
        for index in 0..<100 { try #require(try slow.read() == .bulk(value), "reply \(index)") }
        #expect(try slow.call("ECHO", "in step") == "in step")
    }
}

@Suite struct ProtocolErrorTests {
    /// What a broken request is answered with before the connection is closed.
    static let broken: [(String, String)] = [
        ("*1\r\n!4\r\nPING\r\n", "expected '$', got '!'"),
        ("*1\r\n$-5\r\n", "invalid bulk length"),
        ("*1\r\n$x\r\n", "invalid bulk length"),
        ("*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
        ("*2\r\n$3\r\nGET\r\n$536870913\r\n", "invalid bulk length"),
        ("*x\r\n", "invalid multibulk length"),
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*99999999999999999999\r\n", "invalid multibulk length"),
        ("SET a \"unbalanced\r\n", "unbalanced quotes in request"),
        ("*" + String(repeating: "1", count: 70_000), "too big mbulk count string"),
        ("*1\r\n$" + String(repeating: "1", count: 70_000), "too big bulk count string"),
        (String(repeating: "x", count: 70_000), "too big inline request"),
    ]

    @Test(arguments: broken.indices)
    func isNamedAndCloses(_ index: Int) throws {
        let (request, text) = ProtocolErrorTests.broken[index]
        let server = try ServerProcess()
        let client = try server.client()
        // What came before is still answered, what comes behind is not.
        try client.send(raw: Client.encode(["ECHO", "before"]))
        #expect(try client.read() == "before")
        try client.send(raw: request)
        #expect(try client.read() == .error("ERR Protocol error: \(text)"), "\(request.prefix(60))")
        #expect(try client.isClosedByServer(), "\(request.prefix(60))")
        #expect(try server.client().call("PING") == .simple("PONG"))
    }

    @Test(arguments: [
        ("*11\r\n", "unauthenticated multibulk length"), ("*1\r\n$16385\r\n", "unauthenticated bulk length"),
    ])
    func limitsBeforeAuthentication(_ request: String, _ text: String) throws {
        let server = try ServerProcess(["--requirepass", "pass"])
        let client = try server.client()
        try client.send(raw: request)
        #expect(try client.read() == .error("ERR Protocol error: \(text)"))
        #expect(try client.isClosedByServer())
        let known = try server.client()
        try known.call("AUTH", "pass")
        #expect(try known.call(["ECHO", String(repeating: "x", count: 20_000)]).text?.count == 20_000)
    }

    @Test func repliesInTheirRESP3Form() throws {
        let server = try ServerProcess()
        let client = try server.client()
        let hello = try client.call("HELLO", "3")
        guard case .map = hello else { throw SupportError("HELLO 3 is no map: \(hello)") }
        #expect(hello["proto"] == 3 && hello["mode"] == "standalone" && hello["role"] == "master")
        try client.call("SADD", "s", "a")
        #expect(try client.call("SMEMBERS", "s") == .set(["a"]))
        #expect(try client.call("GET", "none") == .null)
        #expect(try client.call("SPOP", "none") == .null)
        #expect(try client.call("CONFIG", "GET", "maxclients") == .map(["maxclients", "10000"]))
        let back = try client.call("HELLO", "2")
        guard case .array = back else { throw SupportError("HELLO 2 is no array: \(back)") }
        #expect(try client.call("GET", "none") == .nullBulk)
        #expect(try client.call("HELLO", "4") == .error("NOPROTO unsupported protocol version"))
    }
}
