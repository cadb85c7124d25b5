// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes
@testable import Containers
@testable import Keyspace

/// Sets of all encodings and sizes, combined, beside the standard library's.
@Suite struct SetAlgebraTests {
    private typealias Model = Swift.Set<String>

    private static func make(_ key: String, _ members: Model, _ keys: Keyspace) {
        Array(key.utf8).withView { key in
            var edit = keys.edit(keys.locate(key))
            for member in members {
                Array(member.utf8).withView { member in
                    if !edit.exists { edit.makeSet(for: member, expected: 1, keys) }
                    _ = edit.addMember(member, keys)
                }
            }
            edit.commit(Event("sadd", EventClass.set), keys)
        }
    }

    private static func members(_ random: inout SeededRandom) -> Model {
        let count = [0, 1, 20, 200, 700, 3000][random.below(6)]
        let isNumbers = random.below(3) == 0
        let space = count + random.below(2 * count + 1)
        return Model((0..<count).map { _ in (isNumbers ? "" : "member ") + "\(random.below(max(1, space)))" })
    }

    private static func text(_ builder: SetBuilder) -> Model {
        var members = Model()
        builder.forEach { #expect(members.insert($0.text).inserted, "a member twice") }
        #expect(members.count == builder.count)
        builder.checkInvariants()
        return members
    }

    private static func visited(_ walk: ((ByteView) -> Void) -> Void) -> Model {
        var members = Model()
        walk { #expect(members.insert($0.text).inserted, "a member twice") }
        return members
    }

    @Test(arguments: [1, 2, 3, 5]) func agreesWithTheModel(count: Int) {
        var random = SeededRandom(seed: UInt64(count))
        for round in 0..<40 {
            let keys = Keyspace(databases: 1, hashKey: HashKey(seed: UInt64(round)), nowMs: 1_700_000_000_000)
            let startBytes = keys.heap.usedBytes
            let models = (0..<count).map { _ in Self.members(&random) }
            for (i, model) in models.enumerated() where !model.isEmpty { Self.make("\(i)", model, keys) }
            do {
                let sets = models.indices.map { i in
                    Array("\(i)".utf8).withView { key -> SetView? in
                        let found = keys.peek(key)
                        return found.exists ? SetView(found.value, keys) : nil
                    }
                }
                let algebra = SetAlgebra(sets, keys)
                let common = models.dropFirst().reduce(models[0]) { $0.intersection($1) }
                let united = models.reduce(Model()) { $0.union($1) }
                let different = models.dropFirst().reduce(models[0]) { $0.subtracting($1) }
                #expect(
                    Self.visited { visit in
                        algebra.forEachCommon {
                            visit($0); return true
                        }
                    } == common)
                #expect(Self.visited { algebra.forEachUnited($0) } == united)
                #expect(Self.visited { algebra.forEachDifferent($0) } == different)
                #expect(Self.text(algebra.intersection()) == common)
                #expect(Self.text(algebra.union()) == united)
                #expect(Self.text(algebra.difference()) == different)
                var left = 10
                algebra.forEachCommon { _ in
                    left -= 1
                    return left > 0
                }
                #expect(left == max(0, 10 - common.count))
            }
            while keys.reclaimer.slice(keys, max: 1000) {}
            keys.checkInvariants()
            for (i, model) in models.enumerated() where !model.isEmpty {
                Array("\(i)".utf8).withView { key in
                    var edit = keys.edit(keys.locate(key))
                    edit.remove(keys)
                    edit.commit(Event("del", EventClass.generic), keys)
                }
            }
            while keys.reclaimer.slice(keys, max: 1000) {}
            #expect(keys.heap.usedBytes == startBytes, "bytes leaked")
        }
    }
}
