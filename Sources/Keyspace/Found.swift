// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Where a key lies, or would lie. Valid until the next edit of the keyspace.
@frozen public struct Found {
    public let key: ByteView
    @usableFromInline let hash: UInt64
    @usableFromInline let slot: Slot
    @usableFromInline let database: Int

    @inlinable @inline(__always) init(key: ByteView, hash: UInt64, slot: Slot, database: Int) {
        self.key = key
        self.hash = hash
        self.slot = slot
        self.database = database
    }

    @inlinable @inline(__always) public var exists: Bool { !slot.isNone }
    /// The value; only where `exists`.
    @inlinable @inline(__always) public var value: Value { Value(slot.entry) }
    @inlinable public func isType(_ type: ValueType) -> Bool { exists && value.typeBits == type.rawValue }
}
