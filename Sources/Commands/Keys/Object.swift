// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// OBJECT ENCODING key
enum ObjectEncoding: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.inspect(args[2], isQuiet: true)
        guard found.exists else { return reply.null() }
        reply.bulk(found.value.encodingName)
    }
}

extension Eviction {
    /// Under a limit with a policy that looks at accesses, Redis gives each value its own integer.
    fileprivate var forbidsSharing: Bool { limitBytes > 0 && (policy.usesLRU || policy.usesLFU) }
}

/// OBJECT REFCOUNT key
enum ObjectRefCount: Handler {
    /// Integers that Redis keeps as shared objects, which it reports with the largest count.
    private static let sharedIntegers: Range<Int64> = 0..<10_000

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.inspect(args[2], isQuiet: true)
        guard found.exists else { return reply.null() }
        let value = found.value
        let isShared =
            !keys.eviction.forbidsSharing && value.type == .string && value.isInteger
            && sharedIntegers.contains(value.integer)
        reply.integer(isShared ? Int64(Int32.max) : 1)
    }
}

/// OBJECT IDLETIME key
enum ObjectIdleTime: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.inspect(args[2], isQuiet: true)
        guard found.exists else { return reply.null() }
        guard !keys.usesLFU else {
            throw .custom(
                """
                ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
                between policies at runtime LRU and LFU data will take some time to adjust.
                """)
        }
        reply.integer(keys.idleSeconds(found.value))
    }
}

/// OBJECT FREQ key
enum ObjectFreq: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let found = keys.inspect(args[2], isQuiet: true)
        guard found.exists else { return reply.null() }
        guard keys.usesLFU else {
            throw .custom(
                """
                ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                switching between policies at runtime LRU and LFU data will take some time to adjust.
                """)
        }
        reply.integer(keys.frequency(found.value))
    }
}

/// OBJECT HELP
enum ObjectHelp: Handler {
    private static let lines: [StaticString] = [
        "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "ENCODING <key>",
        "    How the value of <key> is kept in memory.",
        "FREQ <key>",
        "    The access counter of <key>, logarithmic and decaying; under an LFU policy only.",
        "IDLETIME <key>",
        "    Seconds since <key> was last accessed; not under an LFU policy.",
        "REFCOUNT <key>",
        "    The number of references to the value of <key>.",
        "HELP",
        "    Print this help.",
    ]

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        reply.array(lines.count)
        for line in lines { reply.simple(line) }
    }
}
