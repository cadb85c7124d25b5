// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Sections of features that are not built yet: what a server shows that has them and uses none.

extension InfoWriter {
    static func persistence(_ engine: Engine, _ out: TextBuffer) {
        out.line("loading", 0)
        out.line("async_loading", 0)
        // Nothing is ever copied on write: the server does not fork.
        out.line("current_cow_peak", 0)
        out.line("current_cow_size", 0)
        out.line("current_cow_size_age", 0)
        out.line("current_fork_perc", 0, decimals: 2)
        out.line("current_save_keys_processed", 0)
        out.line("current_save_keys_total", 0)
        out.line("rdb_changes_since_last_save", engine.keys.stats.dirty)
        out.line("rdb_bgsave_in_progress", 0)
        out.line("cut_in_progress", engine.keys.hasOpenCut ? 1 : 0)
        out.line("rdb_last_save_time", engine.startedMs / 1000)
        out.line("rdb_last_bgsave_status", "ok" as StaticString)
        out.line("rdb_last_bgsave_time_sec", -1)
        out.line("rdb_current_bgsave_time_sec", -1)
        out.line("rdb_saves", 0)
        out.line("rdb_last_cow_size", 0)
        out.line("rdb_last_load_keys_expired", 0)
        out.line("rdb_last_load_keys_loaded", 0)
        out.line("aof_enabled", 0)
        out.line("aof_rewrite_in_progress", 0)
        out.line("aof_rewrite_scheduled", 0)
        out.line("aof_last_rewrite_time_sec", -1)
        out.line("aof_current_rewrite_time_sec", -1)
        out.line("aof_last_bgrewrite_status", "ok" as StaticString)
        out.line("aof_rewrites", 0)
        out.line("aof_rewrites_consecutive_failures", 0)
        out.line("aof_last_write_status", "ok" as StaticString)
        out.line("aof_last_cow_size", 0)
        out.line("module_fork_in_progress", 0)
        out.line("module_fork_last_cow_size", 0)
        out.line("slot_migration_fork_in_progress", 0)
    }

    static func replication(_ engine: Engine, _ out: TextBuffer) {
        out.line("role", "master" as StaticString)
        out.line("connected_slaves", 0)
        out.line("replicas_waiting_psync", 0)
        out.line("master_failover_state", "no-failover" as StaticString)
        out.line("master_replid", engine.replicationID)
        out.line("master_replid2", "0000000000000000000000000000000000000000" as StaticString)
        out.line("master_repl_offset", 0)
        out.line("second_repl_offset", -1)
        out.line("repl_backlog_active", 0)
        let backlog = engine.config.settings.others["repl-backlog-size"] ?? "1048576"
        out.line("repl_backlog_size", backlog)
        out.line("repl_backlog_first_byte_offset", 0)
        out.line("repl_backlog_histlen", 0)
    }

    static func cluster(_ engine: Engine, _ out: TextBuffer) { out.line("cluster_enabled", 0) }

    /// Without certificates.
    static func tls(_ engine: Engine, _ out: TextBuffer) {
        out.line("tls_server_cert_serial", "none" as StaticString)
        out.line("tls_server_cert_expires_in_seconds", 0)
        out.line("tls_client_cert_serial", "none" as StaticString)
        out.line("tls_client_cert_expires_in_seconds", 0)
        out.line("tls_ca_cert_serial", "none" as StaticString)
        out.line("tls_ca_cert_expires_in_seconds", 0)
    }

    static func scriptingEngines(_ engine: Engine, _ out: TextBuffer) {
        out.line("engines_count", 0)
        out.line("engines_total_used_memory", 0)
        out.line("engines_total_memory_overhead", 0)
    }

    /// What scripts take: the part of the section Memory that is theirs.
    static func scripts(_ out: TextBuffer) {
        out.line("used_memory_lua", 0)
        out.line("used_memory_vm_eval", 0)
        out.line(human: 0, "used_memory_lua_human")
        out.line("used_memory_scripts_eval", 0)
        out.line("number_of_cached_scripts", 0)
        out.line("number_of_functions", 0)
        out.line("number_of_libraries", 0)
        out.line("used_memory_vm_functions", 0)
        out.lines(bytes: 0, "used_memory_vm_total")
        out.line("used_memory_functions", 0)
        out.lines(bytes: 0, "used_memory_scripts")
    }
}
