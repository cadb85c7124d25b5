// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Engine
@testable import Keyspace
@testable import Server

/// Large blocks are freed on the pool, as long as not too much waits there.
@Suite struct DisposalTests {
    @Test func largeStrings() throws {
        let server = try ThreadedServer()
        let client = try server.client()
        #expect(try client.call("SETBIT", "a", "80000000", "1") == .integer(0))
        #expect(try client.call("SETBIT", "b", "80000000", "1") == .integer(0))
        #expect(try client.call("SETBIT", "small", "80000", "1") == .integer(0))
        #expect(try client.call("DEL", "a", "b", "small") == .integer(3))
        let deadline = Deadline(seconds: 20)
        while server.disposal.freedPieces < 2, !deadline.hasPassed { _ = try client.call("PING") }
        #expect(server.disposal.freedPieces == 2)
        #expect(server.disposal.pendingBytes == 0)
        try server.stop()
    }

    /// Who discards more than the pool may hold frees it where it is.
    @Test func aBoundOnWhatWaits() throws {
        let server = try ThreadedServer()
        let client = try server.client()
        // Five blocks that malloc rounds to 640 MB each, never touched: three of them fit.
        for key in ["a", "b", "c", "d", "e"] {
            #expect(try client.call("SETBIT", key, "4294967295", "1") == .integer(0))
        }
        #expect(try client.call("DEL", "a", "b", "c", "d", "e") == .integer(5))
        #expect(server.disposal.pendingBytes <= Disposal.pendingBytesMax)
        let deadline = Deadline(seconds: 20)
        while server.disposal.pendingBytes > 0, !deadline.hasPassed { _ = try client.call("PING") }
        #expect(server.disposal.pendingBytes == 0)
        #expect((3...5).contains(server.disposal.freedPieces))
        try server.stop()
    }
}
