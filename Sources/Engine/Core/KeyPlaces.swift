// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The places of a command's keys among its arguments, one after the other.
///
/// In a large keyspace each lookup waits for memory. Here the next keys are looked for together ahead of the first of
/// them, so that the waits overlap; see `Keyspace.warm`. Whoever walks the places looks the keys up in that order.
public struct KeyPlaces: Sequence, IteratorProtocol {
    /// So many keys are looked for together.
    static let warmedMax = 32
    /// For fewer it is not worth the trouble.
    static let warmedMin = 4

    private let args: Arguments
    private let keys: Keyspace
    private let step: Int
    private let end: Int
    private var at: Int
    /// Up to here the keys were looked for.
    private var warmedTo: Int

    /// - Parameters:
    ///   - first: the place of the first key.
    ///   - end: behind the last one; all arguments by default.
    ///   - step: from one key to the next.
    public init(
        _ args: Arguments, from first: Int = 1, to end: Int? = nil, step: Int = 1, _ keys: Keyspace
    ) {
        self.args = args
        self.keys = keys
        self.step = step
        self.end = end ?? args.count
        at = first
        // What was looked for with the rest of the pipeline need not be once more.
        warmedTo = first + keys.hintsLeft * step
        let count = (self.end - first + step - 1) / step
        if count < KeyPlaces.warmedMin || !keys.isWorthWarming { warmedTo = self.end }
    }

    /// The place of the next key; nil behind the last one.
    public mutating func next() -> Int? {
        guard at < end else { return nil }
        if at >= warmedTo { warm() }
        defer { at += step }
        return at
    }

    @inline(never) private mutating func warm() {
        keys.forgetHints()
        var index = at
        var left = KeyPlaces.warmedMax
        while index < end, left > 0 {
            keys.hint(args[index])
            index += step
            left -= 1
        }
        keys.warm()
        keys.resumeHints(at: 0)
        warmedTo = index
    }
}
