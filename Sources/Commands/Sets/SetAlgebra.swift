// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Intersection, union and difference. All keys are read before anything else, as a wrong type anywhere is an error; a
// result to be stored is built completely before its key is touched, because that key may be a source too.

/// The sets that a command reads.
struct SourceSets {
    /// One per key, nil where there is none.
    let sets: [SetView?]

    init(_ args: Arguments, _ range: Range<Int>, _ keys: Keyspace) throws(Refusal) {
        // Reading deletes dead keys, which makes earlier lookups stale: the second round finds all there is.
        for i in range { try keys.read(args[i]).require(.set) }
        var sets: [SetView?] = []
        sets.reserveCapacity(range.count)
        for i in range {
            let found = keys.peek(args[i])
            sets.append(found.exists ? SetView(found.value, keys) : nil)
        }
        self.sets = sets
    }

    /// Visits the members that all sets have, until `visit` answers false.
    func forEachCommon(_ visit: (ByteView) -> Bool) {
        var existing: [SetView] = []
        for set in sets {
            guard let set else { return }
            existing.append(set)
        }
        // The smallest is walked; the next smallest is likeliest to lack a member.
        existing.sort { $0.count < $1.count }
        guard let smallest = existing.first else { return }
        let others = existing.dropFirst()
        smallest.forEachWhile { member in
            for other in others where !other.contains(member) { return true }
            return visit(member)
        }
    }

    /// Visits each member of any set once.
    func forEachUnited(_ keys: Keyspace, _ visit: (ByteView) -> Void) {
        let existing = sets.compactMap { $0 }.sorted { $0.count > $1.count }
        // With few sets it is cheaper to ask the larger ones than to remember what was seen.
        if existing.count <= 3 {
            for i in existing.indices {
                existing[i].forEach { member in
                    for j in 0..<i where existing[j].contains(member) { return }
                    visit(member)
                }
            }
            return
        }
        let seen = SetBuilder(keys)
        for set in existing {
            set.forEach { if seen.add($0) { visit($0) } }
        }
    }

    /// Visits the members of the first set that no other one has.
    func forEachDifferent(_ keys: Keyspace, _ visit: (ByteView) -> Void) {
        guard let first = sets.first ?? nil else { return }
        let others = sets.dropFirst().compactMap { $0 }.sorted { $0.count > $1.count }
        let total = others.reduce(first.count) { $0 + $1.count }
        // Asking about every member costs size × sets at worst, but mostly ends at the first hit, hence the half.
        if first.count / 2 * (others.count + 1) <= total {
            return first.forEach { member in
                for other in others where other.contains(member) { return }
                visit(member)
            }
        }
        let left = SetBuilder(keys)
        first.forEach { left.add($0) }
        for other in others {
            if left.count == 0 { return }
            other.forEach { left.remove($0) }
        }
        left.forEach(visit)
    }
}

/// Which of the three operations.
private enum SetOperation {
    case intersection, union, difference

    func forEach(_ sources: SourceSets, _ keys: Keyspace, _ visit: (ByteView) -> Void) {
        switch self {
        case .intersection:
            sources.forEachCommon {
                visit($0)
                return true
            }
        case .union: sources.forEachUnited(keys, visit)
        case .difference: sources.forEachDifferent(keys, visit)
        }
    }

    func answer(_ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let sources = try SourceSets(args, 1..<args.count, keys)
        let mark = reply.deferred()
        var count = 0
        forEach(sources, keys) { member in
            reply.bulk(member)
            count += 1
        }
        reply.setSet(mark, count)
    }

    /// Puts the result into `args[1]`; an empty one deletes it.
    func store(_ event: Event, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        let sources = try SourceSets(args, 2..<args.count, keys)
        let result = SetBuilder(keys)
        forEach(sources, keys) { result.add($0) }
        let count = result.count
        let target = keys.locate(args[1])
        if count == 0, !target.exists { return reply.integer(0) }
        var edit = keys.edit(target)
        if count > 0 {
            edit.setSet(result, keys)
            edit.commit(event, keys)
        } else {
            edit.remove(keys)
            edit.commit(.del, keys)
        }
        reply.integer(count)
    }
}

/// SINTER key [key ...]
enum SInter: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.intersection.answer(args, keys, reply)
    }
}

/// SINTERSTORE destination key [key ...]
enum SInterStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.intersection.store(.sinterstore, args, keys, reply)
    }
}

/// SUNION key [key ...]
enum SUnion: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.union.answer(args, keys, reply)
    }
}

/// SUNIONSTORE destination key [key ...]
enum SUnionStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.union.store(.sunionstore, args, keys, reply)
    }
}

/// SDIFF key [key ...]
enum SDiff: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.difference.answer(args, keys, reply)
    }
}

/// SDIFFSTORE destination key [key ...]
enum SDiffStore: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        try SetOperation.difference.store(.sdiffstore, args, keys, reply)
    }
}

/// SINTERCARD numkeys key [key ...] [LIMIT limit]
enum SInterCard: Handler {
    static func run(_ call: Call, _ args: Arguments, _ keys: Keyspace, _ reply: Reply) throws(Refusal) {
        guard let wanted = args[1].integer, wanted > 0 else {
            throw .custom("ERR numkeys should be greater than 0")
        }
        guard wanted <= args.count - 2 else {
            throw .custom("ERR Number of keys can't be greater than number of args")
        }
        let end = 2 + Int(wanted)
        var limit = Int64.max
        var at = end
        while at < args.count {
            guard args[at].matches("LIMIT"), at + 1 < args.count else { throw .syntax }
            guard let value = args[at + 1].integer, value >= 0 else {
                throw .custom("ERR LIMIT can't be negative")
            }
            limit = value == 0 ? Int64.max : value
            at += 2
        }
        let sources = try SourceSets(args, 2..<end, keys)
        var count: Int64 = 0
        sources.forEachCommon { _ in
            count += 1
            return count < limit
        }
        reply.integer(count)
    }
}
