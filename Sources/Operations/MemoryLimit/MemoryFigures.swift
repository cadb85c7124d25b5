// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace

/// What the system and malloc say of the process's memory. Asking them costs more than the rest of INFO.
struct ProcessMemory {
    /// In bytes.
    let resident: Int
    let malloc: MallocFigures?
    let takenMs: Int64

    init(_ engine: Engine) {
        resident = engine.host.residentBytes
        malloc = Heap.mallocFigures()
        takenMs = engine.keys.nowMs
    }
}

/// What INFO keeps from one call to the next.
final class InfoPart: FeaturePart {
    /// Where INFO is put together.
    let text: TextBuffer
    /// What was last seen of the process's memory.
    private var processMemory: ProcessMemory?
    /// How old the figures in INFO may be, in ms, as in Redis.
    private static let processMemoryMs: Int64 = 100

    init(_ heap: Heap) { text = TextBuffer(heap, capacity: 16 << 10) }

    func recentProcessMemory(_ engine: Engine) -> ProcessMemory {
        let nowMs = engine.keys.nowMs
        if let last = processMemory, (0..<InfoPart.processMemoryMs).contains(nowMs - last.takenMs) {
            return last
        }
        let taken = ProcessMemory(engine)
        processMemory = taken
        return taken
    }
}

extension Engine {
    /// What the system says of the process's memory, or said a moment ago.
    var recentProcessMemory: ProcessMemory { part(InfoPart.self).recentProcessMemory(self) }
}

/// What INFO and MEMORY tell about the whole server, in bytes.
struct MemoryFigures {
    /// The ledger of the store: entries, tables, buffers and queues.
    let used: Int
    let peak: Int
    let startup: Int
    let resident: Int
    let clients: Int
    /// Not held against the limit.
    let uncounted: Int
    let waiting: Int
    let keyCount: Int
    /// Handed out by slabs and malloc together, the pages that hold it, and the pages that are in memory.
    let allocated: Int
    let active: Int
    let allocatorResident: Int
    let muzzy: Int
    /// What holds whatever is too large for slabs.
    let allocatorName: ByteString

    init(_ engine: Engine, _ process: ProcessMemory) {
        let keys = engine.keys
        let heap = keys.heap
        used = heap.usedBytes
        peak = max(heap.peakBytes, used)
        startup = min(engine.startupBytes, used)
        resident = process.resident
        clients = engine.clientBytes + engine.featureBytes
        waiting = keys.reclaimer.pendingBytes
        uncounted = waiting + engine.reply.excessBytes
        keyCount = keys.keyCount
        let malloc = process.malloc
        allocatorName = Heap.mallocName
        allocated = heap.slabBytes + (malloc?.allocated ?? heap.largeBytes)
        active = max(allocated, heap.pageBytesInUse + (malloc?.active ?? heap.largeBytes))
        allocatorResident =
            heap.pageBytesInUse + heap.emptyPageBytes + (malloc?.resident ?? heap.largeBytes)
        muzzy = malloc?.muzzy ?? 0
    }

    /// What would be there without data.
    var overhead: Int { startup + clients }
    var dataset: Int { max(0, used - overhead) }
    /// Resident bytes per byte in use.
    var fragmentation: Double { MemoryFigures.ratio(resident, used) }
    var datasetPercent: Double { MemoryFigures.percent(dataset, of: used - startup) }
    var peakPercent: Double { MemoryFigures.percent(used, of: peak) }

    /// One part of memory against what it holds.
    struct Share {
        let name: String
        let ratio: Double
        let bytes: Int
        init(_ name: String, _ outer: Int, _ inner: Int) {
            self.name = name
            ratio = MemoryFigures.ratio(outer, inner)
            bytes = outer - inner
        }
    }
    /// Waste inside pages, pages that are free but in memory, and what is no allocator's.
    var shares: [Share] {
        [
            Share("allocator-fragmentation", active, allocated),
            Share("allocator-rss", allocatorResident, active),
            Share("rss-overhead", resident, allocatorResident),
        ]
    }

    static func ratio(_ outer: Int, _ inner: Int) -> Double { Double(outer) / Double(max(1, inner)) }
    static func percent(_ part: Int, of whole: Int) -> Double {
        whole <= 0 ? 0 : Double(part) * 100 / Double(whole)
    }
}
