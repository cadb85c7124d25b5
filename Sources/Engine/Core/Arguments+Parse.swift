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

    /// Argument `index`, seconds with a fraction, as the time at which a wait that begins now is over, in Unix ms; nil for
    /// never, which is what 0 means. A command that runs again keeps the time it has.
    public func waitDeadlineMs(_ index: Int, _ call: Call) throws(Refusal) -> Int64? {
        if call.resumption != .none { return nil }
        guard let seconds = self[index].double ?? Arguments.farSeconds(self[index]) else {
            throw .custom("ERR timeout is not a float or out of range")
        }
        let ms = (seconds * 1000).rounded(.up)
        guard ms < 0x1p63 else { throw .custom("ERR timeout is out of range") }
        guard ms >= 0 else { throw .custom("ERR timeout is negative") }
        if ms == 0 { return nil }
        let (deadlineMs, isTooFar) = Int64(ms).addingReportingOverflow(call.nowMs)
        guard !isTooFar else { throw .custom("ERR timeout is out of range") }
        return deadlineMs
    }

    /// Seconds beyond what a double holds: Redis reads them with more digits, up to this exponent.
    private static func farSeconds(_ text: ByteView) -> Double? {
        guard let far = DecimalPlace(text), abs(far.place) <= 4932 else { return nil }
        let magnitude = far.place > 0 ? Double.infinity : Double.leastNormalMagnitude
        return far.isNegative ? -magnitude : magnitude
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
