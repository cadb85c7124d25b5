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

extension KeyspaceModel {
    /// Takes steps and checks everything now and then. How many cuts that sees is chance: where they are too few it goes
    /// on until they are enough.
    fileprivate func run(steps: Int, checksEvery: Int, cuts: Int) {
        var taken = 0
        while taken < steps || cutsFinished < cuts && taken < 20 * steps {
            step()
            if taken % checksEvery == 0 { check() }
            taken += 1
        }
        #expect(cutsFinished >= cuts)
    }
}

@Suite struct KeyspaceModelTests {
    /// Few keys and everything checked after every step.
    @Test(arguments: [3, 12, 40]) func smallKeyspace(keyCount: Int) {
        let model = KeyspaceModel(seed: keyspaceSeed(), .init(keyCount: keyCount, burst: 60, walkMax: 6))
        model.run(steps: 4000, checksEvery: 1, cuts: 4)
        model.finish()
    }

    /// Thousands of keys in directories that double and halve while cuts walk.
    @Test func manyKeys() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 6000, burst: 100, sweeping: 4000, walkMax: 600))
        model.run(steps: 60_000, checksEvery: 5000, cuts: 6)
        model.finish()
    }

    /// A handful of keys with sets of thousands of members, which are changed, renamed, copied, deleted, flushed and
    /// overwritten while two cuts walk them.
    @Test func largeSets() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 12, burst: 4000, sweeping: 400, walkMax: 500))
        model.run(steps: 12_000, checksEvery: 500, cuts: 6)
        model.finish()
    }

    /// Keys and members chosen by one who knows the hash's key.
    @Test func floodedKeyspace() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(),
            .init(keyCount: 1500, burst: 1000, sweeping: 1000, walkMax: 300, isFlooded: true))
        model.run(steps: 8000, checksEvery: 1000, cuts: 4)
        model.finish()
    }

    /// The same with sets of a few segments and very small slices, so that changes meet every stage of a walk.
    @Test func slowWalks() {
        let model = KeyspaceModel(
            seed: keyspaceSeed(), .init(keyCount: 8, burst: 700, sweeping: 300, walkMax: 60))
        model.run(steps: 12_000, checksEvery: 100, cuts: 4)
        model.finish()
    }
}
