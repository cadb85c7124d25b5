// SPDX-License-Identifier: Apache-2.0
import Bytes

// What stands in an RDB file beside values.

extension RDBOutput {
    /// A remark of the file on itself.
    func aux(_ name: ByteView, _ value: ByteView) {
        append(byte: RDBOpcode.aux)
        append(string: name)
        append(string: value)
    }

    /// A library of functions: its text.
    func function(_ text: ByteView) {
        append(byte: RDBOpcode.function)
        append(string: text)
    }

    /// The database of the keys that follow.
    /// - Parameter sizes: how many keys it has, and how many of them with a deadline; nil where that is not known.
    func select(_ database: Int, sizes: (keys: UInt64, volatile: UInt64)?) {
        append(byte: RDBOpcode.database)
        append(length: database)
        guard let sizes else { return }
        append(byte: RDBOpcode.sizes)
        append(number: sizes.keys)
        append(number: sizes.volatile)
    }

    /// What stands in front of a value: what is known of its key, its type and its key.
    /// - Parameters:
    ///   - deadlineMs: Unix ms.
    ///   - idleSeconds: since the last use.
    ///   - frequency: the logarithmic counter of its uses.
    @inline(__always) func head(
        _ key: ByteView, _ rdbType: UInt8, deadlineMs: Int64?, idleSeconds: Int64?, frequency: UInt8?
    ) {
        if let deadlineMs {
            append(byte: RDBOpcode.deadlineMs)
            append(u64: UInt64(bitPattern: deadlineMs))
        }
        if let idleSeconds {
            append(byte: RDBOpcode.idle)
            append(number: UInt64(idleSeconds))
        }
        if let frequency {
            append(byte: RDBOpcode.frequency)
            append(byte: frequency)
        }
        append(byte: rdbType)
        append(string: key)
    }

    /// The end but for the checksum, which is known where the bytes are written.
    func end() {
        append(byte: RDBOpcode.end)
        flush()
    }
}
