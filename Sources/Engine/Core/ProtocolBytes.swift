// SPDX-License-Identifier: Apache-2.0
import Bytes
import RESP

extension [UInt8] {
    /// Appends a bulk string in protocol form.
    public mutating func appendBulk(_ view: ByteView) {
        append(UInt8(ascii: "$"))
        appendDecimal(Int64(view.count))
        append("\r\n")
        append(view)
        append("\r\n")
    }

    /// Appends the decimal text of a number.
    public mutating func appendDecimal(_ number: Int64) {
        var text = DecimalText(number)
        text.withView { append($0) }
    }

    /// Appends a command in protocol form.
    mutating func append(_ args: Arguments) {
        append(UInt8(ascii: "*"))
        appendDecimal(Int64(args.count))
        append("\r\n")
        for i in 0..<args.count { appendBulk(args[i]) }
    }
}
