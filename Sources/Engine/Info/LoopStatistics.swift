// SPDX-License-Identifier: Apache-2.0

/// What the turns of the loop have cost. A turn begins with the first event behind a wait and ends with the next wait.
public struct LoopStatistics: Sendable {
    /// How many turns there were.
    public private(set) var cycles = 0
    /// Time spent in turns.
    public private(set) var ticks: UInt64 = 0
    /// Time spent on what is done every few hundred milliseconds.
    public private(set) var cronTicks: UInt64 = 0
    /// Time spent on deleting what is due.
    public private(set) var expiryTicks: UInt64 = 0
    /// The longest turn, and the most commands in one.
    public private(set) var ticksMax: UInt64 = 0
    public private(set) var commandsMax = 0
    private var commandsBefore = 0

    public init() {}

    /// A turn has ended.
    /// - Parameter commands: how many commands were executed so far, in all.
    public mutating func turnEnded(ticks spent: UInt64, commands: Int) {
        cycles &+= 1
        ticks &+= spent
        if spent > ticksMax { ticksMax = spent }
        let inTurn = commands &- commandsBefore
        if inTurn > commandsMax { commandsMax = inTurn }
        commandsBefore = commands
    }

    /// What was due has been deleted, as far as the turn allows.
    public mutating func expiryEnded(ticks spent: UInt64) { expiryTicks &+= spent }

    /// The cron has run.
    public mutating func cronEnded(ticks spent: UInt64) { cronTicks &+= spent }
}
