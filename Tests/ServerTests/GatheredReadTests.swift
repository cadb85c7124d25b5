// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import Engine
@testable import Keyspace
@testable import Server

/// What many clients have sent when the loop wakes up runs in the order in which it came, whatever becomes of them.
@Suite struct GatheredReadTests {
    private let server: ThreadedServer

    init() throws { server = try ThreadedServer { $0.keys.warmedCountMin = -1 } }

    /// Lets everything that `body` sends arrive while the loop is busy.
    private func whileBusy(_ client: Client, _ body: () throws -> Void) throws {
        try client.send("DEBUG", "SLEEP", "0.3")
        Thread.sleep(forTimeInterval: 0.1)
        try body()
        #expect(try client.read() == .ok)
    }

    @Test func manyClients() throws {
        defer { try? server.stop() }
        let busy = try server.client()
        let clients = try (0..<100).map { _ in try server.client() }
        for client in clients { #expect(try client.call("PING") == .simple("PONG")) }
        try whileBusy(busy) {
            for (number, client) in clients.enumerated() {
                try client.send("INCR", "count")
                try client.send("SET", "own\(number)", "\(number)")
                if number % 3 == 0 { try client.send("GET", "own\(number)") }
            }
        }
        var counts: Set<Int64> = []
        for (number, client) in clients.enumerated() {
            guard case .integer(let count) = try client.read() else {
                Issue.record("no number")
                return
            }
            counts.insert(count)
            #expect(try client.read() == .ok)
            if number % 3 == 0 { #expect(try client.read() == .bulk("\(number)")) }
        }
        #expect(counts == Set(1...100))
        #expect(try busy.call("DBSIZE") == .integer(101))
    }

    /// Who ends its side right behind a command has run it and is answered; who was closed by a command before its own
    /// has not.
    @Test func clientsThatGo() throws {
        defer { try? server.stop() }
        let (busy, other) = (try server.client(), try server.client())
        let (leaver, victim) = (try server.client(), try server.client())
        #expect(try victim.call("CLIENT", "SETNAME", "victim") == .ok)
        guard case .integer(let id) = try victim.call("CLIENT", "ID") else { return }
        #expect(try other.call("PING") == .simple("PONG"))
        try whileBusy(busy) {
            try other.send("SET", "first", "1")
            try leaver.send("APPEND", "first", "2")
            leaver.closeSending()
            try victim.send("SET", "never", "1")
            // The server reads it together with what its client sent first, and so ahead of the victim's.
            try other.send("CLIENT", "KILL", "ID", "\(id)")
        }
        #expect(try leaver.read() == .integer(2))
        #expect(try leaver.isClosedByServer())
        #expect(try other.read() == .ok)
        #expect(try other.read() == .integer(1))
        #expect(try other.call("GET", "never") == .nullBulk)
        #expect(try other.call("GET", "first") == .bulk("12"))
        #expect(try victim.isClosedByServer())
    }
}
