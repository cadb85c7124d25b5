// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes
@testable import Containers
@testable import Keyspace

/// Deadlines at both ends of what a number can hold. While a server imports, keys keep theirs even where it has passed
/// ages ago.
@Suite struct ExtremeDeadlineTests {
    private static let nowMs: Int64 = 1_700_000_000_000
    private static let ends: [Int64] = [
        .min, .min + 1, -nowMs, -1, 0, 1, nowMs - 1, nowMs + 1, .max - 3, .max - 2, .max - 1, .max,
    ]

    private static func set(_ key: String, deadlineMs: Int64, _ keys: Keyspace) {
        Array(key.utf8).withView { key in
            var edit = keys.edit(keys.locate(key))
            edit.setString(key, keys)
            edit.setDeadline(deadlineMs, keys)
            edit.commit(Event("set", EventClass.string), keys)
        }
    }

    private static func make(copies: Int) -> Keyspace {
        let keys = Keyspace(databases: 1, hashKey: HashKey(seed: 3), nowMs: nowMs)
        keys.deadKeys = .alive
        for copy in 0..<copies {
            for (i, end) in ends.enumerated() { set("\(copy):\(i)", deadlineMs: end, keys) }
        }
        return keys
    }

    /// Kept, told, averaged, and in their turn deleted.
    @Test(arguments: [1, 200]) func keysLiveAndDie(copies: Int) {
        let keys = Self.make(copies: copies)
        keys.checkInvariants()
        for (i, end) in Self.ends.enumerated() {
            Array("0:\(i)".utf8).withView { key in
                let found = keys.peek(key)
                #expect(found.exists)
                let deadline = keys.deadline(found) ?? 0
                #expect(deadline == end || end == .max - 1 && deadline == .max || deadline == end - 1)
            }
        }
        #expect(keys.averageTTLMs(of: 0) >= 0)
        keys.deadKeys = .deleted
        while keys.expireSlice(max: 100) {}
        keys.checkInvariants()
        let left = Self.ends.count { $0 > Self.nowMs }
        #expect(keys.count(of: 0) == left * copies)
        // Back to the beginning of time, and to its end.
        keys.nowMs = 0
        while keys.expireSlice(max: 100) {}
        #expect(keys.count(of: 0) == left * copies)
        keys.nowMs = .max - 4
        while keys.expireSlice(max: 100) {}
        keys.checkInvariants()
        #expect(keys.count(of: 0) == (left - 1) * copies)
    }

    /// What died first goes first, however long ago that was.
    @Test func theEarliestIsEvictedFirst() {
        let keys = Self.make(copies: 1)
        keys.limitMemory(bytes: 1, .volatileTTL)
        keys.eviction.samples = 64
        _ = keys.evict(max: 1)
        Array("0:0".utf8).withView { #expect(!keys.peek($0).exists) }
        #expect(keys.count(of: 0) == Self.ends.count - 1)
    }

    /// Fields likewise, packed and in a table: those before 1970 count as of 1970.
    @Test(arguments: [4, 400]) func fieldsLiveAndDie(copies: Int) {
        let keys = Keyspace(databases: 1, hashKey: HashKey(seed: 3), nowMs: Self.nowMs)
        keys.deadKeys = .alive
        keys.limits.hashListpackEntries = 100
        Array("h".utf8).withView { key in
            var edit = keys.edit(keys.locate(key))
            for copy in 0..<copies {
                for (i, end) in Self.ends.enumerated() {
                    Array("\(copy):\(i)".utf8).withView { name in
                        edit.setField(name, name, keys)
                        edit.setFieldDeadline(edit.field(name, keys), end, keys)
                    }
                }
            }
            edit.commit(Event("hset", EventClass.hash), keys)
        }
        keys.checkInvariants()
        keys.deadKeys = .deleted
        while keys.expireSlice(max: 100) {}
        keys.checkInvariants()
        let left = Self.ends.count { $0 > Self.nowMs }
        Array("h".utf8).withView { #expect(keys.peek($0).value.elementCount == left * copies) }
    }
}
