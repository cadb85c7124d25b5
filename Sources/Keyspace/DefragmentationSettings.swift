// SPDX-License-Identifier: Apache-2.0

/// The directives `activedefrag` and `active-defrag-*`.
public struct DefragmentationSettings: Sendable {
    /// Whether passes begin by themselves (`activedefrag`).
    public var isActive = true
    /// Nothing is done while no more than this is wasted, in bytes.
    public var ignoreBytes = 4 << 20
    /// Nothing is done while the waste is below so many percent of what is used.
    public var thresholdLower = 10
    /// From so many percent on the greatest effort is made.
    public var thresholdUpper = 100
    /// The least and the greatest effort, in percent of the time.
    public var cycleMin = 1
    public var cycleMax = 25
    /// How long one slice takes, in microseconds, as far as the turn has so much left.
    public var cycleUs = 500
    /// Collections of more elements are walked in slices of their own.
    public var scanFieldsMax = 1000

    public init() {}
}
