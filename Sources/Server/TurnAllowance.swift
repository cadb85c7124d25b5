// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What one turn may spend on work that nobody waits for, and how it is shared.
///
/// Each kind of work gets a slice of at most `shareUs`, all of them together no more than `usMax`; what has no time left
/// does its floor. Only what frees memory may take a larger share, because memory would run full otherwise.
struct TurnAllowance {
    /// All slices of a turn together, in microseconds.
    static let usMax = 2000.0
    /// One slice.
    static let shareUs = 500.0

    private let ticksPerUs: Double
    private var leftTicks: Double = 0

    init(ticksPerUs: Double) { self.ticksPerUs = ticksPerUs }

    /// A turn begins.
    mutating func begin() { leftTicks = TurnAllowance.usMax * ticksPerUs }

    /// Something was done that counts.
    mutating func spend(ticks: UInt64) { leftTicks -= Double(ticks) }

    /// What is left, in microseconds.
    var leftUs: Double { max(0, leftTicks / ticksPerUs) }

    /// A slice of at least `floor` units.
    func slice(floor: Int, us: Double = TurnAllowance.shareUs) -> Slice {
        Slice(floor: floor, ticks: UInt64(max(0, min(us * ticksPerUs, leftTicks))))
    }
}
