// SPDX-License-Identifier: Apache-2.0
import Keyspace

/// A member that a search has found.
struct GeoMatch {
    let place: MemberPlace
    let score: Double
    /// In metres; 0 where nobody wants to know.
    let distance: Double
    /// How many were found before, which decides between equal distances.
    fileprivate let number: Int
}

/// What a search has found so far: no more than is asked for is kept, and the farthest of them lie on top of a heap, so
/// that memory and time for ordering grow with the answer and not with what was looked at.
struct GeoMatches {
    private(set) var items: [GeoMatch] = []
    private let order: GeoOrder
    private let limit: Int
    private let takesAny: Bool
    private var found = 0

    /// - Parameter count: how many are wanted at most; 0: all.
    init(_ order: GeoOrder, count: Int64, takesAny: Bool) {
        self.order = order
        self.takesAny = takesAny
        limit = count > 0 ? Int(count) : Int.max
    }

    /// Whether no other member is wanted.
    @inline(__always) var isComplete: Bool { takesAny && items.count >= limit }

    /// Takes a member in, if it belongs to the answer.
    @inline(__always) mutating func add(_ place: MemberPlace, _ score: Double, distance: Double) {
        let match = GeoMatch(place: place, score: score, distance: distance, number: found)
        found &+= 1
        if items.count < limit {
            items.append(match)
            if items.count == limit, !takesAny { makeHeap() }
        } else if precedes(match, items[0]) {
            items[0] = match
            sink(0)
        }
    }

    /// Whether a match is answered before another.
    @inline(__always) private func precedes(_ a: GeoMatch, _ b: GeoMatch) -> Bool {
        if a.distance == b.distance || order == .none { return a.number < b.number }
        return order == .ascending ? a.distance < b.distance : a.distance > b.distance
    }

    /// Puts those that were found into the order of the answer.
    mutating func finish() {
        guard order != .none else { return }
        let ascending = order == .ascending
        items.sort {
            if $0.distance == $1.distance { return $0.number < $1.number }
            return ascending ? $0.distance < $1.distance : $0.distance > $1.distance
        }
    }

    // MARK: The heap, whose first item is the last of the answer

    private mutating func makeHeap() {
        for index in stride(from: items.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var last = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count {
                if precedes(items[last], items[child]) { last = child }
            }
            if last == index { return }
            items.swapAt(index, last)
            index = last
        }
    }
}
