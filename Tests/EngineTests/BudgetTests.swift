// SPDX-License-Identifier: Apache-2.0
// Background work is done in slices: each does its floor when there is no time, and no single step is much larger than a
// unit of it.
import Bytes
import EngineRig
import Testing

@testable import Engine
@testable import Keyspace
@testable import Messaging
@testable import Operations
@testable import Server

@Suite struct BudgetTests {
    /// A slice that has no time, only its floor.
    private func floor(_ units: Int) -> Slice { Slice(floor: units, ticks: 0) }

    private func rig(_ change: (inout Settings) -> Void = { _ in }) -> Rig {
        Rig(withTwin: false) {
            $0.debugCommand = "yes"
            change(&$0)
        }
    }

    // MARK: Reclaiming

    /// However many collections wait, a slice frees what it may and no more.
    @Test func manyTables() {
        let rig = rig()
        let keys = rig.engine.keys
        let members = (0..<200).map { "member\($0)" }
        for i in 0..<500 {
            rig.run(["SADD", "s\(i)"] + members)
            rig.run("UNLINK", "s\(i)")
        }
        #expect(keys.reclaimer.pendingObjects == 500 && keys.reclaimer.pendingElements == 100_000)
        var slice = floor(64)
        #expect(keys.reclaim(&slice))
        #expect(keys.reclaimer.freedElements == 64)
        var steps = 0
        while keys.reclaimSlice(max: 64) { steps += 1 }
        // Each element is a unit, each table one more.
        #expect((100_500 - 64) / 64 - 20...(100_500 - 64) / 64 + 20 ~= steps, "\(steps)")
        #expect(keys.reclaimer.freedElements == 100_000 && keys.reclaimer.freedObjects == 500)
        #expect(keys.reclaimer.pendingBytes == 0)
    }

    /// A database is taken apart by its keys, and what its values hold is taken apart as well.
    @Test func aDatabase() {
        let rig = rig()
        let keys = rig.engine.keys
        let members = (0..<1000).map { "member\($0)" }
        for i in 0..<20 { rig.run(["SADD", "s\(i)"] + members) }
        rig.run("DEBUG", "POPULATE", "5000")
        rig.run("FLUSHALL")
        var freed = 0
        while case let before = keys.reclaimer.freedElements, keys.reclaimSlice(max: 100) {
            #expect(keys.reclaimer.freedElements - before <= 100)
            freed += 1
        }
        #expect(freed > 200 && keys.reclaimer.freedElements == 25_020)
        keys.checkInvariants()
    }

    /// Deletions may come faster than anything is freed: then those who delete owe it, and what waits stays bounded.
    @Test func whatWaitsIsBounded() {
        let rig = rig()
        let reclaimer = rig.engine.keys.reclaimer
        reclaimer.waitingBytesMax = 200_000
        let members = (0..<200).map { "member\($0)" }
        let id = rig.session().id
        var (most, waits) = (0, 0)
        for round in 0..<2000 {
            rig.run(["SADD", "s\(round % 7)"] + members)
            rig.run("DEL", "s\(round % 7)")
            most = max(most, reclaimer.pendingBytes)
            // What the rim does: it reads no more from the session until enough is freed, and does its floor meanwhile.
            for (debtor, bytes) in reclaimer.takeDebtors() {
                #expect(debtor == id && !reclaimer.hasFreed(bytes))
                while !reclaimer.hasFreed(bytes) {
                    _ = rig.engine.keys.reclaimSlice(max: 64)
                    waits += 1
                }
            }
        }
        #expect(waits > 1000 && most > 200_000 && most < 230_000, "\(most) bytes, \(waits) waits")
        while rig.engine.keys.reclaimSlice(max: 2000) {}
        #expect(reclaimer.freedElements == 2000 * 200)
    }

    /// One large collection is nobody's debt, and who deletes little while it goes waits little.
    @Test func oneLargeCollectionIsNoDebt() {
        let rig = rig()
        let reclaimer = rig.engine.keys.reclaimer
        reclaimer.waitingBytesMax = 100_000
        rig.run(["SADD", "small"] + (0..<200).map { "member\($0)" })
        for i in 0..<100 { rig.run(["SADD", "large"] + (0..<100).map { "member\(i)-\($0)" }) }
        rig.run(as: "a", "DEL", "large")
        #expect(!reclaimer.hasDebtors && reclaimer.pendingBytes > 200_000)
        rig.run(as: "b", "DEL", "small")
        let debts = reclaimer.takeDebtors()
        #expect(Array(debts.keys) == [rig.session("b").id])
        #expect((1000...20_000).contains(debts.values.first ?? 0))
        // A key that expires is nobody's; a database counts like a collection.
        rig.run(["SADD", "short"] + (0..<200).map { "member\($0)" })
        rig.run("PEXPIRE", "short", "5")
        rig.advance(ms: 5)
        #expect(rig.engine.keys.stats.expired == 1 && !reclaimer.hasDebtors)
        rig.run("DEBUG", "POPULATE", "1000")
        rig.run(as: "c", "FLUSHALL")
        #expect(Array(reclaimer.takeDebtors().keys) == [rig.session("c").id])
    }

    /// The more waits, the more pressing it is.
    @Test func pressureRises() {
        let rig = rig()
        let reclaimer = rig.engine.keys.reclaimer
        #expect(reclaimer.pressure == 0)
        rig.run("DEBUG", "POPULATE", "20000")
        rig.run("FLUSHALL")
        let first = reclaimer.pressure
        #expect(first > 0 && first < 0.1)
        rig.run("DEBUG", "POPULATE", "20000")
        rig.run("FLUSHALL")
        #expect(reclaimer.pressure > first)
    }

    // MARK: The others

    @Test func expiring() {
        let rig = rig()
        let keys = rig.engine.keys
        for i in 0..<1000 { rig.run("SET", "key:\(i)", "x", "PX", "10") }
        keys.nowMs += 10
        #expect(keys.hasDueKeys())
        var slice = floor(16)
        #expect(keys.expire(&slice))
        #expect((8...16).contains(1000 - keys.count(of: 0)))
        while keys.expireSlice(max: 16) {}
        #expect(keys.count(of: 0) == 0 && !keys.hasDueKeys())
    }

    @Test func evicting() {
        let rig = rig()
        let keys = rig.engine.keys
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        rig.run("DEBUG", "POPULATE", "2000")
        rig.run("CONFIG", "SET", "maxmemory", "1")
        var slice = floor(8)
        #expect(rig.engine.memoryLimit(&slice))
        #expect(keys.stats.evicted == 8)
    }

    @Test func walkingCuts() {
        let rig = rig()
        let keys = rig.engine.keys
        rig.run("DEBUG", "POPULATE", "5000")
        rig.run("DEBUG", "CUT")
        rig.run("DEBUG", "CUT")
        var slices = 0
        while keys.walkCuts(max: 100) { slices += 1 }
        // Keys and units of both cuts: some thousands more than keys.
        #expect((100...400).contains(slices) && !keys.hasOpenCut, "\(slices)")
    }

    @Test func tidying() {
        let rig = rig()
        let keys = rig.engine.keys
        rig.run("DEBUG", "POPULATE", "20000")
        rig.run("DEBUG", "CUT")
        for i in 0..<20_000 where i % 100 != 0 { rig.run("DEL", "key:\(i)") }
        while keys.walkCuts(max: 1000) {}
        let before = keys.segmentCount(of: 0)
        var slice = floor(1)
        keys.tidy(&slice)
        let after = keys.segmentCount(of: 0)
        // One step merges a segment and what it has become with its neighbours.
        #expect(after < before && after > before / 2)
    }

    @Test func trackedKeys() {
        let rig = rig()
        let tracking = rig.engine.tracking
        rig.run(as: "t", "HELLO", "3")
        rig.run(as: "t", "CLIENT", "TRACKING", "ON")
        for i in 0..<1000 { rig.run(as: "t", "GET", "key:\(i)") }
        rig.run("CONFIG", "SET", "tracking-table-max-keys", "100")
        var slice = floor(64)
        tracking.run(rig.engine, &slice)
        #expect(tracking.keyCount == 992 && tracking.hasWork)
        // What was given up whole does not wait for the last key too many, nor the other way round.
        rig.run("FLUSHALL")
        for i in 0..<1000 { rig.run(as: "t", "GET", "key:\(i)") }
        let bytes = tracking.bytes
        tracking.slice(rig.engine, max: 300)
        #expect(tracking.keyCount < 1000 && tracking.keyCount > 900 && tracking.bytes < bytes - 2000)
        while tracking.hasWork { tracking.slice(rig.engine, max: 300) }
        #expect(tracking.keyCount == 100)
    }

    @Test func defragmenting() {
        let rig = rig()
        let keys = rig.engine.keys
        rig.run("DEBUG", "POPULATE", "20000")
        keys.beginDefragmentation()
        var slices = 0
        var slice = floor(1)
        while keys.defragment(&slice) {
            slices += 1
            slice = floor(1)
        }
        #expect(slices >= keys.segmentCount(of: 0))
    }

    /// A write that has no time to pay evicts a few keys all the same.
    @Test func aWriteWithoutTime() {
        let rig = rig { $0.memoryLimit.tenacity = 0 }
        rig.engine.slicesAreTimed = true
        rig.run("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        rig.run("DEBUG", "POPULATE", "2000")
        let keys = rig.engine.keys
        rig.run("CONFIG", "SET", "maxmemory", "\(keys.limitedBytes)")
        rig.run("SET", "large", String(repeating: "x", count: 100_000))
        let before = keys.stats.evicted
        rig.run("SET", "small", "x")
        #expect(keys.stats.evicted - before == MemoryLimitSettings.keysPerWriteMin)
    }

    @Test func tenacity() {
        var settings = MemoryLimitSettings()
        #expect(settings.usPerWrite == 500 && settings.keysPerWrite == 500)
        settings.tenacity = 0
        #expect(settings.usPerWrite == 0 && settings.keysPerWrite == 16)
        settings.tenacity = 100
        #expect(settings.usPerWrite == 2000)
    }
}
