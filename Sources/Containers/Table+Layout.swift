// SPDX-License-Identifier: Apache-2.0

// Where the fields of a table's root and of its segments lie, as offsets in bytes. They are computed, so that code
// inlined elsewhere has them as constants.

/// The root: one cache line, and the way back from a table that is a value.
@usableFromInline enum RootField {
    /// The array of 2^depth pointers to segments, or the only segment while the depth is 0. See `DirectoryField` for
    /// what stands in front of it.
    @inlinable @inline(__always) static var directory: Int { 0 }
    /// u64: entries.
    @inlinable @inline(__always) static var count: Int { 8 }
    /// u8: how many bits of a hash choose the segment.
    @inlinable @inline(__always) static var depth: Int { 16 }
    /// u8: where the key stands in an entry.
    @inlinable @inline(__always) static var keyOffset: Int { 17 }
    /// u8: lanes of cuts that want pre-images.
    @inlinable @inline(__always) static var lanes: Int { 18 }
    /// u32: any number of the table's owner.
    @inlinable @inline(__always) static var owner: Int { 20 }
    /// The list that names each segment once, those with deadlines first; see `Table+List.swift`.
    static var list: Int { 24 }
    /// u32: segments.
    static var segments: Int { 32 }
    /// u32: segments with deadlines.
    static var volatileSegments: Int { 36 }
    /// i64: bytes of the table and of its entries.
    @inlinable @inline(__always) static var bytes: Int { 40 }
    /// u64: entries with a deadline.
    @inlinable @inline(__always) static var volatile: Int { 48 }
    /// u64: the table's number, which no other table of the store ever has.
    static var identity: Int { 56 }
    /// The entry of the key that holds the table as its value, or null. In a database, which no key holds, u64: values
    /// with deadlines inside.
    static var holder: Int { 64 }
    static var size: Int { 72 }
}

/// What stands in front of the pointers of a directory.
enum DirectoryField {
    /// The pointers of the directory that is to take its place; null: none.
    static var successor: Int { -8 }
    /// u64: how many of the pointers the successor has already.
    static var carried: Int { -16 }
    /// u8: the depth of the successor, one more or one less.
    static var successorDepth: Int { -24 }
    /// u32: how many segments of this depth the directory names.
    static func segments(ofDepth depth: Int) -> Int { -24 - 4 * (depth + 1) }
    /// Bytes in front of the pointers.
    static func size(depth: Int) -> Int { 24 + ((depth + 1) * 4 + 7) & ~7 }
}

/// A segment's header.
@usableFromInline enum SegmentField {
    /// u8: how many bits of the hash all its entries share; behind them the tags begin. 48 in an overflow segment, whose
    /// tags are the last bits of the hash.
    @inlinable @inline(__always) static var depth: Int { 0 }
    /// u8: chunks of buckets.
    static var chunks: Int { 1 }
    /// u16: entries.
    @inlinable @inline(__always) static var count: Int { 2 }
    /// u16: buckets.
    @inlinable @inline(__always) static var buckets: Int { 4 }
    /// u8: bytes of each deadline where they lie beside the slots, 4 or 8; 0 where they do not.
    @inlinable @inline(__always) static var dense: Int { 6 }
    /// u8: overflow segments right below.
    @inlinable @inline(__always) static var children: Int { 7 }
    /// Seven pointers to chunks.
    @inlinable @inline(__always) static var chunk0: Int { 8 }
    /// The block that leads to the deadlines beside the slots (dense), or the list of pairs (sparse).
    static var deadlines: Int { 64 }
    /// i64: never later than the true earliest deadline. With the two links behind it, the node of the timing wheel.
    static var earliest: Int { 72 }
    /// u32: place in the list of segments.
    static var index: Int { 96 }
    /// u16: entries with a deadline.
    static var volatile: Int { 100 }
    /// u16: for how many pairs the list has room.
    static var pairRoom: Int { 102 }
    /// Two u32: the cuts that `saved0` speaks of.
    static var epoch0: Int { 104 }
    /// Two u64: one bit per unit of 1,024 tags that the cut has.
    static var saved0: Int { 112 }
    /// The table's root.
    static var owner: Int { 128 }
    /// Four pointers to overflow segments, see `Table+Overflow.swift`.
    static var child0: Int { 136 }
    /// u8: how far below the directory; 0: the directory names it.
    static var level: Int { 168 }
    /// u16: how many buckets, counted from the last one, `drain` has emptied.
    static var drained: Int { 170 }
    static var size: Int { 192 }
}
