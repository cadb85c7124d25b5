// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

/// HRANDFIELD key [count [WITHVALUES]]
enum HRandField: Handler {
    /// Dead fields are deleted before a pick, up to so many: more would stop the server, and picks pass over the rest.
    private static let deletedMax = 1000

    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard args.count == 2 else { return try pickSeveral(args, keys, reply) }
        guard let hash = try living(args[1], keys) else { return reply.null() }
        let picked: Void? = hash.withRandomField(&keys.random) { name, _ in reply.bulk(name) }
        if picked == nil { reply.null() }
    }

    private static func pickSeveral(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let count = try args.integer(2)
        guard count > Int64.min else { throw .beyondSymmetricRange }
        let withValues = args.count > 3
        if withValues {
            guard args.count == 4, args[3].matches("WITHVALUES") else { throw .syntax }
            guard -Int64.max / 2...Int64.max / 2 ~= count else { throw .outOfRange }
        }
        guard let hash = try living(args[1], keys) else { return reply.array(0) }
        let live = hash.liveCount
        guard count < 0 else {
            let picks = min(Int(count), live)
            beginList(picks, withValues, reply)
            return hash.forEachRandom(picks, &keys.random) { name, value in
                append(name, value, withValues, reply)
            }
        }
        guard live > 0 else { return reply.array(0) }
        // The same field possibly several times. Large values go out from their blocks, so the reply's own bytes do not
        // tell.
        try BoundedDraw.answer(
            Int(-count), parts: withValues ? 2 : 1, reply,
            begin: { beginList(Int(-count), withValues, reply) }
        ) {
            var bytes = 0
            _ = hash.withRandomField(&keys.random) { name, value in
                append(name, value, withValues, reply)
                bytes = name.count + BoundedDraw.bulkBytesMin
                if withValues { bytes += value.count + BoundedDraw.bulkBytesMin }
            }
            return bytes
        }
    }

    /// The hash under a key without its dead fields, or nearly so; nil when there is none.
    private static func living(_ key: ByteView, _ keys: Keyspace) throws(Refusal) -> HashView? {
        var found = keys.read(key)
        guard found.exists else { return nil }
        try found.require(.hash)
        keys.expireFields(of: &found, max: deletedMax)
        return found.exists ? HashView(found.value, keys) : nil
    }

    private static func beginList(_ count: Int, _ withValues: Bool, _ reply: Reply) {
        if withValues { reply.pairs(count) } else { reply.array(count) }
    }

    private static func append(_ name: ByteView, _ value: FieldValue, _ withValues: Bool, _ reply: Reply) {
        if withValues { reply.pair() }
        reply.bulk(name)
        if withValues { reply.bulk(value) }
    }
}
