// SPDX-License-Identifier: Apache-2.0
import Bytes

// The best candidates seen so far.
//
// *Idea*. A sample of a few keys is a poor judge of who was used least; the best sixteen of all samples together are a
// good one (Redis's pool, in idea). A candidate is kept by hash and database instead of by name, which costs nothing
// to keep, and it is asked again before it goes: one that was used since is no candidate any more.
//
// *Invariants*. Scores ascend; no two candidates have the same hash and database.

/// A key that may go, as it was when it was seen.
struct EvictionCandidate {
    var hash: UInt64 = 0
    var database: Int32 = 0
    /// The higher, the sooner it goes. Scores do not change while time passes, only when the key is used.
    var score: Int64 = 0
}

/// Up to sixteen candidates in the order of their scores.
struct EvictionPool {
    static let capacity = 16
    private let items = FixedArray(repeating: EvictionCandidate(), count: EvictionPool.capacity)
    private(set) var count = 0

    /// Whether a key with this score would be taken in.
    func wants(_ score: Int64) -> Bool { count < EvictionPool.capacity || score > items[0].score }

    /// Takes a candidate in that `wants` has accepted; the worst one goes when there is no room.
    mutating func insert(_ new: EvictionCandidate) {
        if let old = (0..<count).first(where: {
            items[$0].hash == new.hash && items[$0].database == new.database
        }) {
            remove(old)
        }
        if count == EvictionPool.capacity { remove(0) }
        var at = count
        // Among equals the one goes first that was seen first: it has been idle longer than the clock can tell.
        while at > 0, items[at - 1].score >= new.score {
            items[at] = items[at - 1]
            at -= 1
        }
        items[at] = new
        count += 1
    }

    private mutating func remove(_ index: Int) {
        for at in index..<(count - 1) { items[at] = items[at + 1] }
        count -= 1
    }

    /// The candidate with the highest score, taken out.
    mutating func takeBest() -> EvictionCandidate? {
        guard count > 0 else { return nil }
        count -= 1
        return items[count]
    }

    /// Forgets everything: scores of another policy mean nothing.
    mutating func clear() { count = 0 }
}
