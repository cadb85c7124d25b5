// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

extension InfoWriter {
    static func server(_ engine: Engine, _ out: inout String) {
        let settings = engine.config.settings
        line("redis_version", Version.redis, &out)
        line("server_name", "needletail", &out)
        line("needletail_version", Version.needletail, &out)
        // As in builds of Redis that do not come from a repository.
        line("redis_git_sha1", "00000000", &out)
        line("redis_git_dirty", 0, &out)
        line("redis_mode", "standalone", &out)
        line("server_mode", "standalone", &out)
        if let facts = engine.host.facts {
            line("os", facts.system, &out)
            line("arch_bits", Int.bitWidth, &out)
            line("monotonic_clock", "CPU counter @ \(fixed(engine.ticksPerUs, 2)) ticks/us", &out)
            line("multiplexing_api", facts.multiplexing, &out)
            line("process_id", facts.processID, &out)
        }
        line("process_supervised", engine.host.supervision, &out)
        line("run_id", String(decoding: engine.runID, as: UTF8.self), &out)
        line("tcp_port", settings.port, &out)
        line("server_time_usec", engine.keys.nowUs, &out)
        let uptime = max(0, engine.keys.nowMs - engine.startedMs) / 1000
        line("uptime_in_seconds", uptime, &out)
        line("uptime_in_days", uptime / 86400, &out)
        line("lru_clock", (engine.keys.nowMs / 1000) & 0xFF_FFFF, &out)
        if let facts = engine.host.facts { line("executable", facts.executable, &out) }
        line("config_file", engine.config.file, &out)
        line("io_threads_active", 0, &out)
        line("availability_zone", settings.availabilityZone, &out)
        listeners(settings, &out)
    }

    private static func listeners(_ settings: Settings, _ out: inout String) {
        var number = 0
        if settings.port > 0 {
            let addresses = settings.bind.map { "bind=\($0)" }.joined(separator: ",")
            line("listener\(number)", "name=tcp,\(addresses),port=\(settings.port)", &out)
            number += 1
        }
        if !settings.unixSocket.isEmpty {
            line("listener\(number)", "name=unix,bind=\(settings.unixSocket)", &out)
        }
    }

    static func clients(_ engine: Engine, _ out: inout String) {
        var inputMax = 0
        var outputMax = 0
        var watching = 0
        for session in engine.clients.all {
            inputMax = max(inputMax, session.queryBufferBytes)
            outputMax = max(outputMax, session.waitingOutputBytes)
            if session.transaction?.tickets.isEmpty == false { watching += 1 }
        }
        line("connected_clients", engine.clients.count, &out)
        line("cluster_connections", 0, &out)
        line("maxclients", engine.config.settings.clientsMax, &out)
        line("client_recent_max_input_buffer", inputMax, &out)
        line("client_recent_max_output_buffer", outputMax, &out)
        line("blocked_clients", engine.clients.heldCount, &out)
        line("tracking_clients", engine.tracking.clientCount, &out)
        line("pubsub_clients", engine.pubsub.subscriberCount, &out)
        line("watching_clients", watching, &out)
        line("clients_in_timeout_table", 0, &out)
        line("total_watched_keys", engine.keys.watches.keyCount, &out)
        line("total_blocking_keys", 0, &out)
        line("total_blocking_keys_on_nokey", 0, &out)
        let pause = engine.pauses.summary(nowMs: engine.keys.nowMs)
        line("paused_reason", pause.reason, &out)
        line("paused_actions", pause.actions, &out)
        line("paused_timeout_milliseconds", pause.leftMs, &out)
    }

    static func cpu(_ engine: Engine, _ out: inout String) {
        guard let times = engine.host.processorTimes else { return }
        func seconds(_ us: Int64) -> String { fixed(Double(us) / 1_000_000, 6) }
        line("used_cpu_sys", seconds(times.systemUs), &out)
        line("used_cpu_user", seconds(times.userUs), &out)
        line("used_cpu_sys_children", seconds(times.childrenSystemUs), &out)
        line("used_cpu_user_children", seconds(times.childrenUserUs), &out)
        line("used_cpu_sys_main_thread", seconds(times.threadSystemUs), &out)
        line("used_cpu_user_main_thread", seconds(times.threadUserUs), &out)
        line("used_active_time_main_thread", seconds(us(engine.insight.loop.ticks, engine)), &out)
    }

    static func persistence(_ engine: Engine, _ out: inout String) {
        line("loading", 0, &out)
        line("async_loading", 0, &out)
        line("rdb_changes_since_last_save", engine.keys.stats.dirty, &out)
        line("rdb_bgsave_in_progress", 0, &out)
        line("cut_in_progress", engine.keys.hasOpenCut ? 1 : 0, &out)
        line("rdb_last_save_time", engine.startedMs / 1000, &out)
        line("aof_enabled", 0, &out)
        line("aof_rewrite_in_progress", 0, &out)
        line("aof_rewrite_scheduled", 0, &out)
    }

    static func replication(_ engine: Engine, _ out: inout String) {
        line("role", "master", &out)
        line("connected_slaves", 0, &out)
        line("master_failover_state", "no-failover", &out)
        line("master_replid", String(decoding: engine.replicationID, as: UTF8.self), &out)
        line("master_replid2", String(repeating: "0", count: 40), &out)
        line("master_repl_offset", 0, &out)
        line("second_repl_offset", -1, &out)
        line("repl_backlog_active", 0, &out)
        line("repl_backlog_first_byte_offset", 0, &out)
        line("repl_backlog_histlen", 0, &out)
    }

    static func cluster(_ engine: Engine, _ out: inout String) { line("cluster_enabled", 0, &out) }
}
