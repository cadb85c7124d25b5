// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace

extension InfoWriter {
    static func memory(_ engine: Engine, _ out: inout String) {
        let figures = MemoryFigures(engine)
        let settings = engine.config.settings
        let reclaimer = engine.keys.reclaimer
        func both(_ field: String, _ bytes: Int) {
            line(field, bytes, &out)
            line(field + "_human", human(bytes), &out)
        }
        both("used_memory", figures.used)
        both("used_memory_rss", figures.resident)
        both("used_memory_peak", figures.peak)
        line("used_memory_peak_perc", percent(figures.used, of: figures.peak), &out)
        line("used_memory_overhead", figures.overhead, &out)
        line("used_memory_startup", engine.startupBytes, &out)
        line("used_memory_dataset", figures.dataset, &out)
        line("used_memory_dataset_perc", fixed(figures.datasetPercent, 2) + "%", &out)
        line("allocator_allocated", figures.allocated, &out)
        line("allocator_active", figures.active, &out)
        line("allocator_resident", figures.allocatorResident, &out)
        line("allocator_muzzy", figures.muzzy, &out)
        if let facts = engine.host.facts { both("total_system_memory", facts.memoryBytes) }
        both("maxmemory", Int(clamping: settings.memoryLimit.bytes))
        line("maxmemory_policy", settings.maxmemoryPolicy, &out)
        for (share, field) in zip(figures.shares, ["allocator_frag", "allocator_rss", "rss_overhead"]) {
            line(field + "_ratio", fixed(share.ratio, 2), &out)
            line(field + "_bytes", share.bytes, &out)
        }
        line("mem_fragmentation_ratio", fixed(figures.fragmentation, 2), &out)
        line("mem_fragmentation_bytes", figures.resident - figures.used, &out)
        line("mem_not_counted_for_evict", figures.uncounted, &out)
        line("mem_replication_backlog", 0, &out)
        line("mem_total_replication_buffers", 0, &out)
        line("mem_clients_slaves", 0, &out)
        line("mem_clients_normal", figures.clients, &out)
        line("mem_cluster_links", 0, &out)
        line("mem_aof_buffer", 0, &out)
        line("mem_allocator", figures.allocatorName, &out)
        // Tables are never rehashed.
        line("mem_overhead_db_hashtable_rehashing", 0, &out)
        let defragmenter = engine.keys.defragmenter
        line("active_defrag_running", defragmenter.isRunning ? defragmenter.effort : 0, &out)
        line("lazyfree_pending_objects", reclaimer.pendingObjects, &out)
        line("lazyfreed_objects", reclaimer.freedObjects, &out)
    }

    /// The statistics of active defragmentation.
    static func defragmentation(_ engine: Engine, _ out: inout String) {
        let defragmenter = engine.keys.defragmenter
        let statistics = defragmenter.statistics
        let current = defragmenter.currentMs(engine.keys.nowMs)
        line("active_defrag_hits", statistics.hits, &out)
        line("active_defrag_misses", statistics.misses, &out)
        line("active_defrag_key_hits", statistics.keyHits, &out)
        line("active_defrag_key_misses", statistics.keyMisses, &out)
        line("total_active_defrag_time", statistics.totalMs + current, &out)
        line("current_active_defrag_time", current, &out)
    }
}
