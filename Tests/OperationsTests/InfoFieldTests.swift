// SPDX-License-Identifier: Apache-2.0
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Operations

/// Every field of INFO is either moved here or stands in the list of those that cannot move, with the reason. A field
/// that is in neither fails the test, as does one whose mover leaves it as it was.
@Suite struct InfoFieldTests {
    private struct Mover: Sendable {
        let fields: [String]
        let move: @Sendable (Rig) -> Void
        init(_ fields: String..., move: @escaping @Sendable (Rig) -> Void) {
            self.fields = fields
            self.move = move
        }
    }

    /// What moves a field.
    private static let movers: [Mover] = [
        // Server
        Mover("server_time_usec", "uptime_in_seconds", "uptime_in_days", "lru_clock") {
            $0.advance(ms: 86_400_000)
        },
        Mover("hz", "configured_hz", "clients_hz") { $0.run("CONFIG", "SET", "hz", "50") },
        Mover("tcp_port", "availability_zone", "config_file", "listener0") {
            $0.engine.config.settings.port = 7000
            $0.engine.config.settings.availabilityZone = "a"
            $0.engine.config.file = "/x.conf"
        },
        // Clients
        Mover("connected_clients", "io_thread_0") { _ = $0.session("other") },
        Mover("maxclients") { $0.run("CONFIG", "SET", "maxclients", "77") },
        Mover("client_recent_max_input_buffer") {
            _ = $0.feed(as: "torn", Array("*2\r\n$3\r\nGET\r\n$9\r\nabc".utf8))
        },
        Mover("client_recent_max_output_buffer") {
            $0.engine.noteOutput($0.session("slow"), queued: QueuedOutput(bytes: 1000))
        },
        Mover("watching_clients", "total_watched_keys") { $0.run(as: "w", "WATCH", "a") },
        // Memory
        Mover(
            "used_memory", "used_memory_human", "used_memory_dataset", "used_memory_dataset_perc",
            "used_memory_peak", "used_memory_peak_human", "mem_fragmentation_bytes"
        ) { $0.run("SET", "a", String(repeating: "x", count: 100_000)) },
        Mover("mem_not_counted_for_evict", "lazyfree_pending_objects") { rig in
            rig.run(["SADD", "s"] + (0..<5000).map { "m\($0)" })
            rig.run("DEL", "s")
        },
        Mover("lazyfreed_objects", "used_memory_peak_perc") { rig in
            rig.run(["SADD", "s"] + (0..<5000).map { "m\($0)" })
            rig.engine.keys.heap.notePeak()
            rig.run("DEL", "s")
            while rig.engine.keys.reclaimer.slice(rig.engine.keys, max: 1000) {}
        },
        Mover("allocator_allocated", "allocator_active", "allocator_resident", "allocator_frag_bytes") {
            $0.run("DEBUG", "POPULATE", "50000")
            // What malloc says is asked ten times in a second.
            $0.advance(ms: 100)
        },
        Mover("active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits") { rig in
            rig.engine.keys.heap.isShaken = true
            for i in 0..<100 { rig.run("SET", "key:\(i)", "x") }
            rig.engine.keys.beginDefragmentation()
            while rig.engine.keys.defragmentStep() {}
            rig.engine.keys.heap.isShaken = false
            rig.engine.keys.beginDefragmentation()
            while rig.engine.keys.defragmentStep() {}
        },
        Mover("active_defrag_key_misses") { rig in
            rig.run("SET", "a", "1")
            rig.engine.keys.beginDefragmentation()
            while rig.engine.keys.defragmentStep() {}
        },
        Mover("active_defrag_running", "current_active_defrag_time", "total_active_defrag_time") { rig in
            rig.engine.keys.beginDefragmentation()
            rig.advance(ms: 50)
        },
        Mover("evicted_keys", "total_eviction_exceeded_time", "current_eviction_exceeded_time") { rig in
            for i in 0..<3 { rig.run("SET", "key:\(i)", "x") }
            rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
            rig.run("CONFIG", "SET", "maxmemory", "1")
            _ = rig.engine.memoryLimitSlice(max: 1)
            rig.advance(ms: 30)
        },
        Mover("maxmemory", "maxmemory_human") { $0.run("CONFIG", "SET", "maxmemory", "1gb") },
        Mover("maxmemory_policy") { $0.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") },
        Mover("mem_clients_normal", "used_memory_overhead") {
            $0.run("SET", "a", String(repeating: "x", count: 100_000))
            _ = $0.session("other")
        },
        // Persistence
        Mover("rdb_changes_since_last_save") { $0.run("SET", "a", "1") },
        Mover("cut_in_progress") {
            $0.run("SET", "a", "1")
            $0.run("DEBUG", "CUT")
        },
        // Stats
        Mover("total_commands_processed", "total_net_input_bytes", "eventloop_duration_cmd_sum") {
            $0.run("PING")
        },
        Mover("keyspace_hits", "keyspace_misses") {
            $0.run("SET", "a", "1")
            $0.run("MGET", "a", "b")
        },
        Mover("expired_keys") {
            $0.run("SET", "a", "1", "PX", "5")
            $0.advance(ms: 10)
        },
        Mover("expired_subkeys", "expired_fields") {
            $0.run("HSETEX", "h", "PX", "5", "FIELDS", "1", "a", "1")
            $0.advance(ms: 10)
        },
        Mover("total_error_replies", "errorstat_ERR") { $0.run("NOSUCH") },
        Mover("acl_access_denied_auth") { $0.run("HELLO", "2", "AUTH", "nobody", "x") },
        Mover("client_query_buffer_limit_disconnections") {
            $0.engine.config.settings.queryBufferBytesMax = 100
            _ = $0.feed(
                as: "large", Array("*2\r\n$3\r\nGET\r\n$999\r\n".utf8) + [UInt8](repeating: 1, count: 500))
        },
        Mover(
            "eventloop_cycles", "eventloop_duration_sum", "eventloop_duration_max",
            "eventloop_cmd_per_cycle_max"
        ) { $0.engine.loop.turnEnded(ticks: 1_000_000, commands: $0.engine.stats.commands + 1000) },
        Mover("eventloop_duration_cron_sum") { $0.engine.loop.cronEnded(ticks: 1_000_000) },
        Mover("expire_cycle_cpu_milliseconds") { $0.engine.loop.expiryEnded(ticks: 5_000_000) },
        Mover(
            "instantaneous_ops_per_sec", "instantaneous_input_kbps", "instantaneous_eventloop_cycles_per_sec",
            "instantaneous_eventloop_duration_usec"
        ) { rig in
            for _ in 0..<10 {
                rig.engine.sampleRates()
                for _ in 0..<100 { rig.run("PING") }
                rig.engine.loop.turnEnded(ticks: 1_000_000, commands: 0)
                rig.advance(ms: 100)
            }
        },
        // Replication
        Mover("repl_backlog_size") { $0.run("CONFIG", "SET", "repl-backlog-size", "7mb") },
        Mover("master_replid") { $0.run("DEBUG", "CHANGE-REPL-ID") },
        // Those who wait, listen, track, or take too much
        Mover("blocked_clients", "paused_reason", "paused_actions", "paused_timeout_milliseconds") {
            $0.run("CLIENT", "PAUSE", "1000", "WRITE")
            $0.run(as: "b", "SET", "a", "1")
        },
        Mover("pubsub_clients", "pubsub_channels", "pubsub_patterns", "pubsubshard_channels") {
            $0.run(as: "b", "SUBSCRIBE", "c")
            $0.run(as: "b", "PSUBSCRIBE", "p*")
            $0.run(as: "b", "SSUBSCRIBE", "s")
        },
        Mover("tracking_clients", "tracking_total_keys", "tracking_total_items", "tracking_total_prefixes") {
            for name in ["b", "d"] { $0.run(as: name, "HELLO", "3") }
            $0.run(as: "b", "CLIENT", "TRACKING", "ON")
            $0.run(as: "b", "GET", "a")
            $0.run(as: "d", "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "x")
        },
        Mover("evicted_clients") {
            $0.engine.noteOutput($0.session("fat"), queued: QueuedOutput(bytes: 1_000_000))
            $0.run("CONFIG", "SET", "maxmemory-clients", "100000")
            $0.engine.evictClients()
        },
        // Other sections
        Mover("cmdstat_get", "latency_percentiles_usec_get") { $0.run("GET", "a") },
        Mover("db3") {
            $0.run("SELECT", "3")
            $0.run("SET", "a", "1")
        },
    ]

    /// Moved by sockets and the process, which a rig does not have: the end-to-end tests look at them.
    private static let ofTheRim: Set<String> = [
        "total_connections_received", "rejected_connections", "total_net_output_bytes",
        "instantaneous_output_kbps", "total_reads_processed", "total_writes_processed",
        "client_output_buffer_limit_disconnections", "used_memory_rss", "used_memory_rss_human",
        "mem_fragmentation_ratio", "rss_overhead_ratio", "rss_overhead_bytes",
        "allocator_frag_ratio", "allocator_rss_ratio", "allocator_rss_bytes",
    ]

    /// What does not move, by the reason.
    private static let fixed: [String: [String]] = [
        "the build": [
            "redis_version", "server_name", "needletail_version", "redis_git_sha1", "redis_git_dirty",
            "redis_build_id", "gcc_version", "mem_allocator",
        ],
        "tables are never rehashed": ["mem_overhead_db_hashtable_rehashing"],
        "pages go back without a state between": ["allocator_muzzy"],
        "there is no cluster, supervisor or I/O thread": [
            "redis_mode", "server_mode", "process_supervised", "io_threads_active", "cluster_connections",
            "cluster_enabled", "io_threaded_reads_processed", "io_threaded_writes_processed",
            "mem_cluster_links", "mem_cluster_slot_import", "mem_cluster_slot_export",
            "total_net_cluster_slot_import_bytes", "total_net_cluster_slot_export_bytes",
            "io_threaded_freed_objects", "io_threaded_accept_processed", "io_threaded_poll_processed",
            "io_threaded_total_prefetch_batches", "io_threaded_total_prefetch_entries",
            "io_threaded_reads_pending", "io_threaded_writes_pending", "migrate_cached_sockets",
        ],
        "chosen once, at the start": ["run_id", "used_memory_startup"],
        "nothing is saved, loaded or forked": [
            "loading", "async_loading", "rdb_bgsave_in_progress", "rdb_last_save_time", "aof_enabled",
            "aof_rewrite_in_progress", "aof_rewrite_scheduled", "mem_aof_buffer", "latest_fork_usec",
            "total_forks", "current_cow_peak", "current_cow_size", "current_cow_size_age",
            "current_fork_perc",
            "current_save_keys_processed", "current_save_keys_total", "rdb_last_bgsave_status",
            "rdb_last_bgsave_time_sec", "rdb_current_bgsave_time_sec", "rdb_saves", "rdb_last_cow_size",
            "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded", "aof_last_rewrite_time_sec",
            "aof_current_rewrite_time_sec", "aof_last_bgrewrite_status", "aof_rewrites",
            "aof_rewrites_consecutive_failures", "aof_last_write_status", "aof_last_cow_size",
            "module_fork_in_progress", "module_fork_last_cow_size", "slot_migration_fork_in_progress",
            "dump_payload_sanitizations", "eventloop_duration_aof_sum",
        ],
        "there are no scripts": [
            "used_memory_lua", "used_memory_vm_eval", "used_memory_lua_human", "used_memory_scripts_eval",
            "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
            "used_memory_vm_functions", "used_memory_vm_total", "used_memory_vm_total_human",
            "used_memory_functions", "used_memory_scripts", "used_memory_scripts_human", "evicted_scripts",
            "engines_count", "engines_total_used_memory", "engines_total_memory_overhead",
            "allocator_allocated_lua", "allocator_active_lua", "allocator_resident_lua",
            "allocator_frag_bytes_lua",
        ],
        "there is no TLS": [
            "tls_server_cert_serial", "tls_server_cert_expires_in_seconds", "tls_client_cert_serial",
            "tls_client_cert_expires_in_seconds", "tls_ca_cert_serial", "tls_ca_cert_expires_in_seconds",
        ],
        "there are no users and rules": [
            "acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel",
            "acl_access_denied_tls_cert", "acl_access_denied_db",
        ],
        "keys and fields of hashes die on their own millisecond": [
            "expired_stale_perc", "expired_keys_with_volatile_items_stale_perc",
            "expired_time_cap_reached_count",
        ],
        "no client has a reply buffer of its own": ["reply_buffer_shrinks", "reply_buffer_expands"],
        "there are no replicas": [
            "role", "connected_slaves", "master_failover_state", "master_repl_offset", "second_repl_offset",
            "repl_backlog_active", "repl_backlog_first_byte_offset", "repl_backlog_histlen", "sync_full",
            "sync_partial_ok", "sync_partial_err", "total_net_repl_input_bytes",
            "total_net_repl_output_bytes",
            "mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves",
            "mem_replicas_repl_buffer", "mem_replica_full_sync_buffer", "replicas_waiting_psync",
            "instantaneous_input_repl_kbps", "instantaneous_output_repl_kbps", "slave_expires_tracked_keys",
            "unexpected_error_replies", "master_replid2",
        ],
        "no command blocks": [
            "clients_in_timeout_table", "total_blocking_keys", "total_blocking_keys_on_nokey",
        ],
        "tables grow segment by segment": ["mem_overhead_db_hashtable_rehashing"],
    ]

    private func rig() -> Rig { Rig { $0.debugCommand = "yes" } }

    private func fields(_ rig: Rig) -> [String: String] {
        var found: [String: String] = [:]
        for section in rig.engine.info.sections {
            let buffer = TextBuffer(rig.engine.keys.heap, capacity: 256)
            section.write(rig.engine, buffer)
            let text = ByteString(buffer.view).description
            for line in text.split(separator: "\r\n") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let name = String(line[..<colon])
                // Counted by code, command or database: one of each kind stands for all.
                let isKind = ["errorstat_", "cmdstat_", "latency_percentiles_usec_"].contains {
                    name.hasPrefix($0)
                }
                let stands = ["errorstat_ERR", "cmdstat_get", "latency_percentiles_usec_get"].contains(name)
                if isKind, !stands { continue }
                found[name] = String(line[line.index(after: colon)...])
            }
        }
        return found
    }

    @Test func everyFieldMovesOrSaysWhyNot() {
        let fixed = Set(Self.fixed.values.joined()).union(Self.ofTheRim)
        let moved = Set(Self.movers.flatMap(\.fields))
        let rig = rig()
        var known = Set(fields(rig).keys)
        for mover in Self.movers {
            let rig = self.rig()
            rig.run("PING")
            let before = fields(rig)
            mover.move(rig)
            let after = fields(rig)
            known.formUnion(after.keys)
            for field in mover.fields {
                #expect(
                    after[field] != nil && after[field] != before[field],
                    "\(field): \(after[field] ?? "missing")")
            }
        }
        let databases = known.filter { $0.hasPrefix("db") && $0 != "db3" }
        let strangers = known.subtracting(fixed).subtracting(moved).subtracting(databases)
        #expect(strangers == [], "nobody moves these")
        #expect(fixed.union(moved).subtracting(known) == [], "there are no such fields")
    }

    @Test func errorCodesAreBounded() {
        let rig = rig()
        for i in 0..<300 { rig.run("DEBUG", "ERROR", "CODE\(i) text") }
        rig.run("NOSUCH")
        rig.run("DEBUG", "ERROR", "CODE7 again")
        let text = rig.run("INFO", "errorstats")
        #expect(text.contains("errorstat_CODE7:count=2 ") && text.contains("errorstat_CODE127:count=1 "))
        #expect(!text.contains("errorstat_CODE128:"))
        #expect(
            text.contains("errorstat_ERRORSTATS_OVERFLOW:count=172 ")
                && text.contains("errorstat_ERR:count=1 "))
        rig.run("CONFIG", "RESETSTAT")
        #expect(!rig.run("INFO", "errorstats").contains("errorstat_"))
    }

    @Test func debugIsShownByNameOnly() {
        let rig = rig()
        for section in ["", "all", "everything", "default"] {
            let text = section.isEmpty ? rig.run("INFO") : rig.run("INFO", section)
            #expect(!text.contains("# Debug"), "\(section)")
        }
        #expect(
            rig.run("INFO", "debug").contains(
                "# Debug eventloop_duration_aof_sum:0 eventloop_duration_cron_sum:0"))
    }

    @Test func resetStartsAnew() {
        let rig = rig()
        rig.engine.loop.turnEnded(ticks: 5000, commands: 3)
        rig.run("GET", "a")
        rig.run("CONFIG", "RESETSTAT")
        let text = rig.run("INFO", "everything")
        #expect(text.contains("eventloop_cycles:0 ") && !text.contains("cmdstat_get:"))
        #expect(text.contains("cmdstat_config|resetstat:calls=1,"))
    }
}
