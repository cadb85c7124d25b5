// SPDX-License-Identifier: Apache-2.0
// What the process does with its clients: it lets them wait, and closes those that hold too much.

import Foundation
import TestSupport
import Testing

@Suite struct ClientControlTests {
    private func info(_ client: Client, _ field: String) throws -> String {
        let lines = (try client.call("INFO", "everything").text ?? "").split(separator: "\r\n")
        return lines.first { $0.hasPrefix(field + ":") }.map { String($0.dropFirst(field.count + 1)) } ?? ""
    }

    /// The server wakes for the end of a pause by itself.
    @Test func aPauseEnds() throws {
        let server = try ServerProcess()
        let (one, two) = (try server.client(), try server.client())
        #expect(try one.call("CLIENT", "PAUSE", "300") == .ok)
        for i in 0..<100 { try two.send("APPEND", "a", "\(i % 10)") }
        #expect(try two.read(100).last == .integer(100))
        #expect(try one.call("STRLEN", "a") == .integer(100))
        #expect(try info(one, "blocked_clients") == "0")
    }

    @Test func thoseWhoWaitMayGo() throws {
        let server = try ServerProcess(["--timeout", "1"])
        // Each question has a connection of its own, which no stall of the machine can make an idle one.
        func ask(_ words: String...) throws -> Resp { try server.client().call(words) }
        func blocked() throws -> String { try info(server.client(), "blocked_clients") }
        #expect(try ask("CLIENT", "PAUSE", "60000", "WRITE") == .ok)
        let clients = try (0..<20).map { index in
            let client = try server.client()
            try client.send("SET", "k\(index)", "x")
            return client
        }
        #expect(try eventually { try blocked() == "20" })
        for client in clients[1...] { client.close() }
        #expect(try eventually { try blocked() == "1" })
        // Waiting is not being idle: the other outlives one that is, and came later.
        #expect(try server.client().isClosedByServer())
        #expect(try blocked() == "1")
        #expect(try ask("CLIENT", "UNPAUSE") == .ok)
        #expect(try clients[0].read() == .ok)
        #expect(try ask("DBSIZE") == .integer(1))
    }

    /// A client that does not take its replies is closed when too many wait, and the server is none the worse.
    @Test func slowReaders() throws {
        let server = try ServerProcess(["--client-output-buffer-limit", "normal", "8mb", "0", "0"])
        let (one, slow) = (try server.client(), try server.client())
        try one.call("SET", "big", String(repeating: "x", count: 1 << 20))
        for _ in 0..<100 { try? slow.sendDeaf(Client.encode(["GET", "big"])) }
        #expect(try eventually { try info(one, "connected_clients") == "1" })
        #expect(try info(one, "client_output_buffer_limit_disconnections") == "1")
        #expect(server.log.contains("closed ASAP for overcoming of output buffer limits."))
        #expect(try one.call("STRLEN", "big") == .integer(1 << 20))
        // One reply beyond the limit: nothing of it is sent.
        let greedy = try server.client()
        try greedy.send(raw: Client.encode(["MGET"] + Array(repeating: "big", count: 9)))
        #expect(try greedy.readToEnd().isEmpty)
    }

    @Test func theSoftLimit() throws {
        let server = try ServerProcess()
        let (one, slow) = (try server.client(), try server.client())
        try one.call("SET", "big", String(repeating: "x", count: 1 << 20))
        try one.call("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1mb 1")
        for _ in 0..<40 { try? slow.sendDeaf(Client.encode(["GET", "big"])) }
        // Nobody sends anything more: the server looks by itself.
        #expect(try eventually(within: 20) { try info(one, "connected_clients") == "1" })
    }

    @Test func memoryOfAllClients() throws {
        let server = try ServerProcess(["--maxmemory-clients", "10mb"])
        let one = try server.client()
        let clients = try (0..<8).map { _ in try server.client() }
        func send(_ index: Int, _ bytes: Int) throws {
            let text = Array("*2\r\n$4\r\nECHO\r\n$\(bytes)\r\n".utf8) + [UInt8](repeating: 65, count: bytes)
            try clients[index].send(raw: text)
        }
        for i in 0..<7 { try send(i, 1 << 20) }
        #expect(try eventually { Int(try info(one, "mem_clients_normal")) ?? 0 > 7 << 20 })
        #expect(try info(one, "evicted_clients") == "0")
        // The largest goes, and that is enough.
        try? send(7, 6 << 20)
        #expect(try clients[7].isClosedByServer())
        #expect(try info(one, "evicted_clients") == "1")
        #expect(try info(one, "connected_clients") == "8")
        for i in 0..<7 {
            try clients[i].send(raw: Array("\r\n".utf8))
            #expect(try clients[i].read().text?.utf8.count == 1 << 20)
        }
        #expect(try eventually { Int(try info(one, "mem_clients_normal")) ?? 0 < 1 << 20 })
    }
}
