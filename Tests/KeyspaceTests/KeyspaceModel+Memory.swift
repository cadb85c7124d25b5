// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Keyspace

extension KeyspaceModel {
    /// Some steps of a pass, in one of two ways: as it decides for itself, or moving every small piece there is.
    func defragment() {
        lastStep = "defragment"
        keys.heap.isShaken = random.below(3) > 0
        defer { keys.heap.isShaken = false }
        keys.defragmenter.settings.scanFieldsMax = [1, 50, 1000][random.below(3)]
        if !keys.defragmenter.isRunning { keys.beginDefragmentation() }
        let before = keys.heap.usedBytes
        for _ in 0..<(1 + random.below(40)) where keys.defragmentStep() {}
        #expect(keys.heap.usedBytes == before, "moving takes no memory")
    }

    /// A few keys go because memory is short.
    func evict() {
        lastStep = "evict"
        let policies = EvictionPolicy.allCases
        let policy = policies[random.below(policies.count)]
        let max = 1 + random.below(3)
        forgetWhatDied()
        let live = model.map { $0.filter { ($0.value.deadline ?? .max) > now } }
        let evictable = live.flatMap(\.values).filter { !policy.takesVolatileOnly || $0.deadline != nil }
            .count
        let evicted = keys.stats.evicted
        let usedLFU = keys.usesLFU
        keys.limitMemory(bytes: 1, policy)
        // Blocks that dead hashes share may count as waiting twice: then there is no need.
        let hasNeed = !keys.isWithinLimit
        let outcome = keys.evict(max: max)
        let isWithin = keys.isWithinLimit
        keys.limitMemory(bytes: 0, .noeviction)
        keys.evictionMode = random.below(4) == 0 ? .paused : random.below(4) == 0 ? .forbidden : .active
        #expect(keys.evict(max: max) == .within, "without a limit nothing goes")
        keys.evictionMode = .active
        keys.usesLFU = usedLFU

        var gone = 0
        for database in model.indices {
            for (key, kept) in model[database] where !key.withView({ keys.holds($0, database) }) {
                if kept.deadline ?? .max > now {
                    gone += 1
                    #expect(!policy.takesVolatileOnly || kept.deadline != nil, "it has no deadline")
                }
                model[database][key] = nil
            }
        }
        #expect(gone == keys.stats.evicted - evicted && gone <= max)
        if policy == .noeviction { #expect(gone == 0 && outcome == (hasNeed ? .stuck : .within)) }
        // For the same reason the need may end earlier than the keys do.
        if policy != .noeviction, hasNeed, evictable > max + 20 {
            #expect(outcome == (isWithin ? .within : .over))
        }
    }

    /// Hashes whose last fields have died in the background.
    private func forgetWhatDied() {
        for database in model.indices {
            for (key, kept) in model[database] where kept.deadline ?? .max > now {
                guard kept.earliest <= now, !key.withView({ keys.holds($0, database) }) else { continue }
                #expect([key: kept].alive(now).isEmpty, "a hash with live fields is gone")
                model[database][key] = nil
            }
        }
    }
}

extension Keyspace {
    /// Whether the table has the key, dead or alive.
    fileprivate func holds(_ key: ByteView, _ database: Int) -> Bool {
        !self.database(database).table(of: key).find(hash(of: key), key).isNone
    }
}
