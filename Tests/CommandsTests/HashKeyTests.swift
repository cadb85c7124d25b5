// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Commands
@testable import Engine

/// Hashes among keys: how they are kept, and what commands that know no type do with them.
@Suite struct HashKeyTests {
    @Test func encodings() {
        let rig = Rig()
        let many = { (count: Int) in (0..<count).flatMap { ["f\($0)", "v"] } }
        rig.run(["HSET", "h"] + many(512))
        #expect(rig.encodingName("h") == "listpack")
        rig.run("HSET", "h", "f0", "again")
        #expect(rig.encodingName("h") == "listpack")
        rig.run("HSET", "h", "one more", "v")
        #expect(rig.encodingName("h") == "hashtable")
        rig.run("HDEL", "h", "one more")
        #expect(rig.encodingName("h") == "hashtable")
        // More pairs than a packed hash may have make a table at once, even if most are the same.
        rig.run(["HSET", "at once"] + many(513).map { $0.hasPrefix("f") ? "f" : $0 })
        #expect(rig.encodingName("at once") == "hashtable")
        for (name, field, value) in [("n", 65, 1), ("v", 1, 65), ("o", 64, 64)] {
            rig.run("HSET", name, "a", "b")
            rig.run(
                "HSET", name, String(repeating: "x", count: field), String(repeating: "y", count: value))
            #expect(rig.encodingName(name) == (name == "o" ? "listpack" : "hashtable"))
        }
        rig.run("HINCRBY", "i", "n", "9223372036854775807")
        #expect(rig.encodingName("i") == "listpack")
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func limitsAreDirectives() {
        let rig = Rig()
        for (entries, value) in [
            ("hash-max-listpack-entries", "hash-max-listpack-value"),
            ("hash-max-ziplist-entries", "hash-max-ziplist-value"),
        ] {
            rig.run("FLUSHALL")
            #expect(rig.run("CONFIG", "SET", entries, "2", value, "8") == "+OK")
            #expect(
                rig.run("CONFIG", "GET", "hash-max-listpack-entries")
                    == "*2 $25 hash-max-listpack-entries $1 2")
            rig.run("HSET", "h", "a", "1", "b", "12345678")
            #expect(rig.encodingName("h") == "listpack")
            rig.run("HSET", "h", "c", "1")
            #expect(rig.encodingName("h") == "hashtable")
            rig.run("HSET", "value", "a", "123456789")
            #expect(rig.encodingName("value") == "hashtable")
            rig.run("HSET", "sum", "a", "0")
            #expect(rig.run("HINCRBYFLOAT", "sum", "a", "0.00000005") == "$10 0.00000005")
            #expect(rig.encodingName("sum") == "hashtable")
            rig.run("HSET", "dated", "a", "1")
            rig.run("HEXPIRE", "dated", "9", "FIELDS", "1", "a")
            #expect(rig.encodingName("dated") == "listpackex")
            rig.run("HSET", "dated", "b", "1", "c", "1")
            #expect(rig.encodingName("dated") == "hashtable")
            #expect(rig.run("HTTL", "dated", "FIELDS", "3", "a", "b", "c") == "*3 :9 :-1 :-1")
            #expect(rig.run("CONFIG", "SET", entries, "512", value, "64") == "+OK")
        }
        #expect(rig.run("CONFIG", "SET", "hash-max-listpack-entries", "0") == "+OK")
        rig.run("HSET", "none", "a", "1")
        #expect(rig.encodingName("none") == "hashtable")
        #expect(rig.mismatch == nil)
    }

    @Test func encodingsOfDatedHashes() {
        let rig = Rig()
        rig.run("HSET", "h", "a", "1", "b", "2")
        rig.run("HEXPIRE", "h", "9", "FIELDS", "1", "a")
        #expect(rig.encodingName("h") == "listpackex")
        rig.run("HPERSIST", "h", "FIELDS", "1", "a")
        // As in Redis it does not go back.
        #expect(rig.encodingName("h") == "listpackex")
        rig.run(["HSET", "t"] + (0..<600).flatMap { ["f\($0)", "v"] })
        rig.run("HEXPIRE", "t", "9", "FIELDS", "1", "f7")
        #expect(rig.encodingName("t") == "hashtable")
        #expect(rig.mismatch == nil)
    }

    private static let sizes = [2, 600]

    @Test(arguments: sizes) func keysMoveWithTheirFields(_ size: Int) {
        let rig = Rig { $0.debugCommand = "yes" }
        let want = Dictionary(uniqueKeysWithValues: (0..<size).map { ("f\($0)", "v\($0)") })
        rig.run(["HSET", "h"] + want.flatMap { [$0.key, $0.value] })
        rig.run("HPEXPIRE", "h", "5000", "FIELDS", "1", "f1")
        rig.run("HSET", "target", "old", "1")
        let times = { (key: String) in rig.run("HPTTL", key, "FIELDS", "2", "f0", "f1") }
        #expect(rig.run("COPY", "h", "copy") == ":1")
        #expect(rig.run("COPY", "h", "target") == ":0")
        #expect(rig.run("COPY", "h", "target", "REPLACE") == ":1")
        #expect(rig.run("COPY", "h", "h", "DB", "2") == ":1")
        #expect(rig.run("DEBUG", "DIGEST-VALUE", "h") == rig.run("DEBUG", "DIGEST-VALUE", "copy"))
        rig.run("HSET", "copy", "only", "here")
        rig.run("HDEL", "h", "f0")
        #expect(rig.fields("target") == want)
        #expect(rig.run("RENAME", "target", "renamed") == "+OK")
        #expect(rig.run("MOVE", "renamed", "1") == ":1")
        rig.run("SELECT", "1")
        #expect(rig.fields("renamed") == want)
        #expect(times("renamed") == "*2 :-1 :5000")
        #expect(rig.run("SWAPDB", "1", "2") == "+OK")
        #expect(rig.fields("h") == want && times("h") == "*2 :-1 :5000")
        rig.run("SELECT", "0")
        // Each dies where it is now.
        rig.advance(ms: 5000)
        #expect(rig.run("HLEN", "h") == ":\(size - 2)")
        #expect(rig.run("HLEN", "copy") == ":\(size)")
        for database in ["1", "2"] {
            rig.run("SELECT", database)
            for key in ["h", "renamed"] where rig.run("EXISTS", key) == ":1" {
                #expect(rig.run("HLEN", key) == ":\(size - 1)")
            }
        }
        #expect(rig.engine.keys.stats.expiredFields == 4)
        rig.run("FLUSHALL")
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    /// Whatever takes the place of a hash with deadlines counts it out.
    @Test(arguments: sizes) func aDatedHashThatIsOverwrittenIsCountedOut(_ size: Int) {
        let rig = Rig()
        for command in [
            ["SET", "h", "1"], ["BITOP", "XOR", "h", "a", "b"], ["BITOP", "NOT", "h", "a"],
            ["MSET", "h", "x"],
            ["SUNIONSTORE", "h", "s"], ["RENAME", "a", "h"], ["COPY", "s", "h", "REPLACE"],
        ] {
            rig.run("FLUSHALL")
            for i in 0..<size { rig.run("HSET", "h", "f\(i)", "v") }
            rig.run("HPEXPIRE", "h", "100000", "FIELDS", "1", "f0")
            rig.run("MSET", "a", "xx", "b", "yy")
            rig.run("SADD", "s", "1")
            #expect(rig.engine.keys.datedCount(of: 0) == 1)
            rig.run(command)
            #expect(rig.engine.keys.datedCount(of: 0) == 0, "\(command)")
        }
        #expect(rig.mismatch == nil)
    }

    /// INFO counts the hashes with dated fields, whatever happens to them.
    @Test(arguments: sizes) func datedHashesAreCounted(_ size: Int) {
        let rig = Rig()
        func count(_ database: Int = 0) -> Int {
            let line = rig.run("INFO", "keyspace").split(separator: " ").first {
                $0.hasPrefix("db\(database):")
            }
            let parts = line?.split(separator: ",") ?? []
            let values = ["subexpiry=", "keys_with_volatile_items="].map { name in
                parts.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
            }
            #expect(values[0] == values[1])
            #expect((values[0] ?? 0) == rig.engine.keys.datedCount(of: database))
            rig.engine.keys.checkInvariants()
            return values[0] ?? 0
        }
        let fields = (0..<size).flatMap { ["f\($0)", "v"] }
        for key in ["a", "b", "c", "d"] { rig.run(["HSET", key] + fields) }
        #expect(count() == 0)
        for key in ["a", "b", "c", "d"] { rig.run("HPEXPIRE", key, "50", "FIELDS", "2", "f0", "f1") }
        #expect(count() == 4)
        rig.run("HPERSIST", "a", "FIELDS", "1", "f0")
        #expect(count() == 4)
        rig.run("HPERSIST", "a", "FIELDS", "1", "f1")
        #expect(count() == 3)
        rig.run("HSET", "b", "f0", "v", "f1", "v")
        #expect(count() == 2)
        rig.run("HDEL", "c", "f0", "f1")
        #expect(count() == 1)
        rig.run("COPY", "d", "e")
        rig.run("COPY", "d", "e", "DB", "2")
        rig.run("RENAME", "d", "f")
        #expect(count() == 2 && count(2) == 1)
        rig.run("COPY", "f", "b", "REPLACE")
        rig.run("SET", "e", "no hash")
        rig.run("SADD", "s", "m")
        #expect(count() == 2)
        rig.run("SUNIONSTORE", "b", "s")
        #expect(count() == 1)
        rig.run("MOVE", "f", "2")
        #expect(count() == 0 && count(2) == 2)
        rig.run("SWAPDB", "0", "2")
        #expect(count() == 2 && count(2) == 0)
        rig.advance(ms: 50)
        #expect(count() == 0)
        rig.run("HSETEX", "e", "EX", "9", "FIELDS", "1", "f0", "v")
        rig.run("HGETDEL", "e", "FIELDS", "1", "f0")
        #expect(count() == 0)
        rig.run("HSETEX", "e", "EX", "9", "FIELDS", "1", "f0", "v")
        #expect(count() == 1)
        rig.run("FLUSHDB")
        #expect(count() == 0)
        #expect(rig.mismatch == nil)
    }

    @Test func digestsAreThoseOfRedis() {
        let rig = Rig { $0.debugCommand = "yes" }
        for entries in ["512", "0"] {
            rig.run("FLUSHALL")
            rig.run("CONFIG", "SET", "hash-max-listpack-entries", entries)
            rig.run("HSET", "h", "a", "1", "b", "2")
            let plain = "6c8f22b3bf510fdcfd6122dd0f908a80e88243bf"
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "h") == "*1 +\(plain)")
            #expect(rig.run("DEBUG", "DIGEST") == "+4e43099c33699e81c1cfdaa4f3eb3cd5635db0fe")
            rig.run("HPEXPIREAT", "h", "4102444800000", "FIELDS", "1", "a")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "h") == "*1 +c07db73128914a41e685572f9d83e5ec946f598d")
            #expect(rig.run("DEBUG", "DIGEST") == "+d9e9f48c00a11c301b5e2f976b19ca7610a96438")
            rig.run("PEXPIREAT", "h", "4102444800000")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "h") == "*1 +26f849cef4a8a0152793bcd7d8e92a778ec1180e")
            rig.run("PERSIST", "h")
            rig.run("HPERSIST", "h", "FIELDS", "1", "a")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "h") == "*1 +\(plain)")
            rig.run("HSET", "e", "", "")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "e") == "*1 +058444ed2da4cc3f4acabd165ff3435028ac510b")
            rig.run("HSET", "i", "5", "17", "w", "x y")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", "i") == "*1 +a3f2a63c81219a36063271ca55df72450bf44ab8")
        }
        #expect(rig.mismatch == nil)
    }

    @Test func commandsThatKnowNoType() {
        let rig = Rig { $0.debugCommand = "yes" }
        rig.run("HSET", "small", "a", "1", "b", "2")
        rig.run(["HSET", "large"] + (0..<1000).flatMap { ["field:\($0)", "value:\($0)"] })
        rig.run("SET", "s", "v")
        #expect(
            members(rig.run("SCAN", "0", "COUNT", "100", "TYPE", "hash").dropPrefix(2)) == ["large", "small"])
        #expect(["small", "large", "s"].contains(members(rig.run("RANDOMKEY"))[0]))
        for key in ["small", "large"] {
            let bytes = Int(rig.run("MEMORY", "USAGE", key).dropFirst()) ?? 0
            #expect(key == "small" ? 16..<200 ~= bytes : 20_000..<200_000 ~= bytes, "\(key) \(bytes)")
            let object = rig.run("DEBUG", "OBJECT", key)
            #expect(object.contains("encoding:\(rig.encodingName(key)) serializedlength:"), "\(object)")
            #expect(rig.run("OBJECT", "REFCOUNT", key) == ":1")
        }
        #expect(rig.run("DEBUG", "LISTPACK", "small").contains("num entries 4"))
        #expect(rig.run("DEBUG", "HTSTATS-KEY", "large").contains("number of elements: 1000"))
        rig.run("HEXPIRE", "large", "9", "FIELDS", "1", "field:1")
        #expect(rig.run("PEXPIRE", "large", "100") == ":1")
        rig.advance(ms: 100)
        #expect(rig.run("EXISTS", "large") == ":0")
        #expect(
            rig.run("GET", "small") == "-WRONGTYPE Operation against a key holding the wrong kind of value")
        #expect(rig.run("SET", "small", "v") == "+OK")
        #expect(rig.run("HGET", "small", "a").hasPrefix("-WRONGTYPE"))
        rig.engine.keys.checkInvariants()
        #expect(rig.mismatch == nil)
    }

    @Test func watchesAndTransactionsSeeFields() {
        let rig = Rig()
        rig.run("HSET", "h", "a", "1")
        rig.run("WATCH", "h")
        rig.run(as: "other", "HINCRBY", "h", "a", "1")
        rig.run("MULTI")
        rig.run("HSET", "h", "a", "5")
        #expect(rig.run("EXEC") == "*-1")
        rig.run("WATCH", "h")
        rig.run(as: "other", "HDEL", "h", "none")
        rig.run("MULTI")
        rig.run("HINCRBY", "h", "a", "1")
        rig.run("HGETALL", "h")
        #expect(rig.run("EXEC") == "*2 :3 *2 $1 a $1 3")
        // The death of a field changes its key, whoever notices it.
        rig.run("HPEXPIRE", "h", "10", "FIELDS", "1", "a")
        rig.run("WATCH", "h")
        rig.advance(ms: 10)
        rig.run("MULTI")
        rig.run("PING")
        #expect(rig.run("EXEC") == "*-1")
        #expect(rig.mismatch == nil)
    }
}

extension String {
    /// What follows the first `words` words of a reply.
    fileprivate func dropPrefix(_ words: Int) -> String {
        split(separator: " ").dropFirst(words + 1).joined(separator: " ")
    }
}
