// SPDX-License-Identifier: Apache-2.0
// Medians with their range: every measured figure of the bench is one of these.

/// A figure measured several times: the median, and the lowest and highest sample as its range.
struct Spread: Codable, Sendable {
    var median: Double
    var low: Double
    var high: Double
    var samples: [Double]

    /// - Parameter samples: at least one sample, in the order measured.
    init(_ samples: [Double]) {
        precondition(!samples.isEmpty, "a spread needs a sample")
        let sorted = samples.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
        self.samples = samples
    }
}

/// The two servers of a run.
enum Side: String, Codable, CaseIterable, Sendable {
    case ours, peer

    /// How notes call it.
    var title: String { self == .ours ? "Needletail" : "peer" }
}

/// One value for each server; a missing one means the server could not be measured, and a note says why.
struct Pair<Value: Codable & Sendable>: Codable, Sendable {
    var ours: Value?
    var peer: Value?

    subscript(side: Side) -> Value? {
        get { side == .ours ? ours : peer }
        set {
            switch side {
            case .ours: ours = newValue
            case .peer: peer = newValue
            }
        }
    }
}

/// A failure that ends a cell of the table, not the run: its text goes among the notes.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
