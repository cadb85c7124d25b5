// SPDX-License-Identifier: Apache-2.0
import Engine

extension Parameters {
    /// The directives of active defragmentation.
    static let defragmentation: [Parameter] = [
        Parameter("activedefrag", .bool, .bool(\.defragmentation.isActive)),
        Parameter(
            "active-defrag-ignore-bytes", .memory(1...UInt64(Int.max)), .number(\.defragmentation.ignoreBytes)
        ),
        Parameter(
            "active-defrag-threshold-lower", .integer(0...1000), .number(\.defragmentation.thresholdLower)),
        Parameter(
            "active-defrag-threshold-upper", .integer(0...1000), .number(\.defragmentation.thresholdUpper)),
        Parameter("active-defrag-cycle-min", .integer(1...99), .number(\.defragmentation.cycleMin)),
        Parameter("active-defrag-cycle-max", .integer(1...99), .number(\.defragmentation.cycleMax)),
        Parameter("active-defrag-cycle-us", .integer(0...100_000), .number(\.defragmentation.cycleUs)),
        Parameter(
            "active-defrag-max-scan-fields", .integer(1...Int.max), .number(\.defragmentation.scanFieldsMax)),
    ]
}
