// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Keyspace
import Operations
import Testing

@testable import Engine
@testable import Persistence

extension Rig {
    /// A rig whose DEBUG is open.
    convenience init(saving lines: [String] = [], seed: UInt64 = 1, withTwin: Bool = true) {
        self.init(seed: seed, withTwin: withTwin, lines: lines) { $0.debugCommand = "yes" }
    }

    var persistence: PersistencePart { engine.part(PersistencePart.self) }

    /// The bytes of a bulk reply.
    func bulk(_ words: [String]) -> [UInt8] {
        let reply = raw(words.map { Array($0.utf8) })
        guard let end = reply.firstIndex(of: 10), reply.count > end + 2 else { return [] }
        return Array(reply[(end + 1)..<(reply.count - 2)])
    }

    func restore(_ key: String, _ payload: [UInt8], _ options: String...) -> String {
        let words = ["RESTORE", key, "0"].map { Array($0.utf8) } + [payload] + options.map { Array($0.utf8) }
        return String(decoding: raw(words), as: UTF8.self).replacing("\r\n", with: "")
    }

    /// Does the turns that a server would do until nothing is left of a snapshot or a load.
    func turn() {
        for _ in 0..<100_000 {
            var slice = Slice(max: 64)
            _ = engine.keys.walkCuts(&slice)
            if persistence.isDue { persistence.work() }
            host.doAwayWork()
            if persistence.loading != nil { _ = persistence.loadSlice() }
            if persistence.snapshot == nil, persistence.loading == nil { return }
        }
    }

    /// A value of every type in every encoding, and some odd ones.
    func fill() {
        comparesEvery = 1 << 20
        run("MSET", "empty", "", "small", "7", "large", "-9223372036854775808", "text", "hello", "007", "007")
        run("SET", "long", String(repeating: "abc", count: 200))
        run("SET", "block", String(repeating: "0123456789", count: 10_000))
        run("APPEND", "raw", "12")
        run("PFADD", "log", "a", "b", "c")
        run("RPUSH", "list:small", "a", "1", "-5000", String(repeating: "x", count: 100), "")
        for i in 0..<40 { run(["RPUSH", "list:large"] + (0..<50).map { "element:\(i):\($0)" }) }
        run("RPUSH", "list:large", String(repeating: "y", count: 20_000))
        run("SADD", "set:integers", "1", "2", "-70000", "9223372036854775807")
        run("SADD", "set:small", "a", "1", "b")
        for i in 0..<20 { run(["SADD", "set:large"] + (0..<50).map { "member:\(i):\($0)" }) }
        run("ZADD", "zset:small", "1", "a", "-1.5", "b", "inf", "c", "3.14159265358979", "d")
        for i in 0..<20 { run(["ZADD", "zset:large"] + (0..<20).flatMap { ["\(i).25", "m:\(i):\($0)"] }) }
        run("HSET", "hash:small", "name", "value", "n", "17", "", "empty")
        for i in 0..<30 { run(["HSET", "hash:large"] + (0..<20).flatMap { ["f:\(i):\($0)", "v\($0)"] }) }
        run("SET", "mortal", "x", "PXAT", "\(Rig.startMs + 100_000)")
        run("SELECT", "3")
        run("SET", "elsewhere", "1")
        run("SELECT", "0")
        compareNow()
    }

    /// Streams with groups, consumers, what is pending, and holes.
    func fillStreams() {
        for n in 1...250 {
            run("XADD", "stream", "\(n)-\(n % 3)", "field:\(n % 5)", "value \(n)", "n", "\(n)")
        }
        run("XDEL", "stream", "7-1", "120-0", "250-1")
        run("XTRIM", "stream", "MAXLEN", "200")
        run("XGROUP", "CREATE", "stream", "first", "0")
        run("XGROUP", "CREATE", "stream", "idle", "$")
        run("XGROUP", "CREATE", "stream", "unknown", "100-1")
        run("XREADGROUP", "GROUP", "first", "alice", "COUNT", "20", "STREAMS", "stream", ">")
        run("XREADGROUP", "GROUP", "first", "bob", "COUNT", "150", "STREAMS", "stream", ">")
        run("XCLAIM", "stream", "first", "bob", "0", "60-0", "61-1", "RETRYCOUNT", "7")
        run("XACK", "stream", "first", "58-1", "99-0")
        run("XGROUP", "CREATECONSUMER", "stream", "first", "")
        run("XGROUP", "CREATE", "stream:empty", "group", "$", "MKSTREAM")
        run("XADD", "stream:gone", "5-5", "a", "b")
        run("XDEL", "stream:gone", "5-5")
        run("XADD", "stream:last", "18446744073709551615-18446744073709551615", "", "")
    }

    /// All that is known of the streams.
    var streams: [String] {
        ["stream", "stream:empty", "stream:gone", "stream:last"].map {
            run("XINFO", "STREAM", $0, "FULL", "COUNT", "0")
        }
    }

    func fillDated() {
        run("HSET", "hash:dated", "a", "1", "b", "2", "c", "3")
        run("HPEXPIRE", "hash:dated", "5000", "FIELDS", "2", "a", "b")
        for i in 0..<30 {
            run(["HSET", "hash:dated:large"] + (0..<20).flatMap { ["f:\(i):\($0)", "v\($0)"] })
        }
        run("HPEXPIREAT", "hash:dated:large", "\(Rig.startMs + 70_000)", "FIELDS", "1", "f:3:3")
    }

    var digest: String { run("DEBUG", "DIGEST") }

    /// But for short strings that were written into: whoever loads them does not know.
    var encodings: [String] {
        keyNames.filter { $0 != "log" && $0 != "raw" }.map { "\($0) \(run("OBJECT", "ENCODING", $0))" }
    }

    var keyNames: [String] {
        run("KEYS", "*").split(separator: " ").dropFirst().filter { !$0.hasPrefix("$") }.map(String.init)
            .sorted()
    }
}

@Suite struct RoundTripTests {
    @Test(arguments: ["auto", "9", "10", "11", "12", "80"])
    func everyValueComesBack(_ version: String) {
        let rig = Rig(saving: ["rdb-save-version \(version)"])
        rig.fill()
        if ["auto", "12", "80"].contains(version) { rig.fillDated() }
        let (digest, encodings, deadlines) = (rig.digest, rig.encodings, DeadlineSum(rig.engine.keys))
        #expect(rig.run("DEBUG", "RELOAD") == "+OK")
        #expect(rig.digest == digest && rig.encodings == encodings)
        #expect(DeadlineSum(rig.engine.keys) == deadlines)
        rig.engine.keys.checkInvariants()
        let file = rig.host.memory["dump.rdb"] ?? []
        let header = String(decoding: file.prefix(9), as: UTF8.self)
        #expect(
            header == ["auto": "REDIS0012", "80": "VALKEY080"][version]
                ?? "REDIS00\(version.count == 1 ? "0" : "")\(version)")
        #expect(rig.host.memory.paths == ["dump.rdb"])
        rig.compareNow()
        #expect(rig.mismatch == nil)
    }

    /// Versions from 11 on keep everything, 10 all but when consumers were given something, 9 the entries and groups.
    @Test(arguments: ["auto", "9", "10", "11", "12", "80"]) func streamsComeBack(_ version: String) {
        let rig = Rig(saving: ["rdb-save-version \(version)"])
        rig.fillStreams()
        rig.compareNow()
        let (digest, before) = (rig.digest, rig.streams)
        let pending = rig.run("XPENDING", "stream", "first", "-", "+", "1000")
        #expect(rig.run("DEBUG", "RELOAD") == "+OK")
        #expect(rig.digest == digest && rig.run("XPENDING", "stream", "first", "-", "+", "1000") == pending)
        rig.engine.keys.checkInvariants()
        if ["11", "12", "80"].contains(version) { #expect(rig.streams == before) }
        if version == "9" {
            #expect(rig.run("XINFO", "STREAM", "stream").contains("$13 entries-added :200"))
        } else {
            // Nobody has been active since the consumer was made; everything else is the same.
            let known = before.map {
                $0.replacing("$11 active-time :-1", with: "$11 active-time :\(Rig.startMs)")
            }
            #expect(["11", "12", "80"].contains(version) || rig.streams == known)
        }
        let header = version == "auto" ? "REDIS0010" : version == "80" ? "VALKEY080" : "REDIS00"
        #expect((rig.host.memory["dump.rdb"] ?? []).starts(with: Array(header.utf8)))
        let loaded = rig.streams
        for key in ["stream", "stream:empty", "stream:gone", "stream:last"] {
            #expect(rig.restore(key, rig.bulk(["DUMP", key]), "REPLACE") == "+OK", "\(key)")
        }
        if version != "9" { #expect(rig.streams == loaded) }
        #expect(rig.digest == digest)
        rig.engine.keys.checkInvariants()
        rig.run("XADD", "stream", "*", "a", "b")
        rig.run("XREADGROUP", "GROUP", "first", "alice", "STREAMS", "stream", ">")
        rig.run("XACK", "stream", "first", "60-0")
        rig.engine.keys.checkInvariants()
    }

    /// Without deadlines of fields the oldest version does.
    @Test func theOldestVersionIsWritten() {
        let rig = Rig()
        rig.fill()
        #expect(rig.run("SAVE") == "+OK")
        #expect((rig.host.memory["dump.rdb"] ?? []).starts(with: Array("REDIS0009".utf8)))
    }

    @Test func whatAVersionCannotHoldIsRefusedByName() {
        let rig = Rig(saving: ["rdb-save-version 11"])
        rig.fillDated()
        rig.run("SET", "other", "x")
        #expect(rig.run("SAVE").hasPrefix("-ERR RDB version 11 cannot hold the value of key 'hash:dated"))
        #expect(rig.host.memory.paths == [])
        #expect(rig.run("BGSAVE") == "+Background saving started")
        rig.turn()
        #expect(rig.host.memory.paths == [])
        #expect(rig.run("INFO", "persistence").contains("rdb_last_bgsave_status:err"))
        #expect(rig.run("SET", "a", "b").hasPrefix("-MISCONF "))
        #expect(rig.run("PING").hasPrefix("-MISCONF ") && rig.run("GET", "other") == "$1 x")
        rig.run("CONFIG", "SET", "rdb-save-version", "auto")
        rig.run("BGSAVE")
        rig.turn()
        #expect(rig.host.memory.paths == ["dump.rdb"])
        #expect(rig.run("SET", "a", "b") == "+OK" && rig.run("PING") == "+PONG")
    }

    @Test(arguments: ["auto", "9", "10", "11", "12", "80"], ["yes", "no"])
    func everyPayloadComesBack(_ version: String, _ compresses: String) {
        let rig = Rig(saving: ["rdb-save-version \(version)", "rdbcompression \(compresses)"])
        rig.fill()
        if ["auto", "12", "80"].contains(version) { rig.fillDated() }
        rig.run("PERSIST", "mortal")
        for key in rig.keyNames where key != "log" && key != "raw" {
            let payload = rig.bulk(["DUMP", key])
            let digest = rig.run("DEBUG", "DIGEST-VALUE", key)
            let encoding = rig.run("OBJECT", "ENCODING", key)
            #expect(rig.restore(key, payload) == "-BUSYKEY Target key name already exists.")
            #expect(rig.restore(key, payload, "REPLACE") == "+OK", "\(key)")
            #expect(rig.run("DEBUG", "DIGEST-VALUE", key) == digest, "\(key)")
            #expect(rig.run("OBJECT", "ENCODING", key) == encoding, "\(key)")
            #expect(rig.run("PTTL", key) == ":-1")
        }
        rig.engine.keys.checkInvariants()
        rig.compareNow()
        #expect(rig.mismatch == nil)
    }

    /// Limits that were lowered meanwhile hold for what is loaded.
    @Test func limitsHoldForWhatIsLoaded() {
        let rig = Rig(saving: [])
        rig.fill()
        let digest = rig.digest
        for limit in ["hash", "zset", "set"] {
            rig.run("CONFIG", "SET", "\(limit)-max-listpack-entries", "1")
        }
        rig.run("CONFIG", "SET", "set-max-intset-entries", "1")
        rig.run("CONFIG", "SET", "list-max-listpack-size", "1")
        #expect(rig.run("DEBUG", "RELOAD") == "+OK")
        #expect(rig.digest == digest)
        #expect(rig.run("OBJECT", "ENCODING", "hash:small") == "$9 hashtable")
        #expect(rig.run("OBJECT", "ENCODING", "set:integers") == "$9 hashtable")
        #expect(rig.run("OBJECT", "ENCODING", "zset:small") == "$8 skiplist")
        #expect(rig.run("OBJECT", "ENCODING", "list:small") == "$9 quicklist")
        rig.engine.keys.checkInvariants()
    }
}
