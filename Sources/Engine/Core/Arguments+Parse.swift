// SPDX-License-Identifier: Apache-2.0
import Bytes
import Keyspace
import RESP

extension Arguments {
    /// Argument `index` as a signed 64-bit integer.
    @inlinable public func integer(_ index: Int, or refusal: Refusal = .notInteger) throws(Refusal) -> Int64 {
        guard let value = self[index].integer else { throw refusal }
        return value
    }

    /// Argument `index` as an integer within `range`.
    public func integer(
        _ index: Int, in range: ClosedRange<Int64>, or refusal: Refusal = .outOfRange
    ) throws(Refusal) -> Int {
        let value = try integer(index)
        guard range.contains(value) else { throw refusal }
        return Int(value)
    }

    /// Argument `index` as an integer of at least `least`; what is none is refused alike.
    @inlinable public func integer(
        _ index: Int, atLeast least: Int64, or refusal: Refusal
    ) throws(Refusal) -> Int64 {
        guard let value = self[index].integer, value >= least else { throw refusal }
        return value
    }

    /// Argument `index` as the index of an existing database.
    public func database(_ index: Int, _ keys: Keyspace) throws(Refusal) -> Int {
        let value = try integer(index)
        guard Int32(exactly: value) != nil else {
            throw .custom("ERR value is out of range, value must between -2147483648 and 2147483647")
        }
        guard value >= 0, value < Int64(keys.databaseCount) else { throw .databaseOutOfRange }
        return Int(value)
    }
}

extension Found {
    /// Refuses unless the key is missing or of this type.
    @inlinable @inline(__always) public func require(_ type: ValueType) throws(Refusal) {
        if exists, value.typeBits != type.rawValue { throw .wrongType }
    }
}
