// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// Subcommands of DEBUG on files of data.
enum Reloading {
    static let commands: [DebugCommand] = [
        DebugCommand(
            "RELOAD", 2...5, DebugReload.self,
            help: [
                "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
                "    Save the data, empty all databases and load it again; without one of these with NOSAVE and",
                "    NOFLUSH. With MERGE what is loaded takes the place of keys that are there.",
            ]),
        DebugCommand(
            "LOADAOF", 2...2, DebugLoadLog.self,
            help: [
                "LOADAOF",
                "    Bring the log of commands to the disk, empty all databases and load it again.",
            ]),
        DebugCommand(
            "AOF-FLUSH-SLEEP", 3...3, DebugSlowLog.self,
            help: [
                "AOF-FLUSH-SLEEP <microsec>",
                "    Let each write to the log of commands take so much longer.",
            ]),
        DebugCommand(
            "SET-SKIP-CHECKSUM-VALIDATION", 3...3, DebugSkipChecksums.self,
            help: [
                "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
                "    Whether checksums of RESTORE's payloads and of files are not compared.",
            ]),
    ]
}

/// DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]
enum DebugReload: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        var (merges, flushes, saves) = (false, true, true)
        for i in 2..<max(args.count, 2) {
            if args[i].matches("MERGE") {
                merges = true
            } else if args[i].matches("NOFLUSH") {
                flushes = false
            } else if args[i].matches("NOSAVE") {
                saves = false
            } else {
                throw .custom("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
            }
        }
        let part = call.engine.part(PersistencePart.self)
        call.propagateNothing()
        if saves, !part.save() { throw call.refusal("ERR \(part.lastProblem)") }
        let failed = Refusal.custom("ERR Error trying to load the RDB dump, check server logs.")
        // What cannot be read at all must not cost what is there.
        if let problem = part.problemOfHeader() {
            call.engine.host.log(.warning, problem)
            throw failed
        }
        let dirty = keys.stats.dirty
        if flushes { part.emptyData() }
        var problem: ByteString?
        keys.quietly { problem = part.loadAtOnce(merges: merges) }
        keys.stats.dirty = dirty
        if let problem {
            call.engine.host.log(.warning, "Internal error in RDB reading: \(problem)")
            throw failed
        }
        call.engine.host.log(.warning, "DB reloaded by DEBUG RELOAD")
        reply.ok()
    }
}

/// DEBUG LOADAOF
enum DebugLoadLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let engine = call.engine
        let part = engine.part(PersistencePart.self)
        call.propagateNothing()
        let failed = Refusal.custom("ERR Error trying to load the AOF files, check server logs.")
        if call.resumption != .none {
            guard part.lastReloadIsWhole else { throw failed }
            return reply.ok()
        }
        // The commands of the log are run between two units.
        guard call.mayWait else { throw .custom("ERR DEBUG LOADAOF is not possible within a transaction") }
        part.cancelRewrite()
        if let problem = part.log.settle() {
            engine.host.log(.warning, "Fail to fsync the AOF file: \(problem.reason).")
            throw failed
        }
        guard part.reloadLog() else { throw failed }
        call.wait(for: .loading, args, deadlineMs: nil)
    }
}

/// DEBUG AOF-FLUSH-SLEEP microseconds
enum DebugSlowLog: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let us = try args.integer(2)
        call.engine.part(PersistencePart.self).log.writeDelayUs = Int(min(max(0, us), 60_000_000))
        reply.ok()
    }
}

/// DEBUG SET-SKIP-CHECKSUM-VALIDATION 0|1
enum DebugSkipChecksums: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        call.engine.part(PersistencePart.self).skipsChecksums = try args.integer(2) != 0
        reply.ok()
    }
}
