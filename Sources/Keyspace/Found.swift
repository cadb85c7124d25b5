// SPDX-License-Identifier: Apache-2.0
import Bytes
import Containers

/// Where a key lies, or would lie. Valid until the next edit of the keyspace ends: that may move every slot. Debug builds
/// remember how many edits there had been, and trap when a stale place is used.
@frozen public struct Found {
    /// The key that was looked for; a view of whoever asked.
    public let key: ByteView
    @usableFromInline let hash: UInt64
    @usableFromInline let slot: Slot
    @usableFromInline let database: Int
    #if DEBUG
        /// Where the keyspace counts its edits, and what stood there. Not the keyspace: a counted reference would make
        /// tests slow.
        @usableFromInline let counter: Address
        @usableFromInline let edits: UInt64
    #endif

    @inlinable @inline(__always)
    init(key: ByteView, hash: UInt64, slot: Slot, database: Int, _ keys: Keyspace) {
        self.key = key
        self.hash = hash
        self.slot = slot
        self.database = database
        #if DEBUG
            counter = keys.editCounter
            edits = counter.u64(0)
        #endif
    }

    /// Whether the key is there.
    @inlinable @inline(__always) public var exists: Bool { !slot.isNone }
    /// The value; only where `exists`.
    @inlinable @inline(__always) public var value: Value {
        checkFreshness()
        return Value(slot.entry)
    }
    /// Whether the key is there and its value has this type.
    @inlinable public func isType(_ type: ValueType) -> Bool { exists && value.typeBits == type.rawValue }

    /// Traps, in debug builds, when an edit has ended since the key was looked up.
    @inlinable @inline(__always) func checkFreshness() {
        #if DEBUG
            precondition(edits == counter.u64(0), "a place in the keyspace is used after an edit")
        #endif
    }
}
