// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// How far the log of commands must have come to the disk before anybody hears of a key's newest change.
///
/// Keys share places by their hash: who meets a place of another key waits longer than needed, never too short. Positions
/// only grow, so nothing has to be taken out.
public final class ChangeMarks {
    private static let count = 1 << 14
    private let places = FixedArray<UInt64>(repeating: 0, count: ChangeMarks.count)
    /// The position that changes are noted with: beyond everything that the log was given so far.
    public var next: UInt64 = 1
    /// The same for a change of all keys.
    public private(set) var everything: UInt64 = 0

    /// Nothing has changed.
    public init() {}

    @inline(__always) private static func place(_ key: ByteView, _ keys: Keyspace) -> Int {
        Int(truncatingIfNeeded: Table.hash(key, keys.store)) & (count - 1)
    }

    /// A key has changed.
    func note(_ key: ByteView, _ keys: Keyspace) { places[ChangeMarks.place(key, keys)] = next }

    /// Whole databases have changed.
    func noteEverything() { everything = next }

    /// What the newest change of a key was noted with.
    public func position(of key: ByteView, _ keys: Keyspace) -> UInt64 {
        places[ChangeMarks.place(key, keys)]
    }
}
