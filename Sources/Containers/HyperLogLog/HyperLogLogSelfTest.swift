// SPDX-License-Identifier: Apache-2.0
import Bytes

/// PFSELFTEST: whether this build on this machine packs registers and counts elements as it should. It takes some
/// milliseconds and gives the same answer each time.
public enum HyperLogLogSelfTest {
    /// What is wrong; nil when nothing is.
    public static func run() -> ByteString? {
        var random = SeededRandom(seed: 1)
        let ways = WideRegisters.areThere ? [false, true] : [false]
        for wide in ways {
            for _ in 0..<4 {
                if let failure = packing(inWideSteps: wide, &random) { return failure }
            }
        }
        return counting(inWideSteps: ways)
    }

    /// Registers of random ranks survive being packed and unpacked.
    private static func packing(inWideSteps wide: Bool, _ random: inout SeededRandom) -> ByteString? {
        var draft = HyperLogLogDraft(sparseBytesMax: 0)
        guard draft.makeDense() else { return "an empty value cannot be made dense" }
        let registers = SpreadRegisters(inWideSteps: wide)
        for index in 0..<HyperLogLog.registerCount { registers.set(index, UInt8(random.below(64))) }
        registers.write(to: draft.current)
        let again = SpreadRegisters(inWideSteps: wide)
        guard again.merge(draft.current) else { return "a dense value is taken for corrupt" }
        for index in 0..<HyperLogLog.registerCount
        where draft.current.packed[index] != registers[index] || again[index] != registers[index] {
            return "register \(index) should be \(Int(registers[index])) but is \(Int(again[index]))"
        }
        return nil
    }

    /// Sparse and dense agree on every count, and none is further off than six standard errors.
    private static func counting(inWideSteps ways: [Bool]) -> ByteString? {
        var sparse = HyperLogLogDraft(sparseBytesMax: .max)
        var dense = HyperLogLogDraft(sparseBytesMax: 0)
        guard dense.makeDense() else { return "an empty value cannot be made dense" }
        var checkpoint = 1
        for number in 1...100_000 {
            let place = Array("\(number)".utf8).withView { ElementPlace(of: $0) }
            // As many registers as a sparse value holds in practice.
            if number <= 2000, sparse.raise(place) == .corrupt {
                return "a sparse value is taken for corrupt"
            }
            _ = dense.raise(place)
            guard number == checkpoint else { continue }
            checkpoint *= 10
            for wide in ways {
                let estimate = dense.current.estimate(inWideSteps: wide) ?? -1
                if number <= 2000, sparse.current.estimate(inWideSteps: wide) != estimate {
                    return "sparse and dense values count \(number) elements differently"
                }
                let allowed = max(Int64(number) * 5 / 100, 1)
                guard abs(estimate - Int64(number)) <= allowed else {
                    return "\(number) elements are counted as \(estimate)"
                }
            }
        }
        return nil
    }
}
