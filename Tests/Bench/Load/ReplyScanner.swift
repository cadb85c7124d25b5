// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Finds the ends of RESP2 replies in a stream that comes in pieces, without keeping any of it.
struct ReplyScanner {
    /// Bytes of a bulk string that are still to come, with its line end.
    private var skip = 0
    /// Elements that the current reply still lacks; 0 between replies.
    private var pending = 0
    /// The first byte of the header line that is being read; 0 before it.
    private var mark: UInt8 = 0
    private var number = 0
    private var isNegative = false

    /// - Parameter error: takes the text of the first error reply, if it is still nil.
    /// - Returns: how many replies end within these bytes.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, error: inout String?) -> Int {
        var replies = 0
        var at = 0
        while at < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - at)
                at += step
                skip -= step
                if skip == 0 { replies += endElement() }
                continue
            }
            let byte = bytes[at]
            at += 1
            if mark == 0 {
                mark = byte
                number = 0
                isNegative = false
                if pending == 0 { pending = 1 }
                if byte == UInt8(ascii: "-"), error == nil {
                    error = String(decoding: bytes[at...].prefix { $0 != 0x0d }.prefix(80), as: UTF8.self)
                }
            } else if byte == 0x0a {
                replies += endLine()
            } else if byte >= 0x30 && byte <= 0x39 {
                number = number &* 10 &+ Int(byte &- 0x30)
            } else if byte == UInt8(ascii: "-") {
                isNegative = true
            }
        }
        return replies
    }

    private mutating func endLine() -> Int {
        defer { mark = 0 }
        switch mark {
        case UInt8(ascii: "$") where !isNegative:
            skip = number + 2
            return 0
        case UInt8(ascii: "*") where !isNegative:
            pending += number
            return endElement()
        default: return endElement()
        }
    }

    private mutating func endElement() -> Int {
        pending -= 1
        return pending == 0 ? 1 : 0
    }
}
