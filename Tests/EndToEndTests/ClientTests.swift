// SPDX-License-Identifier: Apache-2.0
import Testing
import TestSupport

@Suite struct Probe {
    @Test func ping() throws {
        let server = try ServerProcess()
        let client = try server.client()
        #expect(try client.call("PING") == .simple("PONG"))
        #expect(try client.call("SET", "a", "1") == .ok)
        #expect(try client.call("HELLO", "3")["proto"] == 3)
        #expect(try client.call("GET", "b") == .null)
        #expect(try server.stop() == .code(0))
        print(server.log)
    }
}
