// SPDX-License-Identifier: Apache-2.0
import Engine
import RESP

/// Elements of a list, or ranks of a sorted set, from one to another, both included, as clients name them: negative
/// numbers count from the end, and what lies outside is cut off.
struct IndexRange {
    private let start: Int64
    private let stop: Int64

    /// The range of arguments `index` and the next.
    init(_ args: Arguments, _ index: Int) throws(Refusal) {
        start = try args.integer(index)
        stop = try args.integer(index + 1)
    }

    /// The places of the range that exist among so many.
    func clipped(to count: Int) -> Range<Int> {
        let all = Int64(count)
        // No overflow: what is added to is negative.
        let first = max(start < 0 ? all + start : start, 0)
        let last = min(stop < 0 ? all + stop : stop, all - 1)
        return first > last ? 0..<0 : Int(first)..<Int(last) + 1
    }
}
