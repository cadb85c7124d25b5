// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Operations
import EngineRig
import Keyspace
import Testing

/// The memory limit as clients see it.
@Suite struct EvictionTests {
    private let oom = "-OOM command not allowed when used memory > 'maxmemory'."

    /// A rig with a limit that leaves room for `bytes` more.
    private func limited(_ policy: String, room bytes: Int, samples: Int = 5) -> Rig {
        let rig = Rig()
        rig.run("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory-samples", "\(samples)")
        limit(rig, room: bytes)
        return rig
    }

    private func limit(_ rig: Rig, room bytes: Int) {
        rig.run("CONFIG", "SET", "maxmemory", "\(rig.engine.keys.limitedBytes + bytes)")
    }

    private func settle(_ rig: Rig) {
        while rig.engine.memoryLimitSlice(max: 8) {}
        rig.compareNow()
    }

    private var limitHolds: (Rig) -> Bool { { $0.engine.keys.isWithinLimit } }

    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noeviction }) func theLimitHolds(
        _ policy: EvictionPolicy
    ) {
        let rig = limited(policy.rawValue, room: 60_000)
        rig.comparesEvery = 50
        for i in 0..<3000 {
            #expect(rig.run("SET", "key:\(i)", "value \(i)", "EX", "\(1000 + i)") == "+OK")
            // A write is paid for by the next one.
            #expect(rig.engine.keys.limitedBytes < rig.engine.keys.eviction.limitBytes + 4096)
        }
        settle(rig)
        #expect(limitHolds(rig))
        let left = rig.engine.keys.count(of: 0)
        #expect(left > 300 && left < 2000)
        #expect(rig.engine.keys.stats.evicted == 3000 - left)
        #expect(rig.mismatch == nil)
        rig.engine.keys.checkInvariants()
    }

    @Test func withoutAPolicyWritesAreRefused() {
        let rig = limited("noeviction", room: 2000)
        var refused = 0
        for i in 0..<100 where rig.run("SET", "key:\(i)", String(repeating: "x", count: 100)) == oom {
            refused += 1
        }
        #expect(refused > 60 && refused < 100)
        // What needs no memory goes on, and helps.
        #expect(rig.run("GET", "key:0").hasPrefix("$100"))
        #expect(rig.run("DEL", "key:0", "key:1", "key:2") == ":3")
        #expect(rig.run("SET", "key:0", "1") == "+OK")
        #expect(rig.engine.keys.stats.evicted == 0)
        let info = rig.run("INFO", "errorstats")
        #expect(info.contains("errorstat_OOM:count=\(refused)"))
        #expect(rig.run("INFO", "commandstats").contains("rejected_calls=\(refused)"))
        #expect(rig.mismatch == nil)
    }

    @Test(arguments: ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])
    func onlyVolatileKeysGo(_ policy: String) {
        let rig = limited(policy, room: 30_000)
        rig.comparesEvery = 20
        for i in 0..<200 { rig.run("SET", "stays:\(i)", "x") }
        var refused = 0
        for i in 0..<2000 where rig.run("SET", "goes:\(i)", "x", "EX", "1000") == oom { refused += 1 }
        #expect(refused == 0)
        #expect(rig.engine.keys.stats.evicted > 500)
        #expect((0..<200).allSatisfy { rig.run("EXISTS", "stays:\($0)") == ":1" })
        // When none of them is left, writes are refused.
        for i in 200..<3000 where rig.run("SET", "stays:\(i)", "x") == oom { refused += 1 }
        #expect(refused > 1000)
        #expect(rig.engine.keys.volatileCount(of: 0) == 0)
        #expect(rig.mismatch == nil)
    }

    /// One volatile key among thousands in several databases is found at once.
    @Test func theOneVolatileKeyGoes() {
        let rig = Rig(withTwin: false) { $0.debugCommand = "yes" }
        rig.run("DEBUG", "POPULATE", "20000")
        rig.run("SELECT", "9")
        for i in 0..<3000 { rig.run("SET", "other:\(i)", "x") }
        rig.run("SET", "the one", String(repeating: "x", count: 5000), "EX", "100")
        rig.run("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
        limit(rig, room: -2000)
        settle(rig)
        #expect(rig.run("EXISTS", "the one") == ":0")
        #expect(rig.engine.keys.stats.evicted == 1)
        #expect(limitHolds(rig))
    }

    @Test func theNearestDeadlineGoesFirst() {
        let rig = Rig(withTwin: false)
        for i in 0..<40 { rig.run("SET", "key:\(i)", String(repeating: "x", count: 100), "EX", "\(100 + i)") }
        rig.run("CONFIG", "SET", "maxmemory-policy", "volatile-ttl", "maxmemory-samples", "64")
        limit(rig, room: -1200)
        settle(rig)
        let left = (0..<40).filter { rig.run("EXISTS", "key:\($0)") == ":1" }
        #expect(left.count < 40 && left == Array((40 - left.count)..<40))
    }

    @Test func theLeastRecentlyUsedGoesFirst() {
        let rig = Rig(withTwin: false)
        for i in 0..<40 { rig.run("SET", "key:\(i)", String(repeating: "x", count: 100)) }
        rig.advance(ms: 10_000)
        for i in 0..<20 { rig.run("GET", "key:\(i)") }
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory-samples", "64")
        limit(rig, room: -1000)
        settle(rig)
        #expect((0..<20).allSatisfy { rig.run("EXISTS", "key:\($0)") == ":1" })
        #expect(rig.engine.keys.count(of: 0) < 40)
        // INFO knows how long it took.
        #expect(rig.run("INFO", "stats").contains("current_eviction_exceeded_time:0"))
    }

    @Test func theLeastFrequentlyUsedGoesFirst() {
        let rig = Rig(withTwin: false)
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "maxmemory-samples", "64")
        for i in 0..<40 { rig.run("SET", "key:\(i)", String(repeating: "x", count: 100)) }
        for i in 0..<20 { for _ in 0..<50 { rig.run("GET", "key:\(i)") } }
        limit(rig, room: -1000)
        settle(rig)
        #expect((0..<20).allSatisfy { rig.run("EXISTS", "key:\($0)") == ":1" })
        #expect(rig.engine.keys.count(of: 0) < 40)
    }

    @Test func whatOthersHear() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("SET", "a", "1")
        rig.run("WATCH", "a")
        rig.run("MULTI")
        rig.run("GET", "b")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "1")
        _ = (tap.commands, tap.events)
        settle(rig)
        #expect(tap.commands == ["DEL a"])
        #expect(tap.events == ["evicted a"])
        #expect(rig.run("EXEC") == "*-1" || rig.run("EXEC").hasPrefix("-"))
        #expect(rig.run("DBSIZE") == ":0")
        #expect(rig.run("INFO", "stats").contains("evicted_keys:1"))
        rig.run("CONFIG", "RESETSTAT")
        #expect(rig.run("INFO", "stats").contains("evicted_keys:0"))
        #expect(rig.mismatch == nil)
    }

    /// The limit may be lowered inside a transaction; nothing goes before it has ended.
    @Test func nothingGoesInsideATransaction() {
        let rig = Rig()
        let tap = Tap(rig)
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        rig.run("MULTI")
        rig.run("INCR", "x")
        rig.run("CONFIG", "SET", "maxmemory", "1")
        rig.run("INCR", "x")
        #expect(rig.run("EXEC") == "*3 :1 +OK :2")
        #expect(tap.commands == ["INCR x", "INCR x"])
        settle(rig)
        #expect(tap.commands == ["DEL x"])
        #expect(rig.mismatch == nil)
    }

    @Test func aPauseKeepsEverything() {
        let rig = limited("allkeys-lru", room: 1000)
        rig.engine.keys.evictionMode = .paused
        for i in 0..<100 { #expect(rig.run("SET", "key:\(i)", "x") == "+OK") }
        settle(rig)
        #expect(rig.engine.keys.count(of: 0) == 100)
        rig.engine.keys.evictionMode = .active
        settle(rig)
        #expect(rig.engine.keys.count(of: 0) < 100 && limitHolds(rig))
        #expect(rig.mismatch == nil)
    }

    /// What waits for the reclaimer is as good as free.
    @Test func deletedBytesDoNotCount() {
        let rig = Rig(withTwin: false)
        for i in 0..<100 { rig.run("SADD", "big", "\(i) a member of some length", "x\(i)", "y\(i)") }
        rig.run("SET", "small", "1")
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        limit(rig, room: 100)
        rig.run("DEL", "big")
        #expect(rig.engine.keys.reclaimer.pendingBytes > 5000)
        #expect(
            rig.run("INFO", "memory").contains(
                "mem_not_counted_for_evict:\(rig.engine.keys.reclaimer.pendingBytes)"))
        for i in 0..<30 { #expect(rig.run("SET", "key:\(i)", "x") == "+OK") }
        #expect(rig.engine.keys.stats.evicted == 0)
        #expect(rig.run("INFO", "memory").contains("lazyfree_pending_objects:1"))
        while rig.engine.keys.reclaimSlice(max: 100) {}
        #expect(rig.run("INFO", "memory").contains("lazyfreed_objects:1"))
    }

    /// A lowered limit is reached by the turns; until then a write pays for what it adds and is not refused.
    @Test func aLoweredLimitIsReachedInSlices() {
        let rig = Rig(withTwin: false) { $0.debugCommand = "yes" }
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        #expect(rig.run("DEBUG", "POPULATE", "20000") == "+OK")
        limit(rig, room: -700_000)
        let before = rig.engine.keys.limitedBytes
        for i in 0..<500 { #expect(rig.run("SET", "new:\(i)", "some value") == "+OK") }
        #expect(!limitHolds(rig))
        #expect(rig.engine.keys.limitedBytes < before + 4096)
        #expect(rig.engine.memoryLimitSlice(max: 100))
        #expect(rig.run("INFO", "stats").contains("current_eviction_exceeded_time:0"))
        rig.advance(ms: 70)
        #expect(rig.run("INFO", "stats").contains("current_eviction_exceeded_time:70"))
        settle(rig)
        #expect(limitHolds(rig))
        #expect(rig.run("INFO", "stats").contains("total_eviction_exceeded_time:70"))
    }

    /// A large value among small keys cannot be paid for at once: its sender is a debtor until the turns have paid.
    @Test func aDebtorIsNamed() {
        let rig = Rig(withTwin: false) { $0.debugCommand = "yes" }
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        rig.run("DEBUG", "POPULATE", "40000")
        limit(rig, room: 0)
        let large = String(repeating: "x", count: 1_200_000)
        rig.run(as: "writer", "SET", "large:1", large)
        rig.run(as: "writer", "SET", "large:2", large)
        let writer = rig.session("writer").id
        #expect(rig.engine.keys.eviction.takeDebtors() == [writer])
        #expect(rig.engine.keys.isInMemoryDebt)
        settle(rig)
        #expect(!rig.engine.keys.isInMemoryDebt && limitHolds(rig))
        #expect(rig.engine.keys.eviction.takeDebtors() == [])
    }

    @Test func integersAreSharedUnlessAccessesCount() {
        let rig = Rig()
        rig.run("SET", "a", "1")
        let shared = ":\(Int32.max)"
        #expect(rig.run("OBJECT", "REFCOUNT", "a") == shared)
        rig.run("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-random")
        #expect(rig.run("OBJECT", "REFCOUNT", "a") == shared)
        for policy in ["allkeys-lru", "volatile-lru", "allkeys-lfu", "volatile-lfu"] {
            rig.run("CONFIG", "SET", "maxmemory-policy", policy)
            #expect(rig.run("OBJECT", "REFCOUNT", "a") == ":1")
        }
    }

    /// Above the limit a transaction may still free memory: what needs none is queued and runs.
    @Test func transactionsThatNeedNoMemory() {
        let rig = Rig()
        rig.run("MSET", "k", "v", "l", "w")
        rig.run("CONFIG", "SET", "maxmemory", "1")
        rig.run("MULTI")
        for words in [["DEL", "k"], ["GET", "l"], ["PUBLISH", "a", "b"], ["PING"], ["UNWATCH"]] {
            #expect(rig.run(words) == "+QUEUED")
        }
        #expect(rig.run("EXEC") == "*5 :1 $1 w :0 +PONG +OK")
        rig.run("MULTI")
        #expect(rig.run("SET", "l", "x") == oom)
        #expect(rig.run("DEL", "l") == "+QUEUED")
        #expect(rig.run("EXEC") == "-EXECABORT Transaction discarded because of previous errors.")
        // What was queued while there was room is refused as a whole.
        rig.run("CONFIG", "SET", "maxmemory", "0")
        rig.run("MULTI")
        for words in [["SET", "l", "x"], ["GET", "l"]] { #expect(rig.run(words) == "+QUEUED") }
        rig.run(as: "other", "CONFIG", "SET", "maxmemory", "1")
        #expect(
            rig.run("EXEC") == "-EXECABORT Transaction discarded because of: \(oom.dropFirst())")
        rig.run("MULTI")
        rig.run("CONFIG", "SET", "maxmemory", "0")
        #expect(rig.run("EXEC") == "*1 +OK" && rig.run("GET", "l") == "$1 w")
        #expect(rig.mismatch == nil)
    }

    @Test func whatAQueueTakesIsInTheBooks() {
        let rig = Rig()
        rig.run("PING")
        let before = rig.engine.keys.heap.usedBytes
        let outside = rig.engine.keys.heap.outsideBytes
        rig.run("MULTI")
        for _ in 0..<20 { rig.run("SET", "a", String(repeating: "x", count: 1000)) }
        #expect(rig.engine.keys.heap.usedBytes > before + 20_000)
        rig.run("DISCARD")
        #expect(rig.engine.keys.heap.usedBytes == before)
        #expect(rig.engine.keys.heap.outsideBytes == outside)
    }
}
