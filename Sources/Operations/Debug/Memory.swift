// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
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

/// MEMORY STATS
enum MemoryStats: Handler {
    /// A named figure of the reply.
    private enum Figure {
        case integer(StaticString, Int)
        case double(StaticString, Double)
    }

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let figures = MemoryFigures(call.engine, ProcessMemory(call.engine))
        let databases = (0..<keys.databaseCount).filter { keys.count(of: $0) > 0 }
        let overheads = databases.map { keys.overheadBytes(of: $0) }
        let tables = overheads.reduce(0) { $0 + $1.main + $1.deadlines }
        let first: [Figure] = [
            .integer("peak.allocated", figures.peak),
            .integer("total.allocated", figures.used),
            .integer("startup.allocated", figures.startup),
            .integer("replication.backlog", 0),
            .integer("clients.slaves", 0),
            .integer("clients.normal", figures.clients),
            .integer("cluster.links", 0),
            .integer("aof.buffer", 0),
        ]
        let second: [Figure] = [
            .integer("overhead.db.hashtable.lut", tables),
            .integer("overhead.db.hashtable.rehashing", 0),
            .integer("db.dict.rehashing.count", 0),
            .integer("overhead.total", figures.overhead + tables),
            .integer("keys.count", figures.keyCount),
            .integer(
                "keys.bytes-per-key",
                figures.keyCount == 0 ? 0 : (figures.used - figures.startup) / figures.keyCount),
            .integer("dataset.bytes", max(0, figures.used - figures.overhead - tables)),
            .double(
                "dataset.percentage",
                MemoryFigures.percent(
                    max(0, figures.used - figures.overhead - tables), of: figures.used - figures.startup)),
            .double("peak.percentage", figures.peakPercent),
            .integer("reclaim.pending", figures.waiting),
            .integer("allocator.allocated", figures.allocated),
            .integer("allocator.active", figures.active),
            .integer("allocator.resident", figures.allocatorResident),
            .integer("allocator.muzzy", figures.muzzy),
        ]
        let shares = figures.shares
        reply.map(first.count + databases.count + second.count + shares.count * 2 + 2)
        write(first, reply)
        for (database, overhead) in zip(databases, overheads) {
            reply.bulk("db.\(database)")
            reply.map(2)
            write(
                [
                    .integer("overhead.hashtable.main", overhead.main),
                    .integer("overhead.hashtable.expires", overhead.deadlines),
                ], reply)
        }
        write(second, reply)
        for share in shares {
            reply.bulk(share.name + ".ratio")
            reply.double(share.ratio)
            reply.bulk(share.name + ".bytes")
            reply.integer(share.bytes)
        }
        write(
            [
                .double("fragmentation", figures.fragmentation),
                .integer("fragmentation.bytes", figures.resident - figures.used),
            ], reply)
    }

    private static func write(_ figures: [Figure], _ reply: Reply) {
        for figure in figures {
            switch figure {
            case .integer(let name, let value):
                reply.bulk(name)
                reply.integer(value)
            case .double(let name, let value):
                reply.bulk(name)
                reply.double(value)
            }
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
        let figures = MemoryFigures(call.engine, ProcessMemory(call.engine))
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
            if keys.defragmenter.isRunning {
                lines.append("Defragmentation is running: figures improve by themselves.")
            } else if !keys.defragmenter.settings.isActive,
                keys.defragmenter.wastedBytes > keys.defragmenter.settings.ignoreBytes
            {
                lines.append(
                    "Slabs: \(keys.defragmenter.wastedBytes) bytes of pages hold nothing. CONFIG SET activedefrag yes "
                        + "packs them.")
            }
            if figures.clients > figures.used / 2 {
                lines.append("Clients: \(figures.clients) bytes are held for connections.")
            }
            if lines.isEmpty { lines.append("No memory problem was found.") }
        }
        reply.verbatim("txt", Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}

/// MEMORY MALLOC-STATS
enum MemoryMallocStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let figures = MemoryFigures(call.engine, ProcessMemory(call.engine))
        let heap = keys.heap
        let text: ByteString = """
            store: \(figures.used) bytes in use, \(figures.peak) at most
            slabs: \(heap.slabBytes) bytes in use, \(heap.pageBytesInUse) in pages, \(heap.emptyPageBytes) in empty pages
            large pieces: \(heap.largeBytes) bytes
            queues outside the store: \(heap.outsideBytes) bytes
            allocated with \(figures.allocatorName): \(figures.allocated) bytes, slabs included
            active: \(figures.active) bytes
            resident: \(figures.allocatorResident) bytes, of the process \(figures.resident)
            defragmentation: \(keys.defragmenter.wastedBytes) bytes wasted in slabs, \
            \(keys.defragmenter.isRunning ? "running" : "resting")

            """
        reply.verbatim("txt", text.bytes)
    }
}

/// MEMORY PURGE
enum MemoryPurge: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        keys.heap.purge()
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
