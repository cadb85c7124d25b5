// SPDX-License-Identifier: Apache-2.0

// Work that nobody waits for is done in slices between commands.
//
// *Idea*. How long a unit of work takes depends on the machine, its caches and the data: an element of a set may cost
// 30 ns or 300. So a slice is bounded by time. It looks at the tick counter every few dozen units, which is cheap enough
// to be right within some microseconds, and it has a floor, a few units that are done whatever the time, so that work goes
// on even where nothing is left for it.
//
// *Repeatable runs*. A slice can also be bounded by count alone. Tests and simulations use only such slices, and nothing
// they do depends on a clock.

/// A share of a turn for one kind of background work, counted in that work's own units: elements, keys, segments.
///
///     while case let units = slice.grant(), units > 0 {
///         slice.spend(free(upTo: units))
///     }
public struct Slice {
    /// How many units go by between two looks at the clock.
    public static let unitsPerLook = 64

    /// Units that may be done before anything is asked.
    private var granted: Int
    /// Units beyond those, about which the time decides.
    private var more: Int
    private let endTicks: UInt64

    /// A slice of so many units, whatever the time.
    public init(max: Int) {
        granted = Swift.max(0, max)
        more = 0
        endTicks = 0
    }

    /// A slice of at least `floor` units that goes on for so many ticks of `Clock` from now on.
    /// - Parameter max: no more units than this, however quickly they go.
    public init(floor: Int, ticks: UInt64, max: Int = .max) {
        granted = Swift.min(floor, max)
        more = Swift.max(0, max - granted)
        endTicks = Clock.ticks() &+ ticks
    }

    /// How many units may be done now; 0 when the slice is over.
    /// - Parameter most: what is a good number to do at once. The clock is looked at again after so many.
    @inline(__always) public mutating func grant(_ most: Int = Slice.unitsPerLook) -> Int {
        if granted > 0 { return Swift.min(granted, most) }
        return more > 0 ? renewed(most) : 0
    }

    /// Units were done. They may be more than were granted where the last one could not be divided.
    @inline(__always) public mutating func spend(_ units: Int = 1) { granted -= units }

    @inline(never) private mutating func renewed(_ most: Int) -> Int {
        guard Int64(bitPattern: endTicks &- Clock.ticks()) > 0 else {
            more = 0
            return 0
        }
        granted = Swift.min(most, more)
        more -= granted
        return granted
    }
}
