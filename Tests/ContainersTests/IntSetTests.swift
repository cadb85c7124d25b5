// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

@Suite struct IntSetTests {
    /// Reads a whole set.
    func members(_ set: IntSet) -> [Int64] { (0..<set.count).map { set.get($0) } }

    func make(_ values: [Int64], _ heap: Heap) -> IntSet {
        values.reduce(IntSet.create(heap)) { $0.insert($1, heap).set }
    }

    @Test func anEmptySetHasNothing() {
        let heap = Heap()
        let set = IntSet.create(heap)
        #expect(set.bytes.array == [2, 0, 0, 0, 0, 0, 0, 0])
        #expect(set.count == 0 && set.min == nil && set.max == nil)
        #expect(!set.contains(0))
        #expect(!set.remove(0, heap).removed)
        set.checkInvariants()
        set.free(heap)
        #expect(heap.usedBytes == 0)
    }

    /// The expected bytes are what redis-server dumps for the same members.
    @Test func bytesAreThoseOfRedis() {
        let heap = Heap()
        let narrow = make([5, -3, 70000], heap)
        #expect(narrow.bytes.array == hex("0400000003000000fdffffff0500000070110100"))
        let wide = make([Int64.min, 1], heap)
        #expect(wide.bytes.array == hex("080000000200000000000000000000800100000000000000"))
        narrow.free(heap)
        wide.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test(arguments: [
        (Int64(32767), 2), (32768, 4), (-32768, 2), (-32769, 4), (2_147_483_647, 4), (2_147_483_648, 8),
        (-2_147_483_648, 4), (-2_147_483_649, 8), (Int64.max, 8), (Int64.min, 8), (0, 2),
    ]) func widthFollowsTheWidestMember(value: Int64, width: Int) {
        let heap = Heap()
        var set = make([1, 2, -5], heap)
        set = set.insert(value, heap).set
        #expect(set.width == width)
        #expect(members(set) == [1, 2, -5, value].sorted())
        #expect(set.contains(value) && set.contains(-5) && !set.contains(3))
        let (left, removed) = set.remove(value, heap)
        #expect(removed && left.width == width && members(left) == [-5, 1, 2])
        left.checkInvariants()
        left.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func widerNumbersAreNeitherFoundNorRemoved() {
        let heap = Heap()
        let set = make([1, 4464, -1], heap)
        // 70000 has the low 16 bits of 4464.
        #expect(!set.contains(70000) && !set.remove(70000, heap).removed)
        #expect(!set.contains(Int64.max) && !set.contains(Int64(UInt32.max)))
        set.free(heap)
    }

    @Test func insertTellsWhatIsNew() {
        let heap = Heap()
        let (one, first) = IntSet.create(heap).insert(7, heap)
        let (two, second) = one.insert(7, heap)
        #expect(first && !second && two.count == 1)
        #expect(two.min == 7 && two.max == 7)
        two.free(heap)
    }

    @Test func aCopyStandsAlone() {
        let heap = Heap()
        let set = make((0..<300).map { $0 * 3 }, heap)
        let copy = set.copy(heap)
        let loaded = IntSet.copy(of: set.bytes, heap)
        let more = set.insert(1, heap).set
        #expect(members(copy) == (0..<300).map { $0 * 3 })
        #expect(members(loaded) == members(copy) && more.count == 301)
        for each in [copy, loaded, more] { each.free(heap) }
        #expect(heap.usedBytes == 0)
    }

    @Test func memoryFollowsTheCountUpAndDown() {
        let heap = Heap()
        var set = IntSet.create(heap)
        for value in 0..<2000 as Range<Int64> { set = set.insert(value, heap).set }
        #expect(set.byteCount == 4008 && heap.usedBytes >= 4008)
        for value in (1..<2000 as Range<Int64>).reversed() { set = set.remove(value, heap).set }
        #expect(members(set) == [0] && heap.usedBytes == 12)
        set.free(heap)
        #expect(heap.usedBytes == 0)
    }

    @Test func untrustedBytesAreChecked() {
        func valid(_ bytes: [UInt8], deep: Bool) -> Bool {
            let guarded = GuardedBytes(bytes)
            return IntSet.validate(guarded.view, deep: deep)
        }
        let good = hex("0400000003000000fdffffff0500000070110100")
        #expect(valid(good, deep: false) && valid(good, deep: true))
        for length in 0..<good.count {
            #expect(!valid(Array(good[..<length]), deep: false), "cut to \(length)")
        }
        #expect(!valid(good + [0], deep: false), "a byte too many")
        #expect(!valid(hex("0200000000000000"), deep: false), "no members")
        for width in [0, 1, 3, 5, 16, 0xFF] as [UInt8] {
            #expect(!valid([width] + good[1...], deep: false), "width \(width)")
        }
        #expect(!valid(hex("08000000ffffffff") + good, deep: false), "count beyond the bytes")
        let twice = hex("02000000020000000500") + [5, 0]
        let falling = hex("02000000020000000500") + [4, 0]
        #expect(valid(twice, deep: false) && !valid(twice, deep: true))
        #expect(valid(falling, deep: false) && !valid(falling, deep: true))
        // 0xFFFF is -1: ascending as unsigned numbers, not as signed ones.
        #expect(!valid(hex("020000000200000001") + [0, 0xFF, 0xFF], deep: true))
    }

    @Test func outOfOrderMembersTrap() async {
        await #expect(processExitsWith: .failure) {
            let heap = Heap()
            let set = IntSet.create(heap).insert(1, heap).set.insert(2, heap).set
            set.at.setU16(8, 9)
            set.checkInvariants()
        }
    }

    /// 100,000 random edits, each compared with a sorted array. The ranges make the set grow through all
    /// widths, and it starts anew now and then because a width never shrinks.
    @Test func randomEditsMatchASortedArray() {
        var random = SeededRandom(seed: packedSeed())
        let heap = Heap()
        var set = IntSet.create(heap)
        var model: [Int64] = []
        for step in 0..<100_000 {
            if step % 2000 == 0 {
                set.free(heap)
                #expect(heap.usedBytes == 0)
                set = IntSet.create(heap)
                model = []
            }
            let bits = [6, 8, 16, 33, 64][min(4, step % 2000 / 300)]
            let value =
                random.below(9) == 0 ? random.integer() : Int64(bitPattern: random.next()) >> (64 - bits)
            let rank = model.firstIndex { $0 >= value } ?? model.count
            let present = rank < model.count && model[rank] == value
            // At 150 members removals win, so that sizes stay small enough to check each step.
            if random.below(300) < max(100, 300 - model.count) {
                let result = set.insert(value, heap)
                set = result.set
                #expect(result.added == !present)
                if !present { model.insert(value, at: rank) }
            } else {
                let victim = present || model.isEmpty ? value : model[random.below(model.count)]
                let result = set.remove(victim, heap)
                set = result.set
                let index = model.firstIndex(of: victim)
                #expect(result.removed == (index != nil))
                if let index { model.remove(at: index) }
            }
            set.checkInvariants()
            guard set.count == model.count, set.contains(value) == model.contains(value) else {
                Issue.record("step \(step): \(set.count) members, not \(model.count)")
                return
            }
            if step % 64 == 0 {
                #expect(members(set) == model)
                #expect(set.min == model.first && set.max == model.last)
                #expect(heap.usedBytes >= set.byteCount)
            }
        }
        #expect(members(set) == model)
        set.free(heap)
        #expect(heap.usedBytes == 0)
        heap.checkInvariants()
    }
}
