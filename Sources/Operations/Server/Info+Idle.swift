// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

// Sections of features that are not built yet: what a server shows that has them and uses none.

extension InfoWriter {
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
    static func scripts(_ usage: ScriptUsage, _ out: TextBuffer) {
        out.line("used_memory_lua", usage.interpreterBytes)
        out.line("used_memory_vm_eval", usage.interpreterBytes)
        out.line(human: usage.interpreterBytes, "used_memory_lua_human")
        out.line("used_memory_scripts_eval", usage.textBytes)
        out.line("number_of_cached_scripts", usage.count)
        out.line("number_of_functions", usage.functionCount)
        out.line("number_of_libraries", usage.libraryCount)
        out.line("used_memory_vm_functions", usage.functionInterpreterBytes)
        out.lines(bytes: usage.interpreterBytes + usage.functionInterpreterBytes, "used_memory_vm_total")
        out.line("used_memory_functions", usage.libraryTextBytes)
        out.lines(bytes: usage.textBytes + usage.libraryTextBytes, "used_memory_scripts")
    }
}
