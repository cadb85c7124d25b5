// SPDX-License-Identifier: Apache-2.0
// SCAN cursors between servers: equal under equal `hash-seed`s, and nobody else's otherwise.

import TestSupport
import Testing

@Suite struct HashSeedTests {
    /// The cursors that a scan of keys and one of a set's members pass, and what they show.
    private func walk(_ options: [String]) throws -> [String] {
        let server = try ServerProcess(options)
        let client = try server.client()
        // Lengths on both sides of what a hash takes as one block, as two and beyond.
        let names = (0..<1500).map { "key:\($0):" + String(repeating: "x", count: $0 % 40) }
        for name in names { #expect(try client.call("SET", name, "1") == .ok) }
        #expect(try client.call(["SADD", "members"] + names) == .integer(1500))
        var seen: [String] = []
        for command in [["SCAN"], ["SSCAN", "members"]] {
            var cursor = "0"
            repeat {
                let reply = try client.call(command + [cursor, "COUNT", "20"])
                guard let parts = reply.elements, parts.count == 2, let next = parts[0].text else {
                    Issue.record("no cursor: \(reply)")
                    return []
                }
                cursor = next
                seen.append(cursor)
                seen += (parts[1].elements ?? []).compactMap(\.text)
            } while cursor != "0"
        }
        return seen
    }

    @Test func equalSeedsGiveEqualCursors() throws {
        let first = try walk(["--hash-seed", "needle"])
        #expect(first.count > 3001)
        #expect(try walk(["--hash-seed", "needle"]) == first)
        #expect(try walk(["--hash-seed", "needles"]) != first)
    }

    @Test func withoutASeedNoTwoServersAgree() throws {
        #expect(try walk([]) != walk([]))
    }
}
