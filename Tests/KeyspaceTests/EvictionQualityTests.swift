// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Keyspace

/// The hit ratio of a cache of fixed size, beside the exact form of its policy. No clock is read: time is virtual.
@Suite struct EvictionQualityTests {
    /// Keys that fit.
    private static let capacity = 1000
    private static let population = 5000
    private static let accesses = 50_000

    /// By how much a figure lies below another: its mean, and what it strays by from seed to seed.
    private struct Gap {
        let mean: Double
        let deviation: Double
        /// Six deviations: no chance passes them, and a policy that has become half a per cent worse does.
        var max: Double { mean + 6 * deviation }
    }

    /// What is asked for, key by key.
    private enum Trace: String, CaseIterable {
        case zipf, zipfWithScans, movingHotSet

        /// How far the LRU of five samples stays behind the exact one, seen over 40 seeds.
        var recent: Gap {
            switch self {
            case .zipf: Gap(mean: 0.0003, deviation: 0.0004)
            case .zipfWithScans: Gap(mean: 0.0002, deviation: 0.0004)
            case .movingHotSet: Gap(mean: 0.0025, deviation: 0.0005)
            }
        }
        /// How far the LFU does: its counters are rough on purpose, and they forget, which costs where nothing changes
        /// and is rewarded by a moving hot set.
        var frequent: Gap {
            switch self {
            case .zipf: Gap(mean: 0.0420, deviation: 0.0025)
            case .zipfWithScans: Gap(mean: 0.0588, deviation: 0.0018)
            case .movingHotSet: Gap(mean: -0.4872, deviation: 0.0040)
            }
        }

        func make(_ random: inout SeededRandom) -> [Int] {
            let zipf = Zipf(count: EvictionQualityTests.population, exponent: 0.9)
            var scan = EvictionQualityTests.population
            return (0..<EvictionQualityTests.accesses).map { index in
                switch self {
                case .zipf: return zipf.pick(&random)
                case .zipfWithScans:
                    // A tenth of all accesses belongs to scans over keys that are asked for once.
                    guard random.below(10) == 0 else { return zipf.pick(&random) }
                    scan += 1
                    return scan
                case .movingHotSet:
                    let hot = index / 30 % EvictionQualityTests.population
                    guard random.below(10) > 0 else {
                        return random.below(EvictionQualityTests.population)
                    }
                    return (hot + random.below(750)) % EvictionQualityTests.population
                }
            }
        }
    }

    private struct Zipf {
        private let sums: [Double]
        init(count: Int, exponent: Double) {
            var sum = 0.0
            sums = (1...count).map {
                sum += 1 / Zipf.power(Double($0), exponent)
                return sum
            }
        }
        /// A power without the C library: repeated square roots of the base.
        private static func power(_ base: Double, _ exponent: Double) -> Double {
            var result = 1.0
            var root = base
            var rest = exponent
            for _ in 0..<30 {
                root = root.squareRoot()
                rest *= 2
                if rest >= 1 {
                    result *= root
                    rest -= 1
                }
            }
            return result
        }
        func pick(_ random: inout SeededRandom) -> Int {
            let wanted = Double(random.next() >> 11) / Double(1 << 53) * sums[sums.count - 1]
            var low = 0
            var high = sums.count - 1
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// The hit ratio of our policy: a miss writes the key, as caches do.
    private func ratio(_ policy: EvictionPolicy, _ trace: [Int], seed: UInt64, samples: Int) -> Double {
        let keys = Keyspace(databases: 1, seed: seed, hashKey: HashKey(seed: seed), nowMs: 1_700_000_000_000)
        keys.eviction.samples = samples
        keys.limitMemory(bytes: 0, policy)
        var hits = 0
        for (index, number) in trace.enumerated() {
            // Twenty accesses a second: the access bits are fine enough to tell them apart.
            keys.nowMs = 1_700_000_000_000 + Int64(index) * 50
            Array("key:\(number)".utf8).withView { key in
                if keys.read(key).exists {
                    hits += 1
                    return
                }
                var edit = keys.edit(keys.locate(key))
                edit.setString(ByteView("12345678"), keys)
                edit.commit(Event("set", EventClass.string), keys)
            }
            if keys.count(of: 0) > Self.capacity {
                keys.eviction.limitBytes = 1
                #expect(keys.evict(max: 1) == .over)
                keys.eviction.limitBytes = 0
            }
        }
        keys.checkInvariants()
        return Double(hits) / Double(trace.count)
    }

    /// The hit ratio of the exact policy: the least recently used key goes, or the least often used one.
    private func exactRatio(byFrequency: Bool, _ trace: [Int]) -> Double {
        struct Kept {
            var count: Int
            var last: Int
        }
        var cache: [Int: Kept] = [:]
        // Keys by what they are judged by; stale entries are passed over.
        var queues: [Int: [(key: Int, stamp: Int)]] = [:]
        var starts: [Int: Int] = [:]
        var hits = 0
        for (index, key) in trace.enumerated() {
            if cache[key] != nil { hits += 1 }
            var level = byFrequency ? 1 : 0
            while cache[key] == nil, cache.count == Self.capacity {
                let at = starts[level] ?? 0
                guard let queue = queues[level], at < queue.count else {
                    level += 1
                    continue
                }
                starts[level] = at + 1
                if cache[queue[at].key]?.last == queue[at].stamp { cache[queue[at].key] = nil }
            }
            let count = (cache[key]?.count ?? 0) + 1
            cache[key] = Kept(count: count, last: index)
            queues[byFrequency ? count : 0, default: []].append((key, index))
        }
        return Double(hits) / Double(trace.count)
    }

    @Test(arguments: ["zipf", "zipfWithScans", "movingHotSet"]) func nearlyAsGoodAsExact(_ name: String)
        throws
    {
        let trace = try #require(Trace(rawValue: name))
        let seed = keyspaceSeed()
        var random = SeededRandom(seed: seed)
        let accesses = trace.make(&random)
        let exact = exactRatio(byFrequency: false, accesses)
        let ours = ratio(.allKeysLRU, accesses, seed: seed, samples: 5)
        let random5 = ratio(.allKeysRandom, accesses, seed: seed, samples: 5)
        print("\(name): LRU \(ours), exact \(exact), random \(random5)")
        #expect(exact - ours < trace.recent.max)
        #expect(ours > random5)
        let frequent = ratio(.allKeysLFU, accesses, seed: seed, samples: 5)
        let exactFrequent = exactRatio(byFrequency: true, accesses)
        print("\(name): LFU \(frequent), exact \(exactFrequent)")
        #expect(exactFrequent - frequent < trace.frequent.max)
    }
}
