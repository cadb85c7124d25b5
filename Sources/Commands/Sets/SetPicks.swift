// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Random members: SPOP and SRANDMEMBER. What was popped is propagated as SREM, because a replica would pick others.

/// SPOP key [count]
enum SPop: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 3 { throw .syntax }
        if args.count == 3 { return try SPopCount.run(call, args, keys, reply) }
        let found = keys.locate(args[1])
        guard found.exists else { return reply.null() }
        try found.require(.set)
        var removal = Removal(call, args[1], count: 1)
        var edit = keys.edit(found)
        edit.popMember(keys) { member in
            reply.bulk(member)
            removal.append(member)
        }
        edit.commit(.spop, keys)
    }
}

/// SPOP key count
enum SPopCount: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let wanted = try args.integer(2, atLeast: 0, or: .mustBePositive)
        let found = keys.locate(args[1])
        guard found.exists else { return reply.set(0) }
        try found.require(.set)
        guard wanted > 0 else { return reply.set(0) }
        let set = SetView(found.value, keys)
        let size = set.count
        if wanted >= size {
            reply.set(size)
            set.forEach { reply.bulk($0) }
            popAll(call, args[1], found, size, keys)
            return
        }
        let count = Int(wanted)
        reply.set(count)
        var removal = Removal(call, args[1], count: count)
        var edit = keys.edit(found)
        edit.popMembers(count, keys) { member in
            reply.bulk(member)
            removal.append(member)
        }
        edit.commit(.spop, changes: count, keys)
    }

    /// Nothing is left to name: the key goes as a whole.
    private static func popAll(_ call: Call, _ key: ByteView, _ found: Found, _ size: Int, _ keys: Keyspace) {
        call.propagate("DEL", key)
        keys.edit(found).commitEmptied(.spop, changes: size, keys)
    }
}

/// SREM commands of bounded length, written while the members are being removed.
struct Removal {
    /// Members per command.
    static let membersMax = 1024

    private let effects: EffectLog
    private let key: ByteView
    private let database: Int
    private var left: Int
    private var room = 0
    private let isWanted: Bool

    /// Replaces the call's propagation by the removal of `count` members of `key`, which `append` is to name.
    init(_ call: Call, _ key: ByteView, count: Int) {
        call.propagateNothing()
        effects = call.engine.keys.effects
        isWanted = effects.isWanted
        database = call.engine.keys.current
        self.key = key
        left = count
    }

    mutating func append(_ member: ByteView) {
        guard isWanted else { return }
        if room == 0 {
            room = min(left, Removal.membersMax)
            effects.begin(room + 2, database: database)
            effects.append(ByteView("SREM"))
            effects.append(key)
        }
        effects.append(member)
        room -= 1
        left -= 1
        if room == 0 { effects.end() }
    }
}

/// SRANDMEMBER key [count]
enum SRandMember: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        if args.count > 3 { throw .syntax }
        guard args.count == 3 else {
            let found = keys.read(args[1])
            guard found.exists else { return reply.null() }
            try found.require(.set)
            return SetView(found.value, keys).withRandomMember(&keys.random) { reply.bulk($0) }
        }
        let count = try args.integer(2)
        guard count > Int64.min else { throw .beyondSymmetricRange }
        let found = keys.read(args[1])
        guard found.exists else { return reply.array(0) }
        try found.require(.set)
        let set = SetView(found.value, keys)
        guard count < 0 else {
            let picks = min(Int(count), set.count)
            reply.array(picks)
            return set.forEachRandom(picks, &keys.random) { reply.bulk($0) }
        }
        // The same member possibly several times.
        try BoundedDraw.answer(Int(-count), parts: 1, reply, begin: { reply.array(Int(-count)) }) {
            let before = reply.count
            set.withRandomMember(&keys.random) { reply.bulk($0) }
            return reply.count - before
        }
    }
}
