// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension InfoWriter {
    static func server(_ engine: Engine, _ out: TextBuffer) {
        let settings = engine.config.settings
        let facts = engine.host.facts
        out.line("redis_version", Version.redis)
        out.line("server_name", "needletail" as StaticString)
        out.line("needletail_version", Version.needletail)
        out.line("redis_git_sha1", facts?.build.commit ?? BuildFacts.unknown.commit)
        out.line("redis_git_dirty", facts?.build.isDirty == true ? 1 : 0)
        out.line("redis_build_id", facts?.build.id ?? BuildFacts.unknown.id)
        out.line("redis_mode", "standalone" as StaticString)
        out.line("server_mode", "standalone" as StaticString)
        if let facts {
            out.line("os", facts.system)
            out.line("arch_bits", Int.bitWidth)
            out.beginLine("monotonic_clock")
            out.add("CPU counter @ ")
            out.add(engine.ticksPerUs, decimals: 2)
            out.add(" ticks/us\r\n")
            out.line("multiplexing_api", facts.multiplexing)
        }
        // As in builds of Redis that another compiler made.
        out.line("gcc_version", "0.0.0" as StaticString)
        if let facts { out.line("process_id", facts.processID) }
        out.line("process_supervised", engine.host.supervision)
        out.line("run_id", engine.runID)
        out.line("tcp_port", settings.port)
        out.line("server_time_usec", engine.keys.nowUs)
        let uptime = max(0, engine.keys.nowMs - engine.startedMs) / 1000
        out.line("uptime_in_seconds", uptime)
        out.line("uptime_in_days", uptime / 86400)
        // What is configured: nothing here runs more often when it is more.
        let hz = settings.others["hz"] ?? "10"
        out.line("hz", hz)
        out.line("configured_hz", hz)
        out.line("clients_hz", hz)
        out.line("lru_clock", (engine.keys.nowMs / 1000) & 0xFF_FFFF)
        if let facts { out.line("executable", facts.executable) }
        out.line("config_file", engine.config.file)
        out.line("io_threads_active", 0)
        out.line("availability_zone", settings.availabilityZone)
        listeners(settings, out)
    }

    private static func listeners(_ settings: Settings, _ out: TextBuffer) {
        var number = 0
        func begin(_ kind: StaticString) {
            out.add("listener")
            out.add(number)
            out.add(kind)
            number += 1
        }
        if settings.port > 0 {
            begin(":name=tcp")
            for address in settings.bind {
                out.add(",bind=")
                out.add(address)
            }
            out.add(",port=")
            out.add(settings.port)
            out.endLine()
        }
        if !settings.unixSocket.isEmpty {
            begin(":name=unix,bind=")
            out.add(settings.unixSocket)
            out.endLine()
        }
    }

    static func clients(_ engine: Engine, _ out: TextBuffer) {
        var inputMax = 0
        var outputMax = 0
        for session in engine.clients.all {
            inputMax = max(inputMax, session.queryBufferBytes)
            outputMax = max(outputMax, session.waitingOutputBytes)
        }
        out.line("connected_clients", engine.clients.count)
        out.line("cluster_connections", 0)
        out.line("maxclients", engine.config.settings.clientsMax)
        out.line("client_recent_max_input_buffer", inputMax)
        out.line("client_recent_max_output_buffer", outputMax)
        out.line("blocked_clients", engine.clients.heldCount + engine.waitingCounts.sessions)
        out.line("clients_in_timeout_table", 0)
        out.line("total_watched_keys", engine.keys.watches.keyCount)
        out.line("total_blocking_keys", engine.waitingCounts.keys)
        out.line("total_blocking_keys_on_nokey", engine.awaitedLossCount)
        let pause = engine.pauses.summary(nowMs: engine.keys.nowMs)
        out.line("paused_reason", pause.reason)
        out.line("paused_actions", pause.actions)
        out.line("paused_timeout_milliseconds", pause.leftMs)
    }

    /// The one thread that serves clients, as Redis shows it.
    static func threads(_ engine: Engine, _ out: TextBuffer) {
        out.beginLine("io_thread_0")
        out.add("clients=")
        out.add(engine.clients.count)
        out.add(",reads=")
        out.add(engine.stats.reads)
        out.add(",writes=")
        out.add(engine.stats.writes)
        out.endLine()
    }

    static func cpu(_ engine: Engine, _ out: TextBuffer) {
        guard let times = engine.host.processorTimes else { return }
        func seconds(_ field: StaticString, _ us: Int64) {
            out.line(field, Double(us) / 1_000_000, decimals: 6)
        }
        seconds("used_cpu_sys", times.systemUs)
        seconds("used_cpu_user", times.userUs)
        seconds("used_cpu_sys_children", times.childrenSystemUs)
        seconds("used_cpu_user_children", times.childrenUserUs)
        seconds("used_cpu_sys_main_thread", times.threadSystemUs)
        seconds("used_cpu_user_main_thread", times.threadUserUs)
        seconds("used_active_time_main_thread", us(engine.loop.ticks, engine))
    }
}
