// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

extension Arguments {
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

    /// Likewise, for an argument that is whole milliseconds.
    public func waitDeadlineMs(ofMs index: Int, _ call: Call) throws(Refusal) -> Int64? {
        if call.resumption != .none { return nil }
        guard let ms = self[index].integer else {
            throw .custom("ERR timeout is not an integer or out of range")
        }
        guard ms >= 0 else { throw .custom("ERR timeout is negative") }
        if ms == 0 { return nil }
        let (deadlineMs, isTooFar) = ms.addingReportingOverflow(call.nowMs)
        guard !isTooFar else { throw .custom("ERR timeout is out of range") }
        return deadlineMs
    }

    /// Seconds beyond what a double holds: Redis reads them with more digits, up to this exponent.
    private static func farSeconds(_ text: ByteView) -> Double? {
        guard let far = DecimalPlace(text), abs(far.place) <= 4932 else { return nil }
        let magnitude = far.place > 0 ? Double.infinity : Double.leastNormalMagnitude
        return far.isNegative ? -magnitude : magnitude
    }
}
