// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes
@testable import Containers
@testable import Keyspace

/// Cuts know tables by what they are, not by where they lie.
@Suite struct CutIdentityTests {
    private static func add(_ member: String, to key: String, _ keys: Keyspace) {
        Array(key.utf8).withView { key in
            Array(member.utf8).withView { member in
                var edit = keys.edit(keys.locate(key))
                if !edit.exists { edit.makeSet(for: member, expected: 1000, keys) }
                _ = edit.addMember(member, keys)
                edit.commit(Event("sadd", EventClass.set), keys)
            }
        }
    }

    private static func remove(_ member: String, from key: String, _ keys: Keyspace) {
        Array(key.utf8).withView { key in
            Array(member.utf8).withView { member in
                var edit = keys.edit(keys.locate(key))
                _ = edit.removeMember(member, keys)
                edit.commit(Event("srem", EventClass.set), keys)
            }
        }
    }

    private static func reclaim(_ keys: Keyspace) {
        while keys.reclaimer.slice(keys, max: 1000) {}
    }

    /// A database is flushed and freed while a cut is open; the root of a set moves to where the database's root was
    /// before the cut comes to the set, which then goes. It must be freed with what it has.
    @Test(arguments: [false, true]) func aSetWhoseRootLiesWhereAWalkedOneDid(isEmptied: Bool) throws {
        let keys = Keyspace(databases: 2, hashKey: HashKey(seed: 1), nowMs: 1_700_000_000_000)
        let startBytes = keys.heap.usedBytes
        keys.current = 1
        let members = (0..<300).map { "member \($0)" }
        for member in members { Self.add(member, to: "set", keys) }
        keys.current = 0
        Self.add("m", to: "other", keys)
        let flushed = try #require(keys.databases[0].tables.first).root
        let sink = CollectingSink(databases: 2)
        #expect(keys.cut(sink) != nil)
        keys.flush(0)
        // The cut walks the flushed database and what it held, and leaves the database to the reclaimer.
        while keys.reclaimer.isIdle, keys.hasOpenCut { keys.walkCuts(max: 1) }
        Self.reclaim(keys)
        #expect(sink.databases[1].isEmpty)

        keys.current = 1
        let value = keys.peek(ByteView("set")).value
        keys.heap.isShaken = true
        value.operations.settle(value, Mover(keys.heap), keys.store)
        keys.heap.isShaken = false
        let table = try #require(SetView(value, keys).isTable ? SetView(value, keys).table : nil)
        #expect(table.root == flushed, "the test wants the address to be used again")
        // Up to where the set is held, but not walked.
        while table.lanes == 0, keys.hasOpenCut { keys.walkCuts(max: 1) }

        if isEmptied {
            for member in members { Self.remove(member, from: "set", keys) }
        } else {
            keys.delete(keys.peek(ByteView("set")))
        }
        #expect(keys.count(of: 1) == 0)
        while keys.walkCuts(max: 50) {}
        Self.reclaim(keys)
        #expect(sink.faults.isEmpty)
        #expect(sink.databases[1].values.first?.value == .set(Set(members.map { Array($0.utf8) })))
        #expect(keys.heap.usedBytes == startBytes, "a table was never freed")
    }

    /// An identity stays with a table when its root moves, and is never given to another.
    @Test func identitiesAreNotUsedAgain() {
        let store = Store(key: HashKey(seed: 2))
        var seen: Set<UInt64> = []
        for _ in 0..<100 {
            let table = Table.create(store, keyOffset: 0)
            #expect(seen.insert(table.identity).inserted)
            store.heap.isShaken = true
            let moved = table.settledRoot(Mover(store.heap))
            store.heap.isShaken = false
            #expect(moved.identity == seen.max())
            moved.destroy(store)
        }
    }
}
