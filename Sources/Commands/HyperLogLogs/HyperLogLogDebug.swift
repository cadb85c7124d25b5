// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers
import Engine
import Keyspace
import RESP

// For those who test servers: what a HyperLogLog looks like inside, and whether the code can be trusted.

/// PFDEBUG GETREG | DECODE | ENCODING | TODENSE key
/// PFDEBUG SIMD ON | OFF
enum PFDebug: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let word = args[1]
        if word.matches("SIMD") { return try setSteps(call, args, reply) }
        let found = keys.locate(args[2])
        guard found.exists else { throw .custom("ERR The specified key does not exist") }
        let present = try found.hyperLogLog(keys)
        if word.matches("GETREG") {
            try showRegisters(call, found, keys, reply)
        } else if word.matches("DECODE") {
            guard !present.isDense else { throw .custom("ERR HLL encoding is not sparse") }
            guard let text = present.decoded else { throw .corruptHyperLogLog }
            reply.bulk(text)
        } else if word.matches("ENCODING") {
            reply.simple(present.isDense ? "dense" : "sparse")
        } else if word.matches("TODENSE") {
            reply.integer(try makeDense(found, keys) ? 1 : 0)
        } else {
            throw call.refusal("ERR Unknown PFDEBUG subcommand '\(ByteString(word))'")
        }
    }

    private static func setSteps(_ call: Call, _ args: Arguments, _ reply: Reply) throws(Refusal) {
        let isOn = args[2].matches("ON")
        guard isOn || args[2].matches("OFF") else { throw .custom("ERR Argument must be ON or OFF") }
        call.engine.config.settings[HyperLogLogSettings.self].usesWideSteps = isOn
        reply.simple(isOn ? "enabled" : "disabled")
    }

    /// Gives each register of a sparse one a place of its own.
    /// - Returns: whether it was sparse.
    private static func makeDense(_ found: Found, _ keys: Keyspace) throws(Refusal) -> Bool {
        let present = try found.hyperLogLog(keys)
        guard !present.isDense else { return false }
        guard var draft = HyperLogLogDraft(present, sparseBytesMax: keys.limits.hyperLogLogSparseBytes),
            draft.makeDense()
        else { throw .corruptHyperLogLog }
        draft.store(found, .none, changes: 1, keys)
        return true
    }

    private static func showRegisters(
        _ call: Call, _ found: Found, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) {
        _ = try makeDense(found, keys)
        let registers = SpreadRegisters(inWideSteps: call.usesWideSteps)
        _ = registers.merge(try keys.peek(found.key).hyperLogLog(keys))
        reply.array(HyperLogLog.registerCount)
        for index in 0..<HyperLogLog.registerCount { reply.integer(Int(registers[index])) }
    }
}

/// PFSELFTEST
enum PFSelfTest: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if let failure = HyperLogLogSelfTest.run() { throw call.refusal("TESTFAILED \(failure)") }
        reply.ok()
    }
}
