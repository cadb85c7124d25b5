// SPDX-License-Identifier: Apache-2.0

/// How many registers have each rank: all that an estimate needs.
///
/// The estimate is the improved raw one of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
/// (2017), algorithm 6: it needs neither tables nor a special case for small or large counts. The steps are taken in Redis's
/// order, so that both servers round alike.
struct RankCounts {
    /// By rank. Ranks above `ElementPlace.rankMax` can only come from bytes that a client made up; they count nowhere.
    private var counts = InlineArray<64, UInt32>(repeating: 0)

    mutating func add(_ rank: UInt8, _ registers: Int) { counts[Int(rank)] &+= UInt32(registers) }

    subscript(rank: Int) -> Int { Int(counts[rank]) }

    mutating func withPointer(_ body: (UnsafeMutablePointer<UInt32>) -> Void) {
        unsafe withUnsafeMutableBytes(of: &counts) { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe body(base.assumingMemoryBound(to: UInt32.self))
        }
    }

    /// The estimate. Registers that nobody has ever counted into can mean numbers beyond 63 bits: then the least number
    /// there is, which is what Redis says.
    var estimate: Int64 {
        let registers = Double(HyperLogLog.registerCount)
        let highest = Int(ElementPlace.rankMax)
        var z = registers * RankCounts.tau((registers - Double(self[highest])) / registers)
        for rank in (1..<highest).reversed() { z = (z + Double(self[rank])) * 0.5 }
        z += registers * RankCounts.sigma(Double(self[0]) / registers)
        // 1 / (2 ln 2).
        let estimate = (0.721347520444481703680 * registers * registers / z).rounded()
        return estimate < 0x1p63 ? Int64(estimate) : .min
    }

    /// x + x^2 + 2 x^4 + 4 x^8 + …: what registers of rank 0 add.
    private static func sigma(_ x: Double) -> Double {
        if x == 1 { return .infinity }
        var (power, factor, sum, last) = (x, 1.0, x, -1.0)
        while sum != last {
            power *= power
            last = sum
            sum += power * factor
            factor += factor
        }
        return sum
    }

    /// What registers of the highest rank add.
    private static func tau(_ x: Double) -> Double {
        if x == 0 || x == 1 { return 0 }
        var (root, factor, sum, last) = (x, 1.0, 1 - x, -1.0)
        while sum != last {
            root = root.squareRoot()
            last = sum
            factor *= 0.5
            sum -= (1 - root) * (1 - root) * factor
        }
        return sum / 3
    }
}
