// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// A range of scores, each limit of which belongs to it or not.
public struct ScoreRange {
    let min: Double
    let max: Double
    let excludesMin: Bool
    let excludesMax: Bool

    /// The scores from `min` to `max`; neither is NaN.
    public init(_ min: Double, _ max: Double, excludesMin: Bool = false, excludesMax: Bool = false) {
        precondition(!min.isNaN && !max.isNaN, "a limit that is no number")
        self.min = min
        self.max = max
        self.excludesMin = excludesMin
        self.excludesMax = excludesMax
    }

    /// Whether no score can lie in the range.
    var isEmpty: Bool { min > max || (min == max && (excludesMin || excludesMax)) }

    /// Whether a score is not below the range, and whether it is not above it.
    func begins(at score: Double) -> Bool { excludesMin ? score > min : score >= min }
    func reaches(_ score: Double) -> Bool { excludesMax ? score < max : score <= max }

    /// Where the range begins and ends in a tree of scores.
    var start: TreePoint { excludesMin ? .after(score: min) : .before(score: min) }
    var end: TreePoint { excludesMax ? .before(score: max) : .after(score: max) }
}

/// A range of members of one score, by their bytes.
public struct MemberRange {
    /// One end of the range.
    public enum Limit {
        /// In front of all members, and behind all.
        case start, end
        /// At the member, which belongs to the range or not.
        case including(ByteView), excluding(ByteView)
    }

    let min: Limit
    let max: Limit

    /// The members between two limits.
    public init(_ min: Limit, _ max: Limit) {
        self.min = min
        self.max = max
    }

    /// Whether no member can lie in the range.
    var isEmpty: Bool {
        switch (min, max) {
        case (.end, _), (_, .start): true
        case (.start, _), (_, .end): false
        case (.including(let low), .including(let high)): low.order(to: high) > 0
        case (.including(let low), .excluding(let high)), (.excluding(let low), .including(let high)),
            (.excluding(let low), .excluding(let high)):
            low.order(to: high) >= 0
        }
    }

    /// Whether a member is not below the range, and whether it is not above it.
    func begins(at member: ByteView) -> Bool {
        switch min {
        case .start: true
        case .end: false
        case .including(let low): member.order(to: low) >= 0
        case .excluding(let low): member.order(to: low) > 0
        }
    }
    func reaches(_ member: ByteView) -> Bool {
        switch max {
        case .start: false
        case .end: true
        case .including(let high): member.order(to: high) <= 0
        case .excluding(let high): member.order(to: high) < 0
        }
    }

    /// Where the range begins and ends in a tree whose members have this score.
    func start(score: Double) -> TreePoint {
        switch min {
        case .start: .start
        case .end: .end
        case .including(let member): .before(member, score: score)
        case .excluding(let member): .after(member, score: score)
        }
    }
    func end(score: Double) -> TreePoint {
        switch max {
        case .start: .start
        case .end: .end
        case .including(let member): .after(member, score: score)
        case .excluding(let member): .before(member, score: score)
        }
    }
}
