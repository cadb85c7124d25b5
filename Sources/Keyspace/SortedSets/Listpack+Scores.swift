// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

// A packed sorted set: pairs of member and score in their order, as RDB files carry them. A score that is an integer of
// up to 62 bits is an integer entry, any other one the text that clients see.

extension Listpack {
    /// The score that an entry holds; nil where it is none (in bytes from outside).
    static func score(_ element: Element) -> Double? {
        switch element {
        case .integer(let number): Double(number)
        case .bytes(let text): text.double
        }
    }

    /// The score of a pair.
    @inline(__always) func score(_ pair: Pair) -> Double {
        guard let score = Listpack.score(self[pair.value]) else { preconditionFailure("no score") }
        return score
    }

    /// Lends the entry that keeps a score.
    private static func withElement<R>(of score: Double, _ body: (Element) -> R) -> R {
        if let integer = DoubleText.integer(score + 0) { return body(.integer(integer)) }
        var text = DoubleText(score)
        return text.withView { body(.bytes($0)) }
    }

    /// Whether a pair comes in front of a member with a score.
    private func comes(_ pair: Pair, before member: ByteView, _ score: Double) -> Bool {
        let own = self.score(pair)
        return own != score ? own < score : self[pair.name].withText { $0.order(to: member) < 0 }
    }

    /// Adds a member that is not there yet, in its place.
    mutating func addScored(_ member: ByteView, _ score: Double, _ heap: Heap) {
        // Many come in their order.
        if let last = lastPair, !comes(last, before: member, score) {
            var next = firstPair
            while let pair = next {
                guard comes(pair, before: member, score) else {
                    return insertScored(member, score, before: pair.name, heap)
                }
                next = nextPair(pair)
            }
        }
        appendScored(member, score, heap)
    }

    /// Adds a member behind all others.
    mutating func appendScored(_ member: ByteView, _ score: Double, _ heap: Heap) {
        append(member, heap)
        var whole = self
        Listpack.withElement(of: score) { whole.append($0, heap) }
        self = whole
    }

    private mutating func insertScored(
        _ member: ByteView, _ score: Double, before position: Position, _ heap: Heap
    ) {
        var whole = self
        Listpack.withElement(of: score) { _ = whole.insert($0, before: position, heap) }
        whole.insert(member, before: position, heap)
        self = whole
    }

    /// Gives a member another score; it may come to lie elsewhere.
    mutating func setScore(_ pair: Pair, of member: ByteView, to score: Double, _ heap: Heap) {
        let follows = pair.index == 0 || previousPair(pair).map { comes($0, before: member, score) } ?? true
        let leads = nextPair(pair).map { !comes($0, before: member, score) } ?? true
        guard follows && leads else {
            delete(from: pair.name, limit: 2, heap)
            return addScored(member, score, heap)
        }
        var whole = self
        Listpack.withElement(of: score) { whole.replace(pair.value, with: $0, heap) }
        self = whole
    }
}
