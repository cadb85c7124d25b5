// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

extension InfoWriter {
    static func memory(_ engine: Engine, _ out: TextBuffer) {
        let figures = MemoryFigures(engine, engine.recentProcessMemory)
        let settings = engine.config.settings
        out.lines(bytes: figures.used, "used_memory")
        out.lines(bytes: figures.resident, "used_memory_rss")
        out.lines(bytes: figures.peak, "used_memory_peak")
        out.line("used_memory_peak_perc", figures.peakPercent, decimals: 2, "%")
        out.line("used_memory_overhead", figures.overhead)
        out.line("used_memory_startup", engine.startupBytes)
        out.line("used_memory_dataset", figures.dataset)
        out.line("used_memory_dataset_perc", figures.datasetPercent, decimals: 2, "%")
        out.line("allocator_allocated", figures.allocated)
        out.line("allocator_active", figures.active)
        out.line("allocator_resident", figures.allocatorResident)
        out.line("allocator_muzzy", figures.muzzy)
        if let facts = engine.host.facts { out.lines(bytes: facts.memoryBytes, "total_system_memory") }
        scripts(engine.scripts, out)
        out.lines(bytes: Int(clamping: settings.memoryLimit.bytes), "maxmemory")
        out.line("maxmemory_policy", settings.maxmemoryPolicy)
        waste(figures, out)
        out.line("mem_not_counted_for_evict", figures.uncounted)
        out.line("mem_replication_backlog", 0)
        out.line("mem_total_replication_buffers", 0)
        out.line("mem_replicas_repl_buffer", 0)
        out.line("mem_replica_full_sync_buffer", 0)
        out.line("mem_clients_slaves", 0)
        out.line("mem_clients_normal", figures.clients)
        out.line("mem_cluster_links", 0)
        out.line("mem_cluster_slot_import", 0)
        out.line("mem_cluster_slot_export", 0)
        out.line("mem_aof_buffer", 0)
        out.line("mem_allocator", figures.allocatorName)
        // Tables are never rehashed.
        out.line("mem_overhead_db_hashtable_rehashing", 0)
        let defragmenter = engine.keys.defragmenter
        out.line("active_defrag_running", defragmenter.isRunning ? defragmenter.effort : 0)
        out.line("lazyfree_pending_objects", engine.keys.reclaimer.pendingObjects)
        out.line("lazyfreed_objects", engine.keys.reclaimer.freedObjects)
    }

    /// What each layer of memory takes beyond what it holds.
    private static func waste(_ figures: MemoryFigures, _ out: TextBuffer) {
        let shares = figures.shares
        let (fragmentation, pages, process) = (shares[0], shares[1], shares[2])
        out.line("allocator_frag_ratio", fragmentation.ratio, decimals: 2)
        out.line("allocator_frag_bytes", fragmentation.bytes)
        out.line("allocator_rss_ratio", pages.ratio, decimals: 2)
        out.line("allocator_rss_bytes", pages.bytes)
        out.line("rss_overhead_ratio", process.ratio, decimals: 2)
        out.line("rss_overhead_bytes", process.bytes)
        out.line("mem_fragmentation_ratio", figures.fragmentation, decimals: 2)
        out.line("mem_fragmentation_bytes", figures.resident - figures.used)
    }

    /// The statistics of active defragmentation.
    static func defragmentation(_ engine: Engine, _ out: TextBuffer) {
        let defragmenter = engine.keys.defragmenter
        let statistics = defragmenter.statistics
        let current = defragmenter.currentMs(engine.keys.nowMs)
        out.line("active_defrag_hits", statistics.hits)
        out.line("active_defrag_misses", statistics.misses)
        out.line("active_defrag_key_hits", statistics.keyHits)
        out.line("active_defrag_key_misses", statistics.keyMisses)
        out.line("total_active_defrag_time", statistics.totalMs + current)
        out.line("current_active_defrag_time", current)
    }
}
