// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Containers

/// HyperLogLogs against plain arrays of registers.
@Suite struct HyperLogLogModelTests {
    @Test func raisingOneByOne() throws {
        var random = SeededRandom(seed: packedSeed())
        for round in 0..<60 {
            var draft = HyperLogLogDraft(sparseBytesMax: [0, 40, 3000, 3000, 100_000][round % 5])
            var model = RegisterModel()
            // Few registers lie side by side and are raised often: that is where runs are split and joined.
            let registers = [20, 300, HyperLogLog.registerCount][random.below(3)]
            for step in 0..<random.below(2500) {
                let place = random.place(among: registers)
                let outcome = draft.raise(place)
                try #require(outcome == (model.raise(place) ? .raised : .unchanged), "step \(step)")
                guard step % 200 == 0 else { continue }
                let bytes = draft.bytes.array
                try #require(RegisterModel(bytes) == model, "step \(step)")
            }
            let bytes = draft.bytes.array
            try #require(RegisterModel(bytes) == model)
            try bytes.withView { view in
                let present = try #require(HyperLogLog(view))
                for _ in 0..<200 {
                    let place = random.place()
                    let raises = model.ranks[place.index] < place.rank
                    #expect((present.effect(of: place) != .none) == raises)
                }
                #expect(present.isSound)
                #expect(present.estimate(inWideSteps: false) == Self.estimate(model))
            }
        }
    }

    private static func estimate(_ model: RegisterModel) -> Int64 {
        var counts = RankCounts()
        for rank in model.ranks { counts.add(rank, 1) }
        return counts.estimate
    }

    /// Registers raised all at once come to the same bytes as one after the other.
    @Test func raisingToOthers() throws {
        var random = SeededRandom(seed: packedSeed())
        for round in 0..<60 {
            let allowed = [100, 3000, 100_000][round % 3]
            var draft = HyperLogLogDraft(sparseBytesMax: allowed)
            let registers = [30, 2000, HyperLogLog.registerCount][random.below(3)]
            for _ in 0..<random.below(600) { _ = draft.raise(random.place(among: registers)) }
            let bytes = draft.bytes.array
            let others = SpreadRegisters(inWideSteps: false)
            for _ in 0..<random.below(1200) {
                let place = random.place(among: registers)
                others.set(place.index, max(others[place.index], place.rank))
            }
            let atOnce = HyperLogLog.raised(bytes, to: others, sparseBytesMax: allowed, oneByOne: false)
            let oneByOne = HyperLogLog.raised(bytes, to: others, sparseBytesMax: allowed, oneByOne: true)
            try #require(atOnce != nil && atOnce == oneByOne)
        }
    }

    // MARK: Damage

    private static func value(isDense: Bool, _ random: inout SeededRandom) -> [UInt8] {
        var draft = HyperLogLogDraft(sparseBytesMax: 3000)
        for _ in 0..<(isDense ? 2500 : random.below([3, 30, 600][random.below(3)])) {
            _ = draft.raise(random.place())
        }
        return draft.bytes.array
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        for _ in 0...random.below(4) {
            switch random.below(6) {
            case 0 where !bytes.isEmpty: bytes.removeLast(random.below(bytes.count))
            case 1: bytes += (0..<random.below(20)).map { _ in UInt8(random.below(256)) }
            case 2 where bytes.count > 16:
                bytes.remove(at: 16 + random.below(bytes.count - 16))
            case 3 where bytes.count > 16:
                bytes.insert(
                    [0x7F, 0xFF, 0x40, 0x80][random.below(4)], at: 16 + random.below(bytes.count - 16))
            default:
                if !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            }
        }
    }

    /// Any bytes at all: nothing is read behind their end, nothing traps, and what is said to be sound is read as the model
    /// reads it.
    @Test func damagedBytes() throws {
        var random = SeededRandom(seed: packedSeed())
        let values = (0..<100).map { HyperLogLogModelTests.value(isDense: $0 < 2, &random) }
        // Each value ends where memory does.
        let room = GuardedBytes([UInt8](repeating: 0, count: HyperLogLog.denseBytes + 100))
        var sound = 0
        for round in 0..<100_000 {
            var bytes = values[random.below(values.count)]
            HyperLogLogModelTests.damage(&bytes, &random)
            let view = room.view.dropFirst(room.view.count - bytes.count)
            bytes.withView { view.start.copy(from: $0) }
            guard let present = HyperLogLog(view) else { continue }
            let model = RegisterModel(bytes)
            try #require(present.isSound == (model != nil), "round \(round)")
            let estimate = present.estimate(inWideSteps: WideRegisters.areThere)
            try #require((estimate != nil) == (model != nil), "round \(round)")
            if let model {
                sound += 1
                let registers = SpreadRegisters(inWideSteps: false)
                let isMerged = registers.merge(present)
                try #require(isMerged)
                if round % 50 == 0 {
                    let isSame = model.ranks.indices.allSatisfy { registers[$0] == model.ranks[$0] }
                    try #require(isSame, "round \(round)")
                }
            }
            if round % 10 == 0, !present.isDense { _ = present.decoded }
            try HyperLogLogModelTests.change(present, model, &random)
        }
        #expect(sound > 1000 && sound < 99_000, "\(sound) were sound")
    }

    /// Raises registers of a value that may be damaged.
    private static func change(_ present: HyperLogLog, _ model: RegisterModel?, _ random: inout SeededRandom)
        throws
    {
        let place = random.place()
        let effect = present.effect(of: place)
        guard var draft = HyperLogLogDraft(present, sparseBytesMax: [60, 3000][random.below(2)]) else {
            return
        }
        let outcome = draft.raise(place)
        if var model {
            let raises = model.raise(place)
            try #require(raises ? effect != .none && effect != .corrupt : effect == .none)
            try #require(outcome == (raises ? .raised : .unchanged))
        } else {
            // What was corrupt may be so only behind the register; more registers find out or not, but never trap.
            for _ in 0..<10 where draft.raise(random.place()) == .corrupt { return }
            let others = SpreadRegisters(inWideSteps: false)
            for _ in 0..<50 {
                others.set(random.below(HyperLogLog.registerCount), UInt8(1 + random.below(51)))
            }
            _ = draft.raise(to: others)
            _ = draft.makeDense()
        }
    }
}
