// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Pops and moves that wait for a list. They are repeated elsewhere as what they have done in the end, never as something
// that waits.

extension ListSide {
    /// What BLPOP and BRPOP do.
    fileprivate func popOrWait(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply)
        throws(Refusal)
    {
        let last = args.count - 1
        let all = FirstOfKeys(args: args, places: 1..<last, type: .list)
        guard let found = try all.findOrWait(call, timeout: last, keys, reply) else { return }
        reply.array(2)
        reply.bulk(found.key)
        popOne(found, keys, reply)
        call.propagate(pop, found.key)
    }
}

/// BLPOP key [key ...] timeout
enum BLPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.left.popOrWait(call, args, keys, reply)
    }
}

/// BRPOP key [key ...] timeout
enum BRPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try ListSide.right.popOrWait(call, args, keys, reply)
    }
}

/// BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]
enum BLMPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let request = try PopRequest<ListSide>(args, from: 2)
        guard let found = try request.keys.findOrWait(call, timeout: 1, keys, reply) else { return }
        request.answer(found, call, keys, reply)
    }
}

extension ListMove {
    /// What BLMOVE and BRPOPLPUSH do, but for propagation.
    /// - Returns: whether an element was moved.
    fileprivate func runOrWait(
        _ call: Call, _ args: Arguments, timeoutIndex: Int, _ keys: Keyspace, _ reply: Reply
    ) throws(Refusal) -> Bool {
        let deadlineMs = try args.waitDeadlineMs(timeoutIndex, call)
        if try run(args, keys, reply) { return true }
        if call.mayWait {
            call.wait(forKeysAt: 1..<2, of: .list, args, deadlineMs: deadlineMs)
        } else {
            reply.null()
        }
        return false
    }
}

/// BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout
enum BLMove: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // Where it may not wait at all it is a null of the other kind.
        if call.resumption == .timedOut { return reply.nullArray() }
        let move = ListMove(from: try args.side(3), to: try args.side(4))
        if try move.runOrWait(call, args, timeoutIndex: 5, keys, reply) {
            call.propagate("LMOVE", args[1], args[2], args[3], args[4])
        }
    }
}

/// BRPOPLPUSH source destination timeout
enum BRPopLPush: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        // Where it may not wait at all it is a null of the other kind.
        if call.resumption == .timedOut { return reply.nullArray() }
        if try ListMove.rightToLeft.runOrWait(call, args, timeoutIndex: 3, keys, reply) {
            call.propagate("RPOPLPUSH", args[1], args[2])
        }
    }
}
