// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

/// The commands on HyperLogLogs, which are strings: how many different elements were added to one, or to several together.
public enum HyperLogLogs {
    static let commands: [Command] = [
        Command(
            "PFADD", arity: -2, [.write, .denyoom, .fast], .hyperloglog, keys: "idx1+range(0,1,0)[RW insert]",
            PFAdd.self),
        Command(
            "PFCOUNT", arity: -2, [.readonly, .mayReplicate], .hyperloglog,
            keys:
                "idx1+range(-1,1,0)[RW access] RW because it may change the internal representation of the key, "
                + "and propagate to replicas", PFCount.self),
        Command(
            "PFMERGE", arity: -2, [.write, .denyoom], .hyperloglog,
            keys: "idx1+range(0,1,0)[RW access insert] ; idx2+range(-1,1,0)[RO access]", PFMerge.self),
        Command(
            "PFDEBUG", arity: 3, [.write, .denyoom, .admin], .hyperloglog,
            keys: "idx2+range(0,1,0)[RW access]", PFDebug.self),
        Command("PFSELFTEST", arity: 1, [.admin], .hyperloglog, PFSelfTest.self),
    ]

}

/// How HyperLogLogs are handled.
struct HyperLogLogSettings: FeatureSettings {
    /// Whether registers are handled in steps of 32 bytes where the processor has them (PFDEBUG SIMD). The results are the
    /// same.
    var usesWideSteps = true
}

extension Call {
    /// Whether registers are to be handled in steps of 32 bytes.
    var usesWideSteps: Bool {
        WideRegisters.areThere && engine.config.settings[HyperLogLogSettings.self].usesWideSteps
    }
}

extension Refusal {
    static let noHyperLogLog = Refusal.custom("WRONGTYPE Key is not a valid HyperLogLog string value.")
    static let corruptHyperLogLog = Refusal.custom("INVALIDOBJ Corrupted HLL object detected")
}

extension Found {
    /// The HyperLogLog at a key that exists. Valid until the next edit.
    func hyperLogLog(_ keys: Keyspace) throws(Refusal) -> HyperLogLog {
        try require(.string)
        guard let view = HyperLogLog(keys.string(value)) else { throw .noHyperLogLog }
        return view
    }
}

/// What happens to HyperLogLogs: merging has no name of its own.
extension Event {
    static var pfadd: Event { Event("pfadd", EventClass.string) }
}

extension HyperLogLogDraft {
    /// Room for some more elements, in bytes, when a sparse one is stored.
    private static var spareRoom: Int { 64 }

    /// Makes the draft the value of a key.
    /// - Parameter changes: how many of its registers were raised.
    consuming func store(_ found: Found, _ event: Event, changes: Int, _ keys: Keyspace) {
        var edit = keys.edit(found)
        edit.setRaw(bytes, room: current.isDense ? 0 : HyperLogLogDraft.spareRoom, keys)
        edit.commit(event, changes: changes, keys)
    }
}

/// PFADD key [element [element ...]]
enum PFAdd: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.locate(args[1])
        if found.exists {
            let present = try found.hyperLogLog(keys)
            guard let first = try firstRaising(args, present) else { return reply.integer(0) }
            if present.isDense {
                raise(args, from: first.index, found, keys)
            } else {
                guard
                    let draft = HyperLogLogDraft(present, sparseBytesMax: keys.limits.hyperLogLogSparseBytes)
                else { throw .corruptHyperLogLog }
                try raise(args, from: first, draft, found, keys)
            }
        } else {
            let draft = HyperLogLogDraft(sparseBytesMax: keys.limits.hyperLogLogSparseBytes)
            try raise(args, from: Raising(index: 2, run: nil), draft, found, keys)
        }
        reply.integer(1)
    }

    /// The element that changes something first.
    private struct Raising {
        let index: Int
        /// The run of its register, where it was looked for.
        let run: SparseRun?
    }

    /// The first element that changes a register; nil when none does.
    private static func firstRaising(_ args: Arguments, _ present: HyperLogLog) throws(Refusal) -> Raising? {
        for index in 2..<max(args.count, 2) {
            switch present.effect(of: ElementPlace(of: args[index])) {
            case .none: continue
            case .raises(let run): return Raising(index: index, run: run)
            case .corrupt: throw .corruptHyperLogLog
            }
        }
        return nil
    }

    /// Raises registers of a dense one in place.
    private static func raise(_ args: Arguments, from first: Int, _ found: Found, _ keys: Keyspace) {
        var edit = keys.edit(found)
        edit.makeWritable(0, keys)
        let registers = edit.hyperLogLog
        var changes = 0
        for index in first..<args.count where registers.raise(ElementPlace(of: args[index])) { changes += 1 }
        registers.forgetCount()
        edit.commit(.pfadd, changes: changes, keys)
    }

    /// Raises registers of a draft, which may become dense, and stores it if none of it was corrupt.
    private static func raise(
        _ args: Arguments, from first: Raising, _ draft: consuming HyperLogLogDraft, _ found: Found,
        _ keys: Keyspace
    ) throws(Refusal) {
        // A new key is a change by itself.
        var changes = found.exists ? 0 : 1
        for index in first.index..<max(args.count, first.index) {
            let run = index == first.index ? first.run : nil
            switch draft.raise(ElementPlace(of: args[index]), in: run) {
            case .unchanged: continue
            case .raised: changes += 1
            case .corrupt: throw .corruptHyperLogLog
            }
        }
        draft.current.forgetCount()
        draft.store(found, .pfadd, changes: changes, keys)
    }
}

/// The union of the HyperLogLogs at several keys.
private struct HyperLogLogUnion: ~Copyable {
    let registers: SpreadRegisters
    /// Whether one of them is dense.
    private(set) var hasDense = false

    /// Reads the keys from an argument on; missing ones are empty.
    init(_ call: Call, _ args: Arguments, _ keys: Keyspace) throws(Refusal) {
        registers = SpreadRegisters(inWideSteps: call.usesWideSteps)
        for index in KeyPlaces(args, keys) {
            let found = keys.read(args[index])
            guard found.exists else { continue }
            let source = try found.hyperLogLog(keys)
            if source.isDense { hasDense = true }
            guard registers.merge(source) else { throw .corruptHyperLogLog }
        }
    }
}

/// PFCOUNT key [key ...]
enum PFCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 2 {
            return reply.integer(try HyperLogLogUnion(call, args, keys).registers.estimate)
        }
        let found = keys.read(args[1])
        guard found.exists else { return reply.integer(0) }
        let present = try found.hyperLogLog(keys)
        if let cached = present.cachedCount { return reply.integer(cached) }
        guard let estimate = present.estimate(inWideSteps: call.usesWideSteps) else {
            throw .corruptHyperLogLog
        }
        // The estimate is kept in the value, which makes this a change that replicas hear of: what they GET is to be the
        // same.
        var edit = keys.edit(found)
        edit.makeWritable(0, keys)
        edit.hyperLogLog.setCachedCount(estimate)
        edit.commit(.none, keys)
        reply.integer(estimate)
    }
}

/// PFMERGE destkey [sourcekey [sourcekey ...]]
enum PFMerge: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // What the destination holds is part of the union.
        let union = try HyperLogLogUnion(call, args, keys)
        let found = keys.locate(args[1])
        if found.exists, try found.hyperLogLog(keys).isDense {
            var edit = keys.edit(found)
            edit.makeWritable(0, keys)
            union.registers.write(to: edit.hyperLogLog)
            edit.hyperLogLog.forgetCount()
            edit.commit(.pfadd, keys)
        } else {
            var draft = try draft(found, keys)
            let isSound = union.hasDense ? draft.makeDense() : draft.raise(to: union.registers)
            guard isSound else { throw .corruptHyperLogLog }
            if union.hasDense { union.registers.write(to: draft.current) }
            draft.current.forgetCount()
            draft.store(found, .pfadd, changes: 1, keys)
        }
        reply.ok()
    }

    private static func draft(_ found: Found, _ keys: Keyspace) throws(Refusal) -> HyperLogLogDraft {
        let sparseBytesMax = keys.limits.hyperLogLogSparseBytes
        guard found.exists else { return HyperLogLogDraft(sparseBytesMax: sparseBytesMax) }
        guard let draft = HyperLogLogDraft(try found.hyperLogLog(keys), sparseBytesMax: sparseBytesMax) else {
            throw .corruptHyperLogLog
        }
        return draft
    }
}
