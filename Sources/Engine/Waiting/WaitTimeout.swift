// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

extension Arguments {
    /// Argument `index`, a time in seconds, as the moment at which a wait that begins now is over, in Unix ms; nil for
    /// the time 0: never. A command that runs again keeps the time it has.
    public func waitDeadlineMs(_ index: Int, _ call: Call) throws(Refusal) -> Int64? {
        if call.resumption != .none { return nil }
        guard let seconds = self[index].double else {
            throw .custom("ERR timeout is not a float or out of range")
        }
        // A part of a millisecond is a whole one, so that nobody waits for ever who wanted to wait a little.
        let ms = (seconds * 1000).rounded(.up)
        guard ms < 0x1p63 else { throw .custom("ERR timeout is out of range") }
        guard ms >= 0 else { throw .custom("ERR timeout is negative") }
        if ms == 0 { return nil }
        let (deadlineMs, isTooFar) = call.nowMs.addingReportingOverflow(Int64(ms))
        guard !isTooFar else { throw .custom("ERR timeout is out of range") }
        return deadlineMs
    }
}
