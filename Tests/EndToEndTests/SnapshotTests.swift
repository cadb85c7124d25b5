// SPDX-License-Identifier: Apache-2.0
// Snapshots between this server and Debian's redis-server, in both directions, and what a crash leaves behind.

import Foundation
import TestSupport
import Testing

@Suite struct SnapshotTests {
    private static let options = ["--enable-debug-command", "yes", "--save", ""]

    /// Values of every type in every encoding, but for what redis-server 7.0 does not know.
    static func fill(_ client: Client) throws {
        let letters = String(repeating: "0123456789", count: 10_000)
        try client.call("MSET", "empty", "", "int", "7", "long", "-9223372036854775808", "text", "hello")
        try client.call("SET", "block", letters)
        try client.call("RPUSH", "list", "a", "1", "-5000", String(repeating: "x", count: 100), "")
        try client.call("SADD", "integers", "1", "2", "-70000", "9223372036854775807")
        try client.call("SADD", "set", "a", "1", "b")
        try client.call("ZADD", "zset", "1", "a", "-1.5", "b", "inf", "c", "3.5", "d")
        try client.call("HSET", "hash", "name", "value", "n", "17", "", "empty")
        for i in 0..<20 {
            try client.call(["RPUSH", "list:large"] + (0..<50).map { "element:\(i):\($0)" })
            try client.call(["SADD", "set:large"] + (0..<50).map { "member:\(i):\($0)" })
            try client.call(["HSET", "hash:large"] + (0..<40).flatMap { ["f:\(i):\($0)", "v\($0)"] })
            try client.call(["ZADD", "zset:large"] + (0..<20).flatMap { ["\(i).25", "m:\(i):\($0)"] })
        }
        for i in 1...250 { try client.call("XADD", "stream", "\(i)-1", "n", "\(i)", "f\(i % 3)", "text") }
        try client.call("XDEL", "stream", "7-1", "120-1")
        for group in ["all", "none"] {
            try client.call("XGROUP", "CREATE", "stream", group, group == "all" ? "0" : "$")
        }
        try client.call("XREADGROUP", "GROUP", "all", "alice", "COUNT", "20", "STREAMS", "stream", ">")
        try client.call("XREADGROUP", "GROUP", "all", "bob", "COUNT", "100", "STREAMS", "stream", ">")
        try client.call("XACK", "stream", "all", "5-1", "30-1")
        try client.call("SET", "mortal", "x", "PXAT", "4000000000000")
        try client.call("PEXPIREAT", "hash", "4000000000001")
        try client.call("SELECT", "3")
        try client.call("SET", "elsewhere", "1")
        try client.call("SELECT", "0")
    }

    /// What clients see of it.
    /// - Parameter sparesTimes: commands that make a stream tell nothing of when consumers were seen, and of entries that
    ///   are pending and gone.
    static func view(_ client: Client, sparesTimes: Bool = false) throws -> [Resp] {
        var seen: [Resp] = []
        for key in ["empty", "int", "long", "text", "block", "mortal"] {
            seen.append(try client.call("GET", key))
        }
        for key in ["list", "list:large"] { seen.append(try client.call("LRANGE", key, "0", "-1")) }
        for key in ["integers", "set", "set:large"] {
            seen.append(try client.call("SORT", key, "ALPHA"))
        }
        for key in ["zset", "zset:large"] {
            seen.append(try client.call("ZRANGE", key, "0", "-1", "WITHSCORES"))
        }
        for key in ["hash", "hash:large"] {
            seen.append(try client.call("HLEN", key))
            for field in ["name", "n", "", "f:3:3", "f:19:39"] {
                seen.append(try client.call("HGET", key, field))
            }
        }
        for key in ["mortal", "hash", "text"] { seen.append(try client.call("PEXPIRETIME", key)) }
        seen.append(try client.call("XRANGE", "stream", "-", "+"))
        if !sparesTimes {
            seen.append(Self.known(try client.call("XINFO", "STREAM", "stream", "FULL", "COUNT", "0")))
        }
        seen.append(try client.call("DBSIZE"))
        try client.call("SELECT", "3")
        seen.append(try client.call("GET", "elsewhere"))
        return seen
    }

    /// What both servers know of a stream: only one counts its radix nodes, and tells when consumers were active.
    private static func known(_ reply: Resp) -> Resp {
        let odd: Set<String> = ["radix-tree-keys", "radix-tree-nodes", "active-time"]
        guard let elements = reply.elements else { return reply }
        var kept: [Resp] = []
        var skips = false
        for element in elements {
            if skips {
                skips = false
            } else if let name = element.text, odd.contains(name) {
                skips = true
            } else {
                kept.append(known(element))
            }
        }
        return .array(kept)
    }

    @Test(arguments: [true, false]) func filesGoBothWays(_ toRedis: Bool) throws {
        let directory = try TemporaryDirectory()
        let servers = toRedis ? [Project.server, "redis-server"] : ["redis-server", Project.server]
        let from = try ServerProcess(Self.options, server: servers[0], directory: directory)
        let client = try from.client()
        try Self.fill(client)
        let before = try Self.view(client)
        #expect(try client.call("SAVE") == .ok)
        #expect(try from.stop() == .code(0))
        let check = try run("redis-check-rdb", [directory.file("dump.rdb")])
        #expect(check.succeeded, "\(check.text)")
        let to = try ServerProcess(Self.options, server: servers[1], directory: directory)
        #expect(try Self.view(try to.client()) == before)
        #expect(to.log.contains("Done loading RDB, keys loaded: 17, keys expired: 0"), "\(to.log)")
    }

    @Test(arguments: [true, false]) func payloadsGoBothWays(_ toRedis: Bool) throws {
        let own = try ServerProcess(Self.options)
        let redis = try ServerProcess(Self.options, server: "redis-server")
        let (from, to) = toRedis ? (own, redis) : (redis, own)
        let (source, target) = (try from.client(), try to.client())
        try Self.fill(source)
        let keys = try #require(try source.call("KEYS", "*").elements).compactMap(\.text)
        for key in keys {
            guard case .bulk(let payload) = try source.call("DUMP", key) else {
                throw SupportError("no payload of \(key)")
            }
            let words = ["RESTORE", key, "0"].map { Array($0.utf8) } + [payload]
            #expect(try target.call(bytes: words) == .ok, "\(key)")
        }
        try source.call("PERSIST", "mortal")
        try source.call("PERSIST", "hash")
        try target.call("SELECT", "3")
        try target.call("SET", "elsewhere", "1")
        try target.call("SELECT", "0")
        #expect(try Self.view(target) == Self.view(source))
    }

    /// A damaged file is never served.
    @Test func damageIsTold() throws {
        let directory = try TemporaryDirectory()
        let server = try ServerProcess(Self.options, directory: directory)
        let client = try server.client()
        try Self.fill(client)
        #expect(try client.call("SAVE") == .ok)
        #expect(try server.stop() == .code(0))
        let path = directory.file("dump.rdb")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var flipped = whole
        flipped[whole.count / 2] ^= 1
        for bytes in [flipped, whole.dropLast(20), Data("REDIS0099".utf8)] {
            try bytes.write(to: URL(fileURLWithPath: path))
            let words = ["--dir", directory.path, "--port", "\(try ServerProcess.freePort())"]
            let refused = try run(Project.server, words)
            #expect(refused.status == .code(1))
            #expect(refused.text.contains("Fatal error loading the DB, check server logs. Exiting."))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
        }
    }

    /// A crash in the middle of a snapshot leaves the last one whole.
    @Test func aCrashLeavesTheOldFile() throws {
        let directory = try TemporaryDirectory()
        let server = try ServerProcess(
            Self.options + ["--rdb-key-save-delay", "100000"], directory: directory)
        let client = try server.client()
        try client.call("SET", "kept", "1")
        #expect(try client.call("SAVE") == .ok)
        try client.call("DEBUG", "POPULATE", "1000", "key", "10000")
        #expect(try client.call("BGSAVE") == .simple("Background saving started"))
        #expect(try client.call("BGSAVE").text == "ERR Background save already in progress")
        try client.call("SET", "kept", "2")
        #expect(try client.call("INFO", "persistence").text?.contains("rdb_bgsave_in_progress:1") == true)
        _ = try server.stop(SIGKILL)
        let again = try ServerProcess(Self.options, directory: directory)
        let reader = try again.client()
        #expect(try reader.call("GET", "kept") == "1" && reader.call("DBSIZE") == .integer(1))
    }
}
