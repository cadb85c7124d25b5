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

/// A failure that ends a cell of the table, not the run: its text goes among the notes.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
