// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// The memory limit.
//
// *Idea*. What counts is the heap's ledger, without what waits for the reclaimer (it is as good as free) and without
// what the caller names (the turn's replies). Above the limit keys go one by one: databases are picked in proportion
// to their keys, buckets of them are sampled into a pool, and the best of the pool goes. Nothing here takes long: the
// caller says how many keys may go at once.
//
// *The floor*. After a limit was lowered by gigabytes nobody can wait until it holds again. Until then a write pays
// for what was added since the last one, so that the excess does not grow; the turns bring it down. A write that
// would have to evict too much at once (a large value among small keys) leaves a debt: whoever sent it is named as a
// debtor, from whom no more should be taken in until the turns have paid.
//
// *Invariants*. Victims are deleted through the one door for changes, as if a DEL had come from nobody.

/// Whether keys may be evicted.
public enum EvictionMode: Sendable {
    /// Keys go while memory is above the limit, if the policy lets them.
    case active
    /// The data stands still for a while: nothing is evicted, and nobody is refused for it (CLIENT PAUSE).
    case paused
    /// Somebody else decides which keys there are: nothing is evicted, and what needs memory is refused (import mode).
    case forbidden
}

/// What came of an attempt to get below the limit.
public enum EvictionOutcome: Sendable {
    /// The limit holds.
    case within
    /// It does not yet, but keys that may go are left.
    case over
    /// It does not, and nothing is left that may go.
    case stuck
}

/// The limit, the policy and the candidates.
public final class Eviction {
    /// How much may be in use, in bytes; 0 is no limit.
    public internal(set) var limitBytes = 0
    /// Which keys go first, and whether any may.
    public internal(set) var policy = EvictionPolicy.noeviction
    /// How many keys are looked at for each one that goes, at least.
    public var samples = 5
    /// Bytes of the ledger that do not count, beside those that wait for the reclaimer; kept by the engine.
    public var uncountedBytes = 0
    /// Where the excess stood last; see above.
    var floorBytes = 0
    /// The sessions that have left a debt, by id.
    private(set) var debtors: [UInt64] = []
    /// A debt up to this is nothing to stop anybody for.
    var toleranceBytes: Int { max(1 << 20, limitBytes / 128) }

    /// The sessions that have left a debt since this was last asked.
    public func takeDebtors() -> [UInt64] {
        defer { debtors.removeAll(keepingCapacity: true) }
        return debtors
    }

    func note(debtor: UInt64) {
        if debtor != 0, debtors.last != debtor, debtors.count < 10_000 { debtors.append(debtor) }
    }

    var pool = EvictionPool()
    /// Databases that have keys which may go, with the number of such keys in them and before them.
    private var databases: [(index: Int, upTo: Int)] = []
    private var picksLeft = 0

    private var exceededSinceMs: Int64?
    private var exceededMs: Int64 = 0

    /// How long memory has been above the limit since it last was below, in ms.
    public func currentExceededMs(_ nowMs: Int64) -> Int64 { exceededSinceMs.map { max(0, nowMs - $0) } ?? 0 }
    /// How long memory has been above the limit altogether, in ms.
    public func totalExceededMs(_ nowMs: Int64) -> Int64 { exceededMs + currentExceededMs(nowMs) }

    /// Forgets how long memory was above the limit, but for the stretch that lasts, which begins now.
    public func resetStatistics(_ keys: Keyspace) {
        exceededMs = 0
        if exceededSinceMs != nil { exceededSinceMs = keys.nowMs }
    }

    func note(isOver: Bool, _ nowMs: Int64) {
        if isOver {
            if exceededSinceMs == nil { exceededSinceMs = nowMs }
        } else if let since = exceededSinceMs {
            exceededMs += max(0, nowMs - since)
            exceededSinceMs = nil
        }
    }

    // MARK: Databases

    /// Counts the keys of all databases anew.
    /// - Returns: false when none of them may go.
    func survey(_ keys: Keyspace) -> Bool {
        databases.removeAll(keepingCapacity: true)
        var total = 0
        for index in 0..<keys.databaseCount {
            let count = policy.takesVolatileOnly ? keys.volatileCount(of: index) : keys.count(of: index)
            guard count > 0 else { continue }
            total += count
            databases.append((index, total))
        }
        picksLeft = 64
        return total > 0
    }

    /// Whether there is any key that may go.
    func hasCandidates(_ keys: Keyspace) -> Bool {
        guard policy != .noeviction else { return false }
        return (0..<keys.databaseCount).contains {
            (policy.takesVolatileOnly ? keys.volatileCount(of: $0) : keys.count(of: $0)) > 0
        }
    }

    /// A database, picked in proportion to its keys; nil when there is none.
    func pickDatabase(_ keys: Keyspace) -> Int? {
        if picksLeft == 0 || databases.isEmpty { guard survey(keys) else { return nil } }
        picksLeft -= 1
        if databases.count == 1 { return databases[0].index }
        let pick = keys.random.below(databases[databases.count - 1].upTo)
        return databases.first { pick < $0.upTo }?.index
    }

    /// The numbers of keys have changed by more than a few: they are counted again before the next pick.
    func forgetSurvey() { databases.removeAll(keepingCapacity: true) }
}

extension Keyspace {
    /// No more than this is evicted at once.
    static let evictedBytesMax = 4 << 20
    /// Each takes a microsecond or several.
    static let evictionsPerLook = 8

    /// Bytes that are held against the limit.
    public var limitedBytes: Int { heap.usedBytes - reclaimer.pendingBytes - eviction.uncountedBytes }

    /// Sets the limit and the policy; nothing goes yet.
    public func limitMemory(bytes: Int, _ policy: EvictionPolicy) {
        if policy != eviction.policy {
            eviction.pool.clear()
            eviction.forgetSurvey()
        }
        eviction.policy = policy
        eviction.limitBytes = bytes
        // The excess is for the turns to bring down; writes see to it that it does not grow.
        eviction.floorBytes = max(bytes, limitedBytes)
        usesLFU = policy.usesLFU
    }

    /// Whether memory is within the limit.
    @inlinable @inline(__always) public var isWithinLimit: Bool {
        eviction.limitBytes == 0 || limitedBytes <= eviction.limitBytes
    }

    /// Whether memory has grown since the limit was set, or last held, by more than can be overlooked.
    public var isInMemoryDebt: Bool { limitedBytes > eviction.floorBytes + eviction.toleranceBytes }

    /// Deletes up to `max` keys to get back below the limit.
    public func evict(max: Int, payingOnly: Bool = false) -> EvictionOutcome {
        var slice = Slice(max: max)
        return evict(&slice, payingOnly: payingOnly)
    }

    /// Deletes keys to get back below the limit, as many as the slice allows. It also stops after some megabytes, because
    /// giving those back takes time too.
    /// - Parameter payingOnly: stop where the excess is no larger than it was after the last call.
    public func evict(_ slice: inout Slice, payingOnly: Bool = false) -> EvictionOutcome {
        let eviction = self.eviction
        guard !isWithinLimit else {
            eviction.floorBytes = eviction.limitBytes
            eviction.note(isOver: false, nowMs)
            return .within
        }
        switch evictionMode {
        case .active: break
        case .paused: return .within
        case .forbidden:
            eviction.note(isOver: true, nowMs)
            return .stuck
        }
        let origin = effects.origin
        effects.origin = 0
        defer { effects.origin = origin }
        let goal = payingOnly ? eviction.floorBytes : eviction.limitBytes
        var outcome = EvictionOutcome.over
        let stopBytes = limitedBytes - Keyspace.evictedBytesMax
        let waiting = reclaimer.pendingBytes
        while limitedBytes > max(goal, stopBytes), slice.grant(Keyspace.evictionsPerLook) > 0 {
            guard evictOne() else {
                outcome = .stuck
                break
            }
            slice.spend()
        }
        if isWithinLimit { outcome = .within }
        if outcome == .over, !eviction.hasCandidates(self) { outcome = .stuck }
        if outcome == .over, payingOnly, isInMemoryDebt { eviction.note(debtor: origin) }
        if payingOnly { reclaimer.note(debtor: origin, bytes: reclaimer.pendingBytes - waiting) }
        eviction.floorBytes = max(eviction.limitBytes, min(eviction.floorBytes, limitedBytes))
        eviction.note(isOver: outcome != .within, nowMs)
        return outcome
    }

    /// Deletes the key that deserves it most.
    /// - Returns: false when none may go.
    private func evictOne() -> Bool {
        guard eviction.policy != .noeviction else { return false }
        // A sample may be empty or hold nothing but keys that were used since; then it is taken again.
        for attempt in 0..<8 {
            if attempt > 0 { eviction.forgetSurvey() }
            guard let database = eviction.pickDatabase(self) else { return false }
            if eviction.policy.isRandom {
                let found = randomVictim(database)
                if found.exists {
                    evict(found)
                    return true
                }
                continue
            }
            sample(database)
            while let candidate = eviction.pool.takeBest() {
                let found = victim(candidate)
                if found.exists {
                    evict(found)
                    return true
                }
            }
        }
        return false
    }

    private func evict(_ found: Found) {
        // One that is dead already has expired, whatever else it was chosen for.
        guard alive(found).exists else { return }
        stats.evicted += 1
        dispose(found, .evicted)
    }

    // MARK: Candidates

    /// Takes samples of a database into the pool.
    private func sample(_ database: Int) {
        let source = databases[database]
        var seen = 0
        // The keys of a bucket are loaded together, so that twice as many as asked for cost no more than Redis's. A
        // bucket holds six keys or so; a nearly empty table gives less.
        let wanted = eviction.samples * 2
        var triesLeft = wanted
        while seen < wanted, triesLeft > 0 {
            triesLeft -= 1
            if eviction.policy.takesVolatileOnly {
                source.anyTable(isVolatile: true, &random).sampleVolatile(&random) { entry, deadline in
                    seen += 1
                    consider(Value(entry), deadline, database)
                }
            } else {
                source.anyTable(isVolatile: false, &random).sample(&random) { entry in
                    seen += 1
                    consider(Value(entry), Table.noDeadline, database)
                }
            }
        }
    }

    private func consider(_ value: Value, _ deadline: Int64, _ database: Int) {
        let score = score(value, deadline)
        guard eviction.pool.wants(score) else { return }
        eviction.pool.insert(
            EvictionCandidate(
                hash: Table.hash(value.key, store), database: Int32(database), score: score))
    }

    /// How much a key deserves to go.
    private func score(_ value: Value, _ deadline: Int64) -> Int64 {
        switch eviction.policy {
        // The complement falls as the deadline rises, and unlike the negative exists for every number.
        case .volatileTTL: return ~deadline
        case .allKeysLFU, .volatileLFU:
            // Among keys of one frequency the one goes that was used longest ago, in minutes.
            let minutes = Int64((lfuMinutes &- (value.access >> 8)) & 0xFFFF)
            return (255 - frequency(value)) << 32 - (nowMs / 60000 - minutes)
        default: return idleSeconds(value) - nowMs / 1000
        }
    }

    /// The key of a candidate, unless it is gone or was used since.
    private func victim(_ candidate: EvictionCandidate) -> Found {
        let database = Int(candidate.database)
        let slot = databases[database].find(hash: candidate.hash, store)
        let none = Found(key: .empty, hash: 0, slot: .none, database: database, self)
        guard !slot.isNone else { return none }
        let deadline = databases[database].table(of: Value(slot.entry).key).deadline(slot)
        if eviction.policy.takesVolatileOnly, deadline == Table.noDeadline { return none }
        let value = Value(slot.entry)
        guard score(value, deadline) >= candidate.score else { return none }
        return Found(key: value.key, hash: candidate.hash, slot: slot, database: database, self)
    }

    private func randomVictim(_ database: Int) -> Found {
        let table = databases[database].anyTable(isVolatile: eviction.policy.takesVolatileOnly, &random)
        var slot = Slot.none
        if eviction.policy.takesVolatileOnly {
            var seen = 0
            var choice = SeededRandom(seed: random.next())
            table.sampleVolatile(&random) { entry, _ in
                // One of those that the sample shows, each with the same chance.
                seen += 1
                guard seen == 1 || choice.below(seen) == 0 else { return }
                let key = Value(entry).key
                slot = table.find(Table.hash(key, store), key)
            }
        } else {
            slot = table.randomSlot(&random)
        }
        guard !slot.isNone else { return Found(key: .empty, hash: 0, slot: .none, database: database, self) }
        let key = Value(slot.entry).key
        return Found(key: key, hash: Table.hash(key, store), slot: slot, database: database, self)
    }
}
