// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

extension InfoWriter {
    static func stats(_ engine: Engine, _ out: inout String) {
        let stats = engine.stats
        let keys = engine.keys.stats
        line("total_connections_received", stats.connections, &out)
        line("total_commands_processed", stats.commands, &out)
        line("instantaneous_ops_per_sec", engine.rates.commandsPerSecond, &out)
        line("total_net_input_bytes", stats.inputBytes, &out)
        line("total_net_output_bytes", stats.outputBytes, &out)
        line("total_net_repl_input_bytes", 0, &out)
        line("total_net_repl_output_bytes", 0, &out)
        line("instantaneous_input_kbps", fixed(engine.rates.inputKBPerSecond, 2), &out)
        line("instantaneous_output_kbps", fixed(engine.rates.outputKBPerSecond, 2), &out)
        line("rejected_connections", stats.rejectedConnections, &out)
        line("sync_full", 0, &out)
        line("sync_partial_ok", 0, &out)
        line("sync_partial_err", 0, &out)
        line("expired_keys", keys.expired, &out)
        // The same under the names that Redis and Valkey have for it.
        line("expired_subkeys", keys.expiredFields, &out)
        line("expired_fields", keys.expiredFields, &out)
        line("evicted_keys", keys.evicted, &out)
        line("evicted_clients", stats.evictedClients, &out)
        let eviction = engine.keys.eviction
        line("total_eviction_exceeded_time", eviction.totalExceededMs(engine.keys.nowMs), &out)
        line("current_eviction_exceeded_time", eviction.currentExceededMs(engine.keys.nowMs), &out)
        line("keyspace_hits", keys.hits, &out)
        line("keyspace_misses", keys.misses, &out)
        line("pubsub_channels", engine.pubsub.count(.channel), &out)
        line("pubsub_patterns", engine.pubsub.count(.pattern), &out)
        line("pubsubshard_channels", engine.pubsub.count(.shard), &out)
        line("latest_fork_usec", 0, &out)
        line("total_forks", 0, &out)
        line("tracking_total_keys", engine.tracking.keyCount, &out)
        line("tracking_total_items", engine.tracking.itemCount, &out)
        line("tracking_total_prefixes", engine.tracking.prefixCount, &out)
        defragmentation(engine, &out)
        line("unexpected_error_replies", stats.unexpectedErrors, &out)
        line("total_error_replies", stats.errors, &out)
        loop(engine, &out)
        line("total_reads_processed", stats.reads, &out)
        line("total_writes_processed", stats.writes, &out)
        line("io_threaded_reads_processed", 0, &out)
        line("io_threaded_writes_processed", 0, &out)
        line("client_query_buffer_limit_disconnections", stats.queryLimitDisconnections, &out)
        line("client_output_buffer_limit_disconnections", stats.outputLimitDisconnections, &out)
        line("acl_access_denied_auth", stats.deniedLogins, &out)
    }

    static func commandStatistics(_ engine: Engine, _ out: inout String) {
        for index in engine.table.commands.indices {
            let row = engine.table.rows[index]
            let calls = engine.table.calls(index)
            guard calls > 0 || row.rejected > 0 || row.failed > 0 else { continue }
            let us = Double(row.ticks) / engine.ticksPerUs
            let each = fixed(calls > 0 ? us / Double(calls) : 0, 2)
            let text =
                "calls=\(calls),usec=\(fixed(us.rounded(.down), 0)),usec_per_call=\(each)"
                + ",rejected_calls=\(row.rejected),failed_calls=\(row.failed)"
            line("cmdstat_" + engine.table.fullName(index), text, &out)
        }
    }

    static func errorStatistics(_ engine: Engine, _ out: inout String) {
        for (code, count) in engine.errorCounts.sorted { line("errorstat_" + code, "count=\(count)", &out) }
    }

    static func keyspace(_ engine: Engine, _ out: inout String) {
        let keys = engine.keys
        for database in 0..<keys.databaseCount where keys.count(of: database) > 0 {
            let counts = "keys=\(keys.count(of: database)),expires=\(keys.volatileCount(of: database))"
            line("db\(database)", counts + ",avg_ttl=\(keys.averageTTLMs(of: database))", &out)
        }
    }
}
