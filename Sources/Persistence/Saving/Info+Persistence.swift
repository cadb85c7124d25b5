// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension PersistencePart {
    /// Adds the lines of the section Persistence.
    func describe(_ out: TextBuffer) {
        out.line("loading", engine.isLoading ? 1 : 0)
        out.line("async_loading", 0)
        // Nothing is ever copied on write: the server does not fork.
        out.line("current_cow_peak", 0)
        out.line("current_cow_size", 0)
        out.line("current_cow_size_age", 0)
        let saved = snapshot?.keyCount ?? 0
        let total = snapshot == nil ? 0 : record.keysBefore
        out.line("current_fork_perc", total == 0 ? 0 : Double(saved) * 100 / Double(total), decimals: 2)
        out.line("current_save_keys_processed", saved)
        out.line("current_save_keys_total", total)
        out.line("rdb_changes_since_last_save", engine.keys.stats.dirty)
        out.line("rdb_bgsave_in_progress", snapshot == nil ? 0 : 1)
        out.line("cut_in_progress", engine.keys.hasOpenCut ? 1 : 0)
        out.line("rdb_last_save_time", record.lastSavedSeconds)
        out.line("rdb_last_bgsave_status", (record.failure == nil ? "ok" : "err") as StaticString)
        out.line("rdb_last_bgsave_time_sec", record.lastDurationSeconds)
        out.line("rdb_current_bgsave_time_sec", snapshot == nil ? -1 : nowSeconds - record.beganSeconds)
        out.line("rdb_saves", record.count)
        out.line("rdb_last_cow_size", 0)
        let counts = loading?.counts ?? lastLoad
        out.line("rdb_last_load_keys_expired", counts.expired)
        out.line("rdb_last_load_keys_loaded", counts.keys)
        describeLog(out)
        loading?.describe(out, nowMs: engine.keys.nowMs)
    }

    private func describeLog(_ out: TextBuffer) {
        func status(_ failed: Bool) -> StaticString { failed ? "err" : "ok" }
        let rewrite = log.rewrite
        let isOn = log.state != .off && !log.isStopping
        out.line("aof_enabled", isOn ? 1 : 0)
        out.line("aof_rewrite_in_progress", rewrite.isRunning ? 1 : 0)
        out.line("aof_rewrite_scheduled", rewrite.isScheduled ? 1 : 0)
        out.line("aof_last_rewrite_time_sec", rewrite.lastDurationSeconds)
        out.line("aof_current_rewrite_time_sec", rewrite.isRunning ? nowSeconds - rewrite.beganSeconds : -1)
        out.line("aof_last_bgrewrite_status", status(rewrite.lastFailed))
        out.line("aof_rewrites", rewrite.count)
        out.line("aof_rewrites_consecutive_failures", rewrite.failures)
        out.line("aof_last_write_status", status(log.failure != nil))
        out.line("aof_last_cow_size", 0)
        out.line("module_fork_in_progress", 0)
        out.line("module_fork_last_cow_size", 0)
        out.line("slot_migration_fork_in_progress", 0)
        guard isOn else { return }
        out.line("aof_current_size", log.byteCount)
        out.line("aof_base_size", log.sizeAfterRewrite)
        out.line("aof_pending_rewrite", 0)
        out.line("aof_buffer_length", log.pendingBytes)
        out.line("aof_pending_bio_fsync", log.job == nil ? 0 : 1)
        out.line("aof_delayed_fsync", log.delays)
    }
}
