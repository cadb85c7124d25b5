// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension InfoWriter {
    static func stats(_ engine: Engine, _ out: TextBuffer) {
        traffic(engine, out)
        keys(engine, out)
        work(engine, out)
    }

    /// Connections, commands and bytes.
    private static func traffic(_ engine: Engine, _ out: TextBuffer) {
        let stats = engine.stats
        let rates = engine.rates
        out.line("total_connections_received", stats.connections)
        out.line("total_commands_processed", stats.commands)
        out.line("instantaneous_ops_per_sec", rates.commandsPerSecond)
        out.line("total_net_input_bytes", stats.inputBytes)
        out.line("total_net_output_bytes", stats.outputBytes)
        out.line("total_net_repl_input_bytes", 0)
        out.line("total_net_repl_output_bytes", 0)
        out.line("total_net_cluster_slot_import_bytes", 0)
        out.line("total_net_cluster_slot_export_bytes", 0)
        out.line("instantaneous_input_kbps", rates.inputKBPerSecond, decimals: 2)
        out.line("instantaneous_output_kbps", rates.outputKBPerSecond, decimals: 2)
        out.line("instantaneous_input_repl_kbps", 0, decimals: 2)
        out.line("instantaneous_output_repl_kbps", 0, decimals: 2)
        out.line("rejected_connections", stats.rejectedConnections)
        out.line("sync_full", 0)
        out.line("sync_partial_ok", 0)
        out.line("sync_partial_err", 0)
    }

    /// Expiry, eviction, lookups, channels and tracked keys.
    private static func keys(_ engine: Engine, _ out: TextBuffer) {
        let keys = engine.keys.stats
        out.line("expired_keys", keys.expired)
        // One figure under the names that Redis and Valkey have for it.
        out.line("expired_subkeys", keys.expiredFields)
        out.line("expired_fields", keys.expiredFields)
        // Each key is deleted when its own deadline comes, and not found by samples among those that are due.
        out.line("expired_stale_perc", 0, decimals: 2)
        out.line("expired_keys_with_volatile_items_stale_perc", 0, decimals: 2)
        out.line("expired_time_cap_reached_count", 0)
        out.line("expire_cycle_cpu_milliseconds", us(engine.loop.expiryTicks, engine) / 1000)
        out.line("evicted_keys", keys.evicted)
        out.line("evicted_clients", engine.stats.evictedClients)
        out.line("evicted_scripts", engine.scripts.evicted)
        let eviction = engine.keys.eviction
        out.line("total_eviction_exceeded_time", eviction.totalExceededMs(engine.keys.nowMs))
        out.line("current_eviction_exceeded_time", eviction.currentExceededMs(engine.keys.nowMs))
        out.line("keyspace_hits", keys.hits)
        out.line("keyspace_misses", keys.misses)
        out.line("latest_fork_usec", 0)
        out.line("total_forks", 0)
        out.line("migrate_cached_sockets", 0)
        out.line("slave_expires_tracked_keys", 0)
        defragmentation(engine, out)
    }

    /// Errors, reads and writes, turns of the loop, and those who were turned away.
    private static func work(_ engine: Engine, _ out: TextBuffer) {
        let stats = engine.stats
        out.line("unexpected_error_replies", stats.unexpectedErrors)
        out.line("total_error_replies", stats.errors)
        out.line("dump_payload_sanitizations", 0)
        out.line("total_reads_processed", stats.reads)
        out.line("total_writes_processed", stats.writes)
        out.line("io_threaded_reads_processed", 0)
        out.line("io_threaded_writes_processed", 0)
        out.line("io_threaded_freed_objects", 0)
        out.line("io_threaded_accept_processed", 0)
        out.line("io_threaded_poll_processed", 0)
        out.line("io_threaded_total_prefetch_batches", 0)
        out.line("io_threaded_total_prefetch_entries", 0)
        out.line("client_query_buffer_limit_disconnections", stats.queryLimitDisconnections)
        out.line("client_output_buffer_limit_disconnections", stats.outputLimitDisconnections)
        // No client has a reply buffer of its own that could grow or shrink.
        out.line("reply_buffer_shrinks", 0)
        out.line("reply_buffer_expands", 0)
        loop(engine, out)
        out.line("acl_access_denied_auth", stats.deniedLogins)
        out.line("acl_access_denied_cmd", 0)
        out.line("acl_access_denied_key", 0)
        out.line("acl_access_denied_channel", 0)
        out.line("acl_access_denied_tls_cert", 0)
        out.line("acl_access_denied_db", 0)
    }

    static func commandStatistics(_ engine: Engine, _ out: TextBuffer) {
        for index in engine.table.commands.indices {
            let row = engine.table.rows[index]
            let calls = engine.table.calls(index)
            guard calls > 0 || row.rejected > 0 || row.failed > 0 else { continue }
            let us = Double(row.ticks) / engine.ticksPerUs
            out.add("cmdstat_")
            out.add(engine.table.fullName(index))
            out.add(":calls=")
            out.add(calls)
            out.add(",usec=")
            out.add(us.rounded(.down), decimals: 0)
            out.add(",usec_per_call=")
            out.add(calls > 0 ? us / Double(calls) : 0, decimals: 2)
            out.add(",rejected_calls=")
            out.add(row.rejected)
            out.add(",failed_calls=")
            out.add(row.failed)
            out.endLine()
        }
    }

    static func errorStatistics(_ engine: Engine, _ out: TextBuffer) {
        for (code, count) in engine.errorCounts.sorted {
            out.add("errorstat_")
            out.add(code)
            out.add(":count=")
            out.add(count)
            out.endLine()
        }
    }

    static func keyspace(_ engine: Engine, _ out: TextBuffer) {
        let keys = engine.keys
        for database in 0..<keys.databaseCount where keys.count(of: database) > 0 {
            out.add("db")
            out.add(database)
            out.add(":keys=")
            out.add(keys.count(of: database))
            out.add(",expires=")
            out.add(keys.volatileCount(of: database))
            out.add(",avg_ttl=")
            out.add(keys.averageTTLMs(of: database))
            // How many values have elements with deadlines: one figure under the names of Redis and Valkey.
            out.add(",subexpiry=")
            out.add(keys.datedCount(of: database))
            out.add(",keys_with_volatile_items=")
            out.add(keys.datedCount(of: database))
            out.endLine()
        }
    }
}
