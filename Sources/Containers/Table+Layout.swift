// SPDX-License-Identifier: Apache-2.0

// Where the fields of a table's root and of its segments lie, as offsets in bytes. They are computed, so that code
// inlined elsewhere has them as constants.

/// The root: one cache line, and the way back from a table that is a value.
@usableFromInline enum RootField {
    /// The array of 2^depth pointers to segments, or the only segment while the depth is 0.
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
    /// The dense array: names each segment once, those with deadlines first.
    static var dense: Int { 24 }
    /// u32: segments.
    static var segments: Int { 32 }
    /// u32: for how many segments the dense array has room.
    static var denseRoom: Int { 36 }
    /// i64: bytes of the table and of its entries.
    @inlinable @inline(__always) static var bytes: Int { 40 }
    /// u64: entries with a deadline.
    @inlinable @inline(__always) static var volatile: Int { 48 }
    /// u32: segments that use all bits of the directory.
    static var deepest: Int { 56 }
    /// u32: segments with deadlines.
    static var volatileSegments: Int { 60 }
    /// The entry of the key that holds the table as its value, or null. In a database, which no key holds, u64: values
    /// with deadlines inside.
    static var holder: Int { 64 }
    static var size: Int { 72 }
}

/// A segment's header.
@usableFromInline enum SegmentField {
    /// u8: how many bits of the hash all its entries share.
    @inlinable @inline(__always) static var depth: Int { 0 }
    /// u8: chunks of buckets.
    static var chunks: Int { 1 }
    /// u16: entries.
    @inlinable @inline(__always) static var count: Int { 2 }
    /// u16: buckets.
    @inlinable @inline(__always) static var buckets: Int { 4 }
    /// u8: 1 when deadlines lie beside the slots.
    @inlinable @inline(__always) static var dense: Int { 6 }
    /// Seven pointers to chunks.
    @inlinable @inline(__always) static var chunk0: Int { 8 }
    /// A block of seven pointers to deadlines (dense), or the list of pairs (sparse).
    static var deadlines: Int { 64 }
    /// i64: never later than the true earliest deadline. With the two links behind it, the node of the timing wheel.
    static var earliest: Int { 72 }
    /// u32: place in the dense array.
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
    static var size: Int { 192 }
}
