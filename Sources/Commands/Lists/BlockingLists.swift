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
        if call.resumption == .timedOut { return reply.nullArray() }
        let last = args.count - 1
        let deadlineMs = try args.waitDeadlineMs(last, call)
        for index in KeyPlaces(args, from: 1, to: last, keys) {
            let found = keys.locate(args[index])
            guard found.exists else { continue }
            try found.require(.list)
            reply.array(2)
            reply.bulk(args[index])
            popOne(found, keys, reply)
            return call.propagate(pop, args[index])
        }
        guard call.mayWait else { return reply.nullArray() }
        call.wait(forKeysAt: 1..<last, of: .list, args, deadlineMs: deadlineMs)
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
        if call.resumption == .timedOut { return reply.nullArray() }
        let pops = try ListPops(args, 2)
        let deadlineMs = try args.waitDeadlineMs(1, call)
        if try pops.run(call, args, keys, reply) { return }
        guard call.mayWait else { return reply.nullArray() }
        call.wait(forKeysAt: pops.places, of: .list, args, deadlineMs: deadlineMs)
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
