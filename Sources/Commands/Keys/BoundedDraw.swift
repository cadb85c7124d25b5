// SPDX-License-Identifier: Apache-2.0
import Engine
import RESP

/// A draw with repetition (SRANDMEMBER, HRANDFIELD, ZRANDMEMBER with a negative count) has no natural end, so its reply
/// is bounded.
enum BoundedDraw {
    /// The most bytes of such a reply.
    static let replyBytesMax = 1 << 30
    /// The shortest bulk reply.
    static let bulkBytesMin = 7

    /// Answers `count` picks.
    /// - Parameters:
    ///   - parts: how many replies a pick consists of.
    ///   - begin: writes the head of the list.
    ///   - pick: writes a pick; returns the bytes it takes, those in blocks of their own included.
    static func answer(
        _ count: Int, parts: Int, _ reply: Reply, begin: () -> Void, pick: () -> Int
    ) throws(Refusal) {
        guard count <= replyBytesMax / (parts * bulkBytesMin) else { throw .outOfRange }
        let start = reply.count
        begin()
        var bytes = reply.count - start
        for _ in 0..<count {
            bytes += pick()
            if bytes > replyBytesMax {
                reply.cutBack(to: start)
                throw .outOfRange
            }
        }
    }
}
