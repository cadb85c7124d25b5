// SPDX-License-Identifier: Apache-2.0
import Bytes
import Engine
import Keyspace
import RESP

// Scores and the limits of ranges, as clients write them.

extension Refusal {
    /// A score of which nothing can be said.
    static var notANumber: Refusal { .custom("ERR resulting score is not a number (NaN)") }
}

extension Arguments {
    /// Argument `index` as a score.
    @inline(__always) func score(_ index: Int) throws(Refusal) -> Double {
        guard let score = self[index].double else { throw .notFloat }
        return score
    }

    /// A score that was read before, so that it is one.
    func checkedScore(_ index: Int) -> Double {
        guard let score = self[index].double else { preconditionFailure("a score that was not checked") }
        return score
    }

    /// Arguments as the limits of a range of scores: `5`, `(5`, `-inf`.
    func scoreRange(min: Int, max: Int) throws(Refusal) -> ScoreRange {
        let (low, high) = (self[min].scoreLimit, self[max].scoreLimit)
        guard let low, let high else { throw .custom("ERR min or max is not a float") }
        return ScoreRange(low.score, high.score, excludesMin: low.isExcluded, excludesMax: high.isExcluded)
    }

    /// Arguments as the limits of a range of members: `[a`, `(a`, `-`, `+`.
    func memberRange(min: Int, max: Int) throws(Refusal) -> MemberRange {
        let (low, high) = (self[min].memberLimit, self[max].memberLimit)
        guard let low, let high else { throw .custom("ERR min or max not valid string range item") }
        return MemberRange(low, high)
    }
}

extension ByteView {
    /// The text as a limit of a range of scores.
    fileprivate var scoreLimit: (score: Double, isExcluded: Bool)? {
        if !isEmpty, self[0] == UInt8(ascii: "(") { return dropFirst(1).doubleLimit.map { ($0, true) } }
        return doubleLimit.map { ($0, false) }
    }

    /// The text as a limit of a range of members.
    fileprivate var memberLimit: MemberRange.Limit? {
        guard !isEmpty else { return nil }
        switch self[0] {
        case UInt8(ascii: "-"): return count == 1 ? .start : nil
        case UInt8(ascii: "+"): return count == 1 ? .end : nil
        case UInt8(ascii: "["): return .including(dropFirst(1))
        case UInt8(ascii: "("): return .excluding(dropFirst(1))
        default: return nil
        }
    }
}
