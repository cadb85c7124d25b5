// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// How a key is met whose deadline has passed but which is still there.
///
/// Whoever hides dead keys must not write meanwhile: a key that is hidden would be put beside its dead self. The gate
/// of the engine sets this for each command.
public enum DeadKeys: UInt8, Sendable {
    /// It is deleted, and then there is none.
    case deleted
    /// There is none, but it stays, because the data must not change (CLIENT PAUSE).
    case hidden
    /// It is as if its deadline had not come (the source of an import decides itself what dies).
    case alive
}

extension Keyspace {
    /// Whether a key that is given this deadline (Unix ms) is dead at once, and is to be deleted instead. While data is
    /// imported nothing is: whoever sends it decides what dies.
    @inlinable @inline(__always) public func isOverdue(_ deadline: Int64) -> Bool {
        deadline <= nowMs && deadKeys != .alive && evictionMode != .forbidden
    }

    /// Whether a key is there, though dead.
    public func isDue(_ key: ByteView, in database: Int) -> Bool {
        let table = databases[database].table(of: key)
        let slot = table.find(Table.hash(key, store), key)
        return !slot.isNone && table.deadline(slot) <= nowMs
    }
}
