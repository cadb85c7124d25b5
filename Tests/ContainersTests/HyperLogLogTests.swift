// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// The ways of handling registers that this processor has.
private let ways = WideRegisters.areThere ? [false, true] : [false]

@Suite struct HyperLogLogTests {
    private static func place(_ text: String) -> ElementPlace {
        Array(text.utf8).withView { ElementPlace(of: $0) }
    }

    /// A count after so many elements `e0`, `e1`…, and the length and CRC-32 of the string, as Redis 7.0, Redis 8.0 and
    /// Valkey 9.1 have them.
    private static let known: [(elements: Int, count: Int64, bytes: Int, checksum: UInt32)] = [
        (1, 1, 21, 1_459_804_167), (2, 2, 24, 4_106_071_969), (5, 5, 33, 2_611_599_331),
        (10, 10, 48, 3_946_436_532), (100, 100, 285, 3_795_663_213), (500, 506, 1068, 327_426_689),
        (1000, 1008, 1906, 2_435_662_622), (1200, 1207, 2235, 1_101_786_901),
        (1300, 1309, 2413, 2_799_487_475), (2000, 2000, 12304, 2_602_550_718),
        (5000, 4968, 12304, 3_638_234_047), (10000, 9973, 12304, 1_776_245_387),
        (65536, 65727, 12304, 4_255_910_802), (300_000, 303_182, 12304, 186_109_249),
    ]

    @Test(arguments: ways) func countsAndBytesAreThoseOfRedis(inWideSteps wide: Bool) {
        var draft = HyperLogLogDraft(sparseBytesMax: 3000)
        var elements = 0
        for row in HyperLogLogTests.known {
            while elements < row.elements {
                _ = draft.raise(HyperLogLogTests.place("e\(elements)"))
                elements += 1
            }
            let estimate = draft.current.estimate(inWideSteps: wide) ?? -1
            #expect(estimate == row.count)
            draft.current.setCachedCount(estimate)
            let bytes = draft.bytes.array
            #expect(bytes.count == row.bytes)
            #expect(checksum(bytes) == row.checksum)
        }
    }

    @Test func placesAreThoseOfRedis() {
        // PFADD h a b c shows 8436, 12711 and 15780 there, of ranks 1, 2 and 1.
        let places = ["a", "b", "c"].map { HyperLogLogTests.place($0) }.sorted { $0.index < $1.index }
        #expect(places.map(\.index) == [8436, 12711, 15780])
        #expect(places.map(\.rank) == [1, 2, 1])
        // Every length of what is left behind the last whole word.
        let lengths = (0..<40).map { HyperLogLogTests.place(String(repeating: "x", count: $0)).index }
        #expect(Set(lengths).count == 40)
    }

    @Test func anEmptyOne() {
        let draft = HyperLogLogDraft(sparseBytesMax: 3000)
        let current = draft.current
        #expect(draft.bytes.array == Array("HYLL".utf8) + hex("010000000000000000000080 7fff"))
        #expect(current.cachedCount == nil)
        #expect(current.estimate(inWideSteps: false) == 0)
        current.setCachedCount(0)
        #expect(current.cachedCount == 0)
        current.forgetCount()
        #expect(current.cachedCount == nil)
        withExtendedLifetime(draft) {}
    }

    @Test func headersThatAreNone() {
        let good = Array("HYLL".utf8) + hex("010000000000000000000080")
        let isOne = { (bytes: [UInt8]) in bytes.withView { HyperLogLog($0) != nil } }
        #expect(isOne(good))
        #expect(!isOne([]) && !isOne(Array(good.dropLast())))
        for index in 0..<5 {
            var bad = good
            bad[index] ^= 2
            #expect(!isOne(bad), "\(index)")
        }
        var dense = good + [UInt8](repeating: 0, count: 12288)
        dense[4] = 0
        #expect(isOne(dense))
        #expect(!isOne(dense + [0]) && !isOne(Array(dense.dropLast())))
    }

    /// Registers that no elements make, because a client wrote them.
    @Test(arguments: ways) func impossibleRegisters(inWideSteps wide: Bool) {
        func estimate(_ rank: UInt8, every step: Int) -> Int64 {
            let registers = SpreadRegisters(inWideSteps: wide)
            for index in stride(from: 0, to: HyperLogLog.registerCount, by: step) {
                registers.set(index, rank)
            }
            return registers.estimate
        }
        // What Redis and Valkey answer.
        #expect(estimate(63, every: 1) == .min)
        #expect(estimate(51, every: 1) == .min)
        #expect(estimate(50, every: 1) == .min)
        #expect(estimate(51, every: 16) == 1059)
    }

    @Test(arguments: ways) func packingAndCounting(inWideSteps wide: Bool) {
        var random = SeededRandom(seed: packedSeed())
        for round in 0..<40 {
            var draft = HyperLogLogDraft(sparseBytesMax: 0)
            _ = draft.makeDense()
            let registers = SpreadRegisters(inWideSteps: wide)
            var model = RegisterModel()
            for index in model.ranks.indices {
                model.ranks[index] = UInt8(random.below(round % 2 == 0 ? 64 : 8))
                registers.set(index, model.ranks[index])
            }
            registers.write(to: draft.current)
            let bytes = draft.bytes.array
            #expect(RegisterModel(bytes) == model)
            var counts = RankCounts()
            registers.count(into: &counts)
            for rank in 0..<64 { #expect(counts[rank] == model.ranks.count { Int($0) == rank }) }

            let other = SpreadRegisters(inWideSteps: wide)
            for index in model.ranks.indices where random.below(3) == 0 {
                other.set(index, UInt8(random.below(64)))
                model.ranks[index] = max(model.ranks[index], other[index])
            }
            let isMerged = other.merge(draft.current)
            #expect(isMerged)
            let isUnion = model.ranks.indices.allSatisfy { other[$0] == model.ranks[$0] }
            #expect(isUnion)
        }
    }

    @Test func sparseTurnsDense() {
        func raise(_ places: [(Int, UInt8)], sparseBytesMax: Int) -> [UInt8] {
            var draft = HyperLogLogDraft(sparseBytesMax: sparseBytesMax)
            for (index, rank) in places { _ = draft.raise(ElementPlace(index: index, rank: rank)) }
            return draft.bytes.array
        }
        // A rank that has no sparse form.
        #expect(raise([(5, 32)], sparseBytesMax: 3000).count == 20)
        let high = raise([(5, 32), (16383, 33)], sparseBytesMax: 3000)
        #expect(high.count == HyperLogLog.denseBytes)
        var model = RegisterModel()
        model.ranks[5] = 32
        model.ranks[16383] = 33
        #expect(RegisterModel(high) == model)
        // Bytes: an empty one may be longer than allowed, but not grow.
        #expect(raise([], sparseBytesMax: 0).count == 18)
        #expect(raise([(0, 1)], sparseBytesMax: 0).count == HyperLogLog.denseBytes)
        #expect(raise([(5, 1)], sparseBytesMax: 20).count == 20)
        #expect(raise([(5, 1)], sparseBytesMax: 19).count == HyperLogLog.denseBytes)
    }

    @Test func selfTest() { #expect(HyperLogLogSelfTest.run() == nil) }

    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
    }
}
