// SPDX-License-Identifier: Apache-2.0
import Bytes

// How large the values are, told by INFO's section Keysizes: for each database and type a count of the keys by the power
// of two below the length of the string or the number of elements.
//
// *Who counts*. Edits. A string is counted out when its length is about to change or its value leaves the entry, and
// counted in with its new length (`Edit+String.swift` and its neighbours); most overwrites leave entry and length as they
// are and count nothing. The size of a collection is looked up when the edit is opened and again when it ends, where it
// has to be known anyway: an emptied one is removed.
//
// *Layout*. One block for each database that has had a key: for each type 64 numbers of 8 bytes. The first counts empty
// strings, the number after `n` others those sizes whose highest bit is bit `n`.
//
// *Who frees*. The keyspace at its end.

/// A place among the counts of a database.
enum KeySize {
    static let bins = 64
    static let bytes = ValueType.allCases.count * bins * 8

    /// The place for a size.
    @usableFromInline @inline(__always) static func index(_ typeBits: UInt8, _ size: Int) -> Int {
        Int(typeBits) &* 64 &+ (64 &- size.leadingZeroBitCount)
    }
}

extension Value {
    /// The length of a string or the number of elements.
    fileprivate var size: Int {
        if typeBits != 0 { return inlinedElementCount }
        return isInteger ? Value.digits(integer) : stringBytes.count
    }

    /// A length in whose place among the counts the length of a number as text is counted too.
    @usableFromInline static func digits(_ integer: Int64) -> Int {
        if integer >= 0 {
            if integer < 1000 { return integer < 10 ? 1 : 2 }
            return integer < 10_000_000 ? 4 : integer < 1_000_000_000_000_000 ? 8 : 16
        }
        if integer > -1_000_000 { return integer > -100 ? 2 : 4 }
        return integer > -100_000_000_000_000 ? 8 : 16
    }

    fileprivate var sizeIndex: Int { KeySize.index(typeBits, size) }
}

extension Keyspace {
    /// Counts a key in (1) or out (-1).
    @usableFromInline @inline(__always) func countSize(_ index: Int, _ change: Int64, in database: Int) {
        var at = sizes[database]
        if at.isNull { at = beginSizes(database) }
        at.setI64(index &* 8, at.i64(index &* 8) &+ change)
    }

    @inline(never) @usableFromInline func beginSizes(_ database: Int) -> Address {
        // Not from the heap: what the data takes is not to depend on how many databases were ever used.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: KeySize.bytes, alignment: 8)
        let at = unsafe Address(memory)
        at.zero(count: KeySize.bytes)
        sizes[database] = at
        return at
    }

    /// All keys of a database are gone.
    func forgetSizes(of database: Int) {
        if !sizes[database].isNull { sizes[database].zero(count: KeySize.bytes) }
    }

    func freeSizes() {
        for at in (0..<databaseCount).map({ sizes[$0] }) where !at.isNull {
            unsafe at.pointer.deallocate()
        }
    }

    /// Visits the counts of a type that are not 0, from small to large. `size` is the least that is counted there: 0, 1, 2,
    /// 4 and so on.
    public func forEachSize(
        of type: ValueType, in database: Int, _ visit: (_ size: UInt64, _ count: Int64) -> Void
    ) {
        let at = sizes[database]
        guard !at.isNull else { return }
        for bin in 0..<KeySize.bins {
            let count = at.i64((Int(type.rawValue) * KeySize.bins + bin) * 8)
            if count != 0 { visit(bin == 0 ? 0 : 1 << UInt64(bin - 1), count) }
        }
    }

    /// Traps if a database is miscounted.
    func checkSizes(of database: Int) {
        var counts = [Int64](repeating: 0, count: KeySize.bytes / 8)
        databases[database].forEach { entry, _ in counts[Value(entry).sizeIndex] += 1 }
        let at = sizes[database]
        for (index, count) in counts.enumerated() {
            precondition((at.isNull ? 0 : at.i64(index * 8)) == count, "sizes of values are miscounted")
        }
    }
}

extension Edit {
    /// What `counted` is while no collection is counted.
    @usableFromInline static var uncounted: Int { -1 }
    /// What it is in an edit that will replace the value as a whole: a collection is counted as it was found.
    @usableFromInline static var countedAsFound: Int { -2 }

    /// Where the collection is counted that the edit finds.
    @inline(never) @usableFromInline static func countedIndex(_ entry: Address) -> Int {
        let value = Value(entry)
        return KeySize.index(value.typeBits, value.inlinedElementCount)
    }

    /// The value leaves its entry: it is counted out.
    @inline(never) mutating func countOut(_ keys: Keyspace) {
        guard exists else { return }
        let index = value.typeBits == 0 || counted == Edit.countedAsFound ? value.sizeIndex : counted
        if index != Edit.uncounted { keys.countSize(index, -1, in: database) }
        counted = Edit.uncounted
    }

    /// Counts a string in that has just got its bytes.
    @usableFromInline @inline(never) func countIn(length: Int, _ keys: Keyspace) {
        keys.countSize(KeySize.index(0, length), 1, in: database)
    }

    /// The entry stays, but what it holds will be a string of another length, or none (-1).
    @usableFromInline @inline(never) mutating func recount(length: Int, _ keys: Keyspace) {
        countOut(keys)
        if length >= 0 { countIn(length: length, keys) }
    }

    /// Counts a collection with the elements that it has now.
    @inline(__always) mutating func recount(elements: Int, _ keys: Keyspace) {
        let index = KeySize.index(value.typeBits, elements)
        assert(counted != Edit.countedAsFound, "a collection changes that was to be replaced")
        if index == counted { return }
        if counted != Edit.uncounted { keys.countSize(counted, -1, in: database) }
        keys.countSize(index, 1, in: database)
        counted = index
    }
}
