// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

extension Arguments {
    /// Argument `index` as a switch of DEBUG: 0 or another number.
    fileprivate func isSet(_ index: Int) throws(Refusal) -> Bool { try integer(index) != 0 }
}

/// DEBUG LOG message
enum DebugLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.host.log(.warning, "DEBUG LOG: \(args[2])")
        reply.ok()
    }
}

/// DEBUG PAUSE-CRON 0|1
enum DebugPauseCron: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.insight.isCronPaused = try args.isSet(2)
        reply.ok()
    }
}

/// DEBUG DICT-RESIZING 0|1
enum DebugDictResizing: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard try args.isSet(2) else {
            throw .custom("ERR tables grow by segments here, which cannot be stopped")
        }
        reply.ok()
    }
}

/// DEBUG REPLYBUFFER <PEAK-RESET-TIME <NEVER | RESET | ms> | RESIZING <0 | 1>>
///
/// About the buffer that each client of Redis owns and that shrinks when it is idle. Here all clients share one, so
/// nothing shrinks whatever is set.
enum DebugReplyBuffer: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args[2].matches("PEAK-RESET-TIME") {
            if !args[3].matches("NEVER"), !args[3].matches("RESET") { _ = try args.integer(3) }
        } else if args[2].matches("RESIZING") {
            _ = try args.isSet(3)
        } else {
            throw .syntax
        }
        reply.ok()
    }
}

/// DEBUG CLIENT-ENFORCE-REPLY-LIST 0|1
///
/// Whether replies skip the fixed buffer that each client of Redis owns: here nobody has one.
enum DebugEnforceReplyList: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        _ = try args.isSet(2)
        reply.ok()
    }
}

/// DEBUG MARK-INTERNAL-CLIENT [UNMARK]
///
/// Lets a client use internal commands, of which there are none.
enum DebugMarkInternal: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 2 || args[2].matches("UNMARK") else { throw .syntax }
        reply.ok()
    }
}

/// DEBUG MALLCTL name [value]
enum DebugMallocControl: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let wanted = args.count > 3 ? try args.integer(3) : nil
        do throws(Heap.MallocFailure) {
            reply.integer(try Heap.mallocControl(ByteString(args[2]), wanted: wanted))
        } catch {
            throw call.refusal("ERR \(error.reason)")
        }
    }
}

/// DEBUG MALLCTL-STR name [value | VOID]
enum DebugMallocText: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let name = ByteString(args[2])
        if args.count > 3, args[3].matches("VOID"), Heap.mallocCommand(name) { return reply.ok() }
        do throws(Heap.MallocFailure) {
            let text = try Heap.mallocText(name, wanted: args.count > 3 ? ByteString(args[3]) : nil)
            if let text { reply.bulk(text) } else { reply.null() }
        } catch {
            throw call.refusal("ERR \(error.reason)")
        }
    }
}

/// DEBUG CHANGE-REPL-ID
enum DebugChangeReplicationID: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.changeReplicationID()
        reply.ok()
    }
}

/// DEBUG HTSTATS database [FULL]
enum DebugTableStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 3 || args[3].matches("FULL") else { throw .syntax }
        guard let number = args[2].integer, number >= 0, number < Int64(keys.databaseCount) else {
            throw .custom("ERR Out of range database")
        }
        let shape = keys.shape(of: Int(number))
        reply.verbatim("txt", Array("[Dictionary HT]\n\(shape.text)[Expires HT]\n\(shape.expiryText)".utf8))
    }
}

/// DEBUG HTSTATS-KEY key [FULL]
enum DebugKeyTableStats: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 3 || args[3].matches("FULL") else { throw .syntax }
        let found = keys.peek(args[2])
        guard found.exists else { throw .noSuchKey }
        guard let shape = found.value.shape else {
            throw .custom(
                "ERR The value stored at the specified key is not represented using an hash table")
        }
        reply.verbatim("txt", Array(shape.text.utf8))
    }
}

/// DEBUG LISTPACK key
enum DebugListpack: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.peek(args[2])
        guard found.exists else { throw .noSuchKey }
        guard let packed = found.value.listpackSize else {
            throw .custom("ERR Not a listpack encoded object.")
        }
        let text = "{total bytes \(packed.bytes)} {num entries \(packed.entries)}"
        Array(text.utf8).withView { reply.simple($0) }
    }
}

/// DEBUG STRUCTSIZE
enum DebugStructSize: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let text =
            "bits:\(Int.bitWidth) entryheader:\(4) slot:\(MemoryLayout<UInt64>.size) "
            + "deadline:\(MemoryLayout<Int64>.size) commandrow:\(MemoryLayout<CommandRow>.stride) "
            + "session:\(Session.ownBytes)"
        Array(text.utf8).withView { reply.simple($0) }
    }
}

extension TableShape {
    /// The main table in the words of DEBUG HTSTATS.
    fileprivate var text: String {
        guard entries > 0 else { return "No stats available for empty dictionaries\n" }
        let mean = FixedText.fixed(Double(entries) / Double(segments), 2)
        return "Hash table 0 stats (main hash table):\n number of elements: \(entries)\n"
            + " segments: \(segments)\n directory bits: \(directoryBits)\n elements per segment: \(mean)\n"
    }

    /// The deadlines: they lie beside the entries and have no table of their own.
    fileprivate var expiryText: String {
        guard volatile > 0 else { return "No stats available for empty dictionaries\n" }
        return "Hash table 0 stats (kept in the main hash table):\n number of elements: \(volatile)\n"
    }
}

/// DEBUG QUICKLIST-PACKED-THRESHOLD size
enum DebugPackedThreshold: Handler {
    private static let bytesMax = (UInt64(1) << 32) - (1 << 20)

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let form = ParameterForm.memory(0...bytesMax)
        guard let text = try? form.read([ByteString(args[2])], current: ""), let bytes = Int("\(text)") else {
            throw .custom("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
        }
        keys.store.plainBytesMin = bytes
        reply.ok()
    }
}
