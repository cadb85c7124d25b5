// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

/// The places of a command's keys among its arguments, one after the other.
///
/// In a large keyspace each lookup waits for memory. Here the next keys are looked for together ahead of the first of
/// them, so that the waits overlap; see `Keyspace.warm`. Whoever walks the places looks the keys up in that order.
@safe @frozen public struct KeyPlaces: Sequence, IteratorProtocol {
    /// So many keys are looked for together.
    static let warmedMax = 32
    /// For fewer it is not worth the trouble.
    @usableFromInline static var warmedMin: Int { 4 }

    @usableFromInline let args: Arguments
    /// Uncounted: it outlives the command.
    @usableFromInline unowned(unsafe) let keys: Keyspace
    @usableFromInline let step: Int
    @usableFromInline let end: Int
    @usableFromInline var at: Int
    /// Up to here the keys were looked for.
    @usableFromInline var warmedTo: Int

    /// - Parameters:
    ///   - first: the place of the first key.
    ///   - end: behind the last one; all arguments by default.
    ///   - step: from one key to the next.
    @inlinable @inline(__always) public init(
        _ args: Arguments, from first: Int = 1, to end: Int? = nil, step: Int = 1, _ keys: Keyspace
    ) {
        self.args = args
        unsafe self.keys = keys
        self.step = step
        let end = end ?? args.count
        self.end = end
        at = first
        // What was looked for with the rest of the pipeline need not be once more.
        warmedTo = first + keys.hintsLeft * step
        let isWorthIt = first + (KeyPlaces.warmedMin - 1) * step < end && keys.isWorthWarming
        if !isWorthIt { warmedTo = end }
    }

    /// The place of the next key; nil behind the last one.
    @inlinable @inline(__always) public mutating func next() -> Int? {
        guard at < end else { return nil }
        // Not a method of this value: one whose address nobody takes stays in registers.
        if at >= warmedTo { warmedTo = unsafe KeyPlaces.warm(args, from: at, to: end, step: step, keys) }
        defer { at += step }
        return at
    }

    /// Looks for the next keys.
    /// - Returns: behind the last of them.
    @usableFromInline @inline(never) static func warm(
        _ args: Arguments, from first: Int, to end: Int, step: Int, _ keys: Keyspace
    ) -> Int {
        keys.forgetHints()
        var index = first
        var left = KeyPlaces.warmedMax
        while index < end, left > 0 {
            keys.hint(args[index], readsBeyondEntry: false)
            index += step
            left -= 1
        }
        keys.warm()
        keys.resumeHints(at: 0)
        return index
    }
}
