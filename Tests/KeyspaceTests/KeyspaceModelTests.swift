// SPDX-License-Identifier: Apache-2.0
import Bytes
import Glibc
import Testing

@testable import Keyspace

/// The seed of a random test: a new one each run, or `KEYSPACE_SEED` to run a failure again.
func keyspaceSeed(_ test: String = #function) -> UInt64 {
    let given = getenv("KEYSPACE_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): KEYSPACE_SEED=\(seed)")
    return seed
}

@Suite struct KeyspaceModelTests {
    /// Few keys and everything checked after every step.
    @Test(arguments: [3, 12, 40]) func smallKeyspace(keyCount: Int) {
        let model = KeyspaceModel(seed: keyspaceSeed(), .init(keyCount: keyCount, burst: 60, walkMax: 6))
        for _ in 0..<4000 {
            model.step()
            model.check()
        }
        #expect(model.cutsFinished > 3)
        model.finish()
    }

    /// Thousands of keys in directories that double and halve while cuts walk.
    @Test func manyKeys() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 6000, burst: 100, sweeping: 4000, walkMax: 600))
        for step in 0..<60_000 {
            model.step()
            if step % 5000 == 0 { model.check() }
        }
        #expect(model.cutsFinished > 5)
        model.finish()
    }

    /// A handful of keys with sets of thousands of members, which are changed, renamed, copied, deleted, flushed and
    /// overwritten while two cuts walk them.
    @Test func largeSets() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 12, burst: 4000, sweeping: 400, walkMax: 500))
        for step in 0..<12_000 {
            model.step()
            if step % 500 == 0 { model.check() }
        }
        #expect(model.cutsFinished > 5)
        model.finish()
    }

    /// Keys and members chosen by one who knows the hash's key.
    @Test func floodedKeyspace() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(),
            .init(keyCount: 1500, burst: 1000, sweeping: 1000, walkMax: 300, isFlooded: true))
        for step in 0..<8000 {
            model.step()
            if step % 1000 == 0 { model.check() }
        }
        #expect(model.cutsFinished > 3)
        model.finish()
    }

    /// The same with sets of a few segments and very small slices, so that changes meet every stage of a walk.
    @Test func slowWalks() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 8, burst: 700, sweeping: 300, walkMax: 60))
        for step in 0..<12_000 {
            model.step()
            if step % 100 == 0 { model.check() }
        }
        #expect(model.cutsFinished > 3)
        model.finish()
    }
}
