// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import RESP
import TestSupport
import Testing

@testable import Engine
@testable import Keyspace
@testable import Server

/// A log that is on disk as far as a client says: what the log of commands will be, without a disk.
private final class PretendedLog: FeaturePart {
    static let feature = Feature(
        "pretended log",
        families: [
            Family(
                commands: [
                    Command("LOG", arity: 2, [.write], .server, LogBytes.self),
                    Command("LOGGED", arity: 1, [.fast], .server, Logged.self),
                    Command("LOGSYNC", arity: 2, [.fast], .server, LogSync.self),
                ],
                docs: [])
        ]
    ) { _ in PretendedLog() }
}

/// LOG bytes: gives the log so many bytes; the reply waits until they are on disk.
private enum LogBytes: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.logProgress.written += UInt64(try args.integer(1))
        call.engine.awaitLog(call.session)
        call.propagateNothing()
        reply.integer(Int64(call.engine.logProgress.written))
    }
}

/// LOGGED: how much the log was given.
private enum Logged: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.integer(Int64(call.engine.logProgress.written))
    }
}

/// LOGSYNC position: the log is on disk up to there.
private enum LogSync: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.logProgress.synced = UInt64(try args.integer(1))
        reply.ok()
    }
}

/// Replies and messages do not leave before the log of commands is on disk.
@Suite struct BarrierTests {
    private let server: ThreadedServer

    init() throws { server = try ThreadedServer(Wiring.features + [PretendedLog.feature]) }

    /// Whether a client was told anything in the turns so far: one more turn of another client's is behind them.
    private func hears(_ client: Client, _ other: Client) throws -> Bool {
        for _ in 0..<2 { #expect(try other.call("PING") == .simple("PONG")) }
        return try client.hasInput()
    }

    @Test func repliesWaitForTheirOwnPosition() throws {
        defer { try? server.stop() }
        let (a, b, other) = (try server.client(), try server.client(), try server.client())
        #expect(try a.call("LOG", "10") == .integer(10), "without a log nobody waits")
        #expect(try other.call("LOGSYNC", "10") == .ok)
        try a.send("LOG", "5")
        try a.send("GET", "nosuch")
        #expect(try other.call("PING") == .simple("PONG"), "who has logged nothing goes on")
        try b.send("LOG", "5")
        #expect(try !hears(a, other) && !hears(b, other))
        #expect(try other.call("LOGSYNC", "15") == .ok)
        #expect(try a.read() == .integer(15))
        #expect(try a.read() == .nullBulk)
        #expect(try !hears(b, other))
        #expect(try other.call("LOGSYNC", "20") == .ok)
        #expect(try b.read() == .integer(20))
        #expect(try a.call("PING") == .simple("PONG"))
    }

    /// A client that never stops writing is told of each change when that one is on disk.
    @Test func aPipelineIsReleasedPieceByPiece() throws {
        defer { try? server.stop() }
        let (a, other) = (try server.client(), try server.client())
        #expect(try other.call("LOGSYNC", "0") == .ok)
        for position in 1...5 {
            try a.send("LOG", "1")
            // Each in a read of its own.
            while try other.call("LOGGED") != .integer(Int64(position)) {}
        }
        for position in 1...5 {
            #expect(try !hears(a, other))
            #expect(try other.call("LOGSYNC", "\(position)") == .ok)
            #expect(try a.read() == .integer(Int64(position)))
        }
    }

    /// More than the turn's buffer holds, and values that are sent from their blocks, wait as well.
    @Test func largeRepliesWaitToo() throws {
        defer { try? server.stop() }
        let (a, other) = (try server.client(), try server.client())
        let value = [UInt8](repeating: 120, count: 300_000)
        #expect(try a.call("SET", "large", String(decoding: value, as: UTF8.self)) == .ok)
        #expect(try other.call("LOGSYNC", "0") == .ok)
        try a.send("LOG", "1")
        for _ in 0..<20 { try a.send("GET", "large") }
        try a.send("QUIT")
        #expect(try other.call("PING") == .simple("PONG"))
        #expect(try !hears(a, other))
        #expect(try other.call("LOGSYNC", "1") == .ok)
        #expect(try a.read() == .integer(1))
        for _ in 0..<20 { #expect(try a.read() == .bulk(value)) }
        #expect(try a.read() == .ok && a.isClosedByServer(), "who is to be closed is told everything first")
    }

    @Test func messagesWaitForEverythingBeforeThem() throws {
        defer { try? server.stop() }
        let (listener, a, other) = (try server.client(), try server.client(), try server.client())
        try listener.send("SUBSCRIBE", "news")
        _ = try listener.read()
        #expect(try other.call("LOGSYNC", "0") == .ok)
        try a.send("LOG", "1")
        #expect(try other.call("PUBLISH", "news", "now") == .integer(1))
        #expect(try !hears(listener, other))
        #expect(try other.call("LOGSYNC", "1") == .ok)
        #expect(try listener.read() == .array([.bulk("message"), .bulk("news"), .bulk("now")]))
        #expect(try a.read() == .integer(1))
        // Who goes while something waits leaves nothing behind.
        try a.send("LOG", "1")
        #expect(try other.call("PING") == .simple("PONG"))
        a.close()
        #expect(try other.call("LOGSYNC", "2") == .ok)
    }

    /// What a closing session is answered in the very turn in which its older replies may leave is not lost.
    @Test func aReleaseClosesNobodyWhoIsStillAnswered() throws {
        defer { try? server.stop() }
        let (a, other, third) = (try server.client(), try server.client(), try server.client())
        #expect(try other.call("LOGSYNC", "0") == .ok)
        try a.send("LOG", "1")
        #expect(try !hears(a, other))
        // The server sees all of this at once when it comes round.
        try third.send("DEBUG", "SLEEP", "0.3")
        try a.send(raw: Client.encode(["PING"]) + Client.encode(["QUIT"]))
        try other.send("LOGSYNC", "1")
        #expect(try a.read(3) == [.integer(1), .simple("PONG"), .ok])
        #expect(try a.isClosedByServer())
    }

    /// The same without a log: the socket takes the rest of a large reply in the turn of a QUIT.
    @Test func anOldReplyClosesNobodyWhoIsStillAnswered() throws {
        defer { try? server.stop() }
        let (a, other) = (try server.client(), try server.client())
        let value = String(repeating: "x", count: 8_000_000)
        #expect(try a.call("SET", "large", value) == .ok)
        for _ in 0..<5 {
            let client = try server.client()
            try client.sendDeaf(Client.encode(["GET", "large"]))
            while try !client.hasInput() {}
            try other.send("DEBUG", "SLEEP", "0.2")
            // Whoever reads all that the socket holds makes room for the rest.
            _ = try client.hasInput()
            try client.sendDeaf(Client.encode(["ECHO", "hello"]) + Client.encode(["QUIT"]))
            #expect(try other.read() == .ok)
            #expect(try client.read(3) == [.bulk(value), .bulk("hello"), .ok])
        }
    }

    /// A client that has ended its side is told what it waits for, and closed then.
    @Test func aHalfClosedClientIsToldFirst() throws {
        defer { try? server.stop() }
        let (a, other) = (try server.client(), try server.client())
        #expect(try other.call("LOGSYNC", "0") == .ok)
        try a.send("LOG", "1")
        a.closeSending()
        #expect(try !hears(a, other))
        #expect(try other.call("LOGSYNC", "1") == .ok)
        #expect(try a.read() == .integer(1))
        #expect(try a.isClosedByServer())
    }
}
