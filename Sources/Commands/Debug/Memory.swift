// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// MEMORY USAGE key [SAMPLES count]
///
/// Collections keep books, so nothing is sampled; the option is checked and has no effect.
enum MemoryUsage: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var at = 3
        while at < args.count {
            guard args[at].matches("SAMPLES"), at + 1 < args.count else { throw .syntax }
            guard try args.integer(at + 1) >= 0 else { throw .syntax }
            at += 2
        }
        let found = keys.peek(args[2])
        guard found.exists else { return reply.null() }
        reply.integer(found.value.totalBytes)
    }
}

/// What MEMORY tells about the whole server, in bytes.
private struct MemoryFigures {
    let used: Int
    let peak: Int
    let startup: Int
    let resident: Int
    let slabPages: Int
    let waiting: Int
    let keyCount: Int

    init(_ engine: Engine) {
        let keys = engine.keys
        used = keys.heap.usedBytes
        peak = max(keys.heap.peakBytes, used)
        startup = min(engine.startupBytes, used)
        resident = engine.host.residentBytes
        slabPages = keys.heap.pageBytesInUse
        waiting = keys.reclaimer.pendingBytes
        keyCount = (0..<keys.databaseCount).reduce(0) { $0 + keys.count(of: $1) }
    }

    var dataset: Int { used - startup }
    /// Resident bytes per byte in use.
    var fragmentation: Double { used == 0 ? 0 : Double(resident) / Double(used) }
    func percent(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) * 100 / Double(whole) }
}

/// MEMORY STATS
enum MemoryStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let figures = MemoryFigures(call.engine)
        let clients = call.engine.clientBytes + call.engine.tracking.bytes
        let integers: [(StaticString, Int)] = [
            ("peak.allocated", figures.peak),
            ("total.allocated", figures.used),
            ("startup.allocated", figures.startup),
            ("clients.normal", clients),
            ("overhead.total", min(figures.used, figures.startup + clients)),
            ("keys.count", figures.keyCount),
            ("keys.bytes-per-key", figures.keyCount == 0 ? 0 : figures.dataset / figures.keyCount),
            ("dataset.bytes", figures.dataset),
            ("reclaim.pending", figures.waiting),
            ("allocator.allocated", figures.used),
            ("allocator.slab-pages", figures.slabPages),
            ("allocator.resident", figures.resident),
            ("fragmentation.bytes", figures.resident - figures.used),
        ]
        let doubles: [(StaticString, Double)] = [
            ("dataset.percentage", figures.percent(figures.dataset, of: figures.used)),
            ("peak.percentage", figures.percent(figures.used, of: figures.peak)),
            ("fragmentation", figures.fragmentation),
        ]
        reply.map(integers.count + doubles.count)
        for (name, value) in integers {
            reply.bulk(name)
            reply.integer(value)
        }
        for (name, value) in doubles {
            reply.bulk(name)
            reply.double(value)
        }
    }
}

/// MEMORY DOCTOR
enum MemoryDoctor: Handler {
    /// Below this there is nothing to judge.
    private static let judgedBytesMin = 5 << 20
    private static let peakRatioMax = 1.5
    private static let fragmentationMax = 1.4

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let figures = MemoryFigures(call.engine)
        var lines: [String] = []
        if figures.used < judgedBytesMin {
            lines.append("This server holds too little data for a judgement about its memory.")
        } else {
            if Double(figures.peak) > Double(figures.used) * peakRatioMax {
                lines.append(
                    "Peak: \(figures.peak) bytes were in use once, \(figures.used) are now. Free pages go back to the "
                        + "system in the background; MEMORY PURGE returns them at once.")
            }
            if figures.fragmentation > fragmentationMax {
                lines.append(
                    "Fragmentation: \(figures.resident) bytes are resident for \(figures.used) in use. Many values were "
                        + "freed or changed their size.")
            }
            if figures.waiting > figures.used / 10 {
                lines.append(
                    "Reclaiming: \(figures.waiting) bytes of deleted data wait to be freed in the background."
                )
            }
            if lines.isEmpty { lines.append("No memory problem was found.") }
        }
        reply.verbatim("txt", Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}

/// MEMORY MALLOC-STATS
enum MemoryMallocStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let figures = MemoryFigures(call.engine)
        let text = """
            in use: \(figures.used) bytes
            highest: \(figures.peak) bytes
            slab pages in use: \(figures.slabPages) bytes
            resident: \(figures.resident) bytes

            """
        reply.verbatim("txt", Array(text.utf8))
    }
}

/// MEMORY PURGE
enum MemoryPurge: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        while keys.heap.giveBack(pages: 1024, keep: 0) {}
        reply.ok()
    }
}

/// MEMORY HELP
enum MemoryHelp: Handler {
    private static let lines: [StaticString] = [
        "DOCTOR",
        "    A judgement about the server's use of memory.",
        "MALLOC-STATS",
        "    The books of the allocator.",
        "PURGE",
        "    Return free pages to the system.",
        "STATS",
        "    How much memory is used for what.",
        "USAGE <key> [SAMPLES <count>]",
        "    Bytes that <key> and its value take. SAMPLES has no effect.",
    ]

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.help("MEMORY", lines)
    }
}
