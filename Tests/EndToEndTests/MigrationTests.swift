// SPDX-License-Identifier: Apache-2.0
// MIGRATE between this server and others, in both directions.

import Foundation
import TestSupport
import Testing

@Suite struct MigrationTests {
    private static let options = ["--save", "", "--enable-debug-command", "yes"]

    /// Fills a server with a value of each type.
    private static func fill(_ client: Client) throws {
        try client.call("SET", "text", "hello")
        try client.call("SET", "block", String(repeating: "0123456789", count: 300_000))
        try client.call("RPUSH", "list", "a", "1", "-5000", "")
        for i in 0..<20 { try client.call(["SADD", "set"] + (0..<50).map { "member:\(i):\($0)" }) }
        for i in 0..<20 {
            try client.call(["ZADD", "zset"] + (0..<20).flatMap { ["\(i).25", "\(i):\($0)"] })
        }
        try client.call("HSET", "hash", "name", "value", "n", "17")
        for i in 1...50 { try client.call("XADD", "stream", "\(i)-1", "n", "\(i)") }
        try client.call("SET", "mortal", "x", "PX", "1000000")
    }

    private static let keys = ["text", "block", "list", "set", "zset", "hash", "stream", "mortal"]

    private static func digests(_ client: Client) throws -> [Resp] {
        try keys.map { try client.call("DEBUG", "DIGEST-VALUE", $0) }
    }

    @Test(arguments: [true, false]) func everyTypeGoesBothWays(_ toRedis: Bool) throws {
        let own = try ServerProcess(Self.options)
        let redis = try ServerProcess(Self.options, server: "redis-server")
        let (from, to) = toRedis ? (own, redis) : (redis, own)
        let (source, target) = (try from.client(), try to.client())
        try Self.fill(source)
        let before = try Self.digests(source)
        let words = ["MIGRATE", "127.0.0.1", "\(to.port)", "", "0", "5000", "COPY", "KEYS"] + Self.keys
        #expect(try source.call(words) == .ok)
        #expect(try Self.digests(target) == before)
        #expect(try source.call("DBSIZE") == .integer(8))
        // What is there already is in the way of all but those that replace it.
        #expect(
            try source.call("MIGRATE", "127.0.0.1", "\(to.port)", "text", "0", "5000").text
                == "ERR Target instance replied with error: BUSYKEY Target key name already exists.")
        let moved = ["MIGRATE", "127.0.0.1", "\(to.port)", "", "0", "5000", "REPLACE", "KEYS"] + Self.keys
        #expect(try source.call(moved + ["nothing"]) == .ok)
        #expect(try source.call("DBSIZE") == .integer(0) && Self.digests(target) == before)
        let ttl = try target.call("PTTL", "mortal").integer ?? 0
        #expect(ttl > 900_000 && ttl <= 1_000_000)
        #expect(try source.call("MIGRATE", "127.0.0.1", "\(to.port)", "text", "0", "5000").text == "NOKEY")
    }

    @Test func otherDatabasesAndPasswords() throws {
        let to = try ServerProcess(Self.options + ["--requirepass", "secret"])
        let from = try ServerProcess(Self.options)
        let (source, target) = (try from.client(), try to.client())
        try target.call("AUTH", "secret")
        func move(_ key: String, _ database: String, _ options: String...) throws -> String? {
            try source.call(["MIGRATE", "127.0.0.1", "\(to.port)", key, database, "5000"] + options).text
        }
        for key in ["a", "b", "c"] { try source.call("SET", key, key) }
        let refused = "ERR Target instance replied with error: "
        #expect(try move("a", "9")?.hasPrefix(refused + "NOAUTH") == true)
        #expect(try move("a", "9", "AUTH", "wrong")?.hasPrefix(refused + "WRONGPASS") == true)
        #expect(try move("a", "9", "AUTH", "secret") == "OK")
        #expect(try move("b", "0", "AUTH2", "default", "secret") == "OK")
        #expect(try move("c", "99", "AUTH", "secret")?.hasPrefix(refused) == true)
        #expect(try source.call("DBSIZE") == .integer(1) && target.call("DBSIZE") == .integer(1))
        // Who has not said the password does not get the connection of who has.
        #expect(try move("c", "0")?.hasPrefix(refused + "NOAUTH") == true)
        try target.call("SELECT", "9")
        #expect(try target.call("GET", "a") == "a")
    }

    /// Keys that the other side refuses stay; the others go, and the log of commands is told of them.
    @Test func eachKeyForItself() throws {
        let (from, to) = (try ServerProcess(Self.options), try ServerProcess(Self.options))
        let (source, target) = (try from.client(), try to.client())
        for key in ["a", "b", "c"] { try source.call("SET", key, "here") }
        try target.call("SET", "b", "there")
        let words = ["MIGRATE", "127.0.0.1", "\(to.port)", "", "0", "5000", "KEYS", "a", "b", "c"]
        #expect(try source.call(words).text?.contains("BUSYKEY") == true)
        #expect(try source.call("MGET", "a", "b", "c") == .array([.nullBulk, "here", .nullBulk]))
        #expect(try target.call("MGET", "a", "b", "c") == .array(["here", "there", "here"]))
    }

    /// Reads go on while the other side takes its time; writes to the keys wait, others do not.
    @Test func onlyTheKeysWait() throws {
        let (from, to) = (try ServerProcess(Self.options), try ServerProcess(Self.options))
        let (source, other, writer) = (try from.client(), try from.client(), try from.client())
        let target = try to.client()
        try source.call("MSET", "key", "old", "free", "1")
        try target.send("DEBUG", "SLEEP", "1")
        try source.send("MIGRATE", "127.0.0.1", "\(to.port)", "key", "0", "10000")
        #expect(try eventually { try other.call("CLIENT", "LIST").text?.contains("cmd=migrate") == true })
        try writer.send(raw: Client.encode(["APPEND", "key", "!"]) + Client.encode(["INCR", "free"]))
        #expect(try other.call("GET", "key") == "old" && other.call("INCR", "free") == .integer(2))
        #expect(try !writer.hasInput(), "it waits")
        #expect(try source.read() == .ok)
        // The key is gone: what was held writes to a new one.
        #expect(try writer.read(2) == [.integer(1), .integer(3)])
        #expect(try other.call("GET", "key") == "!")
        _ = try target.read()
        #expect(try target.call("GET", "key") == "old")
    }

    /// Who does not answer, or is not there.
    @Test func failures() throws {
        let (from, to) = (try ServerProcess(Self.options), try ServerProcess(Self.options))
        let (source, target) = (try from.client(), try to.client())
        try source.call("SET", "key", "value")
        try target.send("DEBUG", "SLEEP", "2")
        #expect(
            try source.call("MIGRATE", "127.0.0.1", "\(to.port)", "key", "0", "300").text
                == "IOERR error or timeout reading to target instance")
        #expect(try source.call("GET", "key") == "value")
        let nobody = "\(try ServerProcess.freePort())"
        #expect(
            try source.call("MIGRATE", "127.0.0.1", nobody, "key", "0", "300").text
                == "IOERR error or timeout writing to target instance")
        for host in ["no.such.host.invalid", ""] {
            #expect(
                try source.call("MIGRATE", host, nobody, "key", "0", "3000").text
                    == "IOERR error or timeout connecting to the client")
        }
        #expect(try source.call("INCR", "counter") == .integer(1))
        #expect(
            try source.call("MIGRATE", "h", "1", "key", "0", "x").text
                == "ERR value is not an integer or out of range")
        #expect(try source.call("MIGRATE", "h", "1", "key", "0", "1", "AUTH").text == "ERR syntax error")
        #expect(
            try source.call("MIGRATE", "h", "1", "key", "0", "1", "KEYS", "a").text?.hasPrefix(
                "ERR When using") == true)
        _ = try target.read()
    }

    /// One connection serves several, and one that was closed meanwhile is made anew.
    @Test func connectionsAreKept() throws {
        let (from, to) = (try ServerProcess(Self.options), try ServerProcess(Self.options))
        let (source, target) = (try from.client(), try to.client())
        func connections() throws -> Int {
            let stats = try target.call("INFO", "stats").text ?? ""
            let line = stats.split(separator: "\r\n").first { $0.hasPrefix("total_connections_received:") }
            return line.flatMap { Int($0.split(separator: ":")[1]) } ?? -1
        }
        let before = try connections()
        for n in 0..<10 {
            // The other side closes the connection while it is kept, and while the next keys come.
            if n == 5 { try target.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") }
            try source.call("SET", "key\(n)", "value")
            #expect(try source.call("MIGRATE", "127.0.0.1", "\(to.port)", "key\(n)", "0", "5000") == .ok)
            #expect(try source.call("INFO", "stats").text?.contains("migrate_cached_sockets:1") == true)
        }
        #expect(try connections() == before + 2 && target.call("DBSIZE") == .integer(10))
    }

    /// A client that goes does not call back what it has sent.
    @Test func aClientMayGo() throws {
        let (from, to) = (try ServerProcess(Self.options), try ServerProcess(Self.options))
        let (source, other, target) = (try from.client(), try from.client(), try to.client())
        try source.call("SET", "key", "value")
        try target.send("DEBUG", "SLEEP", "1")
        try source.send("MIGRATE", "127.0.0.1", "\(to.port)", "key", "0", "10000")
        #expect(try eventually { try other.call("CLIENT", "LIST").text?.contains("cmd=migrate") == true })
        source.close()
        _ = try target.read()
        #expect(try eventually { try other.call("EXISTS", "key") == .integer(0) })
        #expect(try target.call("GET", "key") == "value")
        #expect(try other.call("SET", "key", "new") == .ok)
    }
}
