// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Operations

@Suite struct InfoTests {
    private func info(_ rig: Rig, _ sections: String...) -> String {
        String(decoding: rig.raw((["INFO"] + sections).map { Array($0.utf8) }), as: UTF8.self)
    }

    private func headers(_ text: String) -> [String] {
        text.split(separator: "\r\n").filter { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
    }

    private func field(_ name: String, _ text: String) -> String? {
        text.split(separator: "\r\n").first { $0.hasPrefix(name + ":") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    @Test func sections() {
        let rig = Rig()
        let usual = [
            "Server", "Clients", "Memory", "Persistence", "Threads", "Stats", "Replication", "CPU", "Modules",
            "Errorstats",
            "Cluster", "Keyspace", "Keysizes",
        ]
        #expect(headers(info(rig)) == usual)
        #expect(headers(info(rig, "default")) == usual)
        #expect(headers(info(rig, "all")).contains("Commandstats"))
        #expect(headers(info(rig, "everything")) == headers(info(rig, "all")))
        #expect(headers(info(rig, "MEMORY", "commandstats", "nosuch")) == ["Memory", "Commandstats"])
        #expect(info(rig, "nosuch") == "$0\r\n\r\n")
        rig.run("HELLO", "3")
        #expect(info(rig, "cluster") == "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n")
    }

    @Test func serverAndTime() {
        let rig = Rig()
        rig.advance(ms: 90_061_500)
        let text = info(rig, "server")
        #expect(field("redis_version", text) == "7.4.0" && field("server_name", text) == "needletail")
        #expect(field("uptime_in_seconds", text) == "90061" && field("uptime_in_days", text) == "1")
        #expect(field("run_id", text)?.count == 40)
        #expect(field("listener0", text) == "name=tcp,bind=*,bind=-::*,port=6379")
        rig.engine.keys.nowUs = 1_700_000_000_123_456
        #expect(rig.run("TIME") == "*2 $10 1700000000 $6 123456")
    }

    @Test func countersMove() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        rig.run("GET", "a")
        rig.run("GET", "b")
        rig.run("GET")
        rig.run("NOSUCH")
        rig.run("CONFIG", "SET", "a", "b")
        let text = info(rig, "all")
        #expect(field("keyspace_hits", text) == "1" && field("keyspace_misses", text) == "1")
        #expect(field("total_commands_processed", text) == "4")
        #expect(field("total_error_replies", text) == "3" && field("errorstat_ERR", text) == "count=3")
        #expect(field("rdb_changes_since_last_save", text) == "1")
        #expect(
            field("db0", text) == "keys=1,expires=0,avg_ttl=0,subexpiry=0,keys_with_volatile_items=0")
        #expect(field("cmdstat_get", text)?.hasPrefix("calls=2,usec=") == true)
        #expect(field("cmdstat_get", text)?.hasSuffix(",rejected_calls=1,failed_calls=0") == true)
        #expect(field("cmdstat_config|set", text)?.hasSuffix(",rejected_calls=0,failed_calls=1") == true)
        #expect(field("connected_clients", text) == "1")
    }

    @Test func memoryAddsUp() {
        let rig = Rig()
        let before = info(rig, "memory")
        rig.run("SET", "a", String(repeating: "x", count: 100_000))
        let after = info(rig, "memory")
        func number(_ name: String, _ text: String) -> Int { Int(field(name, text) ?? "") ?? -1 }
        #expect(number("used_memory", after) >= number("used_memory", before) + 100_000)
        #expect(number("used_memory_dataset", after) >= 100_000)
        #expect(number("used_memory_peak", after) >= number("used_memory", after))
        #expect(
            number("used_memory_overhead", after) + number("used_memory_dataset", after)
                == number("used_memory", after))
        #expect(field("used_memory_human", after)?.hasSuffix("K") == true)
    }

    @Test func ratesFollowTheCommands() {
        let rig = Rig()
        #expect(field("instantaneous_ops_per_sec", info(rig, "stats")) == "0")
        for _ in 0..<20 {
            rig.engine.sampleRates()
            for _ in 0..<50 { rig.run("PING") }
            rig.advance(ms: 100)
        }
        rig.engine.sampleRates()
        #expect(field("instantaneous_ops_per_sec", info(rig, "stats")) == "500")
        #expect(field("instantaneous_input_kbps", info(rig, "stats")) == "6.84")
        for _ in 0..<20 {
            rig.advance(ms: 100)
            rig.engine.sampleRates()
        }
        #expect(field("instantaneous_input_kbps", info(rig, "stats")) == "0.00")
    }

    @Test func sectionsWithBlanksInTheirNames() {
        let rig = Rig()
        #expect(headers(info(rig, "ScriptingEngines")) == ["Scripting Engines"])
        #expect(headers(info(rig, "scripting engines")) == [])
        #expect(headers(info(rig, "tls", "threads")) == ["TLS", "Threads"])
    }

    /// Averages over weeks pass 10^12 microseconds.
    @Test func longTimesAreShownInFull() {
        let rig = Rig()
        rig.run("GET", "a")
        let get = "get".utf8.map { $0 }.withView { rig.engine.table.find($0) }
        rig.engine.table.rows[get].ticks = UInt64(3_210_987_654_321 * rig.engine.ticksPerUs)
        let text = field("cmdstat_get", info(rig, "commandstats"))
        #expect(
            text
                == "calls=1,usec=3210987654321,usec_per_call=3210987654321.00,rejected_calls=0,failed_calls=0"
        )
        let sum = Int(field("eventloop_duration_cmd_sum", info(rig, "stats")) ?? "") ?? 0
        #expect(sum >= 3_210_987_654_321)
    }

    /// A few keys with a deadline among many without are found.
    @Test func meanTimeToLiveOfAFew() {
        let rig = Rig(withTwin: false)
        for i in 0..<6000 { rig.run("SET", "key:\(i)", "x") }
        for i in 0..<30 { rig.run("SET", "volatile:\(i)", "x", "PX", i % 2 == 0 ? "40000" : "60000") }
        func ttl() -> Int {
            let parts = field("db0", info(rig, "keyspace"))?.split(separator: ",") ?? []
            let part = parts.first { $0.hasPrefix("avg_ttl=") }
            return part.flatMap { Int($0.dropFirst(8)) } ?? -1
        }
        #expect((40_000...60_000).contains(ttl()) && ttl() == ttl())
        rig.advance(ms: 10_000)
        #expect((30_000...50_000).contains(ttl()))
        for i in 0..<30 { rig.run("PEXPIREAT", "volatile:\(i)", "9223372036854775806") }
        #expect(ttl() == 1 << 50)
        for i in 0..<30 { rig.run("PERSIST", "volatile:\(i)") }
        #expect(ttl() == 0)
    }

    @Test func shutdown() {
        let rig = Rig()
        #expect(rig.run("SHUTDOWN", "FOO") == "-ERR syntax error")
        #expect(rig.run("SHUTDOWN", "SAVE", "NOSAVE") == "-ERR syntax error")
        #expect(rig.run("SHUTDOWN", "ABORT", "NOW") == "-ERR syntax error")
        #expect(rig.run("SHUTDOWN", "ABORT") == "-ERR No shutdown in progress.")
        #expect(!rig.host.shutdownRequested)
        #expect(rig.run("SHUTDOWN", "nosave", "now", "force") == "")
        #expect(rig.host.shutdownRequested)
    }
}

/// The section Keysizes, which edits keep; model tests of the keyspace compare its counts with all values after each step.
@Suite struct KeySizeTests {
    private let rig = Rig()

    private func sizes() -> [String] {
        rig.run("INFO", "keysizes").split(whereSeparator: \.isWhitespace).map(String.init)
            .filter { $0.contains("distrib") }
    }

    private func after(_ commands: String...) -> [String] {
        for command in commands { rig.run(command.split(separator: " ").map(String.init)) }
        return sizes()
    }

    @Test func strings() {
        #expect(after() == [])
        rig.run("SET", "empty", "")
        #expect(
            after("SET a x", "SET b 123456", "SETRANGE c 1023 x") == [
                "db0_distrib_strings_sizes:0=1,1=1,4=1,1K=1"
            ])
        #expect(
            after("DEL empty", "APPEND a yyy", "INCRBY b 99999999") == [
                "db0_distrib_strings_sizes:4=1,8=1,1K=1"
            ])
        #expect(after("SETBIT c 8400000 1", "SET b 7") == ["db0_distrib_strings_sizes:1=1,4=1,1M=1"])
        #expect(after("DECR b", "DECRBY b 100") == ["db0_distrib_strings_sizes:2=1,4=1,1M=1"])
        #expect(
            after("RENAME c a", "MOVE a 1") == [
                "db0_distrib_strings_sizes:2=1", "db1_distrib_strings_sizes:1M=1",
            ])
        #expect(
            after("SWAPDB 0 1", "COPY a d") == [
                "db0_distrib_strings_sizes:1M=2", "db1_distrib_strings_sizes:2=1",
            ])
        #expect(after("FLUSHALL") == [])
    }

    @Test func collections() {
        #expect(
            after("RPUSH l 1 2 3 4", "SADD s a", "ZADD z 1 a 2 b", "HSET h a b")
                == [
                    "db0_distrib_lists_items:4=1", "db0_distrib_sets_items:1=1",
                    "db0_distrib_zsets_items:2=1",
                    "db0_distrib_hashes_items:1=1",
                ])
        #expect(
            after("LPOP l", "SREM s a", "ZADD z 3 c 4 d", "SET h x")
                == [
                    "db0_distrib_strings_sizes:1=1", "db0_distrib_lists_items:2=1",
                    "db0_distrib_zsets_items:4=1",
                ])
        #expect(
            after("SUNIONSTORE h z", "SADD s a b c", "SUNIONSTORE l s", "ZUNIONSTORE h 1 z", "DEL s z")
                == ["db0_distrib_sets_items:2=1", "db0_distrib_zsets_items:4=1"])
        #expect(after("PEXPIRE l 5") == ["db0_distrib_sets_items:2=1", "db0_distrib_zsets_items:4=1"])
        rig.advance(ms: 10)
        #expect(after("EXISTS l") == ["db0_distrib_zsets_items:4=1"])
        #expect(
            after("DEL h", "HSET f a 1 b 2", "HPEXPIRE f 5 FIELDS 1 a") == ["db0_distrib_hashes_items:2=1"])
        rig.advance(ms: 10)
        #expect(after("HGETALL f") == ["db0_distrib_hashes_items:1=1"])
        #expect(rig.mismatch == nil)
    }
}
